/*
 * The worker's half of each detector: pure numeric code over matrices.
 *
 * A task goes in as a decoded message, a result payload comes out. Everything
 * is carved from the caller's arena and stays until it is reset.
 *
 * Thread rule  no shared state; several computations may run side by side.
 * Progress     `progress` (if not NULL) is counted up as work is done, at
 *              least every few milliseconds; `stop` (if not NULL) is looked at
 *              as often and ends the work with ERR_CANCELED.
 */
#ifndef FYKE_WORKERS_DETECT_COMPUTE_H
#define FYKE_WORKERS_DETECT_COMPUTE_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/isa.h"
#include "proto/wire/wire.h"

#include <stdatomic.h>
#include <stdint.h>

/* What a computation is doing, for whoever counts time. */
enum compute_work { COMPUTE_FIT, COMPUTE_SCORE, COMPUTE_WORKS };

struct compute_context {
    struct arena *arena;
    _Atomic uint64_t *progress;
    const _Atomic int *stop;
    /* Called when another kind of work begins; NULL: nobody wants to know. */
    void (*begin)(void *watcher, enum compute_work work);
    void *watcher;
    enum isa isa; /* of the kernels; the zero is the best one */
};

/* A few times per task: from here on it is `work`. */
void compute_begin(const struct compute_context *context,
                   enum compute_work work);

/* Counts `work` as done. ERR_CANCELED when told to stop. */
FYKE_MUST_USE int compute_advance(const struct compute_context *context,
                                  uint64_t work);

/* A model as the worker keeps it between tasks. */
struct compute_model;

struct compute_ops {
    const char *name;
    uint32_t algorithm;
    /* Digest of the numeric self-test: fit and score a built-in problem, hash
     * every number. Workers that differ compute differently. */
    uint64_t (*selftest)(void);
    int (*run)(const struct wire_task *task, const struct compute_model *model,
               const struct compute_context *context,
               struct wire_payload *ret_payload);
    /* Builds the scoring form of a model. ERR_PROTO for a malformed one. */
    int (*model_new)(const struct wire_payload *payload,
                     struct compute_model **ret_m);
    void (*model_free)(struct compute_model *m);
};

extern const struct compute_ops compute_iforest;
extern const struct compute_ops compute_dbscan;

extern const struct compute_ops *const compute_table[]; /* NULL-terminated */
const struct compute_ops *compute_find(const char *name, size_t n);

/* All detectors' algorithm versions and self-tests in one digest, for HELLO. */
uint64_t compute_selftest_digest(void);
uint32_t compute_algorithm_version(void);

#endif
