/* Numbers and floats of learned state as bytes, and back with every check. */
#include "engine/learn/codec.h"

#include "proto/base/err.h"

#include <math.h>
#include <string.h>

int codec_put_u64(struct buf *out, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (uint8_t)(value | 0x80);
    bytes[n++] = (uint8_t)value;
    return buf_append(out, bytes, n);
}

int codec_put_matrix(struct buf *out, const struct matrix *m)
{
    int err = 0;
    for (uint32_t j = 0; j < m->cols && m->rows > 0 && err == 0; j++)
        err = buf_append(out, matrix_column(m, j),
                         (size_t)m->rows * sizeof(float));
    return err;
}

int codec_get_u64(struct codec *c, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && c->at < c->end; shift += 7) {
        uint64_t byte = *c->at++;
        if (shift == 63 && byte > 1)
            return ERR_CORRUPT;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift > 0)
                return ERR_CORRUPT;
            *ret_value = value;
            return 0;
        }
    }
    return ERR_CORRUPT;
}

int codec_get_u32(struct codec *c, uint32_t max, uint32_t *ret_value)
{
    uint64_t value;
    int err = codec_get_u64(c, &value);
    if (err == 0 && value > max)
        err = ERR_CORRUPT;
    if (err == 0)
        *ret_value = (uint32_t)value;
    return err;
}

int codec_get_floats(struct codec *c, size_t n, float *ret_x)
{
    if (n > codec_left(c) / sizeof *ret_x)
        return ERR_CORRUPT;
    if (n > 0)
        memcpy(ret_x, c->at, n * sizeof *ret_x);
    c->at += n * sizeof *ret_x;
    for (size_t i = 0; i < n; i++)
        if (isinf(ret_x[i]))
            return ERR_CORRUPT;
    return 0;
}

size_t codec_left(const struct codec *c)
{
    return (size_t)(c->end - c->at);
}
