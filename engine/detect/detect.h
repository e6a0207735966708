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

/* What DBSCAN does to columns before it measures distances. */
enum detect_scale {
    DETECT_SCALE_AUTO = 0, /* robust while eps is found, else none: eps is then
                            * in the columns' own units */
    DETECT_SCALE_NONE,
    DETECT_SCALE_STANDARD, /* by mean and standard deviation */
    DETECT_SCALE_ROBUST,   /* by median and a robust spread */
};

struct dbscan_eps;
struct detect_model; /* a forest that stays as it is */

struct detect_config {
    uint64_t seed; /* 1 */
    /* of the isolation forest */
    uint32_t trees;     /* 200; 1..IFOREST_TREES_MAX */
    uint32_t subsample; /* 256; 2..IFOREST_SUBSAMPLE_MAX */
    uint32_t extension; /* 0: each split looks at one feature; N: at N + 1 */
    uint32_t fit_rows;  /* 1024: smaller batches are fitted together with
                         * the newest (fit_rows - rows) recent rows */
    const struct detect_model *model; /* mode frozen: scores every batch; NULL =
                                       * a forest per batch. Borrowed */
    /* of DBSCAN */
    double eps;              /* 0 = found in the data */
    uint32_t min_points;     /* 10 */
    enum detect_scale scale; /* DETECT_SCALE_AUTO */
    uint32_t context_rows;   /* 1024: up to so many recent rows join a batch */
    /* of both */
    uint32_t batch_rows; /* 0; the most rows that a batch is cut to, where a
                          * check is to say that they do not fit */
    uint32_t part_bytes; /* 1 MiB: aim of a part's matrix */
    uint32_t part_rows;  /* 0; tests cut batches into parts of so many rows */
    uint64_t message_bytes_max; /* WIRE_MESSAGE_BYTES_MAX */
};

/* The values above: what every run uses where no setting says otherwise. A
 * replay must split batches as the run did. */
struct detect_config detect_config_default(void);

struct detect_batch {
    uint64_t batch;       /* from 1; 0 = training, before the first */
    struct matrix rows;   /* good rows x features */
    struct matrix recent; /* of the learned view, oldest first */
};

/* Which raw scores within a bin are stranger. */
enum detect_order { DETECT_LOWER_STRANGER, DETECT_HIGHER_STRANGER };

/* The bin of a row that a detector has no answer for (a value is missing):
 * its score says nothing, it has no vote and is not in the reference. */
#define DETECT_NO_BIN UINT32_MAX

/* What merging gives: an answer per row, borrowed from the state. */
struct detect_result {
    uint32_t rows, cols;
    const uint32_t *score; /* fixed-point answer per row (path sum, distance) */
    const uint32_t *bin;   /* learn's histogram bin per row, higher =
                            * stranger, < LEARN_BINS; or DETECT_NO_BIN */
    enum detect_order order;
    const int32_t *cluster; /* per row, -1 = noise; NULL: it has no clusters */
    const uint8_t *core;    /* per row, 1 = core point; NULL as well */
    const struct dbscan_eps *eps; /* what it measured with; NULL as well */
    uint32_t trees, psi;          /* of the isolation forest, else 0 */
    const float *usual;  /* per feature: median of the rows the forest was
                          * fitted on (drawn rows); NaN if all missing.
                          * NULL: not of this detector */
    const float *spread; /* per feature: a robust spread of the same rows */
};

/* One feature's part in why a row stands out. */
struct detect_reason {
    uint32_t feature;
    float value, usual;
    int direction;       /* +1 high, -1 low, 0: as usual, or missing */
    double contribution; /* in the detector's own terms: the isolation forest's
                          * in path lengths, below 0: made it more ordinary */
    double distance;     /* in spreads; INFINITY when the spread is 0 */
    bool nearest;        /* `usual` is the nearest cluster's value */
};

struct detect_state;

struct detect_ops {
    const char *name;
    uint32_t id;        /* in seeds */
    uint32_t algorithm; /* version of its numbers */
    /* Checks this detector's part of the configuration, and that its largest
     * message fits, for `cols` features. Errors: ERR_INVALID or ERR_RANGE with
     * a fault that names the setting and the largest value that works. */
    int (*check)(const struct detect_config *c, uint32_t cols,
                 struct fault *fault);
    /* How many recent rows it wants to find in the learned state. */
    uint32_t (*recent_rows)(const struct detect_config *c);
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
    /* After merge, in the same job: the double that people see of a row that
     * has an answer. Pure. */
    double (*score)(const struct detect_result *r, uint32_t row);
    /* After merge, in the same job: why that row stands out, at most `max`
     * reasons, the strongest first; 0 of them where there is no evidence.
     * Equal inputs give equal bytes. Errors: ERR_NOMEM. */
    int (*explain)(struct detect_state *st, const struct detect_result *r,
                   uint32_t row, struct detect_reason *ret_reason, uint32_t max,
                   uint32_t *ret_count);
    /* Bytes of memory that the state holds now. */
    size_t (*held)(const struct detect_state *st);
    void (*close)(struct detect_state *st);
};

extern const struct detect_ops detect_iforest;
extern const struct detect_ops detect_dbscan;

/* All detectors: NULL-terminated. */
extern const struct detect_ops *const detect_table[];
const struct detect_ops *detect_find(const char *name, size_t n);

#endif
