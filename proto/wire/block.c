/* What detectors' payloads have in common. */
#include "proto/wire/block.h"

#include <string.h>

void block_start(struct wire_payload *p, uint32_t numbers, uint32_t blocks)
{
    memset(p, 0, sizeof *p);
    p->number_count = numbers;
    p->block_count = blocks;
}

struct wire_block block_of(enum wire_type type, uint32_t rows, const void *data)
{
    return (struct wire_block){ type, rows, 1, data };
}

int block_of_matrix(const struct matrix *m, uint32_t cols_max,
                    struct arena *arena, struct wire_block *ret_b)
{
    if (m->cols == 0 || m->cols > cols_max)
        return ERR_LIMIT;
    struct wire_block b = { WIRE_F32, m->rows, m->cols, m->data };
    if (m->stride != m->rows && m->rows > 0) {
        size_t column_bytes = (size_t)m->rows * sizeof(float);
        char *dense = arena_alloc(arena, m->cols, column_bytes);
        if (dense == NULL)
            return ERR_NOMEM;
        for (uint32_t j = 0; j < m->cols; j++)
            memcpy(dense + j * column_bytes, matrix_column(m, j), column_bytes);
        b.data = dense;
    }
    *ret_b = b;
    return 0;
}

int block_shape(const struct wire_payload *p, uint32_t numbers, uint32_t blocks)
{
    return p->number_count == numbers && p->block_count == blocks ? 0
                                                                  : ERR_PROTO;
}

int block_number(const struct wire_payload *p, uint32_t index, uint32_t min,
                 uint32_t max, uint32_t *ret_value)
{
    uint64_t value = p->number[index];
    if (value < min)
        return ERR_PROTO;
    if (value > max)
        return ERR_LIMIT;
    *ret_value = (uint32_t)value;
    return 0;
}

int block_run(const struct wire_block *b, enum wire_type type, size_t rows,
              struct arena *arena, const void **ret_run)
{
    if (b->type != type || b->rows != rows || b->cols != 1)
        return ERR_PROTO;
    size_t bytes = wire_block_bytes(b);
    void *run = arena_alloc(arena, bytes, 1);
    if (run == NULL)
        return ERR_NOMEM;
    if (bytes > 0)
        memcpy(run, b->data, bytes);
    *ret_run = run;
    return 0;
}

int block_matrix_shape(const struct wire_block *b, uint32_t rows_min,
                       uint32_t cols_max)
{
    if (b->type != WIRE_F32 || b->rows < rows_min || b->cols == 0)
        return ERR_PROTO;
    return b->cols > cols_max ? ERR_LIMIT : 0;
}

/* No infinity, and where all must be finite no NaN, whose bits are above
 * infinity's. */
bool block_values_copy(float *restrict to, const void *restrict from, size_t n,
                       enum block_values values)
{
    const uint32_t infinity = 0x7F800000;
    const uint8_t *restrict byte = from;
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, byte + i * sizeof bits, sizeof bits);
        memcpy(&to[i], &bits, sizeof bits);
        bits &= INT32_MAX;
        bad |= bits == infinity;
        bad |= (bits > infinity) & (values == BLOCK_FINITE);
    }
    return bad == 0;
}

int block_matrix(const struct wire_block *b, uint32_t rows_min,
                 uint32_t cols_max, enum block_values values,
                 struct arena *arena, struct matrix *ret_m)
{
    int err = block_matrix_shape(b, rows_min, cols_max);
    if (err != 0)
        return err;
    size_t n = wire_block_bytes(b) / sizeof(float);
    float *data = arena_alloc(arena, n, sizeof *data);
    if (data == NULL)
        return ERR_NOMEM;
    if (!block_values_copy(data, b->data, n, values))
        return ERR_PROTO;
    *ret_m = (struct matrix){ data, b->rows, b->cols, b->rows };
    return 0;
}
