/*
 * The coordinator's half of each detector: plan parts, build tasks, accept
 * results, merge. Found through one small table.
 *
 * Life     plan (in the core's step, O(1)) -> open -> for each phase:
 *          prepare (a job, if the plan says so), task and accept per part ->
 *          merge (a job) -> close. What happens to a batch here depends on
 *          its rows, its learned view and the config alone.
 * Thread   one call at a time per state; task and accept on the loop thread,
 *          open, prepare and merge inside jobs.
 * Memory   a state owns what it hands out until close, and borrows the
 *          batch's matrices from open until close.
 */
#ifndef FYKE_DETECT_DETECT_H
#define FYKE_DETECT_DETECT_H

#include "proto/base/err.h"
#include "proto/base/matrix.h"
#include "proto/base/plan.h"
#include "proto/wire/wire.h"

#include <stddef.h>
#include <stdint.h>

struct detect_config {
    uint64_t seed;       /* 1 */
    uint32_t trees;      /* 100; 1..IFOREST_TREES_MAX */
    uint32_t subsample;  /* 256; 2..IFOREST_SUBSAMPLE_MAX */
    uint32_t fit_rows;   /* 1024: smaller batches are fitted together with
                          * the newest (fit_rows - rows) recent rows */
    uint32_t part_bytes; /* 1 MiB: aim of a part's matrix */
    uint64_t message_bytes_max; /* WIRE_MESSAGE_BYTES_MAX */
};

/* The four that are settings, and for the rest what every run uses: a replay
 * must split batches as the run did. */
struct detect_config detect_config_of(uint64_t seed, uint64_t trees,
                                      uint64_t subsample, uint64_t fit_rows);

/* Checks limits and that one tree's sample and one model fit a message, for
 * `cols` features. Errors: ERR_INVALID or ERR_LIMIT with a fault that names
 * the setting and the largest value that works. */
FYKE_MUST_USE int detect_config_check(const struct detect_config *c,
                                      uint32_t cols, struct fault *fault);

struct detect_batch {
    uint64_t batch;
    struct matrix rows;   /* good rows x features */
    struct matrix recent; /* of the learned view, oldest first */
};

/* What merging gives: an answer per row, borrowed from the state. */
struct detect_result {
    uint32_t rows, cols;
    const uint32_t *score; /* fixed-point answer (path sum) per row; within a
                            * bin the lower one is stranger */
    const uint32_t *bin;   /* learn's histogram bin per row, higher =
                            * stranger, < LEARN_BINS */
    uint32_t trees, psi;   /* for the double: iforest_score */
    const float *usual;    /* per feature: median of the rows the forest was
                            * fitted on (drawn rows); NaN if all missing */
    const float *spread;   /* per feature: a robust spread of the same rows */
};

struct detect_state;

struct detect_ops {
    const char *name;
    uint32_t id;        /* in seeds */
    uint32_t algorithm; /* version of its numbers */
    /* For struct coord_detector; config is a struct detect_config. */
    int (*plan)(const void *config, const struct plan_shape *shape,
                struct plan *ret_plan);
    int (*open)(const struct detect_config *config,
                const struct detect_batch *batch, const struct plan *plan,
                struct detect_state **ret_st);
    int (*prepare)(struct detect_state *st, uint32_t phase_index);
    /* Fills batch, detector, phase, part, model and payload of a task; the
     * payload borrows from the state and stays until the next call. */
    int (*task)(struct detect_state *st, uint32_t phase_index, uint32_t part,
                struct wire_task *ret_task);
    /* Is this the payload that the part asks for? 0 or ERR_PROTO. Pure. */
    int (*validate)(const struct detect_state *st, uint32_t phase_index,
                    uint32_t part, const struct wire_payload *payload);
    /* Keeps a validated payload (copies it). */
    int (*accept)(struct detect_state *st, uint32_t phase_index, uint32_t part,
                  const struct wire_payload *payload);
    /* The model that this batch's SCORE tasks name. */
    int (*model)(struct detect_state *st, struct wire_model *ret_model);
    /* What merging needs and no result changes; called once the tasks of the
     * first phase are out, so that it is done while workers compute. Without
     * it merge does the same. */
    int (*meanwhile)(struct detect_state *st);
    int (*merge)(struct detect_state *st, struct detect_result *ret_result);
    /* Bytes of memory that the state holds now. */
    size_t (*held)(const struct detect_state *st);
    void (*close)(struct detect_state *st);
};

extern const struct detect_ops detect_iforest;

/* All detectors: NULL-terminated. */
extern const struct detect_ops *const detect_table[];
const struct detect_ops *detect_find(const char *name, size_t n);

#endif
