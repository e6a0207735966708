/*
 * What each feature did to a row's path: the path-delta of the isolation
 * forest.
 *
 * Delta    at a node of depth d that n sample rows reached, the expected path
 *          length is E = d + c(n), in fixed point with IFOREST_ONE. A step to
 *          a child is worth E(node) - E(child), and it counts for the feature
 *          that the node splits by. Above 0: the feature made the row
 *          stranger (its path shorter than was to be expected). In an
 *          extended forest a step counts for the features of the split, in
 *          equal shares (what does not divide: for the first).
 * Additive exactly, in integers: over one tree the deltas sum to
 *          c(psi) - path length, over a forest to trees x c(psi) - path sum.
 * Repeat   the same everywhere.
 * Source   the local contributions of trees (Saabas 2014), with expected path
 *          lengths as the nodes' values.
 */
#ifndef FYKE_WIRE_IFOREST_DELTA_H
#define FYKE_WIRE_IFOREST_DELTA_H

#include "proto/wire/iforest.h"

/* Adds the deltas of a row in all trees to ret_delta (forest.features of
 * them). The value of feature j is x[j * stride]. `c` are c(0) to c(c_max);
 * beyond it they are computed. */
void iforest_path_delta(const struct iforest_forest *forest, const uint32_t *c,
                        uint32_t c_max, const float *x, size_t stride,
                        int64_t *ret_delta);

/*
 * The same for many rows, of a forest that is not extended: laid out once, a
 * row then takes a third of the time. Equal values, however it is walked.
 *
 * Memory   from the caller's arena, 16 bytes a node; the forest and c are no
 *          longer needed.
 */
#define IFOREST_DELTA_LANES 8u             /* trees side by side */
#define IFOREST_DELTA_NODES_MAX (1u << 16) /* of forests worth laying out */

struct iforest_delta_node {
    float threshold;
    uint32_t right, c;
    uint16_t slot; /* feature */
    uint8_t missing_right;
};

struct iforest_delta {
    uint32_t features;
    const struct iforest_delta_node *lane[IFOREST_DELTA_LANES];
};

/* Errors: ERR_NOMEM. */
FYKE_MUST_USE int iforest_delta_init(struct iforest_delta *d,
                                     const struct iforest_forest *forest,
                                     const uint32_t *c, uint32_t c_max,
                                     struct arena *arena);

/* As iforest_path_delta. */
void iforest_delta_row(const struct iforest_delta *d, const float *x,
                       size_t stride, int64_t *ret_delta);

#endif
