/*
 * Verdicts: every detector's scores -> severities -> votes -> flags, near
 * misses and reasons; what the batch adds to the learned state; and a hash of
 * all of it.
 *
 * Severity   of a detector's answer: 100 x below / of, where `below` counts
 *            rows of that detector's reference in a strictly lower histogram
 *            bin and `of` = reference rows + 1 (or the reference rows, while
 *            the batch's own rows are in the reference: reference under
 *            LEARN_SMALL rows). Kept as the two integers; compared in
 *            integers.
 * Votes      detectors whose severity reaches `flag`. A row with at least
 *            `votes` of them is flagged.
 * A row's    severity is the votes-th highest of its detectors' (of equal ones
 *            the detector that stands earlier counts as higher), so that a row
 *            is flagged exactly when its severity reaches `flag`. The detector
 *            whose it is decides: its score is the row's.
 * Unanswered a row that a detector has no answer for gets severity 0 from it:
 *            no vote. It is not in that detector's reference.
 * Reasons    of a kept row: those of each detector that votes for it and of
 *            the one that decides.
 * Near       not flagged, at or above `near`; the highest severities first,
 *            then the earlier deciding detector, then the stranger score, then
 *            the lower row.
 * Repeat     equal inputs give equal bytes everywhere.
 */
#ifndef FYKE_DETECT_VERDICT_H
#define FYKE_DETECT_VERDICT_H

#include "engine/detect/set.h"
#include "engine/learn/learn.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

#include <stdbool.h>

#define VERDICT_REASONS 16u     /* of a flagged row */
#define VERDICT_REASONS_NEAR 6u /* of a near miss: for its line */
/* Limits of severity are in 10^-4 percent. */
#define VERDICT_SEVERITY_ONE 1000000u

struct verdict_config {
    uint32_t flag;       /* 999000 = 99.9 */
    uint32_t votes;      /* 1..detectors: so many flag a row */
    uint32_t near;       /* 990000: near misses from here */
    double near_share;   /* .02 of the rows at most ... */
    uint32_t near_min;   /* ... but never fewer than 100 */
    uint32_t recent_max; /* rows for the learned state */
    bool unexplained;    /* no reasons are wanted: it takes less time */
};

/* Near misses from the lower of `flag` and 99 on, and the rest of what every
 * run uses: a replay must keep the rows that the run kept. */
struct verdict_config verdict_config_of(uint32_t flag, uint32_t votes,
                                        uint32_t recent_max);

/* What one detector says of a kept row. */
struct verdict_answer {
    bool answered; /* else nothing below says anything */
    bool vote;
    uint8_t core;
    int32_t cluster; /* -1 = noise; of a detector that has clusters */
    uint32_t score;  /* fixed point */
    uint64_t below, of;
    uint32_t reason_count;
    struct detect_reason reason[VERDICT_REASONS];
};

/* A kept row, with an answer of every detector, in their order. */
struct verdict_row {
    uint32_t row; /* index of the good row in the batch's matrix */
    uint32_t votes;
    uint32_t decider; /* whose severity and score are the row's */
    bool flagged;
    struct verdict_answer *answer;
};

/* One detector's reference, for the severities of every row. */
struct verdict_scale {
    uint64_t reference_rows; /* `of` without the 1: confidence */
    uint64_t of;
    const uint64_t *below_bin; /* rows below each bin, LEARN_BINS */
};

/* The severity of a row. */
struct verdict_severity {
    uint64_t below, of;
    uint32_t decider; /* whose answer it is */
    bool answered;    /* else 0 of 1: too few detectors have an answer */
};

struct verdict {
    uint32_t rows; /* scored */
    uint32_t detectors;
    uint32_t flagged, near;  /* near: not flagged, kept */
    uint32_t kept;           /* flagged + near */
    struct verdict_row *row; /* kept rows in row order */
    struct verdict_scale scale[DETECT_MAX];
    /* Of every row: see verdict_severity_of. `level` may borrow from a run. */
    const uint32_t *level;
    uint32_t level_first; /* those below it have no answer */
    const uint64_t *level_below;
    const uint8_t *level_decider;
    uint32_t best_row; /* highest severity, for "nothing reached" */
    uint64_t best_below, best_of;
    struct learn_delta delta; /* what is learned */
    uint32_t *recent_row;     /* the rows of delta.recent */
    /* of every score, every kept row and reason, and the delta */
    uint64_t result_hash;
};

/* Where two severities stand to each other: below 0, 0, above 0. Exact while
 * `below` and `of` are under 2^32. */
static inline int verdict_severity_compare(uint64_t below_a, uint64_t of_a,
                                           uint64_t below_b, uint64_t of_b)
{
    uint64_t a = below_a * of_b, b = below_b * of_a;
    return (a > b) - (a < b);
}

/* Does a severity reach a limit? */
static inline bool verdict_reaches(uint64_t below, uint64_t of, uint32_t limit)
{
    return below * VERDICT_SEVERITY_ONE >= limit * of;
}

/* The runs are merged, all over the same rows; `rows` are those. `view` is the
 * state that the batch is judged by. Memory from `arena`; `ret_v` borrows from
 * it. Errors: ERR_NOMEM, and what explaining fails with. */
FYKE_MUST_USE int verdict_make(const struct verdict_config *config,
                               const struct matrix *rows,
                               const struct detect_run *run, uint32_t runs,
                               const struct learn_view *view,
                               struct arena *arena, struct verdict *ret_v);

/* The severity of any row of the batch, kept or not, while the runs are open.
 */
struct verdict_severity verdict_severity_of(const struct verdict *v,
                                            uint32_t row);

/* The answer whose reasons say why the row stands out: the decider's, or, when
 * it has none, those of the first detector that voted for it and has some. */
const struct verdict_answer *verdict_speaker(const struct verdict *v,
                                             const struct verdict_row *row);

/* "TX_AMOUNT 762.15, usual 44.71 (17.0x, high); ..." of an answer: the three
 * strongest reasons whose values are neither usual nor missing, none with less
 * than a tenth of the strongest one's contribution. Without any: "together: a
 * 0, b 1", the values that are strange only in company. `names` are the
 * features' names. "nearest cluster" instead of "usual" where the value is that
 * of the nearest cluster. The factor is left out when it says nothing
 * (see verdict_factor). `names` and the answer are borrowed. Errors: those of
 * `out`. */
int verdict_why(const struct verdict_answer *answer, const char *const *names,
                struct buf *out);

/* value / usual where it says something; NAN when one of them is 0, their
 * signs differ, they are within 5 % or more than a million times apart, or
 * the usual value lies within a quarter of a spread from 0, where it is no
 * measure of size. `distance` is the reason's. */
double verdict_factor(float value, float usual, double distance);

#endif
