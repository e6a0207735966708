/*
 * Seeds of random tests. A test prints the one it ran with, so that a failure
 * can be run again: FYKE_TEST_SEED=N in the environment.
 */
#ifndef FYKE_TESTS_LIB_SEED_H
#define FYKE_TESTS_LIB_SEED_H

#include "proto/base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Another one in each run, unless FYKE_TEST_SEED names it. */
static inline uint64_t seed_any(void)
{
    const char *given = getenv("FYKE_TEST_SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10)
                                  : (uint64_t)now.tv_nsec ^ (uint64_t)getpid();
    fprintf(stderr, "# FYKE_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

static inline struct rng seed_rng(uint64_t seed)
{
    struct rng r;
    rng_init(&r, &seed, 1);
    return r;
}

#endif
