/*
 * One input as one batch: what fyke run would see of it, were it cut nowhere.
 */
#ifndef FYKE_TOOLS_SCORE_INPUT_H
#define FYKE_TOOLS_SCORE_INPUT_H

#include "engine/ingest/batch.h"
#include "engine/shell/settings.h"
#include "tools/fyke/pool.h"

struct score_input {
    char label[256]; /* the path, or "stdin" */
    struct schema *schema;
    struct batch_input batch; /* assembled */
    uint64_t bytes;           /* of the input */
};

/* Reads to the end of a file, or of standard input for "-". Blocks of records
 * are parsed by the pool's threads. Errors, with faults for people: as fyke
 * run has them for an input. Release it in any case. */
FYKE_MUST_USE int score_input_read(const char *input,
                                   const struct settings *settings,
                                   struct pool *pool, struct score_input *in,
                                   struct fault *fault);
void score_input_release(struct score_input *in);

#endif
