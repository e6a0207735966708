/*
 * fyke score with a model that is there before the rows: --model, --train.
 */
#ifndef FYKE_TOOLS_SCORE_MODEL_H
#define FYKE_TOOLS_SCORE_MODEL_H

#include "engine/shell/kept.h"
#include "tools/fyke/local_compute.h"

/* Reads --model, whose names become the features in `s`. Errors: ERR_USAGE
 * (flags that do not go together), those of the file. */
FYKE_MUST_USE int score_model_open(struct kept *k, struct settings *s,
                                   struct fault *fault);

/* The input is read: fits --train, and the model to the columns. Without
 * either there is no model. */
FYKE_MUST_USE int score_model_settle(struct kept *k, const struct settings *s,
                                     const struct schema *schema,
                                     struct local_options *options,
                                     struct fault *fault);

#endif
