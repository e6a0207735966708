/*
 * The bytes of learned state: little-endian base-128 numbers, float32 runs,
 * and a bounded cursor to read them. Internal to the room.
 */
#ifndef FYKE_LEARN_CODEC_H
#define FYKE_LEARN_CODEC_H

#include "proto/base/buf.h"
#include "proto/base/matrix.h"

#include <stddef.h>
#include <stdint.h>

#define CODEC_DELTA_VERSION 2u
#define CODEC_STATE_VERSION 2u
/* Version 1 knew one detector: the histogram of this one stands there without
 * its number. */
#define CODEC_FIRST_VERSION 1u
#define CODEC_FIRST_DETECTOR 1u
#define CODEC_COLS_MAX 1024u
#define CODEC_RECENT_MAX (1u << 24)

struct codec {
    const uint8_t *at, *end;
};

int codec_put_u64(struct buf *out, uint64_t value);
/* The matrix's columns, dense. */
int codec_put_matrix(struct buf *out, const struct matrix *m);

/* Shortest form only, so that equal values have equal bytes. Errors:
 * ERR_CORRUPT. */
int codec_get_u64(struct codec *c, uint64_t *ret_value);
/* As above, at most `max`. */
int codec_get_u32(struct codec *c, uint32_t max, uint32_t *ret_value);
/* `n` floats, none of them infinite. Errors: ERR_CORRUPT. */
int codec_get_floats(struct codec *c, size_t n, float *ret_x);
/* Bytes left. */
size_t codec_left(const struct codec *c);

#endif
