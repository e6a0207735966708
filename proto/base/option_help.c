/*
 * Options for people: values as typed, and the option part of --help.
 */
#include "proto/base/option.h"

#include "proto/base/text.h"

#include <stdio.h>
#include <string.h>

#define HELP_COLUMNS 80u
#define HELP_LEFT_MAX 34u /* wider flags stand on a line of their own */

const char *option_argument_text(const struct option *row)
{
    if (row->argument != NULL)
        return row->argument;
    switch (row->type) {
    case OPTION_FLAG:
        return "";
    case OPTION_U64:
        return "N";
    case OPTION_F64:
        return "X";
    case OPTION_F64_AUTO:
        return "X|auto";
    case OPTION_DURATION:
        return "DURATION";
    case OPTION_INTERVAL:
    case OPTION_INTERVAL_TEXT:
        return "DURATION|asap|off|auto";
    case OPTION_BYTES:
        return "SIZE";
    case OPTION_CHOICE:
        return "WORD";
    case OPTION_LIST:
        return "A,B,...";
    case OPTION_TEXT:
        break;
    }
    return "TEXT";
}

static int option_print_list(const struct option_list *list, struct buf *out)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (i > 0)
            (void)buf_append_char(out, ',');
        (void)buf_append_text(out, list->items[i]);
    }
    return out->err;
}

int option_print(const struct option *row, const void *target, struct buf *out)
{
    const char *field = (const char *)target + row->offset;
    char number[64];
    const char *text = number;
    bool flag;
    uint64_t u64;
    int64_t us;
    double f64;
    switch (row->type) {
    case OPTION_FLAG:
        memcpy(&flag, field, sizeof flag);
        text = flag ? "true" : "false";
        break;
    case OPTION_U64:
        memcpy(&u64, field, sizeof u64);
        return buf_printf(out, "%llu", (unsigned long long)u64);
    case OPTION_F64:
        memcpy(&f64, field, sizeof f64);
        text_f64(f64, number, sizeof number);
        break;
    case OPTION_F64_AUTO:
        memcpy(&f64, field, sizeof f64);
        text = f64 == 0.0 ? "auto" : text_f64(f64, number, sizeof number);
        break;
    case OPTION_DURATION:
        memcpy(&us, field, sizeof us);
        text_duration(us, number, sizeof number);
        break;
    case OPTION_INTERVAL:
        memcpy(&us, field, sizeof us);
        text = option_interval_text(us, number, sizeof number);
        break;
    case OPTION_BYTES:
        memcpy(&u64, field, sizeof u64);
        text_bytes(u64, number, sizeof number);
        break;
    case OPTION_TEXT:
    case OPTION_INTERVAL_TEXT:
    case OPTION_CHOICE:
        memcpy(&text, field, sizeof text);
        break;
    case OPTION_LIST:
        return option_print_list((const void *)field, out);
    }
    return buf_append_text(out, text != NULL ? text : "");
}

static void help_left(const struct option *row, struct buf *out)
{
    const char *argument = option_argument_text(row);
    if (row->letter != 0)
        (void)buf_printf(out, "  -%c, --%s", row->letter, row->name);
    else
        (void)buf_printf(out, "      --%s", row->name);
    if (argument[0] != 0)
        (void)buf_printf(out, " %s", argument);
}

/* One of `(default 5; 1..9; live)`. */
static void help_aside(struct buf *out, bool *opened, const char *what,
                       const char *text)
{
    (void)buf_printf(out, "%s%s%s", *opened ? "; " : " (", what, text);
    *opened = true;
}

int option_help_text(const struct option *row, struct buf *out)
{
    char range[160];
    bool opened = false;
    (void)buf_append_text(out, row->help);
    if (row->type == OPTION_CHOICE && row->choices != NULL) {
        for (uint32_t i = 0; row->choices[i] != NULL; i++)
            (void)buf_printf(out, "%s%s", i == 0 ? ": " : ", ",
                             row->choices[i]);
    }
    option_range_text(row, range, sizeof range);
    if (row->fallback != NULL && row->fallback[0] != 0 &&
        row->type != OPTION_FLAG)
        help_aside(out, &opened, "default ", row->fallback);
    if (range[0] != 0)
        help_aside(out, &opened, "", range);
    if (row->traits & OPTION_LIVE)
        help_aside(out, &opened, "", "live");
    if (row->alias != NULL) {
        bool rest = (row->traits & OPTION_ALIAS_REST) != 0;
        help_aside(out, &opened, "also --", row->alias);
        (void)buf_append_text(out, rest ? " SHARE of rows above" : "");
    }
    if (opened)
        (void)buf_append_char(out, ')');
    return out->err;
}

/* Words of `text` from column `indent` on, wrapped; the first line begins
 * where the output stands. */
static void help_wrap(const char *text, size_t indent, struct buf *out)
{
    size_t column = indent;
    while (*text != 0) {
        size_t n = strcspn(text, " ");
        if (column > indent && column + 1 + n > HELP_COLUMNS) {
            (void)buf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        if (column > indent) {
            (void)buf_append_char(out, ' ');
            column++;
        }
        (void)buf_append(out, text, n);
        column += n;
        text += n;
        while (*text == ' ')
            text++;
    }
    (void)buf_append_char(out, '\n');
}

static void help_row(const struct option *row, size_t width, struct buf *out)
{
    struct buf part;
    buf_init(&part, 4096);
    help_left(row, &part);
    (void)buf_append_text(out, buf_text(&part));
    if (part.length > width)
        (void)buf_printf(out, "\n%*s", (int)width + 2, "");
    else
        (void)buf_printf(out, "%*s", (int)(width + 2 - part.length), "");
    buf_reset(&part);
    (void)option_help_text(row, &part);
    help_wrap(buf_text(&part), width + 2, out);
    if (part.err != 0 && out->err == 0)
        out->err = part.err;
    buf_release(&part);
}

static const char *help_group(const struct option *row)
{
    return row->group != NULL ? row->group : "Options";
}

static bool help_group_is_new(const struct option *table, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(help_group(&table[i]), help_group(&table[at])) == 0)
            return false;
    return true;
}

int option_help(const struct option *table, size_t count, struct buf *out)
{
    size_t width = 0; /* of the left side */
    bool any_live = false;
    struct buf left;
    buf_init(&left, 4096);
    for (size_t i = 0; i < count; i++) {
        any_live |= (table[i].traits & OPTION_LIVE) != 0;
        buf_reset(&left);
        help_left(&table[i], &left);
        if (left.length > width && left.length <= HELP_LEFT_MAX)
            width = left.length;
    }
    buf_release(&left);
    for (size_t i = 0; i < count; i++) {
        if (!help_group_is_new(table, i))
            continue;
        (void)buf_printf(out, "%s%s\n", i > 0 ? "\n" : "",
                         help_group(&table[i]));
        for (size_t j = i; j < count; j++)
            if (strcmp(help_group(&table[j]), help_group(&table[i])) == 0)
                help_row(&table[j], width, out);
    }
    if (any_live)
        (void)buf_append_text(
            out, "\nlive: `fyke set` changes it while the engine runs.\n");
    return out->err;
}
