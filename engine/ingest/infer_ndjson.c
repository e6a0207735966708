/*
 * Why this file exists: collects the fields of the first NDJSON records as
 * columns, in the order in which they first appear.
 */
#include "engine/ingest/infer.h"
#include "engine/ingest/ndjson.h"
#include "engine/ingest/utf8.h"
#include "proto/base/ascii.h"
#include "proto/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_KEPT_BYTES 256u /* of a value: types show early */
#define NAME_BYTES_MAX 200u

char *infer_name_copy(struct sample *t, const char *text, size_t n)
{
    struct buf b;
    buf_init(&b, SIZE_MAX);
    while (n > 0 && (uint8_t)text[0] <= ' ') {
        text++;
        n--;
    }
    while (n > 0 && (uint8_t)text[n - 1] <= ' ')
        n--;
    if (n > NAME_BYTES_MAX) {
        n = NAME_BYTES_MAX;
        while (n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80)
            n--;
    }
    utf8_append(&b, text, n);
    char *name = b.err == 0 ? arena_alloc(&t->arena, b.length + 1, 1) : NULL;
    if (name != NULL) {
        memcpy(name, buf_text(&b), b.length + 1);
        for (size_t i = 0; i < b.length; i++)
            if ((uint8_t)name[i] < 0x20 || name[i] == 0x7f)
                name[i] = ' ';
    }
    buf_release(&b);
    return name;
}

static bool name_taken(const struct sample *t, uint32_t column,
                       const char *name)
{
    for (uint32_t i = 0; i < t->columns; i++)
        if (i != column && t->name[i][0] != '\0' &&
            text_equal_nocase(t->name[i], name))
            return true;
    return false;
}

int infer_names(struct sample *t)
{
    for (uint32_t c = 0; c < t->columns; c++) {
        const char *base = t->name[c];
        char fresh[NAME_BYTES_MAX * 3 + 32];
        bool taken = false;
        for (uint32_t i = 0; i < c && base[0] != '\0' && !taken; i++)
            taken = text_equal_nocase(t->name[i], base);
        if (base[0] != '\0' && !taken)
            continue;
        if (base[0] == '\0')
            snprintf(fresh, sizeof fresh, "c%u", c + 1);
        else
            snprintf(fresh, sizeof fresh, "%s_2", base);
        for (uint32_t k = 3; name_taken(t, c, fresh); k++)
            snprintf(fresh, sizeof fresh, "%s_%u", base[0] ? base : "c", k);
        t->name[c] = arena_alloc(&t->arena, strlen(fresh) + 1, 1);
        if (t->name[c] == NULL)
            return ERR_NOMEM;
        memcpy(t->name[c], fresh, strlen(fresh) + 1);
    }
    return 0;
}

/* A value where it was found, before the columns are known. */
struct found {
    uint32_t record, column;
    struct cell cell;
};

struct collect {
    struct sample *t;
    const struct schema_options *options;
    struct path_map map;
    struct buf found; /* of struct found */
    uint32_t *seen;   /* per column: record + 1 */
};

static bool word_names_path(const char *word, const char *path, size_t n)
{
    size_t length = strlen(word);
    return length <= n && ascii_equal_nocase(word, path, length) &&
           (length == n || path[length] == '.');
}

static bool list_names_path(const struct option_list *list, const char *path,
                            size_t n)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (word_names_path(list->items[i], path, n))
            return true;
    return false;
}

/* Arrays are ignored unless one of their items, or the array itself, is
 * asked for by name. */
static bool array_is_named(const struct schema_options *o, const char *path,
                           size_t n)
{
    return list_names_path(&o->features, path, n) ||
           list_names_path(&o->also, path, n) ||
           list_names_path(&o->key, path, n) ||
           (o->time != NULL && word_names_path(o->time, path, n));
}

static int column_of(struct collect *k, const struct json_leaf *leaf,
                     uint32_t *ret_column)
{
    struct sample *t = k->t;
    uint32_t column = path_map_find(&k->map, leaf->path, leaf->path_bytes);
    if (column == PATH_NONE && t->columns == SCHEMA_COLUMNS_MAX) {
        t->fields_left = true;
    } else if (column == PATH_NONE) {
        char *name = arena_alloc(&t->arena, leaf->path_bytes + 1, 1);
        if (name == NULL)
            return ERR_NOMEM;
        memcpy(name, leaf->path, leaf->path_bytes);
        name[leaf->path_bytes] = '\0';
        column = t->columns++;
        path_map_add(&k->map, name, leaf->path_bytes);
        t->name[column] = name;
        t->in_array[column] = leaf->in_array;
    }
    *ret_column = column;
    return 0;
}

