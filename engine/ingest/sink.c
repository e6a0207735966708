/*
 * Why this file exists: both formats must agree on what a value means.
 */
#include "engine/ingest/sink.h"

#include "engine/ingest/label.h"
#include "engine/ingest/number.h"
#include "engine/ingest/row_time.h"
#include "engine/ingest/utf8.h"
#include "proto/base/check.h"
#include "proto/base/civil.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t length_bit(size_t n)
{
    return UINT64_C(1) << (n < 63 ? n : 63);
}

static bool is_missing(const struct sink *k, const char *text, size_t n)
{
    return (k->missing_lengths & length_bit(n)) != 0 &&
           number_is_missing(k->schema, text, n);
}

/* Features that stand side by side in the record and in the matrix. */
static void runs_plan(struct sink *k, const struct schema *s)
{
    uint32_t run = 0;
    for (uint32_t i = s->column_count; i-- > 0;) {
        struct sink_column *c = &k->column[i];
        bool goes_on = run > 0 && c[1].feature == c->feature + 1;
        run = c->wants != SINK_FEATURE ? 0 : goes_on ? run + 1 : 1;
        c->run = run;
    }
}

static void columns_plan(struct sink *k, const struct schema *s)
{
    for (uint32_t i = 0; i < s->feature_count; i++) {
        struct sink_column *c = &k->column[s->feature[i]];
        c->wants |= SINK_FEATURE;
        c->feature = i;
        c->bool_words = s->column[s->feature[i]].type == COLUMN_BINARY;
    }
    if (s->time_column != SCHEMA_NO_COLUMN)
        k->column[s->time_column].wants |= SINK_TIME;
    if (s->label_column != SCHEMA_NO_COLUMN)
        k->column[s->label_column].wants |= SINK_LABEL;
    for (uint32_t i = 0; i < s->missing_count; i++) {
        double value;
        size_t n = strlen(s->missing[i]);
        if (number_parse(s->missing[i], n, &value) == NUMBER_VALUE)
            k->number_words = true;
        k->missing_lengths |= length_bit(n);
    }
    k->missing_lengths |= length_bit(0);
    for (uint32_t i = 0; i < s->key_count; i++) {
        k->column[s->key[i]].wants |= SINK_KEY;
        k->column[s->key[i]].key_part = (uint8_t)i;
    }
    runs_plan(k, s);
}

static int rows_alloc(struct block *b, uint32_t cols, bool has_label)
{
    size_t n = b->records, cells;
    if (__builtin_mul_overflow(n, (size_t)cols, &cells) ||
        cells > SIZE_MAX / sizeof(float))
        return ERR_NOMEM;
    b->cols = cols;
    b->row_record = malloc((n + 1) * sizeof *b->row_record);
    b->time_ns = malloc((n + 1) * sizeof *b->time_ns);
    b->key_offset = malloc((n + 1) * sizeof *b->key_offset);
    b->x = malloc((cells + 1) * sizeof *b->x);
    b->label = has_label ? malloc(n + 1) : NULL;
    if (has_label && b->label == NULL)
        return ERR_NOMEM;
    if (!b->row_record || !b->time_ns || !b->key_offset || !b->x)
        return ERR_NOMEM;
    b->bytes_held += (n + 1) * (sizeof *b->row_record + sizeof *b->time_ns +
                                sizeof *b->key_offset) +
                     cells * sizeof *b->x + (has_label ? n + 1 : 0);
    return 0;
}

int sink_init(struct sink *k, const struct schema *s, struct block *b)
{
    check(s->key_count <= 8 && b->x == NULL);
    *k = (struct sink){ .schema = s, .block = b };
    for (size_t i = 0; i < 8; i++)
        buf_init(&k->part[i], SIZE_MAX);
    buf_init(&b->key_text, UINT32_MAX - 1);
    k->column = calloc(s->column_count + 1u, sizeof *k->column);
    if (k->column == NULL)
        return ERR_NOMEM;
    columns_plan(k, s);
    int rc =
        rows_alloc(b, s->feature_count, s->label_column != SCHEMA_NO_COLUMN);
    if (rc < 0)
        return rc;
    k->x = b->x;
    k->stride = b->records;
    return 0;
}

