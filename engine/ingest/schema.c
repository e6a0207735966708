/*
 * Why this file exists: the life of a schema and its comparison with another.
 */
#include "engine/ingest/schema.h"

#include "engine/ingest/schema_build.h"
#include "proto/base/check.h"
#include "proto/base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *column_type_name(enum column_type t)
{
    switch (t) {
    case COLUMN_NUMBER:
        return "number";
    case COLUMN_INTEGER:
        return "integer";
    case COLUMN_BINARY:
        return "0/1";
    case COLUMN_TIME:
        return "time";
    case COLUMN_TEXT:
        return "text";
    case COLUMN_EMPTY:
        return "empty";
    }
    return "?";
}

const char *column_role_name(enum column_role r)
{
    switch (r) {
    case COLUMN_OUT:
        return "out";
    case COLUMN_FEATURE:
        return "feature";
    case COLUMN_TIME_OF_ROW:
        return "time";
    case COLUMN_KEY:
        return "key";
    }
    return "?";
}

int schema_columns_alloc(struct schema *s, uint32_t count)
{
    check(s->column == NULL);
    s->column = calloc(count + 1u, sizeof *s->column);
    if (s->column == NULL)
        return ERR_NOMEM;
    s->column_count = count;
    for (uint32_t i = 0; i < count; i++)
        s->column[i].min = s->column[i].median = s->column[i].max = (double)NAN;
    return 0;
}

int schema_missing_set(struct schema *s, const struct option_list *words)
{
    static const char *const usual[] = {
        "NA", "N/A", "null", "NaN", "nan", "?"
    };
    bool given = words->count > 0;
    uint32_t count = given ? words->count : sizeof usual / sizeof *usual;
    s->missing = calloc(count, sizeof *s->missing);
    if (s->missing == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        s->missing[i] = strdup(given ? words->items[i] : usual[i]);
        if (s->missing[i] == NULL)
            return ERR_NOMEM;
        s->missing_count++;
    }
    return 0;
}

void schema_free(struct schema *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; i < s->column_count; i++)
        free(s->column[i].name);
    for (uint32_t i = 0; i < s->missing_count; i++)
        free(s->missing[i]);
    free(s->column);
    free(s->feature);
    free(s->time_format);
    free(s->missing);
    free(s);
}

static const char *column_name(const struct schema *s, uint32_t column)
{
    return column == SCHEMA_NO_COLUMN ? "none" : s->column[column].name;
}

static int layout_compare(const struct schema *a, const struct schema *b,
                          struct fault *fault)
{
    static const char *const formats[] = { "?", "CSV", "NDJSON" };
    if (a->format != b->format)
        return fault_set(fault, ERR_DIFFERENT, "the format was %s and is %s",
                         formats[a->format], formats[b->format]);
    if (a->format != SCHEMA_CSV)
        return 0;
    if (a->delimiter != b->delimiter)
        return fault_set(fault, ERR_DIFFERENT,
                         "the delimiter was '%c' and is '%c'", a->delimiter,
                         b->delimiter);
    if (a->column_count != b->column_count)
        return fault_set(fault, ERR_DIFFERENT, "it had %u columns and has %u",
                         a->column_count, b->column_count);
    for (uint32_t i = 0; i < a->column_count; i++)
        if (!text_equal_nocase(a->column[i].name, b->column[i].name))
            return fault_set(fault, ERR_DIFFERENT, "column %u was %s and is %s",
                             i + 1, a->column[i].name, b->column[i].name);
    return 0;
}

static int keys_compare(const struct schema *a, const struct schema *b,
                        struct fault *fault)
{
    for (uint32_t i = 0; i < a->key_count || i < b->key_count; i++) {
        const char *x = i < a->key_count ? column_name(a, a->key[i]) : "none";
        const char *y = i < b->key_count ? column_name(b, b->key[i]) : "none";
        if (!text_equal_nocase(x, y))
            return fault_set(fault, ERR_DIFFERENT, "the key was %s and is %s",
                             x, y);
    }
    return 0;
}

static bool has_feature(const struct schema *s, const char *name)
{
    for (uint32_t i = 0; i < s->feature_count; i++)
        if (text_equal_nocase(s->column[s->feature[i]].name, name))
            return true;
    return false;
}

int schema_compare(const struct schema *pinned, const struct schema *now,
                   struct fault *fault)
{
    int rc = layout_compare(pinned, now, fault);
    if (rc < 0)
        return rc;
    const char *was = column_name(pinned, pinned->time_column);
    const char *is = column_name(now, now->time_column);
    if (!text_equal_nocase(was, is))
        return fault_set(fault, ERR_DIFFERENT,
                         "the time column was %s and is %s", was, is);
    if (pinned->time_kind != now->time_kind)
        return fault_set(fault, ERR_DIFFERENT,
                         "the time column %s reads in another form", was);
    rc = keys_compare(pinned, now, fault);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < pinned->feature_count; i++) {
        const char *name = pinned->column[pinned->feature[i]].name;
        if (!has_feature(now, name))
            return fault_set(fault, ERR_DIFFERENT,
                             "%s was a feature and is not", name);
    }
    for (uint32_t i = 0; i < now->feature_count; i++) {
        const char *name = now->column[now->feature[i]].name;
        if (!has_feature(pinned, name))
            return fault_set(fault, ERR_DIFFERENT,
                             "%s is a feature and was not", name);
    }
    return 0;
}
