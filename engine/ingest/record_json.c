/*
 * Why this file exists: flagged and kept records are stored as JSON objects
 * that SQL can take apart.
 */
#include "engine/ingest/csv.h"
#include "engine/ingest/ndjson.h"
#include "engine/ingest/number.h"
#include "engine/ingest/utf8.h"

#include <stdlib.h>
#include <string.h>

struct value {
    const char *text; /* NULL = absent or null */
    size_t n;
};

/* Missing words of a column of numbers are null, because as numbers of SQL
 * they would be 0; in a text column NA may be Namibia. */
static bool is_null(const struct schema *s, uint32_t column,
                    const struct value *v)
{
    const char *text = v->text;
    size_t n = v->n;
    if (text == NULL || n == 0)
        return true;
    enum column_type type = s->column[column].type;
    if (type == COLUMN_TEXT || type == COLUMN_TIME)
        return false;
    number_trim(&text, &n);
    return number_is_missing(s, text, n);
}

static void append_member(struct buf *out, const char *name, size_t name_bytes,
                          const struct value *v)
{
    if (out->data[out->length - 1] != '{')
        buf_append_char(out, ',');
    utf8_append_json(out, name, name_bytes);
    buf_append_char(out, ':');
    if (v->text == NULL)
        buf_append_text(out, "null");
    else
        utf8_append_json(out, v->text, v->n);
}

static void append_column(const struct schema *s, uint32_t column,
                          const struct value *v, struct buf *out)
{
    static const struct value null = { NULL, 0 };
    const char *name = s->column[column].name;
    append_member(out, name, strlen(name), is_null(s, column, v) ? &null : v);
}

/* Fields beyond the columns are left out, columns beyond the fields null. */
static int csv_to_json(const struct schema *s, const uint8_t *text, size_t n,
                       struct buf *out)
{
    struct csv_cursor c;
    struct csv_field field = { 0 };
    struct buf scratch;
    buf_init(&scratch, SIZE_MAX);
    csv_cursor_init(&c, (char)s->delimiter, text, n, &scratch);
    int rc = 1;
    for (uint32_t i = 0; i < s->column_count; i++) {
        if (rc == 1)
            rc = csv_cursor_next(&c, &field);
        struct value v = { rc == 1 ? field.text : NULL, field.length };
        append_column(s, i, &v, out);
    }
    buf_release(&scratch);
    return rc == ERR_NOMEM ? rc : 0;
}

struct collect {
    struct path_map map;
    struct value *value; /* per column */
    bool *seen;
    struct buf *extra; /* members of fields that are no columns */
};

static int collect_leaf(void *context, const struct json_leaf *leaf)
{
    struct collect *k = context;
    struct value v = { NULL, 0 };
    if (leaf->kind != JSON_NULL)
        v.text = ndjson_leaf_text(leaf, &v.n);
    uint32_t column = path_map_find(&k->map, leaf->path, leaf->path_bytes);
    if (column == PATH_NONE && !leaf->in_array) {
        append_member(k->extra, leaf->path, leaf->path_bytes, &v);
    } else if (column != PATH_NONE && !k->seen[column]) {
        k->seen[column] = true;
        k->value[column] = v;
    }
    return 0;
}

static int ndjson_to_json(const struct schema *s, const uint8_t *text, size_t n,
                          struct buf *out)
{
    struct buf extra;
    buf_init(&extra, SIZE_MAX);
    buf_append_char(&extra, '{');
    struct collect k = { .extra = &extra };
    struct json_parser *p = json_parser_new();
    k.value = calloc(s->column_count + 1u, sizeof *k.value);
    k.seen = calloc(s->column_count + 1u, sizeof *k.seen);
    int rc = path_map_of_schema(&k.map, s);
    if (p == NULL || k.value == NULL || k.seen == NULL || extra.err != 0)
        rc = ERR_NOMEM;
    const struct json_visitor visitor = { collect_leaf, &k };
    if (rc == 0)
        rc = json_parser_visit(p, (const char *)text, n, &visitor);
    if (rc == 0) {
        for (uint32_t i = 0; i < s->column_count; i++)
            append_column(s, i, &k.value[i], out);
        if (extra.length > 1) {
            buf_append_char(out, ',');
            buf_append(out, extra.data + 1, extra.length - 1);
        }
        rc = extra.err;
    }
    path_map_release(&k.map);
    free(k.value);
    free(k.seen);
    json_parser_free(p);
    buf_release(&extra);
    return rc == ERR_LIMIT ? ERR_INVALID : rc;
}

int record_to_json(const struct schema *s, const uint8_t *text, size_t n,
                   struct buf *out)
{
    size_t before = out->length;
    int rc = buf_append_char(out, '{');
    if (rc == 0)
        rc = s->format == SCHEMA_NDJSON ? ndjson_to_json(s, text, n, out)
                                        : csv_to_json(s, text, n, out);
    if (rc == 0)
        rc = buf_append_char(out, '}');
    if (rc < 0 && out->data != NULL) {
        out->length = before;
        out->data[before] = 0;
    }
    return rc;
}
