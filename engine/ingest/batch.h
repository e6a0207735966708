/*
 * The rows of one batch: slices of blocks, then contiguous columns.
 *
 * Life     init, add slices while open (loop thread), assemble once (a job),
 *          read only, release. Record text lives as long as the batch.
 */
#ifndef FYKE_INGEST_BATCH_H
#define FYKE_INGEST_BATCH_H

#include "engine/ingest/block.h"
#include "proto/base/matrix.h"

struct batch_slice {
    struct block *block;                 /* referenced */
    uint32_t record_first, record_count; /* in the block */
    uint32_t first;                      /* record index in the batch */
};

struct batch_input {
    struct batch_slice *slice;
    uint32_t slice_count, slice_capacity;
    bool columns_done; /* the blocks' columns are not needed any more */
    uint32_t records;
    uint64_t from_position, to_position; /* source bytes */
    uint64_t from_line, to_line;         /* to_line: line of the next record */
    bool open_end;
    uint64_t bytes; /* source bytes of its records */

    /* after batch_assemble */
    uint32_t rows, cols;
    float *x;              /* column-major, stride = rows */
    uint32_t *row_record;  /* record index in the batch of each row */
    int64_t *time_ns;      /* per row */
    int8_t *label;         /* per row, as label_read has it; or NULL */
    uint64_t content_hash; /* over raw record bytes, in order */
};

struct record_view {
    const uint8_t *text;
    uint32_t length;
    uint64_t position; /* source byte of its first byte */
    uint64_t line;     /* 1-based physical line */
    enum bad_reason status;
};

struct text_view {
    const char *text; /* not NUL-terminated */
    uint32_t length;
};

void batch_input_init(struct batch_input *b);
/* Drops references and memory; loop thread only. */
void batch_input_release(struct batch_input *b);
/* Appends records [first, first + count) of a parsed block. */
FYKE_MUST_USE int batch_input_add(struct batch_input *b, struct block *block,
                                  uint32_t first, uint32_t count);
/* Copies the rows into columns and hashes the content. A job. */
FYKE_MUST_USE int batch_assemble(struct batch_input *b, uint32_t cols);

/* The batch is assembled: its blocks may let go of their columns. Loop thread
 * only. */
void batch_columns_done(struct batch_input *b);
/* Memory of the batch beside its blocks. */
size_t batch_bytes_held(const struct batch_input *b);

struct matrix batch_matrix(const struct batch_input *b);
struct record_view batch_record(const struct batch_input *b, uint32_t record);
/* The key of a row, empty if the schema has none. */
struct text_view batch_key(const struct batch_input *b, uint32_t row);

#endif
