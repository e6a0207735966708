/*
 * The part of a command line that all subcommands share.
 */
#include "tools/fyke/cli.h"

#include "engine/shell/engine.h"
#include "proto/base/ascii.h"
#include "proto/host/log.h"
#include "storage/reader.h"
#include "tools/fyke/talk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where it happened says nothing to a person; what to do does. */
#define NO_MEMORY                                                              \
    "out of memory: free some, or allow this process more (ulimit -v, the "    \
    "memory limit of its container or unit)"

#define HELP_BYTES_MAX ((size_t)1 << 20)

static int stdout_errno; /* of the first failed write */
static enum log_format fail_format = LOG_FORMAT_TEXT;

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int cli_help(const struct command *command)
{
    struct buf out;
    buf_init(&out, HELP_BYTES_MAX);
    (void)command_help_print(command, &out);
    int exit_code = cli_print(&out);
    buf_release(&out);
    return exit_code;
}

int cli_parse(const struct command *command, int argc, char **argv,
              struct cli_parse *parse, int *ret_exit)
{
    struct fault fault = { 0 };
    if (wants_help(argc, argv)) {
        *ret_exit = cli_help(command);
        return 1;
    }
    int err =
        option_defaults(parse->table, parse->count, parse->target, &fault);
    if (err == 0)
        err = option_parse(parse->table, parse->count, argc, argv,
                           parse->target, parse->given, parse->operands,
                           parse->operands_max, &parse->operand_count, &fault);
    if (err != 0) {
        *ret_exit = cli_fail(&fault);
        option_release(parse->table, parse->count, parse->target);
    }
    return err;
}

void cli_log_format(const char *format)
{
    if (log_format_parse(format, &fail_format) != 0)
        fail_format = LOG_FORMAT_TEXT;
}

static void fail_logged(const char *text, int err)
{
    struct log log;
    char quoted[2 * sizeof((struct fault *)0)->text];
    log_init(&log, LOG_LEVEL_ERROR);
    log.format = fail_format;
    log_line(&log, LOG_LEVEL_ERROR, "failed", "text=%s error=%s exit=%d",
             log_quote(text, quoted, sizeof quoted), err_name(err),
             err_exit_code(err));
}

int cli_fail(const struct fault *fault)
{
    char text[sizeof fault->text];
    memcpy(text, fault->text, sizeof text);
    const char *told =
        text[0] != '\0' ? talk_harmless(text) : err_text(fault->err);
    if (strcmp(told, err_text(ERR_NOMEM)) == 0)
        told = NO_MEMORY;
    if (fail_format == LOG_FORMAT_JSON && isatty(STDERR_FILENO) != 1)
        fail_logged(told, fault->err);
    else
        fprintf(stderr, "fyke: %s\n", told);
    return err_exit_code(fault->err);
}

static void cli_warn(const char *text)
{
    struct log log;
    char quoted[1024];
    if (fail_format != LOG_FORMAT_JSON || isatty(STDERR_FILENO) == 1) {
        fprintf(stderr, "fyke: warning: %s\n", text);
        return;
    }
    log_init(&log, LOG_LEVEL_WARN);
    log.format = fail_format;
    log_line(&log, LOG_LEVEL_WARN, "settings", "text=%s",
             log_quote(text, quoted, sizeof quoted));
}

void cli_warn_lines(struct buf *lines)
{
    if (lines->length == 0)
        return;
    char *next = talk_harmless((char *)lines->data), *line;
    while ((line = strsep(&next, "\n")) != NULL)
        if (line[0] != '\0')
            cli_warn(line);
}

int cli_print(struct buf *out)
{
    if (out->err != 0) {
        struct fault fault = { 0 };
        (void)fault_set(&fault, out->err, "%s", err_text(out->err));
        return cli_fail(&fault);
    }
    if (stdout_errno == 0 &&
        fwrite(buf_text(out), 1, out->length, stdout) != out->length)
        stdout_errno = errno != 0 ? errno : EIO;
    return cli_finish();
}

int cli_finish(void)
{
    struct fault fault = { 0 };
    if (fflush(stdout) != 0 && stdout_errno == 0)
        stdout_errno = errno != 0 ? errno : EIO;
    if (stdout_errno == 0 || stdout_errno == EPIPE)
        return 0;
    (void)fault_set(&fault, ERR_IO, "standard output cannot be written: %s",
                    strerror(stdout_errno));
    return cli_fail(&fault);
}

bool cli_stdout_is_gone(void)
{
    if (stdout_errno == 0 && ferror(stdout))
        stdout_errno = errno != 0 ? errno : EIO;
    return stdout_errno != 0;
}

int cli_open_db(const char *db, struct reader **ret_r, char *ret_path,
                size_t path_bytes, struct fault *fault)
{
    int err = engine_find_db(db, NULL, ret_path, path_bytes, fault);
    if (err != 0)
        return err;
    return reader_open(ret_path, ret_r, fault);
}

static bool is_plain(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) ||
           strchr("._-/+:@%,=", c) != NULL;
}

const char *cli_shell_word(const char *path, char *out, size_t out_bytes)
{
    size_t n = 0;
    bool plain = path[0] != '\0';
    for (const char *p = path; *p != '\0'; p++)
        plain &= is_plain(*p);
    if (plain) {
        (void)snprintf(out, out_bytes, "%s", path);
        return out;
    }
    out[n++] = '\'';
    for (const char *p = path; *p != '\0' && n + 8 < out_bytes; p++) {
        if (*p == '\'') {
            memcpy(out + n, "'\\''", 4);
            n += 4;
        } else {
            out[n++] = *p;
        }
    }
    out[n++] = '\'';
    out[n] = '\0';
    return out;
}
