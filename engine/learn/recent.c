/* The ring of recent rows. */
#include "engine/learn/recent.h"

#include <stdlib.h>
#include <string.h>

#define RECENT_FIRST_CAPACITY 64u

void recent_init(struct recent *r, uint32_t cols, uint32_t rows_max)
{
    *r = (struct recent){ .cols = cols, .rows_max = rows_max };
}

void recent_release(struct recent *r)
{
    free(r->data);
    recent_init(r, r->cols, r->rows_max);
}

/* `n` rows of one column from ring position `first` on, in order. */
static void column_read(const struct recent *r, uint32_t col, uint32_t first,
                        uint32_t n, float *ret_x)
{
    const float *column = r->data + (size_t)col * r->capacity;
    uint32_t head = r->capacity - first < n ? r->capacity - first : n;
    memcpy(ret_x, column + first, head * sizeof *ret_x);
    memcpy(ret_x + head, column, (n - head) * sizeof *ret_x);
}

static void column_write(struct recent *r, uint32_t col, uint32_t first,
                         uint32_t n, const float *x)
{
    float *column = r->data + (size_t)col * r->capacity;
    uint32_t head = r->capacity - first < n ? r->capacity - first : n;
    memcpy(column + first, x, head * sizeof *x);
    memcpy(column, x + head, (n - head) * sizeof *x);
}

void recent_copy(const struct recent *r, float *ret_data)
{
    for (uint32_t j = 0; j < r->cols && r->rows > 0; j++)
        column_read(r, j, r->first, r->rows, ret_data + (size_t)j * r->rows);
}

/* Room for `rows` rows (at most rows_max), the oldest at position 0. */
static int recent_grow(struct recent *r, uint32_t rows)
{
    uint64_t capacity = r->capacity ? r->capacity : RECENT_FIRST_CAPACITY;
    if (rows <= r->capacity)
        return 0;
    while (capacity < rows)
        capacity *= 2;
    if (capacity > r->rows_max)
        capacity = r->rows_max;
    float *data = calloc((size_t)capacity * r->cols, sizeof *data);
    if (data == NULL)
        return ERR_NOMEM;
    for (uint32_t j = 0; j < r->cols && r->rows > 0; j++)
        column_read(r, j, r->first, r->rows, data + j * capacity);
    free(r->data);
    r->data = data;
    r->capacity = (uint32_t)capacity;
    r->first = 0;
    return 0;
}

int recent_add(struct recent *r, const struct matrix *m)
{
    uint32_t add = m->rows < r->rows_max ? m->rows : r->rows_max;
    uint32_t skip = m->rows - add;
    uint64_t rows = (uint64_t)r->rows + add;
    if (add == 0)
        return 0;
    int err = recent_grow(r, rows < r->rows_max ? (uint32_t)rows : r->rows_max);
    if (err != 0)
        return err;
    uint32_t out = rows > r->capacity ? (uint32_t)(rows - r->capacity) : 0;
    uint32_t at = (uint32_t)(((uint64_t)r->first + r->rows) % r->capacity);
    for (uint32_t j = 0; j < r->cols; j++)
        column_write(r, j, at, add, matrix_column(m, j) + skip);
    r->first = (uint32_t)(((uint64_t)r->first + out) % r->capacity);
    r->rows = (uint32_t)(rows - out);
    return 0;
}

int recent_resize(struct recent *r, uint32_t rows_max)
{
    size_t cells = (size_t)r->rows * r->cols;
    struct recent resized;
    recent_init(&resized, r->cols, rows_max);
    if (cells > 0) {
        float *data = malloc(cells * sizeof *data);
        if (data == NULL)
            return ERR_NOMEM;
        recent_copy(r, data);
        struct matrix rows = { data, r->rows, r->cols, r->rows };
        int err = recent_add(&resized, &rows);
        free(data);
        if (err != 0)
            return err;
    }
    free(r->data);
    *r = resized;
    return 0;
}
