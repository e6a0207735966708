/*
 * Growable byte buffer with a maximum. Always NUL-terminated behind `length`,
 * so that text built in it can be printed.
 *
 * Errors       ERR_LIMIT over `bytes_max`, ERR_NOMEM; the content before the
 *              failed call is unchanged and the error is remembered in `err`,
 *              so that a run of appends may be checked once at its end.
 */
#ifndef FYKE_BASE_BUF_H
#define FYKE_BASE_BUF_H

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data;
    size_t length;
    size_t capacity;
    size_t bytes_max;
    int err; /* first error since init or reset, 0 if none */
};

void buf_init(struct buf *b, size_t bytes_max);
void buf_release(struct buf *b);
/* Empties the buffer, keeps its memory, clears the remembered error. */
void buf_reset(struct buf *b);
/* Room for `n` more bytes. */
int buf_reserve(struct buf *b, size_t n);
int buf_append(struct buf *b, const void *bytes, size_t n);
int buf_append_char(struct buf *b, char c);
int buf_append_text(struct buf *b, const char *text);
int buf_printf(struct buf *b, const char *format, ...) FYKE_PRINTF(2, 3);
/* The content as text; "" for an empty buffer. Valid until the next change. */
const char *buf_text(const struct buf *b);
/* Gives the memory to the caller (free()) and leaves an empty buffer. */
uint8_t *buf_take(struct buf *b, size_t *ret_length);

#endif
