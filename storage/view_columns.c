/*
 * The input's own columns inside `anomalies` and `candidates`: which name
 * each gets there, and how its value comes out of the record's JSON.
 *
 * Names from an input are data. They enter SQL only through the two quoting
 * functions here.
 */
#include "storage/schema.h"

#include "proto/base/text.h"

#include <stdlib.h>
#include <string.h>

/* The views' own columns: an input's column of that name becomes NAME_in. */
static const char *const own_name[] = {
    "time",       "unix",   "key",     "severity", "one_in", "score",
    "confidence", "votes",  "why",     "batch",    "row",    "source",
    "line",       "record", "flagged", "iforest",  "dbscan", "cluster",
};

static int append_quoted(struct buf *out, const char *text, char quote)
{
    (void)buf_append_char(out, quote);
    for (const char *p = text; *p != 0; p++) {
        if (*p == quote) {
            (void)buf_append_char(out, quote);
        }
        (void)buf_append_char(out, *p);
    }
    return buf_append_char(out, quote);
}

int view_name_quote(struct buf *out, const char *name)
{
    return append_quoted(out, name, '"');
}

int view_text_quote(struct buf *out, const char *text)
{
    return append_quoted(out, text, '\'');
}

/* May the name stand in a JSON path as it is? There, SQLite compares the
 * escaped form, has no way to write a quote, and no empty name. */
static bool path_plain(const char *name)
{
    if (*name == 0) {
        return false;
    }
    for (const char *p = name; *p != 0; p++) {
        if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\') {
            return false;
        }
    }
    return true;
}

static int append_value(struct buf *out, const struct view_column *c)
{
    if (path_plain(c->input) && c->repeats == 0) {
        (void)buf_append_text(out, "json_extract(a.record,'$.\"");
        for (const char *p = c->input; *p != 0; p++) {
            (void)buf_append_text(out, *p == '\'' ? "''" : (char[]){ *p, 0 });
        }
        return buf_append_text(out, "\"')");
    }
    (void)buf_append_text(out, "(select j.value from json_each(a.record) j "
                               "where j.key=");
    (void)view_text_quote(out, c->input);
    return buf_printf(out, " order by j.id limit 1 offset %u)", c->repeats);
}

/* Numbers as numbers. A plain CAST would make 0 of a missing value. */
int view_column_expression(struct buf *out, const struct view_column *c)
{
    if (!c->numeric) {
        return append_value(out, c);
    }
    (void)buf_append_text(out,
                          "(select case when v glob '*[0-9]*' and not "
                          "v glob '*[^-+.0-9eE ]*' then cast(v as numeric) "
                          "else case lower(v) when 'true' then 1 "
                          "when 'false' then 0 when 'inf' then 9e999 "
                          "when '+inf' then 9e999 when 'infinity' then 9e999 "
                          "when '-inf' then -9e999 "
                          "when '-infinity' then -9e999 end end "
                          "from (select ");
    (void)append_value(out, c);
    return buf_append_text(out, " as v))");
}

/* Open addressing over names without case. */
struct name_set {
    const char **slot;
    uint32_t mask;
};

static uint32_t name_hash(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name != 0; name++) {
        uint32_t c = (unsigned char)*name;
        h = (h ^ (c - 'A' < 26u ? c + 32u : c)) * 16777619u;
    }
    return h;
}

/* Adds a name; false when one equal without case is there already. */
static bool name_add(struct name_set *set, const char *name)
{
    uint32_t i = name_hash(name) & set->mask;
    while (set->slot[i] != NULL) {
        if (text_equal_nocase(set->slot[i], name)) {
            return false;
        }
        i = (i + 1) & set->mask;
    }
    set->slot[i] = name;
    return true;
}

static bool name_is_own(const char *name)
{
    for (size_t i = 0; i < sizeof own_name / sizeof own_name[0]; i++) {
        if (text_equal_nocase(own_name[i], name)) {
            return true;
        }
    }
    return false;
}

