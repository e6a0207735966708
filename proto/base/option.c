/*
 * Parsing by the option table: finding the row, checking the value, storing
 * it in the field, and saying well what was wrong.
 */
#include "proto/base/option.h"

#include "proto/base/check.h"
#include "proto/base/option_try.h"
#include "proto/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    int64_t us;
} option_interval_words[] = {
    { "asap", OPTION_INTERVAL_ASAP },
    { "off", OPTION_INTERVAL_OFF },
    { "auto", OPTION_INTERVAL_AUTO },
};
#define OPTION_INTERVAL_WORDS                                                  \
    (sizeof option_interval_words / sizeof *option_interval_words)

static void *option_field(const struct option *row, void *target)
{
    return (char *)target + row->offset;
}

static void option_try_init(struct option_try *t, const struct option *row,
                            enum option_voice voice, const char *value)
{
    static const char *const between[] = { " ", "=", ": ", "=" };
    t->row = row;
    t->value = value;
    t->between = between[voice];
    if (voice == OPTION_VOICE_FLAG)
        (void)snprintf(t->name, sizeof t->name, "--%s", row->name);
    else if (voice == OPTION_VOICE_ENVIRONMENT)
        (void)option_environment_name(row, t->name, sizeof t->name);
    else
        (void)option_setting_name(row, t->name, sizeof t->name);
    (void)snprintf(t->said, sizeof t->said, "%.*s%s", OPTION_VALUE_SAID,
                   value != NULL ? value : "",
                   value != NULL && strlen(value) > OPTION_VALUE_SAID ? "..."
                                                                      : "");
}

int option_refuse(const struct option_try *t, const char *format, ...)
{
    char why[sizeof t->fault->text];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return fault_set(t->fault, ERR_USAGE, "%s%s%s%s", t->name, t->between,
                     t->said, why);
}

/* Text of a limit in the row's own unit. */
static const char *option_limit(const struct option *row, double limit,
                                char *out, size_t out_bytes)
{
    switch (row->type) {
    case OPTION_DURATION:
    case OPTION_INTERVAL:
    case OPTION_INTERVAL_TEXT:
        return text_duration((int64_t)limit, out, out_bytes);
    case OPTION_BYTES:
        return text_bytes((uint64_t)limit, out, out_bytes);
    default:
        return text_f64(limit, out, out_bytes);
    }
}

void option_range_text(const struct option *row, char *out, size_t out_bytes)
{
    char low[64], high[64];
    out[0] = 0;
    if (row->min < row->max)
        (void)snprintf(out, out_bytes, "%s..%s",
                       option_limit(row, row->min, low, sizeof low),
                       option_limit(row, row->max, high, sizeof high));
}

static int option_check_range(const struct option_try *t, double number,
                              int err)
{
    const struct option *row = t->row;
    char range[160];
    if (err == 0 && row->min >= row->max) /* no limits */
        return 0;
    if (err == 0 && number >= row->min && number <= row->max)
        return 0;
    option_range_text(row, range, sizeof range);
    return option_refuse(t, " is out of range%s%s%s", range[0] != 0 ? ": " : "",
                         range,
                         row->type == OPTION_F64_AUTO ? ", or auto" : "");
}

static int option_set_flag(const struct option_try *t)
{
    static const char *const yes[] = { "true", "yes", "on", "1" };
    static const char *const no[] = { "false", "no", "off", "0" };
    bool *field = option_field(t->row, t->target);
    if (t->value == NULL) {
        *field = true;
        return 0;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (text_equal_nocase(t->value, yes[i])) {
            *field = true;
            return 0;
        }
        if (text_equal_nocase(t->value, no[i])) {
            *field = false;
            return 0;
        }
    }
    return option_refuse(t, ": say true or false");
}

static int option_set_u64(const struct option_try *t)
{
    uint64_t number = 0;
    double any;
    int err = text_parse_u64(t->value, &number);
    if (err == ERR_INVALID) {
        if (t->value[0] == '-' && text_parse_f64(t->value, &any) == 0)
            return option_check_range(t, any, ERR_RANGE);
        return option_refuse(t, " is not a whole number");
    }
    err = option_check_range(t, (double)number, err);
    if (err == 0)
        memcpy(option_field(t->row, t->target), &number, sizeof number);
    return err;
}

static int option_set_f64(const struct option_try *t)
{
    double number = 0;
    int err = text_parse_f64(t->value, &number);
    if (err == ERR_INVALID)
        return option_refuse(t, " is not a number");
    err = option_check_range(t, number, err);
    if (err == 0)
        memcpy(option_field(t->row, t->target), &number, sizeof number);
    return err;
}

static int option_set_f64_auto(const struct option_try *t)
{
    const double found = 0;
    double any;
    if (text_equal_nocase(t->value, "auto")) {
        memcpy(option_field(t->row, t->target), &found, sizeof found);
        return 0;
    }
    if (text_parse_f64(t->value, &any) == ERR_INVALID)
        return option_refuse(t, " is neither a number nor auto");
    return option_set_f64(t);
}

/* What a text in place of a quantity with a unit is. */
static int option_unit_fault(const struct option_try *t, const char *what,
                             const char *unit, const char *examples)
{
    double any;
    if (text_parse_f64(t->value, &any) != 0)
        return option_refuse(t, " is not a %s: try %s", what, examples);
    if (any < 0)
        return option_check_range(t, any, ERR_RANGE);
    return option_refuse(t, " has no unit: try %s%s%s%s", t->name, t->between,
                         t->said, unit);
}

