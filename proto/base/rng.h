/*
 * Deterministic random numbers: the same sequence on every CPU and compiler.
 *
 * Seeding      every consumer hashes its whole identity into the seed, for a
 *              tree (seed, batch or model version, detector, tree index);
 *              neighbouring seeds share nothing. See rng_init.
 */
#ifndef FYKE_BASE_RNG_H
#define FYKE_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4]; /* xoshiro256** state (Blackman, Vigna 2018), never all 0 */
};

/* State hashed from `count` identity words. */
void rng_init(struct rng *r, const uint64_t *words, uint32_t count);

uint64_t rng_next(struct rng *r);

/* Uniform in [0, n), unbiased (Lemire 2019). n >= 1. */
uint64_t rng_below(struct rng *r, uint64_t n);

/* Uniform in [0, 1) with 53 bits. */
double rng_unit(struct rng *r);

/* `k` distinct indices from [0, n), ascending (Floyd; k <= n <= 2^32-1,
 * k <= 2^28). `scratch` holds rng_sample_scratch(k) words and is overwritten.
 */
void rng_sample(struct rng *r, uint32_t n, uint32_t k, uint32_t *ret_indices,
                uint32_t *scratch);
uint32_t rng_sample_scratch(uint32_t k);

/* The same indices from the same state, in no particular order: quicker. */
void rng_sample_set(struct rng *r, uint32_t n, uint32_t k,
                    uint32_t *ret_indices, uint32_t *scratch);

#endif