/* NAME, NAME_in when ours has it, and _2, _3... while that is taken. */
static char *name_choose(struct name_set *set, const char *input, uint32_t n)
{
    char *base = *input == 0 ? sqlite3_mprintf("column_%u", n)
                             : sqlite3_mprintf("%s%s", input,
                                               name_is_own(input) ? "_in" : "");
    if (base == NULL || name_add(set, base)) {
        return base;
    }
    char *name = NULL;
    for (uint32_t k = 2; name == NULL; k++) {
        name = sqlite3_mprintf("%s_%u", base, k);
        if (name == NULL) {
            break;
        }
        if (!name_add(set, name)) {
            sqlite3_free(name);
            name = NULL;
        }
    }
    sqlite3_free(base);
    return name;
}

static uint32_t repeats_of(const struct view_columns *c, const char *input)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        n += strcmp(c->column[i].input, input) == 0;
    }
    return n;
}

static int column_read(sqlite3_stmt *q, struct name_set *set,
                       struct view_columns *c)
{
    const char *type = db_column_text(q, 1);
    const char *role = db_column_text(q, 2);
    struct view_column v = {
        .numeric = strcmp(type, "number") == 0 ||
                   strcmp(type, "integer") == 0 || strcmp(type, "0/1") == 0,
        .shown = strcmp(role, "feature") == 0 || strcmp(role, "key") == 0,
        .repeats = repeats_of(c, db_column_text(q, 0)),
        .input = sqlite3_mprintf("%s", db_column_text(q, 0)),
        .name = name_choose(set, db_column_text(q, 0), c->count + 1),
    };
    c->column[c->count++] = v;
    return v.input == NULL || v.name == NULL ? ERR_NOMEM : 0;
}

static int columns_read(const struct db *d, sqlite3_stmt *q,
                        struct name_set *set, uint32_t capacity,
                        struct view_columns *c, struct fault *fault)
{
    for (;;) {
        int step = db_step(d, q, fault);
        if (step != 1) {
            return step;
        }
        if (c->count == capacity || column_read(q, set, c) != 0) {
            return fault_set(fault, ERR_NOMEM, "%s: out of memory", d->label);
        }
    }
}

/* Fills what view_columns_load allocated. */
static int columns_load(const struct db *d, struct name_set *set,
                        uint32_t capacity, struct view_columns *c,
                        struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = db_prepare(d, "select name,type,role from column_info order by n",
                         &q, fault);
    if (err == 0) {
        err = columns_read(d, q, set, capacity, c, fault);
    }
    (void)sqlite3_finalize(q);
    return err;
}

int view_columns_load(const struct db *d, struct view_columns *ret_c,
                      struct fault *fault)
{
    int64_t n = 0;
    int err = db_integer(d, "select count(*) from column_info", &n, fault);
    if (err != 0) {
        return err;
    }
    uint32_t capacity = (uint32_t)n;
    uint32_t slots = 16;
    while (slots < 4 * capacity) {
        slots *= 2;
    }
    struct view_columns c = { .column =
                                  calloc(capacity + 1, sizeof *c.column) };
    struct name_set set = { .slot = calloc(slots, sizeof *set.slot),
                            .mask = slots - 1 };
    if (c.column == NULL || set.slot == NULL) {
        free(c.column);
        free(set.slot);
        return fault_set(fault, ERR_NOMEM, "%s: out of memory", d->label);
    }
    err = columns_load(d, &set, capacity, &c, fault);
    free(set.slot);
    if (err != 0) {
        view_columns_release(&c);
        return err;
    }
    *ret_c = c;
    return 0;
}

void view_columns_release(struct view_columns *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        sqlite3_free(c->column[i].input);
        sqlite3_free(c->column[i].name);
    }
    free(c->column);
    *c = (struct view_columns){ 0 };
}
