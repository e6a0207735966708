/*
 * How well answers agree with known labels.
 *
 * AUROC     the share of pairs of an anomaly and an ordinary row of which the
 *           anomaly is the stranger one; equal ones count as a half.
 * AP        average precision: the sum over thresholds of (recall gained) x
 *           precision, rows of equal strangeness at one threshold, without
 *           interpolation (scikit-learn's average_precision_score).
 * P@N       precision among the N strangest rows, N = number of anomalies;
 *           where a tie lies across the border, the expected value over the
 *           orders of the tied rows.
 * Unknown   NaN: AUROC without both kinds of rows, the others without an
 *           anomaly.
 * Repeat    counts of rows in a fixed order: the same everywhere. Counts of
 *           parts add up to those of the whole.
 */
#ifndef FYKE_LEARN_METRICS_H
#define FYKE_LEARN_METRICS_H

#include "proto/base/err.h"

#include <stdint.h>

struct metrics {
    uint64_t anomalies, ordinary;
    double auroc, average_precision, precision_at_n;
};

/* Exact, over single rows. An entry is `strangeness << 1 | anomaly`, with
 * strangeness < 2^63 and higher = stranger. Sorts the entries. */
void metrics_of_rows(uint64_t *entry, uint64_t count, struct metrics *ret_m);

/* Rows per bin of strangeness, the higher bin the stranger; rows of one bin
 * count as equal. */
struct metrics_bins {
    uint32_t bins;
    uint64_t *anomalies, *ordinary; /* per bin */
};

/* Errors: ERR_NOMEM. */
FYKE_MUST_USE int metrics_bins_init(struct metrics_bins *b, uint32_t bins);
void metrics_bins_release(struct metrics_bins *b);
void metrics_bins_add(struct metrics_bins *b, uint32_t bin, int is_anomaly);
void metrics_of_bins(const struct metrics_bins *b, struct metrics *ret_m);

#endif
