/*
 * Why this file exists: a batch is put together from slices of blocks without
 * copying text; only the numbers are copied, once, into columns.
 */
#include "engine/ingest/batch.h"

#include "engine/ingest/records.h"
#include "proto/base/check.h"
#include "proto/base/hash.h"

#include <stdlib.h>
#include <string.h>

#define CONTENT_SEED UINT64_C(0x66796b652d726f77)

void batch_input_init(struct batch_input *b)
{
    *b = (struct batch_input){ 0 };
}

void batch_columns_done(struct batch_input *b)
{
    if (b->columns_done)
        return;
    b->columns_done = true;
    for (uint32_t i = 0; i < b->slice_count; i++)
        block_columns_done(b->slice[i].block);
}

size_t batch_bytes_held(const struct batch_input *b)
{
    size_t bytes = b->slice_capacity * sizeof *b->slice;
    if (b->x != NULL)
        bytes += (size_t)b->rows * b->cols * sizeof *b->x +
                 b->rows * (sizeof *b->row_record + sizeof *b->time_ns +
                            (b->label != NULL ? sizeof *b->label : 0));
    return bytes;
}

void batch_input_release(struct batch_input *b)
{
    batch_columns_done(b);
    for (uint32_t i = 0; i < b->slice_count; i++)
        block_unref(b->slice[i].block);
    free(b->slice);
    free(b->x);
    free(b->row_record);
    free(b->time_ns);
    free(b->label);
    batch_input_init(b);
}

static int slice_reserve(struct batch_input *b)
{
    if (b->slice_count < b->slice_capacity)
        return 0;
    uint32_t wanted = b->slice_capacity == 0 ? 16 : 2 * b->slice_capacity;
    struct batch_slice *grown = realloc(b->slice, wanted * sizeof *grown);
    if (grown == NULL)
        return ERR_NOMEM;
    b->slice = grown;
    b->slice_capacity = wanted;
    return 0;
}

/* A batch ends right behind the line end of its last record: blank lines
 * behind it are not part of it, however the input was cut into blocks. */
static void end_set(struct batch_input *b, const struct block *block,
                    uint32_t last)
{
    const char *text = (const char *)block->text + block->offset[last];
    uint64_t lines = records_newlines(text, block->length[last]) +
                     (block->extent[last] > block->length[last]);
    b->to_position = block_record_position(block, last) + block->extent[last];
    b->to_line = block_record_line(block, last) + lines;
    b->open_end = block->open_end && last + 1 == block->records;
}

int batch_input_add(struct batch_input *b, struct block *block, uint32_t first,
                    uint32_t count)
{
    check(b->x == NULL && count > 0);
    check(first < block->records && count <= block->records - first);
    int rc = slice_reserve(b);
    if (rc < 0)
        return rc;
    block_ref(block);
    block->columns_wanted++;
    if (b->records == 0) {
        b->from_position = block_record_position(block, first);
        b->from_line = block_record_line(block, first);
    }
    b->slice[b->slice_count++] =
        (struct batch_slice){ block, first, count, b->records };
    b->records += count;
    for (uint32_t i = first; i < first + count; i++)
        b->bytes += block->extent[i];
    end_set(b, block, first + count - 1);
    return 0;
}

