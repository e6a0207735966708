/*
 * Where the values of a row go: features to columns, time, key, label.
 *
 * One per block_parse. CSV and NDJSON parsers call it with the text of each
 * value that somebody wants, in any order; it decides missing, number, bad.
 *
 * Life   init, then per record row_begin, value..., row_end; release.
 */
#ifndef FYKE_INGEST_SINK_H
#define FYKE_INGEST_SINK_H

#include "engine/ingest/block.h"

#define SINK_TIME_BYTES 40u

enum sink_want {
    SINK_FEATURE = 1,
    SINK_TIME = 2,
    SINK_KEY = 4,
    SINK_LABEL = 8
};

struct sink_column {
    uint8_t wants;    /* enum sink_want bits, 0 = nobody */
    uint8_t key_part; /* place in the key */
    bool bool_words;  /* true and false are numbers */
    uint32_t feature; /* index among the features */
    uint32_t run;     /* columns from here on that are the next features and
                       * nothing else */
};

struct sink {
    const struct schema *schema;
    struct block *block;
    struct sink_column *column; /* one per schema column */
    float *x;                   /* of row 0: x[feature * stride + row] */
    size_t stride;
    bool number_words;        /* a missing word reads as a number: -999 */
    uint64_t missing_lengths; /* bit n: a missing word has n bytes; bit 63:
                               * that or more */
    char time_text[SINK_TIME_BYTES]; /* the last time that was read */
    size_t time_bytes;
    int64_t time_ns;
    uint32_t row;
    size_t key_start;   /* of this row in block->key_text */
    struct buf part[8]; /* texts of a key made of several columns */
};

/* Allocates the block's row arrays. Errors: ERR_NOMEM. */
FYKE_MUST_USE int sink_init(struct sink *k, const struct schema *s,
                            struct block *b);
void sink_release(struct sink *k);

/* No time, no key, no label; of the features nothing is known. */
void sink_row_begin(struct sink *k);
/* The text of a column that is wanted. Returns BAD_NONE or why the record
 * is bad. */
enum bad_reason sink_value(struct sink *k, uint32_t column, const char *text,
                           size_t n);
/* Keeps the row of this record. */
void sink_row_end(struct sink *k, uint32_t record);
/* Forgets what the row has so far. */
void sink_row_drop(struct sink *k);
/* Closes the block's row arrays. Errors: ERR_NOMEM. */
FYKE_MUST_USE int sink_finish(struct sink *k);

/* All features are missing: for records that may leave some out. */
void sink_features_clear(struct sink *k);

/* Where this row's value belongs. */
static inline float *sink_feature(const struct sink *k, uint32_t feature)
{
    return &k->x[(size_t)feature * k->stride + k->row];
}

#endif
