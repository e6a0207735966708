/*
 * Parsing by the option table: finding the row, checking the value, storing
 * it in the field, and saying well what was wrong.
 */
#include "proto/base/option.h"

#include "proto/base/check.h"
#include "proto/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *option_field(const struct option *row, void *target)
{
    return (char *)target + row->offset;
}

/* Text of a limit in the row's own unit. */
static const char *option_limit(const struct option *row, double limit,
                                char *out, size_t out_bytes)
{
    switch (row->type) {
    case OPTION_DURATION:
    case OPTION_INTERVAL:
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

static int option_check_range(const struct option *row, const char *value,
                              double number, int err, struct fault *fault)
{
    char range[160];
    if (err == 0 && row->min >= row->max) /* no limits */
        return 0;
    if (err == 0 && number >= row->min && number <= row->max)
        return 0;
    option_range_text(row, range, sizeof range);
    if (range[0] == 0)
        return fault_set(fault, ERR_USAGE, "--%s %s is out of range", row->name,
                         value);
    return fault_set(fault, ERR_USAGE, "--%s %s is out of range: %s", row->name,
                     value, range);
}

static int option_set_flag(const struct option *row, const char *value,
                           void *target, struct fault *fault)
{
    static const char *const yes[] = { "true", "yes", "on", "1" };
    static const char *const no[] = { "false", "no", "off", "0" };
    bool *field = option_field(row, target);
    if (value == NULL) {
        *field = true;
        return 0;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (text_equal_nocase(value, yes[i])) {
            *field = true;
            return 0;
        }
        if (text_equal_nocase(value, no[i])) {
            *field = false;
            return 0;
        }
    }
    return fault_set(fault, ERR_USAGE, "--%s %s: say true or false", row->name,
                     value);
}

static int option_set_u64(const struct option *row, const char *value,
                          void *target, struct fault *fault)
{
    uint64_t number = 0;
    double any;
    int err = text_parse_u64(value, &number);
    if (err == ERR_INVALID) {
        if (value[0] == '-' && text_parse_f64(value, &any) == 0)
            return option_check_range(row, value, any, ERR_RANGE, fault);
        return fault_set(fault, ERR_USAGE, "--%s %s is not a whole number",
                         row->name, value);
    }
    err = option_check_range(row, value, (double)number, err, fault);
    if (err == 0)
        memcpy(option_field(row, target), &number, sizeof number);
    return err;
}

static int option_set_f64(const struct option *row, const char *value,
                          void *target, struct fault *fault)
{
    double number = 0;
    int err = text_parse_f64(value, &number);
    if (err == ERR_INVALID)
        return fault_set(fault, ERR_USAGE, "--%s %s is not a number", row->name,
                         value);
    err = option_check_range(row, value, number, err, fault);
    if (err == 0)
        memcpy(option_field(row, target), &number, sizeof number);
    return err;
}

/* What a text in place of a quantity with a unit is. */
static int option_unit_fault(const struct option *row, const char *value,
                             const char *what, const char *unit,
                             const char *examples, struct fault *fault)
{
    double any;
    if (text_parse_f64(value, &any) == 0) {
        if (any < 0)
            return option_check_range(row, value, any, ERR_RANGE, fault);
        return fault_set(fault, ERR_USAGE, "--%s %s has no unit: try %s%s",
                         row->name, value, value, unit);
    }
    return fault_set(fault, ERR_USAGE, "--%s %s is not a %s: try %s", row->name,
                     value, what, examples);
}

static int option_set_duration(const struct option *row, const char *value,
                               void *target, struct fault *fault)
{
    bool words = row->type == OPTION_INTERVAL;
    int64_t us = 0;
    if (words && text_equal_nocase(value, "asap")) {
        us = OPTION_INTERVAL_ASAP;
    } else if (words && text_equal_nocase(value, "off")) {
        us = OPTION_INTERVAL_OFF;
    } else {
        int err = text_parse_duration_us(value, &us);
        if (err == ERR_INVALID)
            return option_unit_fault(row, value, "duration", "ms",
                                     words ? "250ms, 2s, 1m30s, asap or off"
                                           : "250ms, 2s or 1m30s",
                                     fault);
        err = option_check_range(row, value, (double)us, err, fault);
        if (err != 0)
            return err;
        if (words && us == OPTION_INTERVAL_ASAP)
            return fault_set(fault, ERR_USAGE, "--%s %s: say asap or off",
                             row->name, value);
    }
    memcpy(option_field(row, target), &us, sizeof us);
    return 0;
}

static int option_set_bytes(const struct option *row, const char *value,
                            void *target, struct fault *fault)
{
    uint64_t bytes = 0;
    int err = text_parse_bytes(value, &bytes);
    if (err == ERR_INVALID)
        return option_unit_fault(row, value, "size", "MiB",
                                 "64KiB, 64MiB or 4GiB", fault);
    err = option_check_range(row, value, (double)bytes, err, fault);
    if (err == 0)
        memcpy(option_field(row, target), &bytes, sizeof bytes);
    return err;
}

static int option_set_choice(const struct option *row, const char *value,
                             void *target, struct fault *fault)
{
    struct buf words;
    uint32_t count = 0;
    for (; row->choices[count] != NULL; count++) {
        if (text_equal_nocase(value, row->choices[count])) {
            memcpy(option_field(row, target), &row->choices[count],
                   sizeof row->choices[count]);
            return 0;
        }
    }
    buf_init(&words, 400);
    for (uint32_t i = 0; i < count; i++)
        (void)buf_printf(&words, "%s%s", row->choices[i],
                         i + 2 < count    ? ", "
                         : i + 2 == count ? " or "
                                          : "");
    const char *near = text_nearest(value, row->choices, count);
    fault_set(fault, ERR_USAGE, "--%s %s: choose %s%s%s%s", row->name, value,
              buf_text(&words), near != NULL ? "; did you mean " : "",
              near != NULL ? near : "", near != NULL ? "?" : "");
    buf_release(&words);
    return ERR_USAGE;
}

/* Adds the items of `a,b,c` behind what the list has. */
static int option_list_append(struct option_list *list, const char *value,
                              const struct option *row, struct fault *fault)
{
    size_t old_bytes = 0, value_bytes = strlen(value) + 1;
    for (uint32_t i = 0; i < list->count; i++)
        old_bytes += strlen(list->items[i]) + 1;
    char *storage = malloc(old_bytes + value_bytes);
    const char **items = malloc((OPTION_LIST_MAX + 1) * sizeof *items);
    uint32_t count = 0;
    int err = 0;
    if (storage == NULL || items == NULL) {
        err = fault_set(fault, ERR_NOMEM, "out of memory for --%s", row->name);
        goto out;
    }
    char *p = storage;
    for (; count < list->count; count++) {
        size_t n = strlen(list->items[count]) + 1;
        items[count] = memcpy(p, list->items[count], n);
        p += n;
    }
    for (const char *from = value; from != NULL;) {
        const char *comma = strchr(from, ',');
        size_t n = comma != NULL ? (size_t)(comma - from) : strlen(from);
        const char *next = comma != NULL ? comma + 1 : NULL;
        for (; n > 0 && *from == ' '; n--)
            from++;
        while (n > 0 && from[n - 1] == ' ')
            n--;
        if (n > 0 && count == OPTION_LIST_MAX) {
            err = fault_set(fault, ERR_USAGE, "--%s has more than %u items",
                            row->name, (unsigned)OPTION_LIST_MAX);
            goto out;
        }
        if (n > 0) {
            items[count++] = memcpy(p, from, n);
            p[n] = 0;
            p += n + 1;
        }
        from = next;
    }
    option_list_release(list);
    list->items = items;
    list->storage = storage;
    list->count = count;
    return 0;
out:
    free(storage);
    free((void *)items);
    return err;
}

static int option_set_list(const struct option *row, const char *value,
                           void *target, struct fault *fault)
{
    struct option_list fresh = { 0 };
    int err = option_list_append(&fresh, value, row, fault);
    if (err != 0)
        return err;
    struct option_list *list = option_field(row, target);
    option_list_release(list);
    *list = fresh;
    return 0;
}

int option_set(const struct option *row, const char *value, void *target,
               struct fault *fault)
{
    check(value != NULL || row->type == OPTION_FLAG);
    switch (row->type) {
    case OPTION_FLAG:
        return option_set_flag(row, value, target, fault);
    case OPTION_U64:
        return option_set_u64(row, value, target, fault);
    case OPTION_F64:
        return option_set_f64(row, value, target, fault);
    case OPTION_DURATION:
    case OPTION_INTERVAL:
        return option_set_duration(row, value, target, fault);
    case OPTION_BYTES:
        return option_set_bytes(row, value, target, fault);
    case OPTION_TEXT:
        memcpy(option_field(row, target), &value, sizeof value);
        return 0;
    case OPTION_CHOICE:
        return option_set_choice(row, value, target, fault);
    case OPTION_LIST:
        return option_set_list(row, value, target, fault);
    }
    return fault_set(fault, ERR_INVALID, "--%s has no known type", row->name);
}

int option_add(const struct option *row, const char *value, void *target,
               struct fault *fault)
{
    if (row->type != OPTION_LIST)
        return option_set(row, value, target, fault);
    return option_list_append(option_field(row, target), value, row, fault);
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

void option_list_release(struct option_list *list)
{
    free((void *)list->items);
    free(list->storage);
    memset(list, 0, sizeof *list);
}

void option_release(const struct option *table, size_t count, void *target)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].type == OPTION_LIST)
            option_list_release(option_field(&table[i], target));
}
