/*
 * The subcommands of `fyke`: one constant each, one file each, one table.
 *
 * A command's words are data, so that `fyke help`, `--help`, the README's
 * flags and the test that compares them read the same lines.
 */
#ifndef FYKE_TOOLS_COMMAND_H
#define FYKE_TOOLS_COMMAND_H

#include "proto/base/buf.h"
#include "proto/base/option.h"

#include <stddef.h>

struct command {
    const char *name;     /* "run", "check input" */
    const char *summary;  /* one phrase for the list */
    const char *usage;    /* behind "fyke NAME " */
    const char *about;    /* what it does: lines of at most 80 columns */
    const char *examples; /* lines, each indented by two */
    const char *exits;    /* "0 ok, 2 usage": lines, each indented by two */
    const struct option *options;
    const size_t *option_count; /* shown; hidden rows may follow */
    /* argv[0] is the command's name. Returns the exit code. */
    int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_run;
extern const struct command command_coordinator;
extern const struct command command_advise;
extern const struct command command_worker;
extern const struct command command_set;
extern const struct command command_status;
extern const struct command command_score;
extern const struct command command_replay;
extern const struct command command_check_input;
extern const struct command command_model_list;
extern const struct command command_model_show;
extern const struct command command_model_import;
extern const struct command command_model_export;
extern const struct command command_config;
extern const struct command command_check_config;
extern const struct command command_check_db;
extern const struct command command_export;
extern const struct command command_gen;
extern const struct command command_version;
extern const struct command command_help;

/* All commands in the order of `fyke help`; NULL-terminated. */
extern const struct command *const command_table[];

/* The command that argv[0..argc) begins with, of one word or of two; how many
 * words it took in `ret_words`. NULL with a fault that names the nearest. */
const struct command *command_find(int argc, char **argv, int *ret_words,
                                   struct fault *fault);

/* What `fyke help` prints, and `fyke NAME --help`. */
int command_list_print(struct buf *out);
int command_help_print(const struct command *command, struct buf *out);
/* The commands of two words that begin with `word` ("check"): how many, each
 * a line of `out`. */
size_t command_group_print(const char *word, struct buf *out);
/* Every command's flags as Markdown tables, for the README. */
int command_markdown_print(struct buf *out);

#endif
