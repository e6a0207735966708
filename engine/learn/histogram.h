/*
 * Sparse and dense score histograms inside learn: counts per bin, added,
 * taken away, written and read. Internal to the room.
 */
#ifndef FYKE_LEARN_HISTOGRAM_H
#define FYKE_LEARN_HISTOGRAM_H

#include "engine/learn/codec.h"

#include <stdbool.h>
#include <stdint.h>

/* Bins ascending, distinct, below LEARN_BINS; counts >= 1 whose sum is `rows`;
 * no more rows than a u32 total can take. */
bool histogram_sparse_is_valid(uint64_t rows, uint32_t bin_count,
                               const uint32_t *bin, const uint32_t *count);

/* Writes a sparse histogram: rows, bins, then (gap, count) pairs. */
int histogram_put_sparse(struct buf *out, uint64_t rows, uint32_t bin_count,
                         const uint32_t *bin, const uint32_t *count);
int histogram_put_dense(struct buf *out, uint64_t rows, const uint32_t *count);

/* Reads the head (rows, number of bins). Errors: ERR_CORRUPT. */
int histogram_get_head(struct codec *c, uint64_t *ret_rows,
                       uint32_t *ret_bin_count);
/* Reads and checks the pairs that belong to a head. Errors: ERR_CORRUPT. */
int histogram_get_pairs(struct codec *c, uint64_t rows, uint32_t bin_count,
                        uint32_t *ret_bin, uint32_t *ret_count);

#endif
