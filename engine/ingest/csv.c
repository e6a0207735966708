/*
 * Why this file exists: the hot path. Feature fields are parsed where they
 * stand, straight into their column; other fields are stepped over; only
 * fields with quotes are copied.
 */
#include "engine/ingest/csv.h"

#include "engine/ingest/number.h"
#include "engine/ingest/parse_seam.h"
#include "proto/base/ascii.h"

#include <math.h>
#include <string.h>

void csv_cursor_init(struct csv_cursor *c, char delimiter, const uint8_t *text,
                     size_t n, struct buf *scratch)
{
    c->p = (const char *)text;
    c->end = c->p + n;
    c->delimiter = delimiter;
    c->done = false;
    c->scratch = scratch;
}

static const char *find(const char *p, const char *end, char c)
{
    const char *found = memchr(p, c, (size_t)(end - p));
    return found != NULL ? found : end;
}

/* Collects the text of a field whose quotes are doubled somewhere. */
static int unescape(struct csv_cursor *c, const char *p, const char **ret_end,
                    struct csv_field *field)
{
    buf_reset(c->scratch);
    for (;;) {
        const char *quote = find(p, c->end, '"');
        buf_append(c->scratch, p, (size_t)(quote - p));
        if (quote + 1 >= c->end || quote[1] != '"') {
            *ret_end = quote;
            break;
        }
        buf_append_char(c->scratch, '"');
        p = quote + 2;
    }
    field->text = buf_text(c->scratch);
    field->length = c->scratch->length;
    return c->scratch->err;
}

static int quoted_next(struct csv_cursor *c, struct csv_field *field)
{
    const char *first = c->p + 1;
    const char *quote = find(first, c->end, '"');
    field->text = first;
    field->length = (size_t)(quote - first);
    if (quote + 1 < c->end && quote[1] == '"') {
        int rc = unescape(c, first, &quote, field);
        if (rc < 0)
            return ERR_NOMEM;
    }
    if (quote == c->end)
        return ERR_INVALID;
    const char *p = quote + 1;
    while (p < c->end && *p != c->delimiter && (*p == ' ' || *p == '\t'))
        p++;
    if (p < c->end && *p != c->delimiter)
        return ERR_INVALID;
    c->p = p;
    return 0;
}

int csv_cursor_next(struct csv_cursor *c, struct csv_field *ret_field)
{
    if (c->done)
        return 0;
    struct csv_field field = { .quoted = c->p < c->end && *c->p == '"' };
    if (field.quoted) {
        int rc = quoted_next(c, &field);
        if (rc < 0)
            return rc;
    } else {
        field.text = c->p;
        c->p = find(c->p, c->end, c->delimiter);
        field.length = (size_t)(c->p - field.text);
    }
    if (c->p == c->end)
        c->done = true;
    else
        c->p++;
    *ret_field = field;
    return 1;
}

/* A field that is wanted or quoted; leaves the cursor at its end. */
static enum bad_reason field_parse(struct csv_cursor *c, struct sink *k,
                                   uint32_t column, int *ret_rc)
{
    struct csv_field field = { .text = c->p };
    if (c->p < c->end && *c->p == '"') {
        int rc = quoted_next(c, &field);
        if (rc < 0) {
            *ret_rc = rc == ERR_NOMEM ? rc : 0;
            return BAD_QUOTE;
        }
    } else {
        c->p = find(c->p, c->end, c->delimiter);
        field.length = (size_t)(c->p - field.text);
    }
    const struct sink_column *to = &k->column[column];
    if (to->wants == 0)
        return BAD_NONE;
    if (to->wants & SINK_FEATURE)
        *sink_feature(k, to->feature) = NAN;
    return sink_value(k, column, field.text, field.length);
}

/* The usual case: numbers and nothing else, from this column on. Moves on by
 * as many columns as it returns. */
static uint32_t features_parse(struct csv_cursor *c, struct sink *k,
                               const struct sink_column *column)
{
    struct seam_row row = { sink_feature(k, column->feature), k->stride,
                            column->run };
    uint32_t count;
    c->p = seam_features(c->p, c->end, c->delimiter, &row, &count);
    return count;
}

static enum bad_reason record_parse(struct csv_cursor *c, struct sink *k,
                                    bool plain, int *ret_rc)
{
    uint32_t columns = k->schema->column_count;
    for (uint32_t i = 0;;) {
        if (i == columns)
            return BAD_FIELD_COUNT;
        const struct sink_column *column = &k->column[i];
        uint32_t run = 0;
        if (plain && column->run > 0)
            run = features_parse(c, k, column);
        i += run;
        if (run == 0) {
            enum bad_reason reason = field_parse(c, k, i++, ret_rc);
            if (reason != BAD_NONE)
                return reason;
        }
        if (c->p == c->end)
            return i == columns ? BAD_NONE : BAD_FIELD_COUNT;
        c->p++;
    }
}

/* May a number be read without knowing where its field ends? */
static bool delimiter_is_plain(char d)
{
    return !ascii_is_digit(d) && !ascii_is_letter(d) &&
           strchr("+-.()_", d) == NULL;
}

int csv_parse_block(struct block *b, struct sink *k)
{
    char delimiter = (char)k->schema->delimiter;
    bool plain = delimiter_is_plain(delimiter) && !k->number_words;
    bool nul = memchr(b->text, 0, b->text_bytes) != NULL;
    struct buf scratch;
    buf_init(&scratch, SIZE_MAX);
    int rc = 0;
    for (uint32_t i = 0; i < b->records && rc == 0; i++) {
        const uint8_t *text = b->text + b->offset[i];
        if (b->status[i] != BAD_NONE)
            continue;
        if (nul && memchr(text, 0, b->length[i]) != NULL) {
            b->status[i] = BAD_BINARY;
            continue;
        }
        struct csv_cursor c;
        csv_cursor_init(&c, delimiter, text, b->length[i], &scratch);
        sink_row_begin(k);
        enum bad_reason reason = record_parse(&c, k, plain, &rc);
        b->status[i] = (uint8_t)reason;
        if (reason == BAD_NONE)
            sink_row_end(k, i);
        else
            sink_row_drop(k);
    }
    buf_release(&scratch);
    return rc;
}
