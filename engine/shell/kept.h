/*
 * A model that stays: from a file, from the database, or fitted on a history.
 * What `fyke run` and `fyke score` share.
 *
 * Life     init; one of from_file, from_db, train; then fit to the stream's
 *          features. Release it when no batch is open any more.
 * Training is batch 0: fitted and scored like a batch, before the first one.
 *          Its rows' severities and its newest ordinary rows are what is
 *          learned of it, so that there is no cold start. Of the forest: other
 *          detectors make their references from the first batches.
 */
#ifndef FYKE_SHELL_KEPT_H
#define FYKE_SHELL_KEPT_H

#include "engine/detect/model.h"
#include "engine/detect/set.h"
#include "engine/ingest/schema.h"
#include "engine/learn/learn.h"
#include "engine/shell/settings.h"
#include "storage/reader.h"

/* Runs every phase of the plan on an open state, in this process. */
struct kept_compute {
    int (*run)(void *context, const struct detect_ops *ops,
               struct detect_state *state, const struct plan *plan);
    void *context;
};

struct kept {
    struct arena arena;
    struct buf bytes; /* the model's file; empty = there is no model */
    struct model_file file;
    struct detect_model *model; /* after kept_fit */
    char origin[256];           /* for people, and to know training again */
    struct buf delta;           /* what training has learned, else empty */
    uint64_t trained_rows, trained_bad;
};

void kept_init(struct kept *k);
void kept_release(struct kept *k);
bool kept_is_there(const struct kept *k);

FYKE_MUST_USE int kept_from_file(struct kept *k, const char *path,
                                 struct fault *fault);
FYKE_MUST_USE int kept_from_db(struct kept *k, struct reader *r, const char *db,
                               const char *hash, struct fault *fault);

/* Names the features by the model's names, unless there are none or some are
 * named by `o` already. *ret_named = it did; they live as long as the model. */
FYKE_MUST_USE int kept_name_features(struct kept *k, struct schema_options *o,
                                     bool *ret_named, struct fault *fault);

/* Where a model fitted on s->train is from, as k->origin says it: the file and
 * the settings that a forest depends on. Returns `out`. */
const char *kept_origin_of(const struct settings *s, char *out,
                           size_t out_bytes);
/* Fits on the file s->train, as `schema` reads the stream. */
FYKE_MUST_USE int kept_train(struct kept *k, const struct settings *s,
                             const struct schema *schema,
                             const struct kept_compute *compute,
                             struct fault *fault);

/* The learned state before the first batch. */
FYKE_MUST_USE int kept_learned(const struct kept *k, uint32_t cols,
                               uint32_t recent_max, struct learn **ret_l);

/* For the features of the stream. `label` names the model in faults. */
FYKE_MUST_USE int kept_fit(struct kept *k, const struct schema *schema,
                           const char *label, struct fault *fault);

#endif
