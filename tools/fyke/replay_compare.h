/*
 * How a replayed batch differs from the stored one, in lines for people.
 */
#ifndef FYKE_TOOLS_REPLAY_COMPARE_H
#define FYKE_TOOLS_REPLAY_COMPARE_H

#include "engine/detect/verdict.h"
#include "engine/ingest/batch.h"
#include "storage/reader.h"

/* A batch as it is stored and as it was computed now. */
struct replay_pair {
    const struct reader_batch *stored;
    const struct batch_input *input;
    const struct detect_run *run; /* the verdict's detectors */
    const struct verdict *verdict;
};

/* Appends the first differing kept rows, or what else differs. */
FYKE_MUST_USE int replay_compare(struct reader *reader,
                                 const struct replay_pair *pair,
                                 struct buf *text, struct fault *fault);

#endif
