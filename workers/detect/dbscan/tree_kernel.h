/*
 * The inner loops of the kd-tree, over blocks and boxes as tree.h has them. A
 * table of kernels; plain C is the reference. Internal to the room.
 *
 * Repeat   `pair` answers by exact.h, hence the same on every level. The others
 *          may differ within rounding: they are bounds that never lose a
 *          neighbour.
 */
#ifndef FYKE_WORKERS_DBSCAN_TREE_KERNEL_H
#define FYKE_WORKERS_DBSCAN_TREE_KERNEL_H

#include "proto/base/isa.h"
#include "workers/detect/dbscan/exact.h"
#include "workers/detect/dbscan/tree.h"

struct tree_kernel {
    const char *name;
    /* The lowest and the highest of `count` >= 1 values, none of them -0. */
    void (*extent)(const float *x, uint32_t count, float *ret_low,
                   float *ret_high);
    /* The least float32 sum from a point of box a to one of box b. */
    float (*gap)(const float *box_a, const float *box_b, uint32_t pad);
    /* The leaves among TREE_RUN from `leaf` on whose boxes have a gap to the
     * box that is not above `out`; some may not exist. */
    uint32_t (*run)(const struct tree *t, const float *box, uint32_t leaf,
                    float out);
    /* The lanes of a block that may have a neighbour in the box. */
    uint32_t (*reach)(const float *block, const float *box, uint32_t cols,
                      uint32_t pad, float out);
    /* For each lane of `queries` in block a: mask[lane] = the lanes of block b
     * that are its neighbours. Returns the queries that have one. */
    uint32_t (*pair)(const struct exact_limit *limit, const float *a,
                     uint32_t queries, const float *b, uint32_t cols,
                     uint32_t *mask);
    /* For a query (columns one after the other): the float32 sum to each lane
     * of a block. */
    void (*sums)(const float *query, const float *block, uint32_t cols,
                 float *ret_sums);
};

extern const struct tree_kernel tree_kernel_c;
extern const struct tree_kernel tree_kernel_avx2;   /* x86-64 builds only */
extern const struct tree_kernel tree_kernel_avx512; /* x86-64 builds only */

/* The kernel of a level; ISA_BEST is this CPU's best. */
const struct tree_kernel *tree_kernel_of(enum isa isa);

/* Points in the band, decided one by one: of `lanes` in block b, the
 * neighbours of one lane of block a. */
uint32_t tree_unsure(const struct exact_limit *limit, const float *a,
                     uint32_t lane, const float *b, uint32_t lanes,
                     uint32_t cols);

#endif
