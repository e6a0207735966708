/*
 * Why this file exists: the schema is pinned in the database as JSON and must
 * come back exactly. What comes back is checked: a damaged text is refused,
 * never half believed.
 */
#include "engine/ingest/parse_seam.h"
#include "engine/ingest/schema.h"
#include "engine/ingest/schema_build.h"
#include "engine/ingest/utf8.h"
#include "proto/base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append_indices(struct buf *out, const char *name,
                           const uint32_t *index, uint32_t count)
{
    buf_printf(out, ",\n\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++)
        buf_printf(out, "%s%u", i > 0 ? "," : "", index[i]);
    buf_append_char(out, ']');
}

static void append_text(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, ",\"%s\":", name);
    utf8_append_json(out, text, strlen(text));
}

static void append_columns(const struct schema *s, struct buf *out)
{
    buf_append_text(out, ",\n\"columns\":[");
    for (uint32_t i = 0; i < s->column_count; i++) {
        const struct column *c = &s->column[i];
        buf_printf(out, "%s\n{\"type\":%d,\"role\":%d", i > 0 ? "," : "",
                   (int)c->type, (int)c->role);
        append_text(out, "name", c->name);
        append_text(out, "reason", c->reason);
        buf_append_char(out, '}');
    }
    buf_append_char(out, ']');
}

int schema_to_json(const struct schema *s, struct buf *out)
{
    buf_printf(out,
               "{\"version\":1,\"format\":%d,\"delimiter\":%u,"
               "\"header\":%s,\"row_names\":%s,\"data_start\":%llu,"
               "\"data_line\":%llu,\"time_kind\":%d",
               (int)s->format, s->delimiter, s->header ? "true" : "false",
               s->row_names ? "true" : "false",
               (unsigned long long)s->data_start,
               (unsigned long long)s->data_line, (int)s->time_kind);
    if (s->time_column != SCHEMA_NO_COLUMN)
        buf_printf(out, ",\"time_column\":%u", s->time_column);
    if (s->time_format != NULL)
        append_text(out, "time_format", s->time_format);
    append_text(out, "hint", s->hint);
    append_columns(s, out);
    append_indices(out, "key", s->key, s->key_count);
    append_indices(out, "features", s->feature, s->feature_count);
    buf_append_text(out, ",\n\"missing\":[");
    for (uint32_t i = 0; i < s->missing_count; i++) {
        buf_append_text(out, i > 0 ? "," : "");
        utf8_append_json(out, s->missing[i], strlen(s->missing[i]));
    }
    buf_append_text(out, "]}\n");
    return out->err;
}

/* Reading. */

struct load {
    struct schema *s;
    bool version_seen;
};

static int leaf_u64(const struct json_leaf *l, uint64_t max, uint64_t *ret)
{
    char text[24];
    if (l->kind != JSON_NUMBER || l->text_bytes >= sizeof text)
        return ERR_CORRUPT;
    memcpy(text, l->text, l->text_bytes);
    text[l->text_bytes] = '\0';
    uint64_t value;
    if (text_parse_u64(text, &value) < 0 || value > max)
        return ERR_CORRUPT;
    *ret = value;
    return 0;
}

static int leaf_u32(const struct json_leaf *l, uint32_t max, uint32_t *ret)
{
    uint64_t value;
    int rc = leaf_u64(l, max, &value);
    if (rc == 0)
        *ret = (uint32_t)value;
    return rc;
}

static int leaf_bool(const struct json_leaf *l, bool *ret)
{
    *ret = l->kind == JSON_TRUE;
    return l->kind == JSON_TRUE || l->kind == JSON_FALSE ? 0 : ERR_CORRUPT;
}

