/*
 * Verdicts: score -> severity -> flag, near misses and reasons; what the
 * batch adds to the learned state; and a hash of all of it.
 *
 * Severity   100 x below / of, where `below` counts reference rows in a
 *            strictly lower histogram bin and `of` = reference rows + 1 (or
 *            the reference rows, while the batch's own rows are in the
 *            reference: reference under LEARN_SMALL rows). Kept as the two
 *            integers; compared in integers.
 * Reasons    the three features furthest from the usual by robust distance
 *            |value - usual| / spread (all in double, fixed order; ties: lower
 *            feature first). A missing value, a value that equals the usual
 *            and a feature without a usual give none: there may be fewer.
 * Near       not flagged, at or above `near`; the highest severities first,
 *            then the stranger score, then the lower row.
 * Repeat     equal inputs give equal bytes everywhere.
 */
#ifndef FYKE_DETECT_VERDICT_H
#define FYKE_DETECT_VERDICT_H

#include "engine/detect/detect.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

#include <stdbool.h>

#define VERDICT_REASONS 3u
/* Limits of severity are in 10^-4 percent. */
#define VERDICT_SEVERITY_ONE 1000000u

struct verdict_config {
    uint32_t flag;       /* 999000 = 99.9 */
    uint32_t near;       /* 990000: near misses from here */
    double near_share;   /* .02 of the rows at most ... */
    uint32_t near_min;   /* ... but never fewer than 100 */
    uint32_t recent_max; /* fit_rows: rows for the learned state */
};

/* Near misses from the lower of `flag` and 99 on, and the rest of what every
 * run uses: a replay must keep the rows that the run kept. */
struct verdict_config verdict_config_of(uint32_t flag, uint32_t recent_max);

struct verdict_row {
    uint32_t row;   /* index of the good row in the batch's matrix */
    uint32_t score; /* fixed point */
    uint64_t below, of;
    bool flagged;
    uint32_t reason_count;
    struct detect_reason reason[VERDICT_REASONS];
};

/* The reference as the batch sees it (a struct learn_view, unpacked). */
struct verdict_reference {
    uint64_t rows;
    const uint32_t *count; /* per bin, LEARN_BINS of them */
};

struct verdict {
    uint32_t rows;           /* scored */
    uint32_t flagged, near;  /* near: not flagged, kept */
    uint32_t kept;           /* flagged + near */
    struct verdict_row *row; /* kept rows in row order */
    uint64_t reference_rows; /* `of` without the 1: confidence */
    uint32_t best_row;       /* highest severity, for "nothing reached" */
    uint64_t best_below, best_of;
    /* cumulative counts below each bin, for severities of every row */
    const uint64_t *below_bin; /* LEARN_BINS */
    uint64_t of;
    /* the learned delta */
    uint32_t bin_count;
    uint32_t *bin, *bin_rows;
    uint32_t recent_count;
    uint32_t *recent_row; /* rows that join the recent ones, oldest first */
    float *recent_data;   /* recent_count x cols, column-major */
    /* of every score, every kept row and reason, and the delta */
    uint64_t result_hash;
};

/* Memory from `arena`. Errors: ERR_NOMEM. */
FYKE_MUST_USE int verdict_make(const struct verdict_config *config,
                               const struct matrix *rows,
                               const struct detect_result *result,
                               const struct verdict_reference *reference,
                               struct arena *arena, struct verdict *ret_v);

/* "TX_AMOUNT 762.15, usual 44.71 (17.0x, high); ..." for a kept row; `names`
 * are the features' names. The factor is left out when it says nothing
 * (see verdict_factor). `names` and the row are borrowed. Errors: those of
 * `out`. */
int verdict_why(const struct verdict_row *row, const char *const *names,
                struct buf *out);

/* value / usual where it says something; NAN when one of them is 0, their
 * signs differ, they are within 5 % or more than a million times apart, or
 * the usual value lies within a quarter of a spread from 0, where it is no
 * measure of size. `distance` is the reason's. */
double verdict_factor(float value, float usual, double distance);

#endif
