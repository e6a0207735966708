/*
 * Random values with a shape, and the sine, from tables that are computed
 * once: the same bits on every CPU, a few nanoseconds each.
 */
#ifndef FYKE_GEN_NOISE_H
#define FYKE_GEN_NOISE_H

#include "proto/base/rng.h"

#define NOISE_CELLS 1024u

struct noise {
    double normal[NOISE_CELLS + 1]; /* inverse of the normal distribution */
    double sine[NOISE_CELLS + 1];   /* one turn */
};

void noise_init(struct noise *n);

/* Mean 0, standard deviation 1. */
double noise_normal(const struct noise *n, struct rng *r);

/* Mean 1: times between events that know nothing of each other. */
double noise_exponential(struct rng *r);

/* Sine of `turns` times a whole turn; turns >= 0. */
double noise_sine(const struct noise *n, double turns);

/* e^x for |x| < 600. */
double noise_exp(double x);

#endif
