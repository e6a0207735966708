/*
 * What every subcommand does the same way: parse its flags, answer --help,
 * say why it failed, and write data to standard output.
 */
#ifndef FYKE_TOOLS_CLI_H
#define FYKE_TOOLS_CLI_H

#include "proto/base/err.h"
#include "tools/fyke/command.h"

#include <stdbool.h>

/* Parses a command's flags into `target`, after its defaults. */
struct cli_parse {
    const struct option *table;
    size_t count; /* with hidden rows */
    void *target;
    bool *given; /* may be NULL */
    const char **operands;
    uint32_t operands_max;
    uint32_t operand_count; /* filled */
};

/* 0 = go on. > 0 = --help was asked and answered: leave with *ret_exit.
 * < 0 = a usage error was told: leave with *ret_exit. */
FYKE_MUST_USE int cli_parse(const struct command *command, int argc,
                            char **argv, struct cli_parse *parse,
                            int *ret_exit);

/* Says "fyke: TEXT" on standard error and returns the exit code. It is the
 * one place that tells an error which ends a command. */
int cli_fail(const struct fault *fault);

/* From here on, cli_fail writes a line of the log where nobody reads along:
 * "json" was asked and standard error is no terminal. */
void cli_log_format(const char *format);

/* Says "fyke: warning: LINE" on standard error for each line of a text, which
 * is taken apart. */
void cli_warn_lines(struct buf *lines);

/* Prints to standard output. A reader that went away (`| head`) is no error.
 * Returns the exit code so far. */
int cli_print(struct buf *out);

/* Flushes standard output. 0, or the exit code of a failed write. */
int cli_finish(void);

/* Has the reader of standard output gone away? Then there is no need to go
 * on. */
bool cli_stdout_is_gone(void);

struct reader;

/* Opens the database that --db, $FYKE_DB or the folder names. */
FYKE_MUST_USE int cli_open_db(const char *db, struct reader **ret_r,
                              char *ret_path, size_t path_bytes,
                              struct fault *fault);

/* `path` as a word of a shell's command line. Returns `out`. */
const char *cli_shell_word(const char *path, char *out, size_t out_bytes);

#endif
