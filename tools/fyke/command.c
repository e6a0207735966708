/*
 * The table of subcommands, finding one by its words, and their help texts.
 */
#include "tools/fyke/command.h"

#include "proto/base/text.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 32

/* Is `word` the whole name or its first word? */
static bool name_begins_with(const char *name, const char *word)
{
    size_t n = strlen(word);
    return strncmp(name, word, n) == 0 && (name[n] == '\0' || name[n] == ' ');
}

/* `first second` without anything around; "" when it does not fit. */
static void name_join(const char *first, const char *second, char *out,
                      size_t out_bytes)
{
    if ((size_t)snprintf(out, out_bytes, "%s %s", first, second) >= out_bytes)
        out[0] = '\0';
}

static int command_unknown(const char *words, struct fault *fault)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (; command_table[count] != NULL; count++)
        names[count] = command_table[count]->name;
    const char *nearest = text_nearest(words, names, count);
    if (nearest != NULL)
        return fault_set(fault, ERR_USAGE,
                         "there is no command '%s'; did you mean: fyke %s",
                         words, nearest);
    return fault_set(fault, ERR_USAGE,
                     "there is no command '%s'; fyke help lists them", words);
}

/* The second words that may follow the first one. */
static int command_incomplete(const char *first, const char *second,
                              struct fault *fault)
{
    const char *words[NAMES_MAX] = { NULL };
    size_t count = 0;
    struct buf list;
    buf_init(&list, 256);
    for (size_t i = 0; command_table[i] != NULL; i++) {
        const char *name = command_table[i]->name;
        if (!name_begins_with(name, first))
            continue;
        words[count] = name + strlen(first) + 1;
        (void)buf_printf(&list, "%s%s", count > 0 ? ", " : "", words[count]);
        count++;
    }
    const char *nearest =
        second == NULL ? NULL : text_nearest(second, words, count);
    if (nearest != NULL)
        (void)fault_set(fault, ERR_USAGE,
                        "fyke %s has no '%s'; did you mean: fyke %s %s", first,
                        second, first, nearest);
    else
        (void)fault_set(fault, ERR_USAGE,
                        "fyke %s what? One of: %s; try: fyke %s %s", first,
                        buf_text(&list), first, words[0]);
    buf_release(&list);
    return ERR_USAGE;
}

const struct command *command_find(int argc, char **argv, int *ret_words,
                                   struct fault *fault)
{
    const char *second = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    char both[64] = "";
    bool first_known = false;
    if (second != NULL)
        name_join(argv[0], second, both, sizeof both);
    for (size_t i = 0; command_table[i] != NULL; i++) {
        const struct command *command = command_table[i];
        if (strcmp(command->name, argv[0]) == 0 ||
            strcmp(command->name, both) == 0) {
            *ret_words = strchr(command->name, ' ') == NULL ? 1 : 2;
            return command;
        }
        first_known |= name_begins_with(command->name, argv[0]);
    }
    if (first_known)
        (void)command_incomplete(argv[0], second, fault);
    else
        (void)command_unknown(argv[0], fault);
    return NULL;
}

int command_list_print(struct buf *out)
{
    (void)buf_append_text(
        out, "fyke finds the anomalies of a stream: it cuts the stream into\n"
             "micro-batches, has worker processes look at them with isolation\n"
             "forests, DBSCAN or both, and puts what is strange into one\n"
             "SQLite file.\n\n"
             "usage: fyke COMMAND [flags] ...\n\n");
    for (size_t i = 0; command_table[i] != NULL; i++)
        (void)buf_printf(out, "  %-13s %s\n", command_table[i]->name,
                         command_table[i]->summary);
    return buf_append_text(
        out, "\nA first try:\n"
             "  fyke run host:processes --for 30s   watch this machine\n"
             "  fyke check input FILE               what fyke makes of a "
             "file\n"
             "  fyke run FILE                       find its anomalies\n\n"
             "fyke COMMAND --help explains a command and its flags.\n");
}

size_t command_group_print(const char *word, struct buf *out)
{
    size_t count = 0;
    for (size_t i = 0; command_table[i] != NULL; i++) {
        const struct command *command = command_table[i];
        if (!name_begins_with(command->name, word) ||
            strcmp(command->name, word) == 0)
            continue;
        (void)buf_printf(out, "  fyke %-13s %s\n", command->name,
                         command->summary);
        count++;
    }
    return count;
}

