/*
 * Which points of a block are near one point: the inner loops of DBSCAN. A
 * table of kernels; plain C is the reference, the others equal it.
 *
 * Block    points in columns: value (point i, column j) is x[j * stride + i].
 *          Up to NEAR_LANES - 1 floats behind the last point of a column are
 *          read, whatever they hold: allocate that much behind the last one.
 * Query    its columns one after the other.
 * Repeat   the answers are those of exact.h, hence the same on every level.
 */
#ifndef FYKE_WORKERS_DBSCAN_NEAR_H
#define FYKE_WORKERS_DBSCAN_NEAR_H

#include "proto/base/isa.h"
#include "workers/detect/dbscan/exact.h"

#include <stddef.h>
#include <stdint.h>

#define NEAR_LANES 16u
#define NEAR_BLOCK 64u

/* Points [first, first + count) of a block. */
struct near_range {
    uint32_t first, count;
};

struct near_kernel {
    const char *name;
    /* Bit i: point i is a neighbour of the query. count <= NEAR_BLOCK. */
    uint64_t (*mask)(const struct exact_limit *limit, const float *x,
                     size_t stride, uint32_t count, uint32_t cols,
                     const float *query);
    /* How many neighbours of the query lie in the ranges, in order of the
     * ranges; stops counting somewhere at or above `need`. */
    uint32_t (*count)(const struct exact_limit *limit, const float *x,
                      size_t stride, const struct near_range *range,
                      uint32_t ranges, uint32_t cols, const float *query,
                      uint32_t need);
};

extern const struct near_kernel near_kernel_c;
extern const struct near_kernel near_kernel_avx2;   /* x86-64 builds only */
extern const struct near_kernel near_kernel_avx512; /* x86-64 builds only */

/* The kernel of a level; ISA_BEST is this CPU's best. */
const struct near_kernel *near_kernel_of(enum isa isa);

#endif