static bool path_is_usable(const struct json_leaf *leaf)
{
    return leaf->path_bytes > 0 && leaf->path_bytes <= NAME_BYTES_MAX &&
           memchr(leaf->path, 0, leaf->path_bytes) == NULL;
}

static int collect_leaf(void *context, const struct json_leaf *leaf)
{
    struct collect *k = context;
    uint32_t column;
    if (!path_is_usable(leaf) ||
        (leaf->in_array &&
         !array_is_named(k->options, leaf->path, leaf->path_bytes)))
        return 0;
    int rc = column_of(k, leaf, &column);
    if (rc < 0 || column == PATH_NONE)
        return rc;
    if (k->seen[column] == k->t->records + 1) {
        snprintf(k->t->clash, sizeof k->t->clash, "%.*s", (int)leaf->path_bytes,
                 leaf->path);
        return 0;
    }
    k->seen[column] = k->t->records + 1;
    if (leaf->kind == JSON_NULL)
        return 0;
    struct found f = { k->t->records, column, { NULL, 0, CELL_TEXT } };
    size_t n;
    const char *text = ndjson_leaf_text(leaf, &n);
    n = n < TEXT_KEPT_BYTES ? n : TEXT_KEPT_BYTES;
    char *copy = arena_alloc(&k->t->arena, n + 1, 1);
    if (copy == NULL)
        return ERR_NOMEM;
    f.cell.text = memcpy(copy, text, n);
    f.cell.length = (uint32_t)n;
    return buf_append(&k->found, &f, sizeof f);
}

static int records_collect(struct collect *k, struct json_parser *p)
{
    struct sample *t = k->t;
    struct block *b = t->block;
    const struct json_visitor visitor = { collect_leaf, k };
    for (uint32_t i = 0; i < b->records; i++) {
        if (t->records == SCHEMA_INFER_RECORDS)
            break;
        if (b->status[i] != BAD_NONE)
            continue;
        size_t start = k->found.length;
        k->map.expected = 0;
        int rc = json_parser_visit(p, (const char *)b->text + b->offset[i],
                                   b->length[i], &visitor);
        if (rc == ERR_NOMEM)
            return rc;
        if (rc == 0) {
            t->records++;
            continue;
        }
        k->found.length = start;
        b->status[i] = rc == ERR_LIMIT ? BAD_DEPTH : BAD_JSON;
    }
    return 0;
}

static int cells_set(struct collect *k)
{
    struct sample *t = k->t;
    size_t n = t->records;
    t->cell = arena_zalloc(&t->arena, n * t->columns, sizeof *t->cell);
    if (t->cell == NULL)
        return ERR_NOMEM;
    for (size_t at = 0; at < k->found.length; at += sizeof(struct found)) {
        struct found f;
        memcpy(&f, k->found.data + at, sizeof f);
        t->cell[f.column * n + f.record] = f.cell;
    }
    return 0;
}

static int collect(struct collect *k, struct fault *fault, bool complete)
{
    struct sample *t = k->t;
    struct json_parser *p = json_parser_new();
    t->name = arena_zalloc(&t->arena, SCHEMA_COLUMNS_MAX, sizeof *t->name);
    t->in_array = arena_zalloc(&t->arena, SCHEMA_COLUMNS_MAX, 1);
    k->seen = arena_zalloc(&t->arena, SCHEMA_COLUMNS_MAX, sizeof *k->seen);
    int rc = path_map_init(&k->map, SCHEMA_COLUMNS_MAX);
    if (p == NULL || t->name == NULL || t->in_array == NULL || k->seen == NULL)
        rc = ERR_NOMEM;
    if (rc == 0)
        rc = records_collect(k, p);
    if (rc == 0 && t->records == 0)
        rc = infer_nothing(t->block, complete, fault);
    if (rc == 0)
        rc = cells_set(k);
    json_parser_free(p);
    path_map_release(&k->map);
    return rc;
}

int infer_ndjson(struct sample *t, const struct schema_options *o,
                 const uint8_t *bytes, size_t n, bool complete,
                 struct fault *fault)
{
    struct collect k = { .t = t, .options = o };
    int rc = infer_frame(SCHEMA_NDJSON, 0, o->record_bytes_max, bytes, n,
                         complete, SCHEMA_INFER_RECORDS, &t->block);
    if (rc < 0)
        return rc;
    if (t->block == NULL)
        return infer_nothing(NULL, complete, fault);
    t->data_start = block_record_position(t->block, 0);
    t->data_line = block_record_line(t->block, 0);
    buf_init(&k.found, SIZE_MAX);
    rc = collect(&k, fault, complete);
    buf_release(&k.found);
    return rc;
}
