/*
 * Detectors and verdicts over one batch in this process: what fyke run makes
 * of its first batch, by the same functions.
 */
#ifndef FYKE_TOOLS_SCORE_DETECT_H
#define FYKE_TOOLS_SCORE_DETECT_H

#include "engine/detect/verdict.h"
#include "engine/ingest/batch.h"
#include "engine/shell/kept.h"
#include "engine/shell/settings.h"
#include "tools/fyke/local_compute.h"

struct score_detect {
    struct detect_set detectors;
    struct detect_run run[DETECT_MAX];
    struct learn_view view; /* what is known before the batch */
    struct arena arena;     /* of the verdict */
    struct verdict verdict;
    uint32_t flag; /* limit of severity, in 10^-4 percent */
    int64_t compute_us, judge_us;
};

/* Plan, tasks, merge, verdict. The batch is borrowed until the release; it
 * has rows. Errors with faults for people: a setting that does not fit the
 * features, ERR_NOMEM. Release it in any case. */
FYKE_MUST_USE int score_detect_run(const struct settings *settings,
                                   const struct kept *kept,
                                   const struct batch_input *batch,
                                   const struct local_options *options,
                                   struct score_detect *d, struct fault *fault);
void score_detect_release(struct score_detect *d);

/* The score of the detector that decides; NaN where none has an answer. */
double score_detect_score(const struct score_detect *d, uint32_t row);
/* What one detector says of a row. */
struct score_answer {
    double score;      /* NaN: it has no answer */
    uint32_t severity; /* in 10^-4 percent, cut */
    bool vote;
};
struct score_answer score_detect_answer(const struct score_detect *d,
                                        uint32_t detector, uint32_t row);

/* The result with clusters, if one has them. */
const struct detect_result *score_detect_clusters(const struct score_detect *d);
/* Severity in 10^-4 percent, cut: what the database shows. */
uint32_t score_detect_severity(const struct score_detect *d, uint32_t row);
bool score_detect_flagged(const struct score_detect *d, uint32_t row);

#endif
