/*
 * fyke score INPUT
 */
#include "proto/host/clock.h"
#include "proto/host/cores.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/config_layers.h"
#include "tools/fyke/score_model.h"
#include "tools/fyke/score_output.h"
#include "tools/fyke/score_report.h"
#include "tools/fyke/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORT_BYTES_MAX ((size_t)1 << 20)

struct scoring {
    struct settings own; /* as given, with what a model's file adds */
    const struct settings *settings;
    struct kept kept;
    const char *path; /* of the input */
    struct pool *pool;
    struct local_options compute;
    struct score_input in;
    struct score_detect found;
    bool has_found;
    int64_t read_us, write_us;
    FILE *file;
};

static int set_up(struct scoring *s, struct fault *fault)
{
    uint64_t threads = s->settings->threads;
    int err = local_options_default(&s->compute, fault);
    if (threads == 0)
        threads = host_cores();
    if (threads > POOL_THREADS_LIMIT)
        threads = POOL_THREADS_LIMIT;
    if (err == 0)
        err = pool_new((uint32_t)threads, &s->pool, fault);
    s->compute.pool = s->pool;
    return err;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino && S_ISREG(x.st_mode);
}

/* Opened before the work, so that a wrong path is told at once. */
static int open_output(struct scoring *s, struct fault *fault)
{
    const char *path = s->settings->output_file;
    if (path == NULL) {
        s->file = stdout;
        return ERR_OK;
    }
    if (is_same_file(path, s->path))
        return fault_set(fault, ERR_USAGE,
                         "-o %s would write over the input; name another file",
                         path);
    s->file = fopen(path, "we");
    return s->file != NULL
               ? ERR_OK
               : fault_set(fault, err_from_errno(errno),
                           "%s cannot be written: %s", path, strerror(errno));
}

/* Nothing to compare: every record is bad. */
static int refuse_empty(const struct score_input *in, struct fault *fault)
{
    struct buf why;
    buf_init(&why, REPORT_BYTES_MAX);
    score_report_quarantine(in, &why);
    (void)fault_set(fault, ERR_CONTENT, "%s: no record could be read%s%.300s",
                    in->label, why.length > 0 ? "\n" : "", buf_text(&why));
    buf_release(&why);
    return ERR_CONTENT;
}

static int write_rows(struct scoring *s)
{
    const struct schema *schema = s->in.schema;
    struct score_output o = {
        .in = &s->in,
        .found = &s->found,
        .ndjson = strcmp(s->settings->output, "ndjson") == 0,
        .explain = s->settings->explain,
        .file = s->file,
    };
    int64_t begun_us = clock_monotonic_us();
    o.feature_name = calloc(schema->feature_count, sizeof *o.feature_name);
    if (o.feature_name == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < schema->feature_count; i++)
        o.feature_name[i] = schema->column[schema->feature[i]].name;
    int err = score_output_write(&o, s->pool);
    free((void *)o.feature_name);
    s->write_us = clock_monotonic_us() - begun_us;
    return err;
}

/* Everything that was written has arrived. */
static int close_output(struct scoring *s, struct fault *fault)
{
    const char *path = s->settings->output_file;
    if (path == NULL || s->file == NULL)
        return ERR_OK;
    int failed = fflush(s->file) != 0 || ferror(s->file) ? errno : 0;
    if (fclose(s->file) != 0 && failed == 0)
        failed = errno;
    s->file = NULL;
    if (failed == 0)
        return ERR_OK;
    return fault_set(fault, err_from_errno(failed),
                     "%s cannot be written: %s; what it holds is not complete",
                     path, strerror(failed));
}

static void report(const struct scoring *s)
{
    struct score_report r = {
        .settings = s->settings,
        .kept = &s->kept,
        .in = &s->in,
        .found = &s->found,
        .threads = pool_threads(s->pool),
        .read_us = s->read_us,
        .write_us = s->write_us,
    };
    struct buf out;
    buf_init(&out, REPORT_BYTES_MAX);
    score_report_print(&r, &out);
    if (out.length > 0)
        (void)fputs(talk_harmless((char *)out.data), stderr);
    buf_release(&out);
}

