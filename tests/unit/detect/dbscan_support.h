/*
 * What the tests of DBSCAN on the coordinator share: both halves joined in one
 * process, and the definition by brute force to compare with.
 */
#ifndef FYKE_TEST_DETECT_DBSCAN_SUPPORT_H
#define FYKE_TEST_DETECT_DBSCAN_SUPPORT_H

#include "engine/detect/detect.h"
#include "proto/base/arena.h"
#include "proto/base/rng.h"

#include <stdint.h>

/* Defaults with an eps and without context rows. */
struct detect_config dbscan_support_config(double eps, uint32_t min_points);

/* Blobs, some of them on a coarse lattice so that distances are often equal,
 * and a share of rows anywhere; a share of values is missing. */
struct matrix dbscan_support_rows(struct arena *a, struct rng *r, uint32_t rows,
                                  uint32_t cols, double missing);

/* Runs task `part` of a phase on the worker's half; the result is in `a`. */
struct wire_payload dbscan_support_task(struct detect_state *st,
                                        uint32_t phase_index, uint32_t part,
                                        struct arena *a);

/* Opens a batch and carries out its phases up to and with the merge; the
 * caller closes the state. */
struct detect_state *dbscan_support_run(const struct detect_config *c,
                                        const struct detect_batch *batch,
                                        struct detect_result *ret_result);

/* The same batch cut into `parts` parts. */
struct detect_state *dbscan_support_run_split(const struct detect_config *c,
                                              const struct detect_batch *batch,
                                              uint32_t parts,
                                              struct detect_result *ret_result);

/* Every row's answer, score and reasons are equal, and so is eps. */
void dbscan_support_expect_equal(struct detect_state *a,
                                 const struct detect_result *x,
                                 struct detect_state *b,
                                 const struct detect_result *y);

/* scikit-learn's rules applied to all pairs of complete rows. `square` is the
 * sum of squares to the nearest core row, of noise rows. */
struct brute {
    int32_t *cluster;
    uint8_t *core;
    uint32_t *nearest;
    double *square;
};
void dbscan_support_brute(const struct matrix *rows, double eps,
                          uint32_t min_points, struct arena *a,
                          struct brute *ret_b);

#endif
