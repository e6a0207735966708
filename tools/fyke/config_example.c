/*
 * fyke config --example
 */
#include "tools/fyke/config_example.h"

#include "proto/base/ascii.h"
#include "proto/base/text.h"

#include <string.h>

#define COLUMNS 80u
#define NAME_BYTES 80

/* What stands for a value where the default is to find it out. */
static const struct {
    const char *name, *value;
} samples[] = {
    { "input", "payments.csv" },
    { "format", "csv" },
    { "delimiter", ";" },
    { "header", "yes" },
    { "time", "timestamp" },
    { "time-format", "iso" },
    { "key", "customer,shop" },
    { "features", "amount,items" },
    { "also", "hour" },
    { "ignore", "note" },
    { "missing", "NA,n/a,unknown" },
    { "pace", "60x" },
    { "for", "30s" },
    { "db", "payments.fyke.db" },
    { "interval", "1s" },
    { "url-file", "fyke.url" },
};

static const char *sample_of(const struct option *row)
{
    if (row->type == OPTION_FLAG)
        return "false";
    if (row->fallback != NULL && row->fallback[0] != '\0')
        return row->fallback;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (strcmp(samples[i].name, row->name) == 0)
            return samples[i].value;
    return row->type == OPTION_CHOICE ? row->choices[0]
                                      : option_argument_text(row);
}

/* Does the text stand for itself without quotes? */
static bool is_plain(const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || text_equal_nocase(text, "null"))
        return false;
    if (!ascii_is_letter(text[0]) && !ascii_is_digit(text[0]) &&
        strchr("./", text[0]) == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!ascii_is_letter(text[i]) && !ascii_is_digit(text[i]) &&
            strchr("._-/+:@%", text[i]) == NULL)
            return false;
    return text[n - 1] != ':';
}

static void print_scalar(const char *text, size_t n, struct buf *out)
{
    char word[256];
    if (n < sizeof word) {
        memcpy(word, text, n);
        word[n] = '\0';
        if (is_plain(word)) {
            (void)buf_append_text(out, word);
            return;
        }
    }
    (void)buf_append_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            (void)buf_printf(out, "\\x%02x", (unsigned char)text[i]);
            continue;
        }
        if (text[i] == '"' || text[i] == '\\')
            (void)buf_append_char(out, '\\');
        (void)buf_append_char(out, text[i]);
    }
    (void)buf_append_char(out, '"');
}

int config_yaml_print(const struct option *row, const char *value,
                      struct buf *out)
{
    char name[NAME_BYTES];
    (void)buf_printf(out, "%s: ", option_setting_name(row, name, sizeof name));
    if (row->type != OPTION_LIST) {
        print_scalar(value, strlen(value), out);
        return out->err;
    }
    (void)buf_append_char(out, '[');
    for (const char *from = value;;) {
        size_t n = strcspn(from, ",");
        if (n > 0)
            print_scalar(from, n, out);
        if (from[n] == '\0')
            break;
        (void)buf_append_text(out, ", ");
        from += n + 1;
    }
    return buf_append_char(out, ']');
}

/* "# " and the words, wrapped. */
static void print_comment(const char *text, struct buf *out)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t n = strcspn(text, " ");
        if (column == 0 || column + 1 + n > COLUMNS) {
            (void)buf_append_text(out, column == 0 ? "#" : "\n#");
            column = 1;
        }
        (void)buf_append_char(out, ' ');
        (void)buf_append(out, text, n);
        column += 1 + n;
        text += n + strspn(text + n, " ");
    }
    (void)buf_append_char(out, '\n');
}

static void print_row(const struct option *row, struct buf *out)
{
    struct buf text;
    buf_init(&text, 4096);
    (void)option_help_text(row, &text);
    (void)buf_append_char(out, '\n');
    print_comment(buf_text(&text), out);
    (void)buf_append_char(out, '#');
    (void)config_yaml_print(row, sample_of(row), out);
    (void)buf_append_char(out, '\n');
    buf_release(&text);
}

static bool in_file(const struct option *row)
{
    return !(row->traits & OPTION_FLAG_ONLY);
}

/* Is it the first row of its group that a file may hold? */
static bool opens_group(const struct option *table, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (in_file(&table[i]) && strcmp(table[i].group, table[at].group) == 0)
            return false;
    return in_file(&table[at]);
}

int config_example_print(const struct option *table, size_t count,
                         struct buf *out)
{
    (void)buf_append_text(
        out,
        "# Settings of fyke run and fyke coordinator. Take the # away in front "
        "of a name\n"
        "# to set it; every other line is a comment. Lines may stand in any "
        "order.\n"
        "#\n"
        "#   fyke check config FILE        says what is wrong with it\n"
        "#   fyke run --config FILE        runs with it\n"
        "#\n"
        "# Durations and sizes need a unit: 250ms, 2s, 1m30s; 64KiB, 64MiB. A "
        "list is\n"
        "# [a, b]. What is marked live can be changed while it runs: fyke "
        "set.\n");
    for (size_t i = 0; i < count; i++) {
        if (!opens_group(table, i))
            continue;
        (void)buf_printf(out, "\n# ---- %s ----\n", table[i].group);
        for (size_t j = i; j < count; j++)
            if (in_file(&table[j]) &&
                strcmp(table[j].group, table[i].group) == 0)
                print_row(&table[j], out);
    }
    return out->err;
}

int config_names_print(const struct option *table, size_t count,
                       struct buf *out)
{
    char name[NAME_BYTES], variable[NAME_BYTES];
    (void)buf_append_text(out, "### Settings by name\n\n"
                               "| in a file, for `fyke set` | variable | |\n"
                               "|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        (void)buf_printf(
            out, "| `%s` | `%s` | %s |\n",
            option_setting_name(&table[i], name, sizeof name),
            option_environment_name(&table[i], variable, sizeof variable),
            strcmp(table[i].name, "config") == 0 ? "not in a file"
            : !in_file(&table[i])                ? "flag only"
            : (table[i].traits & OPTION_LIVE)    ? "live"
                                                 : "");
    return buf_append_char(out, '\n');
}
