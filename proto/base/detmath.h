/*
 * Logarithm and power of two in a fixed order of basic operations: the same
 * bits on every CPU and compiler (glibc's log and pow differ in the last bit
 * between CPUs with and without fused multiply-add). Compiled with
 * -ffp-contract=off. Relative error below 1e-15.
 */
#ifndef FYKE_BASE_DETMATH_H
#define FYKE_BASE_DETMATH_H

/* Natural logarithm of a finite x > 0. */
double det_log(double x);

/* 2^x for finite x in [-1000, 1000]. */
double det_exp2(double x);

#endif
