/*
 * Runs the engine for `fyke run` and `fyke coordinator`.
 */
#include "tools/fyke/drive.h"

#include "engine/shell/engine.h"
#include "proto/host/cores.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/config_layers.h"
#include "tools/fyke/local_compute.h"
#include "tools/fyke/standard.h"
#include "tools/fyke/talk.h"
#include "tools/fyke/version.h"
#include "tools/fyke/view_run.h"
#include "workers/detect/compute.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OPERANDS_MAX 64u

/* This very file, also after it was replaced on disk by another build. */
static int find_executable(char *out, size_t out_bytes, struct fault *fault)
{
    ssize_t n = readlink("/proc/self/exe", out, out_bytes - 1);
    if (n < 0)
        return fault_set(fault, err_from_errno(errno),
                         "the path of this program cannot be read "
                         "(/proc/self/exe): %s",
                         strerror(errno));
    out[n] = '\0';
    return ERR_OK;
}

/* Several files: the line to use. */
static int fault_many(const struct command *command, const char **operands,
                      uint32_t count, struct fault *fault)
{
    struct buf line;
    char word[512];
    buf_init(&line, 400);
    for (uint32_t i = 0; i < count && line.err == 0; i++)
        (void)buf_printf(&line, " %s",
                         cli_shell_word(operands[i], word, sizeof word));
    (void)fault_set(fault, ERR_USAGE,
                    "one input at a time; to read %u files as one stream: "
                    "cat%s | fyke %s -",
                    count, line.err == 0 ? buf_text(&line) : " FILE...",
                    command->name);
    buf_release(&line);
    return ERR_USAGE;
}

/* Where the remarks go: a person at a terminal sees them in the view; else
 * they are in the log. */
static bool log_start(const struct settings *settings, bool level_given,
                      struct log *log)
{
    bool person = isatty(STDERR_FILENO) == 1 && !level_given &&
                  strcmp(settings->log_format, "json") != 0;
    talk_log_init(log,
                  settings->quiet || person ? "error" : settings->log_level,
                  settings->log_format);
    return !person;
}

static bool was_given(const struct command *command, const bool *given,
                      const char *name)
{
    for (size_t i = 0; i < *command->option_count; i++)
        if (strcmp(command->options[i].name, name) == 0)
            return given[i];
    return false;
}

/* What this process was given is enough to start with. */
static int drive_check(const struct settings *settings, const char *input,
                       struct fault *fault)
{
    uint64_t workers = settings->workers;
    enum isa isa; /* the workers read it again */
    if (host_isa(&isa, fault) != 0)
        return fault->err;
    if (strcmp(input, "-") == 0 && standard_input_check(fault) != 0)
        return fault->err;
    if (settings->listen != NULL)
        workers = 0; /* they come from outside */
    else if (workers == 0)
        workers = host_cores();
    return standard_limit_check(workers, fault);
}

/* The summary, for those who read the log. */
static void drive_log_end(const struct log *log,
                          const struct engine_summary *summary)
{
    const struct engine_progress *p = &summary->progress;
    log_line(log, LOG_LEVEL_INFO, "finished",
             "db=%s records=%" PRIu64 " scored=%" PRIu64 " quarantined=%" PRIu64
             " flagged=%" PRIu64 " batches=%" PRIu64
             " seconds=%.3f drained=%s lost=%" PRIu64,
             LOG_QUOTE(summary->db), p->records, p->rows_scored, p->quarantined,
             p->flagged, p->batches, (double)p->elapsed_us / 1e6,
             summary->drained ? "true" : "false", summary->lost_records);
}

/* Training is computed in this process, before workers have anything. */
static int drive_compute(void *context, const struct detect_ops *ops,
                         struct detect_state *state, const struct plan *plan)
{
    return local_compute(context, ops, state, plan);
}

static int drive_run(const struct command *command,
                     const struct settings *settings, const bool *given,
                     const char *input)
{
    char executable[4096];
    struct fault fault = { 0 };
    struct engine_summary summary;
    struct view_run view;
    struct log log;
    struct local_options local;
    struct engine_binary binary = {
        .executable = executable,
        .version = FYKE_VERSION,
        .algorithm_version = compute_algorithm_version(),
        .selftest_digest = compute_selftest_digest(),
        .compute = { drive_compute, &local },
    };
    memset(&summary, 0, sizeof summary);
    if (drive_check(settings, input, &fault) != 0 ||
        local_options_default(&local, &fault) != 0 ||
        find_executable(executable, sizeof executable, &fault) != 0)
        return cli_fail(&fault);
    bool logged =
        log_start(settings, was_given(command, given, "log-level"), &log);
    view_run_init(&view, settings, logged);
    struct engine_observer observer = view_run_observer(&view);
    int err =
        engine_run(settings, command->options, *command->option_count, given,
                   input, &binary, &log, &observer, &summary, &fault);
    view_run_clear(&view);
    if (err == 0 || summary.progress.batches > 0)
        drive_log_end(&log, &summary);
    /* What was committed before a failure is there to be seen. */
    int exit_code = err == 0 || summary.progress.batches > 0
                        ? view_run_end(&view, &summary)
                        : 0;
    if (err != 0)
        exit_code = cli_fail(&fault);
    view_run_release(&view);
    return exit_code;
}

int drive_engine(const struct command *command, int argc, char **argv,
                 const char *missing_input)
{
    struct config_layers layers;
    const char *operands[OPERANDS_MAX];
    struct fault fault = { 0 };
    struct cli_parse parse = {
        .operands = operands,
        .operands_max = OPERANDS_MAX,
    };
    int exit_code;
    if (config_cli_parse(command, argc, argv, &parse, &layers, &exit_code) !=
        0) {
        config_layers_release(&layers);
        return exit_code;
    }
    const char *input = layers.values.input;
    if (input == NULL)
        (void)fault_set(&fault, ERR_USAGE, "%s", missing_input);
    else if (parse.operand_count > 1)
        (void)fault_many(command, operands, parse.operand_count, &fault);
    exit_code =
        input == NULL || fault.err != 0
            ? cli_fail(&fault)
            : drive_run(command, &layers.values.settings, layers.given, input);
    config_layers_release(&layers);
    return exit_code;
}
