/*
 * The command line: flags anywhere, operands in between.
 */
#include "proto/base/option.h"

#include "proto/base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 64u
#define SHARE_UNITS 1e6 /* of 1, in 10^-4 percent */

struct option_walk {
    const struct option *table;
    size_t count;
    int argc;
    char **argv;
    int at; /* the argument being read */
    void *target;
    bool *given; /* by row: set by this walk */
    const char **operands;
    uint32_t operands_max;
    uint32_t operands_count;
    struct fault *fault;
};

static int option_unknown(struct option_walk *w, const char *name)
{
    const struct option *near = option_find_near(w->table, w->count, name);
    if (near != NULL)
        return fault_set(w->fault, ERR_USAGE,
                         "unknown option --%s, did you mean --%s?", name,
                         near->name);
    return fault_set(w->fault, ERR_USAGE,
                     "unknown option --%s; --help lists them", name);
}

/* The value of the row at hand: `attached`, or else the next argument. */
static int option_take_value(struct option_walk *w, const struct option *row,
                             const char *attached, const char **ret_value)
{
    if (attached != NULL) {
        *ret_value = attached;
        return 0;
    }
    const char *next = w->at + 1 < w->argc ? w->argv[w->at + 1] : NULL;
    if (next == NULL || strncmp(next, "--", 2) == 0)
        return fault_set(w->fault, ERR_USAGE, "--%s needs a value: --%s %s",
                         row->name, row->name, option_argument_text(row));
    w->at++;
    *ret_value = next;
    return 0;
}

static int option_apply(struct option_walk *w, const struct option *row,
                        const char *attached)
{
    const char *value = attached;
    size_t index = (size_t)(row - w->table);
    int err = 0;
    if (row->type != OPTION_FLAG)
        err = option_take_value(w, row, attached, &value);
    if (err != 0)
        return err;
    /* A repeated list grows; the first one replaces the default. */
    err = w->given[index] ? option_add(row, value, w->target, w->fault)
                          : option_set(row, value, w->target, w->fault);
    w->given[index] = true;
    return err;
}

/* By the name that another program has for it: faults name what was typed. */
static int option_apply_alias(struct option_walk *w, const struct option *row,
                              const char *attached)
{
    struct option typed = *row;
    const char *value = attached;
    char text[64];
    double share = 0;
    typed.name = row->alias;
    typed.argument = row->traits & OPTION_ALIAS_REST ? "SHARE" : row->argument;
    int err = option_take_value(w, &typed, attached, &value);
    if (err != 0)
        return err;
    w->given[row - w->table] = true;
    if (!(row->traits & OPTION_ALIAS_REST))
        return option_set(&typed, value, w->target, w->fault);
    /* The row's limits, as shares; severities have four decimals. */
    typed.offset = 0;
    typed.min = (SHARE_UNITS - round(row->max * 1e4)) / SHARE_UNITS;
    typed.max = (SHARE_UNITS - round(row->min * 1e4)) / SHARE_UNITS;
    err = option_set(&typed, value, &share, w->fault);
    if (err != 0)
        return err;
    text_f64(round((1 - share) * SHARE_UNITS) / 1e4, text, sizeof text);
    return option_set(row, text, w->target, w->fault);
}

/* `--name`, `--name=value` or `--name value`. */
static int option_read_long(struct option_walk *w, const char *text)
{
    char name[NAME_MAX_BYTES];
    const char *equals = strchr(text, '=');
    size_t n = equals != NULL ? (size_t)(equals - text) : strlen(text);
    if (n >= sizeof name)
        n = sizeof name - 1; /* too long to be known */
    memcpy(name, text, n);
    name[n] = 0;
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->table[i].name, name) == 0)
            return option_apply(w, &w->table[i],
                                equals != NULL ? equals + 1 : NULL);
    for (size_t i = 0; i < w->count; i++)
        if (w->table[i].alias != NULL && strcmp(w->table[i].alias, name) == 0)
            return option_apply_alias(w, &w->table[i],
                                      equals != NULL ? equals + 1 : NULL);
    return option_unknown(w, name);
}

/* `-q`, `-qv`, `-n5` or `-n 5`. */
static int option_read_short(struct option_walk *w, const char *letters)
{
    for (; *letters != 0; letters++) {
        const struct option *row = NULL;
        for (size_t i = 0; i < w->count; i++)
            if (w->table[i].letter == *letters)
                row = &w->table[i];
        if (row == NULL)
            return fault_set(w->fault, ERR_USAGE,
                             "unknown option -%c; --help lists them", *letters);
        if (row->type != OPTION_FLAG)
            return option_apply(w, row, letters[1] != 0 ? letters + 1 : NULL);
        int err = option_apply(w, row, NULL);
        if (err != 0)
            return err;
    }
    return 0;
}

static int option_read_operand(struct option_walk *w, const char *text)
{
    if (w->operands_count == w->operands_max)
        return w->operands_max == 0
                   ? fault_set(w->fault, ERR_USAGE,
                               "%s: this command takes no operand", text)
                   : fault_set(w->fault, ERR_USAGE,
                               "%s is one operand too many (at most %u); "
                               "flags begin with --",
                               text, (unsigned)w->operands_max);
    w->operands[w->operands_count++] = text;
    return 0;
}

static int option_walk(struct option_walk *w)
{
    bool ended = false;
    for (w->at = 1; w->at < w->argc; w->at++) {
        const char *text = w->argv[w->at];
        int err = 0;
        if (ended || text[0] != '-' || text[1] == 0)
            err = option_read_operand(w, text);
        else if (strcmp(text, "--") == 0)
            ended = true;
        else if (text[1] == '-')
            err = option_read_long(w, text + 2);
        else
            err = option_read_short(w, text + 1);
        if (err != 0)
            return err;
    }
    return 0;
}

int option_parse(const struct option *table, size_t count, int argc,
                 char **argv, void *target, bool *given, const char **operands,
                 uint32_t operands_max, uint32_t *ret_operands,
                 struct fault *fault)
{
    struct option_walk w = {
        .table = table,
        .count = count,
        .argc = argc,
        .argv = argv,
        .target = target,
        .operands = operands,
        .operands_max = operands_max,
        .fault = fault,
    };
    w.given = calloc(count + 1, sizeof *w.given);
    if (w.given == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory for options");
    int err = option_walk(&w);
    if (given != NULL)
        memcpy(given, w.given, count * sizeof *given);
    if (err == 0 && ret_operands != NULL)
        *ret_operands = w.operands_count;
    free(w.given);
    return err;
}