/* An owned copy; a text given twice is refused. */
static int leaf_copy(const struct json_leaf *l, char **ret)
{
    if (l->kind != JSON_STRING || *ret != NULL ||
        memchr(l->text, 0, l->text_bytes) != NULL)
        return ERR_CORRUPT;
    char *copy = malloc((size_t)l->text_bytes + 1);
    if (copy == NULL)
        return ERR_NOMEM;
    memcpy(copy, l->text, l->text_bytes);
    copy[l->text_bytes] = '\0';
    *ret = copy;
    return 0;
}

static int leaf_array(const struct json_leaf *l, char *ret, size_t size)
{
    if (l->kind != JSON_STRING || l->text_bytes >= size)
        return ERR_CORRUPT;
    memcpy(ret, l->text, l->text_bytes);
    ret[l->text_bytes] = '\0';
    return 0;
}

/* `columns.INDEX.FIELD`: indices come in order. */
static int load_column(struct schema *s, const char *path,
                       const struct json_leaf *l)
{
    char *rest;
    unsigned long index = strtoul(path, &rest, 10);
    uint32_t value = 0;
    if (*rest != '.' || index >= SCHEMA_COLUMNS_MAX || index > s->column_count)
        return ERR_CORRUPT;
    if (index == s->column_count)
        s->column_count++;
    struct column *c = &s->column[index];
    int rc = 0;
    if (strcmp(rest, ".type") == 0) {
        rc = leaf_u32(l, COLUMN_EMPTY, &value);
        c->type = (enum column_type)value;
    } else if (strcmp(rest, ".role") == 0) {
        rc = leaf_u32(l, COLUMN_KEY, &value);
        c->role = (enum column_role)value;
    } else if (strcmp(rest, ".name") == 0) {
        rc = leaf_copy(l, &c->name);
    } else if (strcmp(rest, ".reason") == 0) {
        rc = leaf_array(l, c->reason, sizeof c->reason);
    }
    return rc;
}

static int load_missing(struct schema *s, const struct json_leaf *l)
{
    char **grown = realloc(s->missing, (s->missing_count + 1u) * sizeof *grown);
    if (grown == NULL)
        return ERR_NOMEM;
    s->missing = grown;
    s->missing[s->missing_count] = NULL;
    int rc = leaf_copy(l, &s->missing[s->missing_count]);
    if (rc == 0)
        s->missing_count++;
    return rc;
}

static int load_index(const struct json_leaf *l, uint32_t *index,
                      uint32_t *count, uint32_t max)
{
    if (*count == max)
        return ERR_CORRUPT;
    int rc = leaf_u32(l, SCHEMA_COLUMNS_MAX - 1, &index[*count]);
    if (rc == 0)
        ++*count;
    return rc;
}

static int load_scalar(struct schema *s, const char *path,
                       const struct json_leaf *l)
{
    uint32_t value = 0;
    int rc = 0;
    if (strcmp(path, "format") == 0) {
        rc = leaf_u32(l, SCHEMA_NDJSON, &value);
        s->format = (enum schema_format)value;
    } else if (strcmp(path, "delimiter") == 0) {
        rc = leaf_u32(l, UINT8_MAX, &value);
        s->delimiter = (uint8_t)value;
    } else if (strcmp(path, "header") == 0) {
        rc = leaf_bool(l, &s->header);
    } else if (strcmp(path, "row_names") == 0) {
        rc = leaf_bool(l, &s->row_names);
    } else if (strcmp(path, "data_start") == 0) {
        rc = leaf_u64(l, UINT64_MAX, &s->data_start);
    } else if (strcmp(path, "data_line") == 0) {
        rc = leaf_u64(l, UINT64_MAX, &s->data_line);
    } else if (strcmp(path, "time_kind") == 0) {
        rc = leaf_u32(l, TIME_EPOCH_NS, &value);
        s->time_kind = (enum time_kind)value;
    } else if (strcmp(path, "time_column") == 0) {
        rc = leaf_u32(l, SCHEMA_COLUMNS_MAX - 1, &s->time_column);
    } else if (strcmp(path, "time_format") == 0) {
        rc = leaf_copy(l, &s->time_format);
    } else if (strcmp(path, "hint") == 0) {
        rc = leaf_array(l, s->hint, sizeof s->hint);
    }
    return rc;
}