static int option_set_duration(const struct option_try *t)
{
    int64_t us = 0;
    int err = text_parse_duration_us(t->value, &us);
    if (err == ERR_INVALID)
        return option_unit_fault(t, "duration", "ms", "250ms, 2s or 1m30s");
    err = option_check_range(t, (double)us, err);
    if (err == 0)
        memcpy(option_field(t->row, t->target), &us, sizeof us);
    return err;
}

const char *option_interval_text(int64_t us, char *out, size_t out_bytes)
{
    for (unsigned i = 0; i < OPTION_INTERVAL_WORDS; i++)
        if (us == option_interval_words[i].us)
            return option_interval_words[i].word;
    return text_duration(us, out, out_bytes);
}

static int option_parse_interval(const struct option_try *t, int64_t *ret_us)
{
    for (unsigned i = 0; i < OPTION_INTERVAL_WORDS; i++) {
        if (text_equal_nocase(t->value, option_interval_words[i].word)) {
            *ret_us = option_interval_words[i].us;
            return 0;
        }
    }
    int64_t us = 0;
    int err = text_parse_duration_us(t->value, &us);
    if (err == ERR_INVALID)
        return option_unit_fault(t, "duration", "ms",
                                 "250ms, 2s, 1m30s, asap, off or auto");
    err = option_check_range(t, (double)us, err);
    if (err == 0 && us <= 0)
        err = option_refuse(t, ": say asap, off or auto");
    if (err == 0)
        *ret_us = us;
    return err;
}

static int option_set_interval(const struct option_try *t)
{
    int64_t us = 0;
    int err = option_parse_interval(t, &us);
    void *field = option_field(t->row, t->target);
    if (err == 0 && t->row->type == OPTION_INTERVAL)
        memcpy(field, &us, sizeof us);
    else if (err == 0)
        memcpy(field, &t->value, sizeof t->value);
    return err;
}

static int option_set_bytes(const struct option_try *t)
{
    uint64_t bytes = 0;
    int err = text_parse_bytes(t->value, &bytes);
    if (err == ERR_INVALID)
        return option_unit_fault(t, "size", "MiB", "64KiB, 64MiB or 4GiB");
    err = option_check_range(t, (double)bytes, err);
    if (err == 0)
        memcpy(option_field(t->row, t->target), &bytes, sizeof bytes);
    return err;
}

static int option_set_choice(const struct option_try *t)
{
    const char *const *choices = t->row->choices;
    struct buf words;
    uint32_t count = 0;
    for (; choices[count] != NULL; count++) {
        if (text_equal_nocase(t->value, choices[count])) {
            memcpy(option_field(t->row, t->target), &choices[count],
                   sizeof choices[count]);
            return 0;
        }
    }
    buf_init(&words, 400);
    for (uint32_t i = 0; i < count; i++)
        (void)buf_printf(&words, "%s%s", choices[i],
                         i + 2 < count    ? ", "
                         : i + 2 == count ? " or "
                                          : "");
    const char *near = text_nearest(t->value, choices, count);
    (void)option_refuse(t, ": choose %s%s%s%s", buf_text(&words),
                        near != NULL ? "; did you mean " : "",
                        near != NULL ? near : "", near != NULL ? "?" : "");
    buf_release(&words);
    return ERR_USAGE;
}

static int option_set_list(const struct option_try *t)
{
    struct option_list fresh = { 0 };
    int err = option_list_append(&fresh, t);
    if (err != 0)
        return err;
    struct option_list *list = option_field(t->row, t->target);
    option_list_release(list);
    *list = fresh;
    return 0;
}

static int option_store(const struct option_try *t)
{
    switch (t->row->type) {
    case OPTION_FLAG:
        return option_set_flag(t);
    case OPTION_U64:
        return option_set_u64(t);
    case OPTION_F64:
        return option_set_f64(t);
    case OPTION_F64_AUTO:
        return option_set_f64_auto(t);
    case OPTION_DURATION:
        return option_set_duration(t);
    case OPTION_INTERVAL:
    case OPTION_INTERVAL_TEXT:
        return option_set_interval(t);
    case OPTION_BYTES:
        return option_set_bytes(t);
    case OPTION_TEXT:
        memcpy(option_field(t->row, t->target), &t->value, sizeof t->value);
        return 0;
    case OPTION_CHOICE:
        return option_set_choice(t);
    case OPTION_LIST:
        return option_set_list(t);
    }
    return fault_set(t->fault, ERR_INVALID, "%s has no known type", t->name);
}

int option_set_as(const struct option *row, enum option_voice voice,
                  const char *value, void *target, struct fault *fault)
{
    struct option_try t = { .target = target, .fault = fault };
    check(value != NULL || row->type == OPTION_FLAG);
    option_try_init(&t, row, voice, value);
    return option_store(&t);
}

int option_set(const struct option *row, const char *value, void *target,
               struct fault *fault)
{
    return option_set_as(row, OPTION_VOICE_FLAG, value, target, fault);
}

int option_set_named(const struct option *row, const char *value, void *target,
                     struct fault *fault)
{
    return option_set_as(row, OPTION_VOICE_SET, value, target, fault);
}

int option_add(const struct option *row, const char *value, void *target,
               struct fault *fault)
{
    struct option_try t = { .target = target, .fault = fault };
    if (row->type != OPTION_LIST)
        return option_set(row, value, target, fault);
    option_try_init(&t, row, OPTION_VOICE_FLAG, value);
    return option_list_append(option_field(row, target), &t);
}

int option_defaults(const struct option *table, size_t count, void *target,
                    struct fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].fallback == NULL)
            continue;
        int err = option_set(&table[i], table[i].fallback, target, fault);
        if (err != 0)
            return err;
    }
    return 0;
}

void option_release(const struct option *table, size_t count, void *target)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].type == OPTION_LIST)
            option_list_release(option_field(&table[i], target));
}
