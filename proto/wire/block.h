/*
 * Numbers and matrices into blocks of a payload and back, checked. Internal to
 * the room: what the detectors' pack and unpack files share.
 */
#ifndef FYKE_WIRE_BLOCK_H
#define FYKE_WIRE_BLOCK_H

#include "proto/base/arena.h"
#include "proto/base/matrix.h"
#include "proto/wire/wire.h"

#include <stdbool.h>

/* An empty payload of so many numbers and blocks. */
void block_start(struct wire_payload *p, uint32_t numbers, uint32_t blocks);

/* A run of `rows` numbers. */
struct wire_block block_of(enum wire_type type, uint32_t rows,
                           const void *data);

/* Copied dense into `arena` unless it is. Errors: ERR_LIMIT (no columns or
 * more than cols_max), ERR_NOMEM. */
FYKE_MUST_USE int block_of_matrix(const struct matrix *m, uint32_t cols_max,
                                  struct arena *arena,
                                  struct wire_block *ret_b);

/* Has the payload exactly so many numbers and blocks? 0 or ERR_PROTO. */
FYKE_MUST_USE int block_shape(const struct wire_payload *p, uint32_t numbers,
                              uint32_t blocks);

/* The index-th number, in [min, max]. Errors: ERR_PROTO below, ERR_LIMIT
 * above. */
FYKE_MUST_USE int block_number(const struct wire_payload *p, uint32_t index,
                               uint32_t min, uint32_t max, uint32_t *ret_value);

/* A run of exactly `rows` numbers of a type, copied and aligned. Errors:
 * ERR_PROTO, ERR_NOMEM. */
FYKE_MUST_USE int block_run(const struct wire_block *b, enum wire_type type,
                            size_t rows, struct arena *arena,
                            const void **ret_run);

/* Are all n values finite, or some NaN? */
enum block_values { BLOCK_FINITE, BLOCK_OR_MISSING };

/* Is it a float32 matrix of rows_min rows and one to cols_max columns? Errors:
 * ERR_PROTO, ERR_LIMIT (columns). */
FYKE_MUST_USE int block_matrix_shape(const struct wire_block *b,
                                     uint32_t rows_min, uint32_t cols_max);

/* Copies n values from any alignment; are they as they must be? */
FYKE_MUST_USE bool block_values_copy(float *to, const void *from, size_t n,
                                     enum block_values values);

/* A float32 matrix, copied and aligned. Errors: ERR_PROTO (type, rows below
 * rows_min, no columns, values), ERR_LIMIT (columns), ERR_NOMEM. */
FYKE_MUST_USE int block_matrix(const struct wire_block *b, uint32_t rows_min,
                               uint32_t cols_max, enum block_values values,
                               struct arena *arena, struct matrix *ret_m);

#endif