int command_help_print(const struct command *command, struct buf *out)
{
    (void)buf_printf(out, "usage: fyke %s%s%s\n\n%s", command->name,
                     command->usage[0] != '\0' ? " " : "", command->usage,
                     command->about);
    if (command->examples != NULL)
        (void)buf_printf(out, "\nExamples\n%s", command->examples);
    if (command->options != NULL) {
        (void)buf_append_char(out, '\n');
        (void)option_help(command->options, *command->option_count, out);
    }
    if (command->exits != NULL)
        (void)buf_printf(out, "\nExit codes\n%s", command->exits);
    return out->err;
}

/* A `|` inside a cell would end it. */
static void markdown_cell(const char *text, struct buf *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            (void)buf_append_char(out, '\\');
        (void)buf_append_char(out, *text);
    }
}

static void markdown_row(const struct option *row, struct buf *out)
{
    char range[160];
    const char *argument = option_argument_text(row);
    (void)buf_append_text(out, "| `");
    if (row->letter != 0)
        (void)buf_printf(out, "-%c`, `", row->letter);
    (void)buf_printf(out, "--%s%s", row->name, argument[0] != 0 ? " " : "");
    markdown_cell(argument, out);
    (void)buf_append_text(out, "` | ");
    markdown_cell(row->help, out);
    for (size_t i = 0; row->type == OPTION_CHOICE && row->choices[i] != NULL;
         i++)
        (void)buf_printf(out, "%s`%s`", i == 0 ? ": " : ", ", row->choices[i]);
    if (row->alias != NULL)
        (void)buf_printf(out, " (also `--%s%s`)", row->alias,
                         row->traits & OPTION_ALIAS_REST ? " SHARE" : "");
    option_range_text(row, range, sizeof range);
    (void)buf_append_text(out, " | ");
    if (row->fallback != NULL && row->type != OPTION_FLAG)
        markdown_cell(row->fallback, out);
    (void)buf_append_text(out, " | ");
    markdown_cell(range, out);
    (void)buf_printf(out, "%s |\n",
                     !(row->traits & OPTION_LIVE) ? ""
                     : range[0] != '\0'           ? "; live"
                                                  : "live");
}

static bool text_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Is the row one of fyke run's, with the same words and default? */
static bool is_of_run(const struct command *command, const struct option *row)
{
    for (size_t i = 0; command != &command_run && i < *command_run.option_count;
         i++) {
        const struct option *other = &command_run.options[i];
        if (strcmp(other->name, row->name) == 0)
            return text_equal(other->help, row->help) &&
                   text_equal(other->fallback, row->fallback);
    }
    return false;
}

static void markdown_own(const struct command *command, struct buf *out)
{
    bool first = true;
    for (size_t j = 0; j < *command->option_count; j++) {
        if (is_of_run(command, &command->options[j]))
            continue;
        if (first)
            (void)buf_append_text(out, "| flag | what | default | range |\n"
                                       "|---|---|---|---|\n");
        first = false;
        markdown_row(&command->options[j], out);
    }
    if (!first)
        (void)buf_append_char(out, '\n');
}

static void markdown_of_run(const struct command *command, struct buf *out)
{
    bool first = true;
    for (size_t j = 0; j < *command->option_count; j++) {
        const struct option *row = &command->options[j];
        if (!is_of_run(command, row))
            continue;
        (void)buf_printf(out, "%s `--%s`", first ? "As `fyke run`:" : ",",
                         row->name);
        first = false;
    }
    if (!first)
        (void)buf_append_text(out, ".\n\n");
}

int command_markdown_print(struct buf *out)
{
    for (size_t i = 0; command_table[i] != NULL; i++) {
        const struct command *command = command_table[i];
        if (command->options == NULL)
            continue;
        (void)buf_printf(out, "### `fyke %s %s`\n\n", command->name,
                         command->usage);
        markdown_own(command, out);
        markdown_of_run(command, out);
    }
    return out->err;
}

/* One a line, in the order of `fyke help`. */
/* clang-format off */
const struct command *const command_table[] = {
    &command_run,
    &command_coordinator,
    &command_worker,
    &command_set,
    &command_status,
    &command_advise,
    &command_score,
    &command_replay,
    &command_model_list,
    &command_model_show,
    &command_model_import,
    &command_model_export,
    &command_config,
    &command_check_input,
    &command_check_config,
    &command_check_db,
    &command_export,
    &command_gen,
    &command_version,
    &command_help,
    NULL,
};
/* clang-format on */
