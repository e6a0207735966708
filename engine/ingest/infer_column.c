/*
 * Why this file exists: what the values of one column look like, without any
 * opinion on what to do with it.
 */
#include "engine/ingest/infer.h"
#include "engine/ingest/number.h"
#include "engine/ingest/row_time.h"
#include "proto/base/ascii.h"
#include "proto/base/civil.h"
#include "proto/base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISTINCT_MAX 51u /* counted no further */
#define SHARE 0.95       /* of values that must agree on a type */

static bool matches(const char *name, const char *const *patterns)
{
    for (; *patterns != NULL; patterns++)
        if (text_match_nocase(*patterns, name))
            return true;
    return false;
}

/* The name itself, behind its last dot, and without the number by which a
 * second column of that name is told apart (label_2). */
static bool matches_any(const char *name, const char *const *patterns)
{
    const char *dot = strrchr(name, '.');
    const char *last = dot != NULL ? dot + 1 : name;
    char stem[64];
    size_t n = strlen(last);
    while (n > 0 && ascii_is_digit(last[n - 1]))
        n--;
    bool numbered = n > 1 && last[n] != '\0' && last[n - 1] == '_';
    snprintf(stem, sizeof stem, "%.*s", numbered ? (int)(n - 1) : 0, last);
    return matches(name, patterns) || matches(last, patterns) ||
           (numbered && matches(stem, patterns));
}

bool infer_name_is_time(const char *name)
{
    static const char *const patterns[] = { "*time*", "*date*", "*day*", NULL };
    return matches_any(name, patterns);
}

/* Also what people call a clock, for numbers that could be one. */
static bool name_is_clock(const char *name)
{
    static const char *const patterns[] = {
        "ts",   "*_ts", "*stamp*", "epoch*",   "*clock*",   "t",     "ds",
        "when", "at",   "*_at",    "created*", "modified*", "*utc*", NULL
    };
    return infer_name_is_time(name) || matches_any(name, patterns);
}

bool infer_name_is_id(const char *name)
{
    static const char *const patterns[] = { "id", "*_id", "uid", "pid", NULL };
    size_t n = strlen(name);
    if (matches_any(name, patterns))
        return true;
    /* customerId, customerID; but not "paid" or "humid" */
    bool ends = n > 2 && name[n - 2] == 'I' &&
                (name[n - 1] == 'd' || name[n - 1] == 'D');
    char before = n > 2 ? name[n - 3] : '_';
    return ends && ((before >= 'a' && before <= 'z') || ascii_is_digit(before));
}

bool infer_name_is_label(const char *name)
{
    static const char *const patterns[] = { "label",       "class",
                                            "target",      "*fraud*",
                                            "*anomaly*",   "outlier",
                                            "changepoint", NULL };
    return matches_any(name, patterns);
}

/* What is counted while the cells are walked. */
struct walk {
    uint32_t iso, zones, bools, zero_one, plain_integers;
    uint32_t falls, rises;
    uint32_t epoch[TIME_EPOCH_NS + 1];
    double last;
    double distinct[DISTINCT_MAX];
};

/* Digits in groups, like 04/07/16 00 or 5.6.2018. */
static bool is_time_like(const char *text, size_t n)
{
    size_t digits = 0, separators = 0, others = 0;
    for (size_t i = 0; i < n; i++) {
        if (ascii_is_digit(text[i]))
            digits++;
        else if (strchr("/:.-, ", text[i]) != NULL && text[i] != '\0')
            separators++;
        else
            others++;
    }
    return digits >= 4 && separators >= 2 && others <= 5 && n <= 40 &&
           (memchr(text, ':', n) || memchr(text, '/', n) ||
            memchr(text, '-', n) || memchr(text, '.', n));
}

static void number_note(struct sight *g, struct walk *w, double x)
{
    if (g->numbers > 0) {
        double step = x - w->last;
        g->steps++;
        w->falls += step < 0;
        w->rises += step > 0;
        if (g->steps == 1)
            g->step = step;
        else if (g->step != step)
            g->step = (double)NAN;
    }
    w->last = x;
    if (x != floor(x) || !(fabs(x) < 1e18))
        g->whole = false;
    w->zero_one += x == 0 || x == 1;
    w->epoch[row_time_epoch_unit(x)]++;
    uint32_t i = 0;
    while (i < g->distinct && w->distinct[i] != x)
        i++;
    if (i == g->distinct && i < DISTINCT_MAX)
        w->distinct[g->distinct++] = x;
    g->numbers++;
}