static int load_leaf(void *context, const struct json_leaf *l)
{
    struct load *load = context;
    struct schema *s = load->s;
    char path[64];
    if (l->path_bytes >= sizeof path)
        return ERR_CORRUPT;
    memcpy(path, l->path, l->path_bytes);
    path[l->path_bytes] = '\0';
    if (strncmp(path, "columns.", 8) == 0)
        return load_column(s, path + 8, l);
    if (strncmp(path, "missing.", 8) == 0)
        return load_missing(s, l);
    if (strncmp(path, "key.", 4) == 0)
        return load_index(l, s->key, &s->key_count, 8);
    if (strncmp(path, "features.", 9) == 0)
        return load_index(l, s->feature, &s->feature_count,
                          SCHEMA_FEATURES_MAX);
    if (strcmp(path, "version") == 0) {
        uint32_t version = 0;
        int rc = leaf_u32(l, 1, &version);
        load->version_seen = rc == 0 && version == 1;
        return rc;
    }
    return load_scalar(s, path, l);
}

/* Everything an index points at must exist. */
static bool is_whole(const struct load *load)
{
    const struct schema *s = load->s;
    bool whole = load->version_seen && s->column_count > 0 &&
                 s->feature_count > 0 && s->format != SCHEMA_AUTO;
    for (uint32_t i = 0; i < s->column_count; i++)
        whole &= s->column[i].name != NULL && s->column[i].type != 0;
    for (uint32_t i = 0; i < s->feature_count; i++)
        whole &= s->feature[i] < s->column_count &&
                 (i == 0 || s->feature[i] > s->feature[i - 1]);
    for (uint32_t i = 0; i < s->key_count; i++)
        whole &= s->key[i] < s->column_count;
    bool timed = s->time_column != SCHEMA_NO_COLUMN;
    whole &= !timed || s->time_column < s->column_count;
    whole &= timed == (s->time_kind != TIME_NONE);
    return whole && (s->time_kind == TIME_FORMAT) == (s->time_format != NULL);
}

static int load_text(struct load *load, const char *json, size_t n)
{
    struct json_parser *p = json_parser_new();
    char *text = malloc(n + JSON_PADDING_BYTES);
    const struct json_visitor visitor = { load_leaf, load };
    int rc = ERR_NOMEM;
    if (p != NULL && text != NULL) {
        memcpy(text, json, n);
        memset(text + n, 0, JSON_PADDING_BYTES);
        rc = json_parser_visit(p, text, n, &visitor);
    }
    free(text);
    json_parser_free(p);
    return rc;
}

int schema_from_json(const char *json, size_t n, struct schema **ret_s,
                     struct fault *fault)
{
    struct schema *s = calloc(1, sizeof *s);
    struct load load = { .s = s };
    if (s == NULL)
        return ERR_NOMEM;
    s->time_column = s->key_column = s->label_column = SCHEMA_NO_COLUMN;
    s->feature = calloc(SCHEMA_FEATURES_MAX, sizeof *s->feature);
    int rc = schema_columns_alloc(s, SCHEMA_COLUMNS_MAX);
    s->column_count = 0;
    if (s->feature == NULL)
        rc = ERR_NOMEM;
    if (rc == 0)
        rc = load_text(&load, json, n);
    if (rc != 0 && rc != ERR_NOMEM)
        rc = ERR_CORRUPT;
    if (rc == 0 && !is_whole(&load))
        rc = ERR_CORRUPT;
    if (rc == 0 && s->key_count > 0)
        s->key_column = s->key[0];
    if (rc == 0) {
        *ret_s = s;
        return 0;
    }
    schema_free(s);
    return rc == ERR_NOMEM ? rc
                           : fault_set(fault, rc,
                                       "the stored description of the input's "
                                       "columns is damaged");
}
