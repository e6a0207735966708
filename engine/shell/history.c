/* A file, block after block, into the stream's columns. */
#include "engine/shell/history.h"

#include "engine/ingest/block.h"
#include "engine/ingest/source.h"
#include "proto/base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INFER_BYTES ((size_t)16 << 20) /* as for the stream */
#define READ_BYTES ((size_t)1 << 20)

/* Rows of one block, column-major with stride `rows`. */
struct piece {
    struct piece *next;
    uint32_t rows;
    float x[];
};

struct reading {
    const char *path;
    struct source_file file;
    struct schema *schema; /* of the file */
    uint32_t *from;        /* per stream feature: the file's feature */
    uint32_t cols;
    struct framer *framer;
    uint8_t *bytes; /* INFER_BYTES */
    struct piece *first, **end;
    uint64_t rows, bad;
    struct fault *fault;
};

/* The stream's features, exactly those; when rows happened does not matter. */
static int infer(struct reading *r, const struct settings *s,
                 const struct schema *stream)
{
    struct schema_options o = { .record_bytes_max = s->record_bytes_max,
                                .time = "none" };
    struct fault inner = { 0 };
    size_t n = 0;
    const char **name =
        calloc((size_t)r->cols + stream->missing_count + 1, sizeof *name);
    if (name == NULL)
        return ERR_NOMEM;
    const char **missing = name + r->cols;
    for (uint32_t i = 0; i < stream->missing_count; i++)
        missing[i] = stream->missing[i];
    for (uint32_t i = 0; i < r->cols; i++)
        name[i] = stream->column[stream->feature[i]].name;
    o.features = (struct option_list){ .items = name, .count = r->cols };
    o.missing = (struct option_list){ .items = missing,
                                      .count = stream->missing_count };
    if (stream->format == SCHEMA_CSV && !stream->header)
        o.header = "no";
    int err =
        source_file_read(&r->file, 0, r->bytes, INFER_BYTES, &n, r->fault);
    if (err == 0) {
        err =
            schema_infer(&o, r->bytes, n, n < INFER_BYTES, &r->schema, &inner);
        if (err == ERR_AGAIN)
            err = fault_set(&inner, ERR_CONTENT,
                            "no record ends within its first %zu MiB",
                            INFER_BYTES >> 20);
        /* That the features are named is not what the user typed. */
        size_t typed = strncmp(inner.text, "--features ", 11) == 0 ? 11 : 0;
        if (err != 0)
            (void)fault_set(r->fault, err, "--train %s: %.400s", r->path,
                            inner.text + typed);
    }
    free((void *)name);
    return err;
}

/* Which feature of the file is the stream's feature k. */
static int match(struct reading *r, const struct schema *stream)
{
    const struct schema *s = r->schema;
    r->from = calloc(r->cols + 1, sizeof *r->from);
    if (r->from == NULL)
        return ERR_NOMEM;
    for (uint32_t k = 0; k < r->cols; k++) {
        const char *name = stream->column[stream->feature[k]].name;
        uint32_t i = 0;
        while (i < s->feature_count &&
               !text_equal_nocase(s->column[s->feature[i]].name, name))
            i++;
        if (i == s->feature_count)
            return fault_set(r->fault, ERR_USAGE,
                             "--train %s has no feature %s, which the stream "
                             "has",
                             r->path, name);
        r->from[k] = i;
    }
    return 0;
}

static int keep_rows(struct reading *r, const struct block *b)
{
    uint64_t floats = (r->rows + b->rows) * r->cols;
    r->bad += b->records - b->rows;
    if (b->rows == 0)
        return 0;
    if (floats * sizeof(float) > HISTORY_BYTES_MAX)
        return fault_set(r->fault, ERR_LIMIT,
                         "--train %s has more than %zu rows of %u features, "
                         "which is as much as is held in memory: train on a "
                         "part of it, for example its last lines",
                         r->path, HISTORY_BYTES_MAX / sizeof(float) / r->cols,
                         r->cols);
    struct piece *p =
        malloc(sizeof *p + (size_t)b->rows * r->cols * sizeof(float));
    if (p == NULL)
        return ERR_NOMEM;
    p->next = NULL;
    p->rows = b->rows;
    for (uint32_t k = 0; k < r->cols; k++)
        memcpy(p->x + (size_t)k * b->rows,
               b->x + (size_t)r->from[k] * b->records, b->rows * sizeof(float));
    *r->end = p;
    r->end = &p->next;
    r->rows += b->rows;
    return 0;
}

static int take_block(struct reading *r, struct block *b)
{
    int err = block_parse(b, r->schema);
    if (err == 0)
        err = keep_rows(r, b);
    block_unref(b);
    return err;
}

static int read_rows(struct reading *r)
{
    uint64_t at = r->schema->data_start;
    bool end = false;
    while (!end) {
        size_t n = 0;
        int err =
            source_file_read(&r->file, at, r->bytes, READ_BYTES, &n, r->fault);
        end = n < READ_BYTES;
        at += n;
        while (err == 0) {
            struct block *b = NULL;
            err = framer_push(r->framer, r->bytes, n, end, &b);
            if (err == 0 && b != NULL)
                err = take_block(r, b);
            if (!framer_has_more(r->framer))
                break;
            n = 0;
        }
        if (err != 0)
            return err;
    }
    return 0;
}

static int join_pieces(const struct reading *r, struct history *h)
{
    size_t rows = r->rows, at = 0;
    h->x = malloc(rows * r->cols * sizeof *h->x);
    if (h->x == NULL)
        return ERR_NOMEM;
    for (const struct piece *p = r->first; p != NULL; p = p->next) {
        for (uint32_t k = 0; k < r->cols; k++)
            memcpy(h->x + k * rows + at, p->x + (size_t)k * p->rows,
                   p->rows * sizeof *h->x);
        at += p->rows;
    }
    h->rows = (struct matrix){ h->x, (uint32_t)rows, r->cols, rows };
    h->bad = r->bad;
    return 0;
}

static int read_file(struct reading *r, const struct settings *s,
                     const struct schema *stream, struct history *h)
{
    r->bytes = malloc(INFER_BYTES);
    if (r->bytes == NULL)
        return ERR_NOMEM;
    int err = infer(r, s, stream);
    if (err == 0)
        err = match(r, stream);
    if (err == 0)
        err =
            framer_new(r->schema, (size_t)s->record_bytes_max,
                       r->schema->data_start, r->schema->data_line, &r->framer);
    if (err == 0)
        err = read_rows(r);
    if (err == 0 && r->rows == 0)
        err = fault_set(r->fault, ERR_CONTENT,
                        "--train %s: no record of it could be read", r->path);
    return err == 0 ? join_pieces(r, h) : err;
}

int history_read(const char *path, const struct settings *s,
                 const struct schema *stream, struct history *h,
                 struct fault *fault)
{
    struct reading r = { .path = path,
                         .cols = stream->feature_count,
                         .fault = fault };
    r.end = &r.first;
    memset(h, 0, sizeof *h);
    int err = source_file_open(path, &r.file, fault);
    if (err != 0)
        return err;
    err = read_file(&r, s, stream, h);
    source_file_close(&r.file);
    framer_free(r.framer);
    schema_free(r.schema);
    while (r.first != NULL) {
        struct piece *next = r.first->next;
        free(r.first);
        r.first = next;
    }
    free(r.from);
    free(r.bytes);
    if (err == ERR_NOMEM)
        (void)fault_set(fault, err, "--train %s: out of memory", path);
    return err;
}

void history_release(struct history *h)
{
    free(h->x);
    memset(h, 0, sizeof *h);
}
