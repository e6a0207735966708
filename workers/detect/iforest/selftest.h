/*
 * The numeric self-test of the isolation forest. Internal to the room.
 */
#ifndef FYKE_WORKERS_IFOREST_SELFTEST_H
#define FYKE_WORKERS_IFOREST_SELFTEST_H

#include <stdint.h>

/* Fits and scores a built-in problem (wide and narrow ranges, ties, a constant
 * and missing values; shallow and deep trees) along both roads, and hashes
 * every number that comes out. 0 when memory is short, which no other worker
 * answers. */
uint64_t iforest_selftest(void);

#endif
