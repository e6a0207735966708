/*
 * Growable bytes. `capacity` leaves out the byte for the final NUL.
 */
#include "proto/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_CAPACITY_MIN 64u

void buf_init(struct buf *b, size_t bytes_max)
{
    memset(b, 0, sizeof *b);
    b->bytes_max = bytes_max < SIZE_MAX ? bytes_max : SIZE_MAX - 1;
}

void buf_release(struct buf *b)
{
    free(b->data);
    buf_init(b, b->bytes_max);
}

void buf_reset(struct buf *b)
{
    b->length = 0;
    b->err = 0;
    if (b->data != NULL)
        b->data[0] = 0;
}

int buf_reserve(struct buf *b, size_t n)
{
    if (b->err != 0)
        return b->err;
    if (n > b->bytes_max - b->length)
        return b->err = ERR_LIMIT;
    size_t need = b->length + n;
    if (b->data != NULL && need <= b->capacity)
        return 0;
    size_t want = b->capacity + b->capacity / 2;
    if (want < BUF_CAPACITY_MIN)
        want = BUF_CAPACITY_MIN;
    if (want > b->bytes_max)
        want = b->bytes_max;
    if (want < need)
        want = need;
    uint8_t *data = realloc(b->data, want + 1);
    if (data == NULL)
        return b->err = ERR_NOMEM;
    data[b->length] = 0;
    b->data = data;
    b->capacity = want;
    return 0;
}

int buf_append(struct buf *b, const void *bytes, size_t n)
{
    int err = buf_reserve(b, n);
    if (err != 0)
        return err;
    if (n > 0)
        memcpy(b->data + b->length, bytes, n);
    b->length += n;
    b->data[b->length] = 0;
    return 0;
}

int buf_append_char(struct buf *b, char c)
{
    return buf_append(b, &c, 1);
}

int buf_append_text(struct buf *b, const char *text)
{
    return buf_append(b, text, strlen(text));
}

int buf_printf(struct buf *b, const char *format, ...)
{
    if (b->err != 0)
        return b->err;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return b->err = ERR_INVALID;
    int err = buf_reserve(b, (size_t)n);
    if (err != 0)
        return err;
    va_start(args, format);
    (void)vsnprintf((char *)b->data + b->length, (size_t)n + 1, format, args);
    va_end(args);
    b->length += (size_t)n;
    return 0;
}

const char *buf_text(const struct buf *b)
{
    return b->data == NULL ? "" : (const char *)b->data;
}

uint8_t *buf_take(struct buf *b, size_t *ret_length)
{
    uint8_t *data = b->data;
    *ret_length = b->length;
    buf_init(b, b->bytes_max);
    return data;
}