static void text_note(struct sight *g, struct walk *w, const char *text,
                      size_t n)
{
    int64_t ns;
    if (civil_parse_iso(text, n, &ns) == 0) {
        w->iso++;
        w->zones +=
            text[n - 1] == 'Z' || (n > 19 && (memchr(text + 19, '+', n - 19) ||
                                              memchr(text + 19, '-', n - 19)));
        return;
    }
    if (g->odd.text == NULL)
        g->odd = (struct cell){ text, (uint32_t)n, CELL_TEXT };
    w->bools += number_bool_word(text, n) >= 0;
    g->decimal_commas += number_has_comma(text, n);
    g->time_like += is_time_like(text, n);
}

static void cell_note(const struct schema *s, struct sight *g, struct walk *w,
                      const struct cell *cell, double *values)
{
    const char *text = cell->text;
    size_t n = cell->length;
    double x;
    number_trim(&text, &n);
    g->seen++;
    if (cell->kind == CELL_ABSENT || number_is_missing(s, text, n)) {
        g->missing++;
        return;
    }
    enum number_kind kind = number_parse(text, n, &x);
    if (kind == NUMBER_MISSING) {
        g->missing++;
    } else if (kind == NUMBER_VALUE) {
        values[g->numbers] = x;
        number_note(g, w, x);
        bool plain = true;
        for (size_t i = 0; i < n; i++)
            plain &=
                ascii_is_digit(text[i]) || text[i] == '-' || text[i] == '+';
        w->plain_integers += plain;
    } else {
        text_note(g, w, text, n);
    }
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void order_note(struct sight *g, const struct walk *w, double *values)
{
    g->min = g->median = g->max = (double)NAN;
    g->never_falls = w->falls == 0;
    g->mostly_rises = g->steps >= 19 && w->rises * 20ull >= g->steps * 19ull;
    if (g->numbers == 0)
        return;
    qsort(values, g->numbers, sizeof *values, compare);
    g->min = values[0];
    g->max = values[g->numbers - 1];
    uint32_t middle = g->numbers / 2;
    g->median =
        g->numbers % 2 == 1
            ? values[middle]
            : values[middle - 1] + (values[middle] - values[middle - 1]) / 2;
}

/* Numbers between 2000 and 2100 in one unit are times when they are called
 * so, or when they lead the record and go forward: sizes of some GB and their
 * counters lie in that range too. */
static void epoch_note(struct sight *g, const struct walk *w, const char *name,
                       bool leads)
{
    for (int kind = TIME_EPOCH_S; kind <= TIME_EPOCH_NS; kind++) {
        if (w->epoch[kind] < g->numbers * SHARE || g->numbers == 0)
            continue;
        bool called = name_is_clock(name);
        bool forward = w->falls * 4ull <= g->steps && g->max > g->min;
        if (called || (g->whole && leads && forward))
            g->time_kind = (enum time_kind)kind;
    }
}

static void type_set(struct sight *g, const struct walk *w)
{
    uint32_t values = g->seen - g->missing;
    double enough = values * SHARE;
    if (values == 0)
        g->type = COLUMN_EMPTY;
    else if (w->iso >= enough)
        g->type = COLUMN_TIME;
    else if (w->zero_one == values || w->zero_one + w->bools == values)
        g->type = COLUMN_BINARY;
    else if (g->numbers < enough)
        g->type = COLUMN_TEXT;
    else
        g->type =
            w->plain_integers == g->numbers ? COLUMN_INTEGER : COLUMN_NUMBER;
}

void infer_column(const struct schema *s, const char *name, bool leads,
                  const struct cell *cell, uint32_t records, double *scratch,
                  struct sight *ret_sight)
{
    struct walk w = { 0 };
    *ret_sight = (struct sight){ .whole = true, .step = (double)NAN };
    for (uint32_t i = 0; i < records; i++)
        cell_note(s, ret_sight, &w, &cell[i], scratch);
    order_note(ret_sight, &w, scratch);
    type_set(ret_sight, &w);
    ret_sight->whole &= ret_sight->numbers > 0;
    if (ret_sight->type == COLUMN_TIME) {
        ret_sight->time_kind = TIME_ISO;
        ret_sight->zone = w.zones > 0;
    } else if (ret_sight->type == COLUMN_INTEGER ||
               ret_sight->type == COLUMN_NUMBER) {
        epoch_note(ret_sight, &w, name, leads);
    }
}
