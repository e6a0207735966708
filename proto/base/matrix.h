/*
 * A view of numbers in columns. Header only, owns nothing.
 *
 * Shapes   rows x cols, column-major: value(row, col) = data[col * stride +
 *          row], stride >= rows. NaN = missing, everything else is finite.
 */
#ifndef FYKE_BASE_MATRIX_H
#define FYKE_BASE_MATRIX_H

#include <stddef.h>
#include <stdint.h>

struct matrix {
    const float *data;
    uint32_t rows;
    uint32_t cols;
    size_t stride; /* floats from one column to the next */
};

static inline const float *matrix_column(const struct matrix *m, uint32_t col)
{
    return m->data + (size_t)col * m->stride;
}

/* The rows [first, first + count) of `m`, sharing its memory. */
static inline struct matrix matrix_slice(const struct matrix *m, uint32_t first,
                                         uint32_t count)
{
    struct matrix s = { m->data + first, count, m->cols, m->stride };
    return s;
}

#endif
