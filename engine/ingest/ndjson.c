/*
 * Why this file exists: connects the JSON visitor with the columns of the
 * schema. The rules for clashes and unknown fields are kept here.
 */
#include "engine/ingest/ndjson.h"

#include <stdlib.h>
#include <string.h>

const char *ndjson_leaf_text(const struct json_leaf *leaf, size_t *ret_n)
{
    if (leaf->kind == JSON_TRUE || leaf->kind == JSON_FALSE) {
        *ret_n = 1;
        return leaf->kind == JSON_TRUE ? "1" : "0";
    }
    *ret_n = leaf->kind == JSON_NULL ? 0 : leaf->text_bytes;
    return leaf->text;
}

struct row_visit {
    struct sink *sink;
    struct path_map map;
    uint32_t *seen; /* per column: the last record that had it, plus 1 */
    uint32_t stamp;
    enum bad_reason reason; /* the first thing wrong with a value */
};

static int row_leaf(void *context, const struct json_leaf *leaf)
{
    struct row_visit *v = context;
    uint32_t column = path_map_find(&v->map, leaf->path, leaf->path_bytes);
    if (column == PATH_NONE || v->sink->column[column].wants == 0 ||
        v->seen[column] == v->stamp)
        return 0;
    v->seen[column] = v->stamp;
    if (leaf->kind == JSON_NULL || v->reason != BAD_NONE)
        return 0;
    size_t n;
    const char *text = ndjson_leaf_text(leaf, &n);
    v->reason = sink_value(v->sink, column, text, n);
    return 0;
}

static enum bad_reason record_parse(struct json_parser *p, struct row_visit *v,
                                    const uint8_t *text, size_t n, int *ret_rc)
{
    const struct json_visitor visitor = { row_leaf, v };
    v->stamp++;
    v->map.expected = 0;
    v->reason = BAD_NONE;
    int rc = json_parser_visit(p, (const char *)text, n, &visitor);
    if (rc == ERR_NOMEM)
        *ret_rc = rc;
    if (rc == 0)
        return v->reason;
    if (memchr(text, 0, n) != NULL)
        return BAD_BINARY;
    return rc == ERR_LIMIT ? BAD_DEPTH : BAD_JSON;
}

int ndjson_parse_block(struct block *b, struct sink *k)
{
    struct row_visit v = { .sink = k };
    struct json_parser *p = json_parser_new();
    v.seen = calloc(k->schema->column_count + 1u, sizeof *v.seen);
    int rc = path_map_of_schema(&v.map, k->schema);
    if (p == NULL || v.seen == NULL)
        rc = ERR_NOMEM;
    for (uint32_t i = 0; i < b->records && rc == 0; i++) {
        if (b->status[i] != BAD_NONE)
            continue;
        sink_row_begin(k);
        sink_features_clear(k);
        enum bad_reason reason =
            record_parse(p, &v, b->text + b->offset[i], b->length[i], &rc);
        b->status[i] = (uint8_t)reason;
        if (reason == BAD_NONE)
            sink_row_end(k, i);
        else
            sink_row_drop(k);
    }
    path_map_release(&v.map);
    free(v.seen);
    json_parser_free(p);
    return rc;
}
