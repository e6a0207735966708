/*
 * Why this file exists: the rules by which a column takes part or is left
 * out, each with the reason that people read.
 */
#include "engine/ingest/infer.h"
#include "proto/base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CLOCK_VALUES_MIN 5u /* fewer may rise by chance */
#define LABEL_DISTINCT_MAX 50u

int infer_find(const struct schema *s, const char *flag, const char *word,
               uint32_t *ret_column, struct fault *fault)
{
    for (uint32_t c = 0; c < s->column_count; c++) {
        if (text_equal_nocase(s->column[c].name, word)) {
            *ret_column = c;
            return 0;
        }
    }
    const char **names = calloc(s->column_count + 1u, sizeof *names);
    if (names == NULL)
        return ERR_NOMEM;
    for (uint32_t c = 0; c < s->column_count; c++)
        names[c] = s->column[c].name;
    const char *nearest = text_nearest(word, names, s->column_count);
    free(names);
    if (nearest != NULL)
        return fault_set(fault, ERR_USAGE,
                         "%s %s: there is no such column; did you mean %s?",
                         flag, word, nearest);
    return fault_set(fault, ERR_USAGE,
                     "%s %s: there is no such column; fyke check input lists "
                     "them all",
                     flag, word);
}

static const char *features_flag(const struct schema_options *o)
{
    return o->features_flag != NULL ? o->features_flag : "--features";
}

static void set(struct column *c, enum column_role role, const char *reason)
{
    c->role = role;
    snprintf(c->reason, sizeof c->reason, "%s", reason);
}

static bool is_numeric(const struct column *c)
{
    return c->type == COLUMN_NUMBER || c->type == COLUMN_INTEGER ||
           c->type == COLUMN_BINARY;
}

/* Why a whole number that goes only forward is left out, or NULL. */
static const char *forward_reason(const char *name, const struct sight *g)
{
    bool called = infer_name_is_time(name);
    if (!g->whole || !g->never_falls)
        return NULL;
    if (g->mostly_rises && g->step == 1)
        return "rises by 1: a row number";
    if (g->mostly_rises)
        return called ? "rises: a clock" : "rises: a counter";
    if (called && g->numbers >= CLOCK_VALUES_MIN)
        return "never falls and is named like a time";
    return NULL;
}

/* Does the same value come back often enough to name somebody? */
static bool repeats(const struct sight *g, const struct cell *cell)
{
    uint32_t again = 0, pairs = g->seen < 400 ? g->seen : 400;
    for (uint32_t i = 1; i < pairs; i++)
        for (uint32_t k = 0; k < i; k++)
            if (cell[i].length == cell[k].length && cell[i].length > 0 &&
                memcmp(cell[i].text, cell[k].text, cell[i].length) == 0) {
                again++;
                break;
            }
    return again > 0;
}

/* The rules for a column that nobody named. */
static void role_infer(struct column *c, const struct sight *g,
                       const struct cell *cell)
{
    const char *forward = forward_reason(c->name, g);
    if (c->type == COLUMN_EMPTY)
        set(c, COLUMN_OUT, "no value yet");
    else if (g->time_kind != TIME_NONE)
        set(c, COLUMN_OUT, "parses as time");
    else if (!is_numeric(c))
        set(c, COLUMN_OUT, "text");
    else if (forward != NULL)
        set(c, COLUMN_OUT, forward);
    else if (g->whole && infer_name_is_id(c->name))
        set(c, COLUMN_OUT,
            repeats(g, cell) ? "named like an id"
                             : "named like an id, never twice");
    else if (infer_name_is_label(c->name) &&
             (c->type == COLUMN_BINARY ||
              (g->whole && g->distinct <= LABEL_DISTINCT_MAX)))
        set(c, COLUMN_OUT, "looks like a label");
    else
        set(c, COLUMN_FEATURE, "number");
}

/* Does a word name this column, or the array that it is an item of? */
static bool names(const char *word, const struct sample *t, uint32_t c)
{
    const char *name = t->name[c];
    size_t n = strlen(word);
    if (text_equal_nocase(word, name))
        return true;
    return t->in_array != NULL && t->in_array[c] && strlen(name) > n &&
           name[n] == '.' && strncasecmp(word, name, n) == 0;
}

static bool list_names(const struct option_list *list, const struct sample *t,
                       uint32_t c)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (names(list->items[i], t, c))
            return true;
    return false;
}

