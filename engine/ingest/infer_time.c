/*
 * Why this file exists: which column is the time of a row, and how its text
 * reads.
 */
#include "engine/ingest/infer.h"
#include "engine/ingest/number.h"
#include "engine/ingest/row_time.h"
#include "proto/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Do its numbers stand still? */
static bool is_constant(const struct sight *g)
{
    return g->time_kind != TIME_ISO && g->numbers > 1 && g->min == g->max;
}

static bool is_ignored(const struct schema *s, uint32_t column,
                       const struct schema_options *o)
{
    for (uint32_t i = 0; i < o->ignore.count; i++)
        if (text_equal_nocase(o->ignore.items[i], s->column[column].name))
            return true;
    return false;
}

/* The first column that parses as time; one that stands still only if no
 * other does. */
static uint32_t time_first(const struct schema *s, const struct sight *sight,
                           const struct schema_options *o)
{
    uint32_t still = SCHEMA_NO_COLUMN;
    for (uint32_t c = 0; c < s->column_count; c++) {
        if (sight[c].time_kind == TIME_NONE || is_ignored(s, c, o))
            continue;
        if (!is_constant(&sight[c]))
            return c;
        if (still == SCHEMA_NO_COLUMN)
            still = c;
    }
    return still;
}

/* Do the values of a column parse under a named format? */
static bool parses(const struct schema *s, const struct sample *t,
                   uint32_t column, enum time_kind kind, const char *format)
{
    uint32_t good = 0, filled = 0;
    for (uint32_t i = 0; i < t->records; i++) {
        const struct cell *cell = &t->cell[(size_t)column * t->records + i];
        const char *text = cell->text;
        size_t n = cell->length;
        int64_t ns;
        number_trim(&text, &n);
        if (cell->kind == CELL_ABSENT || number_is_missing(s, text, n))
            continue;
        filled++;
        good += row_time_parse(kind, format, text, n, &ns) == 0;
    }
    return filled > 0 && good * 20ull >= filled * 19ull;
}

static int time_copy_format(struct schema *s, const char *format)
{
    if (s->time_kind != TIME_FORMAT || format == NULL)
        return 0;
    s->time_format = strdup(format);
    return s->time_format != NULL ? 0 : ERR_NOMEM;
}

/* --time-format without --time: the first column that it fits. */
static int time_by_format(struct schema *s, const struct sample *t,
                          const struct schema_options *o, struct fault *fault)
{
    for (uint32_t c = 0; c < s->column_count; c++) {
        if (is_ignored(s, c, o) ||
            !parses(s, t, c, s->time_kind, o->time_format))
            continue;
        s->time_column = c;
        return time_copy_format(s, o->time_format);
    }
    return fault_set(fault, ERR_USAGE,
                     "--time-format %s: no column reads as that in the first "
                     "%u records; name it with --time",
                     o->time_format, t->records);
}

static int time_named(struct schema *s, const struct sample *t,
                      const struct sight *sight, const struct schema_options *o,
                      struct fault *fault)
{
    uint32_t c;
    int rc = infer_find(s, "--time", o->time, &c, fault);
    if (rc < 0)
        return rc;
    const struct sight *g = &sight[c];
    if (s->time_kind == TIME_NONE)
        s->time_kind = g->time_kind;
    if (s->time_kind == TIME_NONE && g->numbers > 0)
        s->time_kind = row_time_epoch_unit(g->median);
    if (s->time_kind == TIME_NONE)
        return fault_set(fault, ERR_USAGE,
                         "--time %s: %.*s is neither ISO 8601 nor an epoch "
                         "between 2000 and 2100; say how to read it, like "
                         "--time-format '%%d/%%m/%%Y %%H:%%M' (or s, ms, us, "
                         "ns)",
                         o->time, g->odd.text ? (int)g->odd.length : 9,
                         g->odd.text ? g->odd.text : "its value");
    if (!parses(s, t, c, s->time_kind, o->time_format))
        return fault_set(fault, ERR_USAGE,
                         "--time %s: its values do not read as %s", o->time,
                         o->time_format ? o->time_format : "time");
    s->time_column = c;
    return time_copy_format(s, o->time_format);
}

static void reason_set(struct schema *s, const struct sight *g)
{
    static const char *const epoch[] = {
        [TIME_EPOCH_S] = "epoch in seconds",
        [TIME_EPOCH_MS] = "epoch in milliseconds",
        [TIME_EPOCH_US] = "epoch in microseconds",
        [TIME_EPOCH_NS] = "epoch in nanoseconds",
    };
    struct column *c = &s->column[s->time_column];
    const char *text;
    if (s->time_kind == TIME_ISO)
        text = g->zone ? "ISO, with a zone" : "ISO, no zone: read as UTC";
    else if (s->time_kind == TIME_FORMAT)
        text = s->time_format;
    else
        text = epoch[s->time_kind];
    snprintf(c->reason, sizeof c->reason, "%s", text);
}

int infer_time(struct schema *s, const struct sample *t,
               const struct sight *sight, const struct schema_options *o,
               struct fault *fault)
{
    s->time_column = SCHEMA_NO_COLUMN;
    s->time_kind = TIME_NONE;
    if (o->time != NULL && strcmp(o->time, "none") == 0)
        return 0;
    int rc = 0;
    if (o->time_format != NULL) {
        s->time_kind = row_time_kind_named(o->time_format);
        if (s->time_kind == TIME_NONE)
            return fault_set(fault, ERR_USAGE,
                             "--time-format %s: give iso, s, ms, us, ns or a "
                             "form made of %%Y %%m %%d %%H %%M %%S %%f %%y "
                             "%%b %%j %%z %%s",
                             o->time_format);
    }
    if (o->time != NULL)
        rc = time_named(s, t, sight, o, fault);
    else if (o->time_format != NULL)
        rc = time_by_format(s, t, o, fault);
    else
        s->time_column = time_first(s, sight, o);
    if (rc < 0 || s->time_column == SCHEMA_NO_COLUMN)
        return rc;
    if (s->time_kind == TIME_NONE)
        s->time_kind = sight[s->time_column].time_kind;
    s->column[s->time_column].role = COLUMN_TIME_OF_ROW;
    reason_set(s, &sight[s->time_column]);
    return 0;
}