static int score_all(struct scoring *s, struct fault *fault)
{
    int64_t begun_us = clock_monotonic_us();
    int err = set_up(s, fault);
    if (err == 0)
        err = score_model_open(&s->kept, &s->own, fault);
    if (err == 0)
        err = score_input_read(s->path, s->settings, s->pool, &s->in, fault);
    s->read_us = clock_monotonic_us() - begun_us;
    if (err == 0 && s->in.batch.rows == 0)
        err = refuse_empty(&s->in, fault);
    if (err == 0)
        err = score_model_settle(&s->kept, s->settings, s->in.schema,
                                 &s->compute, fault);
    if (err == 0)
        err = open_output(s, fault);
    if (err != 0)
        return err;
    s->has_found = true;
    err = score_detect_run(s->settings, &s->kept, &s->in.batch, &s->compute,
                           &s->found, fault);
    if (err == 0)
        err = write_rows(s);
    return err != 0 ? err : close_output(s, fault);
}

static int score_run(const struct settings *settings, const char *path)
{
    struct scoring s = { .own = *settings, .path = path };
    struct fault fault = { 0 };
    s.settings = &s.own;
    kept_init(&s.kept);
    batch_input_init(&s.in.batch);
    int err = score_all(&s, &fault);
    int exit_code = cli_stdout_is_gone() ? cli_finish() : 0;
    if (err == 0 && exit_code == 0)
        exit_code = cli_finish();
    if (err == 0 && !settings->quiet)
        report(&s);
    if (err != 0) {
        if (fault.text[0] == '\0')
            (void)fault_set(&fault, err, "%s", err_text(err));
        exit_code = cli_fail(&fault);
    }
    if (s.file != NULL && s.file != stdout)
        (void)fclose(s.file);
    if (s.has_found)
        score_detect_release(&s.found);
    score_input_release(&s.in);
    kept_release(&s.kept);
    pool_free(s.pool);
    return exit_code;
}

static int score_main(const struct command *command, int argc, char **argv)
{
    struct config_layers layers;
    struct fault fault = { 0 };
    const char *operands[1];
    struct cli_parse parse = { .operands = operands, .operands_max = 1 };
    int exit_code;
    if (config_cli_parse(command, argc, argv, &parse, &layers, &exit_code) ==
        0) {
        if (layers.values.input == NULL) {
            (void)fault_set(&fault, ERR_USAGE,
                            "give a file, or - for stdin; try: fyke score "
                            "payments.csv");
            exit_code = cli_fail(&fault);
        } else {
            exit_code = score_run(&layers.values.settings, layers.values.input);
        }
    }
    config_layers_release(&layers);
    return exit_code;
}

const struct command command_score = {
    .name = "score",
    .summary = "score one file as one batch, without a database",
    .usage = "[flags] INPUT",
    .about =
        "Reads a file, or standard input (-), to its end, computes it as one "
        "batch in\nthis one process and prints a line for each row, in input "
        "order: row, line,\nscore, severity, flagged, cluster, core, and with "
        "--explain why. The answers are\nthose of the first batch of fyke run "
        "with the same flags, to the bit. For trying\na detector, for "
        "evaluation, for shell pipelines.\n\n"
        "The whole input is held in memory: its bytes, and 4 bytes a row and "
        "feature\ntwice while columns are made. Longer ones are for fyke run, "
        "which reads in\nbatches. Records that cannot be read are told on "
        "standard error and keep their\nnumber: row counts records.\n",
    .examples = "  fyke score payments.csv >scores.csv\n"
                "  fyke score payments.csv --explain --output ndjson -o "
                "scores.ndjson\n"
                "  zcat big.csv.gz | fyke score - -q | sort -t, -k3,3gr | "
                "head\n",
    .exits = "  0 ok   2 usage, or a named column does not exist\n"
             "  65 not text, empty, no numeric column, or no record could be "
             "read\n"
             "  74 missing, unreadable, I/O error   78 the configuration file "
             "is wrong\n",
    .options = settings_score,
    .option_count = &settings_score_count,
    .run = score_main,
};
