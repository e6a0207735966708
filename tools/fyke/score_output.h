/*
 * The rows of a scored batch as CSV or NDJSON, in input order.
 */
#ifndef FYKE_TOOLS_SCORE_OUTPUT_H
#define FYKE_TOOLS_SCORE_OUTPUT_H

#include "tools/fyke/score_detect.h"
#include "tools/fyke/score_input.h"

#include <stdio.h>

struct score_output {
    const struct score_input *in;
    const struct score_detect *found;
    bool ndjson, explain;
    const char **feature_name; /* of the schema's features */
    FILE *file;
};

/* Writes header and rows; the pool's threads make the text. A failed write is
 * in ferror(file). Errors: ERR_NOMEM. */
FYKE_MUST_USE int score_output_write(struct score_output *o, struct pool *pool);

#endif
