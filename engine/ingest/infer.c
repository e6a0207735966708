/*
 * Why this file exists: the steps of inference in their order.
 */
#include "engine/ingest/infer.h"

#include "engine/ingest/schema_build.h"
#include "engine/ingest/utf8.h"

#include <stdlib.h>
#include <string.h>

#define INFER_BYTES_MAX ((size_t)256 << 20)
#define RECORD_BYTES_DEFAULT ((size_t)1 << 20)

static int format_find(const struct schema_options *o, const uint8_t *bytes,
                       size_t n, enum schema_format *ret_format,
                       struct fault *fault)
{
    *ret_format = SCHEMA_CSV;
    if (o->format == NULL)
        *ret_format =
            infer_text_is_ndjson(bytes, n) ? SCHEMA_NDJSON : SCHEMA_CSV;
    else if (strcmp(o->format, "ndjson") == 0)
        *ret_format = SCHEMA_NDJSON;
    else if (strcmp(o->format, "csv") != 0)
        return fault_set(fault, ERR_USAGE, "--format %s: give csv or ndjson",
                         o->format);
    return 0;
}

static int columns_set(struct schema *s, const struct sample *t,
                       struct sight *sight)
{
    double *scratch = malloc((t->records + 1) * sizeof *scratch);
    int rc = schema_columns_alloc(s, t->columns);
    for (uint32_t c = 0; c < t->columns && rc == 0; c++) {
        struct column *column = &s->column[c];
        column->name = strdup(t->name[c]);
        if (column->name == NULL || scratch == NULL) {
            rc = ERR_NOMEM;
            break;
        }
        bool leads =
            c == t->row_names || (s->format == SCHEMA_CSV && !s->header);
        infer_column(s, column->name, leads, t->cell + (size_t)c * t->records,
                     t->records, scratch, &sight[c]);
        column->type = sight[c].type;
        if (sight[c].time_kind != TIME_NONE)
            column->type = COLUMN_TIME;
        column->seen = sight[c].seen;
        column->missing = sight[c].missing;
        column->min = sight[c].min;
        column->median = sight[c].median;
        column->max = sight[c].max;
    }
    free(scratch);
    return rc;
}

static int schema_fill(struct schema *s, const struct sample *t,
                       const struct schema_options *o, struct fault *fault)
{
    s->format = t->format;
    s->delimiter = t->delimiter;
    s->header = t->header;
    s->row_names = t->row_names;
    s->data_start = t->data_start;
    s->data_line = t->data_line;
    s->sampled = t->records;
    s->utf8 = utf8_valid((const char *)t->block->text, t->block->text_bytes);
    int rc = schema_missing_set(s, &o->missing);
    struct sight *sight = calloc(t->columns + 1u, sizeof *sight);
    if (sight == NULL)
        rc = ERR_NOMEM;
    if (rc == 0)
        rc = columns_set(s, t, sight);
    if (rc == 0)
        rc = infer_roles(s, t, sight, o, fault);
    free(sight);
    return rc;
}

int schema_infer(const struct schema_options *options, const uint8_t *bytes,
                 size_t n, bool complete, struct schema **ret_s,
                 struct fault *fault)
{
    struct schema_options o = *options;
    struct sample t = { 0 };
    if (o.record_bytes_max == 0)
        o.record_bytes_max = RECORD_BYTES_DEFAULT;
    if (n > INFER_BYTES_MAX) {
        n = INFER_BYTES_MAX;
        complete = false;
    }
    bool bom = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;
    size_t skip = bom ? 3 : 0;
    int rc = infer_text_check(bytes + skip, n - skip, o.delimiter, fault);
    if (rc == 0)
        rc = format_find(&o, bytes + skip, n - skip, &t.format, fault);
    if (rc < 0)
        return rc;
    struct schema *s = calloc(1, sizeof *s);
    arena_init(&t.arena, (size_t)2 << 30);
    if (s == NULL)
        rc = ERR_NOMEM;
    else if (t.format == SCHEMA_NDJSON)
        rc = infer_ndjson(&t, &o, bytes, n, complete, fault);
    else
        rc = infer_csv(&t, &o, bytes, n, complete, fault);
    if (rc == 0)
        rc = schema_fill(s, &t, &o, fault);
    block_unref(t.block);
    arena_release(&t.arena);
    if (rc == 0)
        *ret_s = s;
    else
        schema_free(s);
    return rc;
}
