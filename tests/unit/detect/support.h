/*
 * What the tests of the coordinator's half share: both halves of the isolation
 * forest joined in one process.
 */
#ifndef FYKE_TEST_DETECT_SUPPORT_H
#define FYKE_TEST_DETECT_SUPPORT_H

#include "engine/detect/detect.h"
#include "proto/base/arena.h"
#include "proto/base/rng.h"

#include <stdint.h>

/* The defaults, with a seed of 1. */
struct detect_config support_config(void);

/* rows x cols pseudo-random numbers, a share of them missing. */
struct matrix support_matrix(struct arena *a, uint64_t seed, uint32_t rows,
                             uint32_t cols, double missing);

/* Runs a phase's task `part` on the worker's half; the result's blocks are in
 * `a`. */
struct wire_payload support_run_task(struct detect_state *st,
                                     uint32_t phase_index, uint32_t part,
                                     struct arena *a);

/* Opens a batch and carries out its phases up to and with the merge; the
 * caller closes the state. */
struct detect_state *support_detect(const struct detect_config *c,
                                    const struct detect_batch *batch,
                                    struct detect_result *ret_result);

#endif
