/* The numbers that both halves of the isolation forest must agree on. */
#include "proto/wire/iforest.h"

#include "proto/base/detmath.h"

#define EULER_GAMMA 0.57721566490153286061

void iforest_tree_rng(struct rng *r, uint64_t seed, uint64_t batch,
                      uint32_t tree)
{
    const uint64_t words[] = { seed, batch, IFOREST_DETECTOR_ID, tree };
    rng_init(r, words, sizeof words / sizeof words[0]);
}

uint32_t iforest_subsample(uint32_t subsample, uint32_t fit_rows)
{
    return subsample < fit_rows ? subsample : fit_rows;
}

uint32_t iforest_height_max(uint32_t psi)
{
    return psi <= 1 ? 0 : 32u - (uint32_t)__builtin_clz(psi - 1);
}

uint32_t iforest_c(uint32_t n)
{
    if (n <= 1)
        return 0;
    if (n == 2)
        return IFOREST_ONE;
    double below = (double)(n - 1);
    double c = 2.0 * (det_log(below) + EULER_GAMMA) - 2.0 * below / (double)n;
    return (uint32_t)(c * IFOREST_ONE + 0.5);
}

/* c(psi) is the fixed-point one: the exponent is then the quotient of two
 * exact integers, and a row whose every path is as long as c(psi) (constant
 * data) scores exactly 0.5. The worst distance to scikit-learn's double
 * formula over every psi up to IFOREST_SUBSAMPLE_MAX and every leaf is 1.7e-6
 * (psi = 6); from psi = 64 on it is below 5e-7. */
double iforest_score(uint32_t path_sum, uint32_t trees, uint32_t psi)
{
    uint64_t usual = (uint64_t)trees * iforest_c(psi);
    if (usual == 0)
        return 0.5;
    double lengths = (double)path_sum / (double)usual;
    /* 2^-1000 is nothing already; det_exp2 ends there. */
    return det_exp2(lengths < 1000.0 ? -lengths : -1000.0);
}

uint64_t iforest_wire_bytes_max(uint64_t trees, uint32_t psi,
                                uint32_t extension)
{
    uint64_t inner = psi > 0 ? psi - 1 : 0;
    uint64_t split = 4 + (extension > 0 ? 4 + 6 * (uint64_t)extension : 0);
    return trees * (2 * (2 * inner + 1) + inner * split);
}

uint64_t iforest_memory_bytes_max(uint64_t trees, uint32_t psi,
                                  uint32_t extension)
{
    uint64_t nodes = psi > 0 ? 2 * (uint64_t)psi - 1 : 1;
    uint64_t node = 14 + (extension > 0 ? 6 * ((uint64_t)extension + 1) : 0);
    return trees * (nodes * node + 4) + 4;
}
