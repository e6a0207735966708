/*
 * How well the scores of a batch agree with its labels, for the summary.
 */
#ifndef FYKE_TOOLS_SCORE_LABEL_H
#define FYKE_TOOLS_SCORE_LABEL_H

#include "engine/learn/metrics.h"
#include "proto/base/buf.h"
#include "tools/fyke/score_detect.h"
#include "tools/fyke/score_input.h"

/* Lines for people; nothing for an input without a label column. Errors:
 * ERR_NOMEM, those of `out`. */
int score_label_print(const struct score_input *in,
                      const struct score_detect *found, struct buf *out);

/* "AUROC 0.9812, average precision 0.4410, precision at 120 0.5083", or why
 * not. */
int label_metrics_print(const struct metrics *m, struct buf *out);

#endif
