/*
 * How well the scores of a batch agree with its labels, exactly.
 */
#ifndef FYKE_TOOLS_SCORE_LABEL_H
#define FYKE_TOOLS_SCORE_LABEL_H

#include "engine/shell/labels.h"
#include "tools/fyke/score_detect.h"

/* Single rows against each other, where labels_measure knows bins. Errors:
 * ERR_NOMEM. */
FYKE_MUST_USE int score_label_measure(const struct batch_input *b,
                                      const struct score_detect *found,
                                      struct labels_measured *ret_m);

#endif
