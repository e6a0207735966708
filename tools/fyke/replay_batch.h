/*
 * Computes stored batches again: reads their bytes, rebuilds the learned
 * state they were judged by, and compares content and results.
 */
#ifndef FYKE_TOOLS_REPLAY_BATCH_H
#define FYKE_TOOLS_REPLAY_BATCH_H

#include "engine/detect/detect.h"
#include "engine/ingest/source.h"
#include "engine/learn/learn.h"
#include "engine/shell/kept.h"
#include "storage/reader.h"
#include "tools/fyke/local_compute.h"

struct replay {
    struct reader *reader; /* borrowed */
    struct local_options compute;
    struct schema *schema;
    struct source_file file;
    bool readable;     /* the source can be read again */
    char why_not[512]; /* if not */
    char note[512];    /* "the file has changed: ...", or "" */
    /* the learned state kept from batch to batch, and how it was built */
    struct learn *learn;
    uint64_t learn_from; /* snapshot it began with, 0 = nothing */
    uint32_t learn_recent;
    uint8_t *bytes;   /* of one read */
    struct kept kept; /* the model of the last batch that had one */
};

enum replay_outcome {
    REPLAY_EQUAL = 1,
    REPLAY_DIFFERENT,  /* `text` says how, in lines */
    REPLAY_IMPOSSIBLE, /* not replayable; `text` says why */
};

/* Opens the source that the database names, or `input` instead of it. A
 * source that cannot be read again is no error: `readable` is false. */
FYKE_MUST_USE int replay_init(struct replay *r, struct reader *reader,
                              const char *input, struct fault *fault);
void replay_release(struct replay *r);

/* Replays one batch. `text` is appended to. Errors: the database cannot be
 * read, ERR_NOMEM. */
FYKE_MUST_USE int replay_batch(struct replay *r, uint64_t batch,
                               enum replay_outcome *ret_outcome,
                               struct buf *text, struct fault *fault);

/* replay_model.c: the model that a batch was scored with, NULL = a forest of
 * its own. */
FYKE_MUST_USE int replay_model(struct replay *r, uint64_t batch,
                               const struct detect_model **ret_model,
                               struct fault *fault);

/* replay_state.c: the view that a batch was judged by. ERR_NOTFOUND when the
 * deltas are gone (retention). */
FYKE_MUST_USE int replay_view(struct replay *r, uint64_t state_batch,
                              uint32_t recent_max, struct learn_view *ret_view,
                              struct fault *fault);

#endif