/* The first row of a block whose record is not before `record`. */
static uint32_t row_of_record(const struct block *block, uint32_t record)
{
    uint32_t low = 0, high = block->rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (block->row_record[middle] < record)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void slice_rows(const struct batch_slice *s, uint32_t *ret_first,
                       uint32_t *ret_count)
{
    uint32_t first = row_of_record(s->block, s->record_first);
    uint32_t end = row_of_record(s->block, s->record_first + s->record_count);
    *ret_first = first;
    *ret_count = end - first;
}

static int rows_alloc(struct batch_input *b, uint32_t rows, uint32_t cols,
                      bool has_label)
{
    size_t cells;
    if (__builtin_mul_overflow((size_t)rows, (size_t)cols, &cells) ||
        cells >= SIZE_MAX / sizeof *b->x)
        return ERR_NOMEM;
    b->x = malloc((cells + 1) * sizeof *b->x);
    b->row_record = malloc((rows + (size_t)1) * sizeof *b->row_record);
    b->time_ns = malloc((rows + (size_t)1) * sizeof *b->time_ns);
    if (has_label)
        b->label = malloc(rows + (size_t)1);
    return b->x && b->row_record && b->time_ns &&
                   (b->label != NULL || !has_label)
               ? 0
               : ERR_NOMEM;
}

static void slice_copy(struct batch_input *b, const struct batch_slice *s,
                       uint32_t at)
{
    const struct block *block = s->block;
    uint32_t first, count;
    slice_rows(s, &first, &count);
    if (count == 0)
        return;
    for (uint32_t c = 0; c < b->cols; c++)
        memcpy(b->x + (size_t)c * b->rows + at,
               block->x + (size_t)c * block->records + first,
               count * sizeof *b->x);
    memcpy(b->time_ns + at, block->time_ns + first, count * sizeof *b->time_ns);
    if (b->label != NULL)
        memcpy(b->label + at, block->label + first, count);
    for (uint32_t i = 0; i < count; i++)
        b->row_record[at + i] =
            s->first + block->row_record[first + i] - s->record_first;
}

static uint64_t slice_hash(uint64_t state, const struct batch_slice *s)
{
    const struct block *block = s->block;
    for (uint32_t i = 0; i < s->record_count; i++) {
        uint32_t r = s->record_first + i;
        state = hash_fold(state, hash_bytes(CONTENT_SEED,
                                            block->text + block->offset[r],
                                            block->length[r]));
    }
    return state;
}

int batch_assemble(struct batch_input *b, uint32_t cols)
{
    check(b->x == NULL);
    uint32_t rows = 0, first, count;
    for (uint32_t i = 0; i < b->slice_count; i++) {
        check(b->slice[i].block->cols == cols);
        check((b->slice[i].block->label != NULL) ==
              (b->slice[0].block->label != NULL));
        slice_rows(&b->slice[i], &first, &count);
        rows += count;
    }
    bool has_label = b->slice_count > 0 && b->slice[0].block->label != NULL;
    int rc = rows_alloc(b, rows, cols, has_label);
    if (rc < 0)
        return rc;
    b->rows = rows;
    b->cols = cols;
    b->content_hash = CONTENT_SEED;
    uint32_t at = 0;
    for (uint32_t i = 0; i < b->slice_count; i++) {
        slice_copy(b, &b->slice[i], at);
        slice_rows(&b->slice[i], &first, &count);
        at += count;
        b->content_hash = slice_hash(b->content_hash, &b->slice[i]);
    }
    return 0;
}

struct matrix batch_matrix(const struct batch_input *b)
{
    check(b->x != NULL);
    return (struct matrix){ b->x, b->rows, b->cols, b->rows };
}

static const struct batch_slice *slice_of(const struct batch_input *b,
                                          uint32_t record)
{
    check(record < b->records);
    uint32_t low = 0, high = b->slice_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (b->slice[middle].first <= record)
            low = middle;
        else
            high = middle;
    }
    return &b->slice[low];
}

struct record_view batch_record(const struct batch_input *b, uint32_t record)
{
    const struct batch_slice *s = slice_of(b, record);
    const struct block *block = s->block;
    uint32_t i = s->record_first + record - s->first;
    return (struct record_view){
        .text = block->text + block->offset[i],
        .length = block->length[i],
        .position = block_record_position(block, i),
        .line = block_record_line(block, i),
        .status = (enum bad_reason)block->status[i],
    };
}

struct text_view batch_key(const struct batch_input *b, uint32_t row)
{
    check(row < b->rows);
    uint32_t record = b->row_record[row];
    const struct batch_slice *s = slice_of(b, record);
    const struct block *block = s->block;
    uint32_t i = row_of_record(block, s->record_first + record - s->first);
    uint32_t from = block->key_offset[i];
    return (struct text_view){ buf_text(&block->key_text) + from,
                               block->key_offset[i + 1] - from };
}
