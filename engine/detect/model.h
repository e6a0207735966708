/*
 * A forest that stays as it is (mode frozen): of a model file, for the
 * features of one stream. Batches are scored with it as they are; nothing is
 * fitted.
 *
 * Memory   in the arena that it was made in; batches borrow it until they are
 *          closed.
 */
#ifndef FYKE_DETECT_MODEL_H
#define FYKE_DETECT_MODEL_H

#include "engine/detect/detect.h"
#include "engine/detect/model_file.h"

#define DETECT_MODEL_KEPT (1ull << 63) /* in ids: no batch has this number */

struct detect_model {
    struct iforest_forest forest; /* its features are the stream's */
    struct wire_payload payload;  /* as workers get it */
    uint64_t id, hash;            /* on the wire: the same in every batch */
    uint64_t sum_max;             /* the longest possible path sum */
};

/* Where the model's features are among the stream's: by their names, without
 * case, and by their order when the model has none. `ret_map` has room for
 * forest.features. ERR_USAGE with a fault that names what is missing. */
FYKE_MUST_USE int detect_model_map(const struct model_file *m,
                                   const char *const *name, uint32_t count,
                                   const char *label, uint32_t *ret_map,
                                   struct fault *fault);

/* The model for a stream of `features` features, its feature k being the
 * stream's map[k]. Copies what it changes; borrows the rest from `m`.
 * Errors: ERR_LIMIT (a message cannot hold it), ERR_NOMEM. */
FYKE_MUST_USE int detect_model_new(const struct model_file *m,
                                   const uint32_t *map, uint32_t features,
                                   struct arena *arena,
                                   struct detect_model **ret_model,
                                   struct fault *fault);

/* The forest that a batch was scored with, once it is merged: what --train
 * keeps. Borrowed from the state. Errors: ERR_NOMEM. */
FYKE_MUST_USE int detect_forest(struct detect_state *st,
                                const struct iforest_forest **ret_f);

#endif
