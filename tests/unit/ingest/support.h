/*
 * What the tests of engine/ingest share: from text to schema, block, rows.
 */
#ifndef FYKE_TESTS_INGEST_SUPPORT_H
#define FYKE_TESTS_INGEST_SUPPORT_H

#include "engine/ingest/batch.h"
#include "engine/ingest/schema.h"
#include "proto/base/bytes.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_MAX ((size_t)1 << 20)

static inline int infer_rc(const char *text, const struct schema_options *o,
                           struct schema **ret_s, struct fault *fault)
{
    *fault = (struct fault){ 0 };
    *ret_s = NULL;
    return schema_infer(o, (const uint8_t *)text, strlen(text), true, ret_s,
                        fault);
}

static inline struct schema *infer_with(const char *text,
                                        const struct schema_options *o)
{
    struct schema *s;
    struct fault fault;
    int rc = infer_rc(text, o, &s, &fault);
    cr_assert_eq(rc, 0, "%s", fault.text);
    return s;
}

static inline struct schema *infer(const char *text)
{
    const struct schema_options none = { 0 };
    return infer_with(text, &none);
}

/* The fault text of an inference that must fail with `err`. */
static inline const char *infer_fails(const char *text,
                                      const struct schema_options *o, int err)
{
    static struct fault fault;
    struct schema *s;
    int rc = infer_rc(text, o, &s, &fault);
    cr_assert_eq(rc, err, "%d: %s", rc, fault.text);
    cr_assert_eq(fault.err, err);
    return fault.text;
}

static inline const struct column *column_named(const struct schema *s,
                                                const char *name)
{
    for (uint32_t i = 0; i < s->column_count; i++)
        if (strcmp(s->column[i].name, name) == 0)
            return &s->column[i];
    cr_assert_fail("no column %s", name);
    return NULL;
}

/* Frames everything behind data_start in one push. NULL if no records. */
static inline struct block *frame(const struct schema *s, const char *text,
                                  size_t record_max)
{
    struct framer *f;
    struct block *b = NULL;
    cr_assert_eq(framer_new(s, record_max, s->data_start, s->data_line, &f), 0);
    cr_assert_eq(framer_push(f, (const uint8_t *)text + s->data_start,
                             strlen(text) - s->data_start, true, &b),
                 0);
    framer_free(f);
    return b;
}

static inline struct block *parse(const struct schema *s, const char *text)
{
    struct block *b = frame(s, text, RECORD_MAX);
    cr_assert_not_null(b);
    cr_assert_eq(block_parse(b, s), 0);
    return b;
}

static inline float value(const struct block *b, uint32_t row, uint32_t feature)
{
    cr_assert_lt(row, b->rows);
    cr_assert_lt(feature, b->cols);
    return b->x[(size_t)feature * b->records + row];
}

/* The same number, bit by bit, or both missing. */
static inline bool same_float(float a, float b)
{
    return bytes_load_u32(&a) == bytes_load_u32(&b) || (a != a && b != b);
}

/* The text of a record, in a buffer of its own. */
static inline const char *record_text(const struct block *b, uint32_t i)
{
    static char text[4][8192];
    static unsigned turn;
    char *out = text[turn++ % 4];
    cr_assert_lt(i, b->records);
    cr_assert_lt(b->length[i], sizeof text[0]);
    memcpy(out, b->text + b->offset[i], b->length[i]);
    out[b->length[i]] = '\0';
    return out;
}

#endif