void sink_release(struct sink *k)
{
    free(k->column);
    for (size_t i = 0; i < 8; i++)
        buf_release(&k->part[i]);
}

void sink_features_clear(struct sink *k)
{
    for (uint32_t i = 0; i < k->block->cols; i++)
        *sink_feature(k, i) = NAN;
}

void sink_row_begin(struct sink *k)
{
    k->block->time_ns[k->row] = CIVIL_NONE;
    if (k->block->label != NULL)
        k->block->label[k->row] = LABEL_MISSING;
    k->key_start = k->block->key_text.length;
    if (k->schema->key_count > 1)
        for (uint32_t i = 0; i < k->schema->key_count; i++)
            buf_reset(&k->part[i]);
}

static enum bad_reason feature_value(struct sink *k,
                                     const struct sink_column *c,
                                     const char *text, size_t n)
{
    double value;
    float *x = sink_feature(k, c->feature);
    enum number_kind kind = number_parse(text, n, &value);
    if (kind == NUMBER_VALUE) {
        if (!k->number_words || !is_missing(k, text, n))
            *x = number_float(value);
        return BAD_NONE;
    }
    if (kind == NUMBER_MISSING || is_missing(k, text, n))
        return BAD_NONE;
    int word = c->bool_words ? number_bool_word(text, n) : -1;
    if (word < 0)
        return BAD_NOT_A_NUMBER;
    *x = (float)word;
    return BAD_NONE;
}

/* Many records in a row have the same time. */
static enum bad_reason time_value(struct sink *k, const char *text, size_t n)
{
    const struct schema *s = k->schema;
    int64_t *time_ns = &k->block->time_ns[k->row];
    if (n > 0 && n == k->time_bytes && memcmp(text, k->time_text, n) == 0) {
        *time_ns = k->time_ns;
        return BAD_NONE;
    }
    if (is_missing(k, text, n))
        return BAD_NONE;
    if (row_time_parse(s->time_kind, s->time_format, text, n, time_ns) < 0)
        return BAD_TIME;
    if (n <= sizeof k->time_text) {
        memcpy(k->time_text, text, n);
        k->time_bytes = n;
        k->time_ns = *time_ns;
    }
    return BAD_NONE;
}

enum bad_reason sink_value(struct sink *k, uint32_t column, const char *text,
                           size_t n)
{
    const struct sink_column *c = &k->column[column];
    if (c->wants & SINK_KEY) {
        struct buf *to = k->schema->key_count > 1 ? &k->part[c->key_part]
                                                  : &k->block->key_text;
        utf8_append(to, text, n);
    }
    number_trim(&text, &n);
    if (c->wants & SINK_LABEL)
        k->block->label[k->row] = label_read(k->schema, text, n);
    if ((c->wants & SINK_TIME) && time_value(k, text, n) != BAD_NONE)
        return BAD_TIME;
    if (c->wants & SINK_FEATURE)
        return feature_value(k, c, text, n);
    return BAD_NONE;
}

void sink_row_end(struct sink *k, uint32_t record)
{
    struct block *b = k->block;
    if (k->schema->key_count > 1) {
        for (uint32_t i = 0; i < k->schema->key_count; i++) {
            if (i > 0)
                buf_append_char(&b->key_text, '/');
            buf_append(&b->key_text, k->part[i].data, k->part[i].length);
        }
    }
    b->row_record[k->row] = record;
    b->key_offset[k->row] = (uint32_t)k->key_start;
    k->row++;
}

void sink_row_drop(struct sink *k)
{
    k->block->key_text.length = k->key_start;
}

int sink_finish(struct sink *k)
{
    struct block *b = k->block;
    b->rows = k->row;
    b->key_offset[k->row] = (uint32_t)b->key_text.length;
    b->bytes_held += b->key_text.capacity;
    for (size_t i = 0; i < 8; i++)
        if (k->part[i].err != 0)
            return ERR_NOMEM;
    return b->key_text.err != 0 ? ERR_NOMEM : 0;
}