static int list_check(const struct schema *s, const struct sample *t,
                      const char *flag, const struct option_list *list,
                      struct fault *fault)
{
    for (uint32_t i = 0; i < list->count; i++) {
        bool found = false;
        uint32_t column;
        for (uint32_t c = 0; c < s->column_count && !found; c++)
            found = names(list->items[i], t, c);
        int rc =
            found ? 0 : infer_find(s, flag, list->items[i], &column, fault);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int feature_named(struct column *c, const struct sight *g,
                         const char *flag, struct fault *fault)
{
    bool epoch = g->time_kind >= TIME_EPOCH_S;
    if (!is_numeric(c) && c->type != COLUMN_EMPTY && !epoch)
        return fault_set(fault, ERR_USAGE,
                         "%s %s: this column is %s, not numbers (%.*s)", flag,
                         c->name, column_type_name(c->type),
                         g->odd.length < 40 ? (int)g->odd.length : 40,
                         g->odd.text != NULL ? g->odd.text : "");
    char reason[32];
    snprintf(reason, sizeof reason, "named by %s", flag);
    if (c->role == COLUMN_OUT || c->role == COLUMN_FEATURE)
        set(c, COLUMN_FEATURE, reason);
    return 0;
}

static int keys_set(struct schema *s, const struct schema_options *o,
                    struct fault *fault)
{
    s->key_column = SCHEMA_NO_COLUMN;
    if (o->key.count > 8)
        return fault_set(fault, ERR_USAGE,
                         "--key: at most 8 columns make a key");
    for (uint32_t i = 0; i < o->key.count; i++) {
        int rc = infer_find(s, "--key", o->key.items[i], &s->key[i], fault);
        if (rc < 0)
            return rc;
        if (s->key[i] == s->time_column)
            return fault_set(fault, ERR_USAGE,
                             "--key %s: this is the time column (--time none "
                             "or another one frees it)",
                             o->key.items[i]);
        set(&s->column[s->key[i]], COLUMN_KEY, "named by --key");
        s->key_count++;
    }
    if (s->key_count > 0)
        s->key_column = s->key[0];
    return 0;
}

int schema_label_set(struct schema *s, const char *label, struct fault *fault)
{
    uint32_t column = SCHEMA_NO_COLUMN;
    int rc =
        label == NULL ? 0 : infer_find(s, "--label", label, &column, fault);
    if (rc < 0)
        return rc;
    if (column != SCHEMA_NO_COLUMN && column == s->time_column)
        return fault_set(fault, ERR_USAGE,
                         "--label %s: this is the time column (--time none or "
                         "another one frees it)",
                         label);
    if (column != SCHEMA_NO_COLUMN && s->column[column].role == COLUMN_FEATURE)
        return fault_set(fault, ERR_USAGE,
                         "--label %s: the database has it as a feature, and a "
                         "label is none: --fresh starts over",
                         label);
    s->label_column = column;
    return 0;
}

/* Adds a column to the features, which come in column order. */
static void feature_add(struct schema *s, uint32_t c)
{
    if (s->feature_count < SCHEMA_FEATURES_MAX)
        s->feature[s->feature_count++] = c;
    else
        set(&s->column[c], COLUMN_OUT, "more than 1024 features");
}

static int column_decide(struct schema *s, const struct sample *t, uint32_t i,
                         const struct sight *g, const struct schema_options *o,
                         struct fault *fault)
{
    struct column *c = &s->column[i];
    bool exact = o->features.count > 0;
    bool asked = list_names(exact ? &o->features : &o->also, t, i) ||
                 list_names(&o->also, t, i);
    bool ignored = list_names(&o->ignore, t, i);
    bool free_role = i != s->time_column && c->role != COLUMN_KEY;
    if (i == s->label_column && asked)
        return fault_set(fault, ERR_USAGE,
                         "%s %s: this is the label (--label), which is never "
                         "a feature",
                         exact ? features_flag(o) : "--also", c->name);
    if (free_role)
        role_infer(c, g, t->cell + (size_t)i * t->records);
    if (free_role && s->row_names && i == 0 && !asked)
        set(c, COLUMN_OUT, "row names: the header is one field shorter");
    if (free_role && exact && !asked && c->role == COLUMN_FEATURE)
        set(c, COLUMN_OUT,
            o->features_flag == NULL ? "not among --features"
                                     : "not looked at by the model");
    if (free_role && ignored)
        set(c, COLUMN_OUT, "named by --ignore");
    if (free_role && i == s->label_column)
        set(c, COLUMN_OUT, "named by --label");
    if (asked && !ignored) {
        int rc =
            feature_named(c, g, exact ? features_flag(o) : "--also", fault);
        if (rc < 0)
            return rc;
    }
    if ((asked && !ignored) || c->role == COLUMN_FEATURE)
        feature_add(s, i);
    return 0;
}

static int no_feature(const struct schema *s, const struct schema_options *o,
                      struct fault *fault)
{
    if (o->features.count > 0 || o->ignore.count > 0)
        return fault_set(fault, ERR_USAGE,
                         "no feature is left after --features and --ignore");
    char text[300] = "";
    size_t used = 0;
    for (uint32_t c = 0; c < s->column_count && used < 160; c++) {
        const struct column *column = &s->column[c];
        if (!is_numeric(column))
            continue;
        int n = snprintf(text + used, sizeof text - used, "%s%.40s: %.60s",
                         used > 0 ? "; " : "", column->name, column->reason);
        used += n > 0 ? (size_t)n : 0;
    }
    if (used == 0)
        return fault_set(fault, ERR_CONTENT,
                         "no numeric column in the first %u records: fyke "
                         "compares numbers%s%s",
                         s->sampled, s->hint[0] != '\0' ? ". " : "", s->hint);
    return fault_set(fault, ERR_CONTENT,
                     "no numeric column to follow; left out: %s. --also COL "
                     "takes one of them",
                     text);
}

static void hint_set(struct schema *s, const struct sample *t,
                     const struct sight *sight)
{
    char *h = s->hint;
    size_t size = sizeof s->hint;
    for (uint32_t c = 0; c < s->column_count && h[0] == '\0'; c++) {
        const struct sight *g = &sight[c];
        uint32_t values = g->seen - g->missing;
        const char *name = s->column[c].name;
        if (values == 0 || s->column[c].type != COLUMN_TEXT)
            continue;
        if ((g->decimal_commas + g->numbers) * 20ull >= values * 19ull)
            snprintf(h, size,
                     "%.60s has decimal commas (%.*s), which are read as "
                     "text: replace them by points",
                     name, (int)(g->odd.length < 20 ? g->odd.length : 20),
                     g->odd.text);
        else if (g->time_like * 20ull >= values * 19ull &&
                 s->time_column == SCHEMA_NO_COLUMN)
            snprintf(h, size,
                     "%.60s (%.*s) may be a time: name its form, like --time "
                     "%.60s --time-format '%%d/%%m/%%y %%H'",
                     name, (int)(g->odd.length < 30 ? g->odd.length : 30),
                     g->odd.text, name);
    }
    if (h[0] == '\0' && t->clash[0] != '\0')
        snprintf(h, size, "%s comes twice in a record: the first one counts",
                 t->clash);
    if (h[0] == '\0' && t->fields_left)
        snprintf(h, size, "only the first %u fields are columns",
                 SCHEMA_COLUMNS_MAX);
}

int infer_roles(struct schema *s, const struct sample *t,
                const struct sight *sight, const struct schema_options *o,
                struct fault *fault)
{
    int rc = infer_time(s, t, sight, o, fault);
    if (rc == 0)
        rc = keys_set(s, o, fault);
    if (rc == 0)
        rc = schema_label_set(s, o->label, fault);
    if (rc == 0)
        rc = list_check(s, t, features_flag(o), &o->features, fault);
    if (rc == 0)
        rc = list_check(s, t, "--also", &o->also, fault);
    if (rc == 0)
        rc = list_check(s, t, "--ignore", &o->ignore, fault);
    if (rc < 0)
        return rc;
    s->feature = calloc(SCHEMA_FEATURES_MAX, sizeof *s->feature);
    if (s->feature == NULL)
        return ERR_NOMEM;
    for (uint32_t c = 0; c < s->column_count && rc == 0; c++)
        rc = column_decide(s, t, c, &sight[c], o, fault);
    if (rc < 0)
        return rc;
    hint_set(s, t, sight);
    return s->feature_count > 0 ? 0 : no_feature(s, o, fault);
}
