/*
 * fyke worker --join URL
 */
#include "tools/fyke/cli.h"

#include "proto/host/log.h"
#include "proto/wire/wire.h"
#include "tools/fyke/standard.h"
#include "tools/fyke/talk.h"
#include "tools/fyke/version.h"
#include "workers/shell/run.h"

struct worker_options {
    const char *join;
    const char *log_level, *log_format;
    bool quiet;
    uint64_t parent;
};

static const struct option worker_table[] = {
    { "join", 'j', OPTION_TEXT,
      OPTION_FIELD_AS(struct worker_options, join, const char *),
      .argument = "URL",
      .help = "where the coordinator listens, e.g. tcp://10.0.0.5:7117" },
    { "log-level", 0, OPTION_CHOICE,
      OPTION_FIELD_AS(struct worker_options, log_level, const char *),
      .choices = talk_log_levels, .argument = "LEVEL",
      .help = "how much to log on standard error (default info; warn for "
              "workers of fyke run)" },
    { "log-format", 0, OPTION_CHOICE,
      OPTION_FIELD_AS(struct worker_options, log_format, const char *),
      .fallback = "text", .choices = talk_log_formats, .argument = "text|json",
      .help = "log lines as key=value pairs, or one JSON object a line" },
    { "quiet", 'q', OPTION_FLAG,
      OPTION_FIELD_AS(struct worker_options, quiet, bool),
      .help = "log errors only" },
    /* hidden: a local worker says whose it is */
    { "parent", 0, OPTION_U64,
      OPTION_FIELD_AS(struct worker_options, parent, uint64_t), .min = 0,
      .max = 4194304, .fallback = "0", .argument = "PID",
      .help = "the coordinator that started this worker" },
};
#define WORKER_HIDDEN 1
static const size_t worker_table_count =
    sizeof worker_table / sizeof worker_table[0];
static const size_t worker_shown =
    sizeof worker_table / sizeof worker_table[0] - WORKER_HIDDEN;

static int worker_start(const struct worker_options *options,
                        struct fault *fault)
{
    struct log log;
    struct worker_run_options run = {
        .join = options->join,
        .message_bytes_max = WIRE_MESSAGE_BYTES_MAX,
        .parent_pid = (int64_t)options->parent,
        .version = FYKE_VERSION,
        .log = &log,
    };
    const char *level = options->log_level;
    if (level == NULL)
        level = options->parent != 0 ? "warn" : "info";
    talk_log_init(&log, options->quiet ? "error" : level, options->log_format);
    return worker_run(&run, fault);
}

static int worker_main(const struct command *command, int argc, char **argv)
{
    struct worker_options options = { 0 };
    struct fault fault = { 0 };
    struct cli_parse parse = { .table = worker_table,
                               .count = worker_table_count,
                               .target = &options };
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    cli_log_format(options.log_format);
    if (options.join == NULL)
        (void)fault_set(&fault, ERR_USAGE,
                        "say where the coordinator listens; try: fyke worker "
                        "--join tcp://127.0.0.1:7117");
    else if (standard_limit_check(0, &fault) == 0)
        (void)worker_start(&options, &fault);
    option_release(worker_table, worker_table_count, &options);
    return fault.err == 0 ? 0 : cli_fail(&fault);
}

const struct command command_worker = {
    .name = "worker",
    .summary = "compute for a coordinator, on this or another machine",
    .usage = "--join URL [flags]",
    .about =
        "Joins a coordinator and computes what it hands out, one task at a "
        "time, on\none core. Start as many as there are cores; start, stop "
        "and kill them at any\ntime: no row is lost, repeated or changed. A "
        "worker may start before its\ncoordinator: it waits, and says so "
        "once. It redials for ever when the link is\nlost, and leaves with 0 "
        "when the coordinator has reached the end of its input.\n"
        "SIGTERM and Ctrl-C let it finish its task first; a second one "
        "does not.\nFYKE_ISA=c, avx2 or avx512 in the environment has it "
        "compute with those\ninstructions and not with the best ones that the "
        "CPU has; answers are the same.\n",
    .examples = "  fyke worker --join tcp://127.0.0.1:7117\n"
                "  for i in $(seq \"$(nproc)\"); do fyke worker -j "
                "tcp://10.0.0.5:7117 & done\n",
    .exits = "  0 the input ended, or stopped by a signal\n"
             "  1 refused: the versions of worker and coordinator differ\n"
             "  2 usage\n",
    .options = worker_table,
    .option_count = &worker_shown,
    .run = worker_main,
};
