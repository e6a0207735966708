/*
 * fyke replay [--db FILE] [--batch N | --all]
 */
#include "proto/base/text.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/db_option.h"
#include "tools/fyke/replay_batch.h"
#include "tools/fyke/talk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES_MAX 65536

struct replay_options {
    const char *db;
    const char *input;
    uint64_t batch; /* 0 = all */
    bool all;
    bool quiet;
};

static const struct option replay_table[] = {
    { "db", 0, OPTION_TEXT,
      OPTION_FIELD_AS(struct replay_options, db, const char *),
      .argument = "FILE", .help = DB_OPTION_HELP },
    { "batch", 'b', OPTION_U64,
      OPTION_FIELD_AS(struct replay_options, batch, uint64_t), .min = 1,
      .max = 9e15, .argument = "N", .help = "replay this batch only" },
    { "all", 0, OPTION_FLAG, OPTION_FIELD_AS(struct replay_options, all, bool),
      .help = "replay every batch that is kept; so it does without --batch" },
    { "input", 0, OPTION_TEXT,
      OPTION_FIELD_AS(struct replay_options, input, const char *),
      .argument = "FILE",
      .help = "where the input is now, if not where it was read" },
    { "quiet", 'q', OPTION_FLAG,
      OPTION_FIELD_AS(struct replay_options, quiet, bool),
      .help = "say nothing but differences and errors" },
};
static const size_t replay_count = sizeof replay_table / sizeof replay_table[0];

struct tally {
    uint64_t batches, equal, different, impossible;
};

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "es";
}

/* Differences are what the command is for: on standard output. */
static void tell_batch(struct tally *t, uint64_t batch,
                       enum replay_outcome outcome, const char *text)
{
    t->batches++;
    switch (outcome) {
    case REPLAY_EQUAL:
        t->equal++;
        return;
    case REPLAY_DIFFERENT:
        t->different++;
        (void)printf("batch %" PRIu64 ": different: %s\n", batch, text);
        return;
    case REPLAY_IMPOSSIBLE:
        t->impossible++;
        (void)printf("batch %" PRIu64 ": not replayable: %s\n", batch, text);
        return;
    }
}

static int replay_one(struct replay *r, uint64_t batch, struct tally *t,
                      struct fault *fault)
{
    enum replay_outcome outcome;
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    int err = replay_batch(r, batch, &outcome, &text, fault);
    if (err == 0)
        tell_batch(t, batch, outcome, buf_text(&text));
    buf_release(&text);
    return err;
}

static void tell_progress(bool terminal, uint64_t batch, uint64_t last)
{
    if (terminal)
        (void)fprintf(stderr, "\r  batch %" PRIu64 " of %" PRIu64 "\033[K",
                      batch, last);
}

/* A batch within the range may be gone (retention): skip it. */
static int replay_range(struct replay *r, uint64_t first, uint64_t last,
                        bool quiet, struct tally *t, struct fault *fault)
{
    bool terminal = !quiet && talk_width(STDERR_FILENO) > 0;
    int err = ERR_OK;
    for (uint64_t batch = first; batch <= last && err == 0; batch++) {
        tell_progress(terminal, batch, last);
        err = replay_one(r, batch, t, fault);
        if (err == ERR_NOTFOUND) {
            err = ERR_OK;
            *fault = (struct fault){ 0 };
        }
    }
    if (terminal)
        (void)fputs("\r\033[K", stderr);
    return err;
}

static int replay_chosen(struct replay *r, const struct replay_options *o,
                         const char *path, struct tally *t, struct fault *fault)
{
    uint64_t first = 0, last = 0;
    int err = reader_batch_range(r->reader, &first, &last, fault);
    if (err == ERR_NOTFOUND && o->batch == 0) {
        *fault = (struct fault){ 0 };
        return ERR_OK; /* none yet: none differs */
    }
    if (err != 0)
        return err;
    if (o->batch == 0)
        return replay_range(r, first, last, o->quiet, t, fault);
    err = replay_one(r, o->batch, t, fault);
    if (err == ERR_NOTFOUND)
        return fault_set(fault, ERR_USAGE,
                         "%s holds no batch %" PRIu64 ", only %" PRIu64
                         " to %" PRIu64,
                         path, o->batch, first, last);
    return err;
}

static void tell_summary(const struct tally *t)
{
    char batches[32], equal[32], different[32], impossible[32];
    (void)fprintf(stderr,
                  "%s batch%s: %s equal, %s different, %s not replayable\n",
                  text_count(t->batches, batches, sizeof batches),
                  plural(t->batches), text_count(t->equal, equal, sizeof equal),
                  text_count(t->different, different, sizeof different),
                  text_count(t->impossible, impossible, sizeof impossible));
}

static int replay_db(const struct replay_options *o, struct tally *t,
                     struct fault *fault)
{
    struct reader *reader;
    struct replay replay;
    char path[4096];
    int err = cli_open_db(o->db, &reader, path, sizeof path, fault);
    if (err != 0)
        return err;
    err = replay_init(&replay, reader, o->input, fault);
    if (err == 0 && replay.note[0] != '\0' && !o->quiet)
        (void)fprintf(stderr, "note: %s\n", replay.note);
    if (err == 0)
        err = replay_chosen(&replay, o, path, t, fault);
    replay_release(&replay);
    reader_close(reader);
    if (err == ERR_NOTFOUND)
        (void)fault_set(fault, err, "%s holds no batch yet", path);
    return err;
}

static int replay_main(const struct command *command, int argc, char **argv)
{
    struct replay_options options = { 0 };
    struct cli_parse parse = { .table = replay_table,
                               .count = replay_count,
                               .target = &options };
    struct fault fault = { 0 };
    struct tally tally = { 0 };
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    if (options.batch != 0 && options.all)
        (void)fault_set(&fault, ERR_USAGE,
                        "--batch and --all exclude each other");
    else
        (void)replay_db(&options, &tally, &fault);
    if (fault.err == 0 && !options.quiet)
        tell_summary(&tally);
    exit_code = cli_finish();
    if (fault.err != 0)
        exit_code = cli_fail(&fault);
    else if (tally.different > 0 ||
             (options.batch != 0 && tally.impossible > 0))
        exit_code = err_exit_code(ERR_DIFFERENT);
    option_release(replay_table, replay_count, &options);
    return exit_code;
}

const struct command command_replay = {
    .name = "replay",
    .summary = "compute stored batches again and compare",
    .usage = "[--db FILE] [--batch N | --all] [flags]",
    .about =
        "Reads the stored ranges of the input again, computes the batches in "
        "this one\nprocess with the settings and the learned state that they "
        "were judged by, and\ncompares content and results with what is "
        "stored, bit for bit. Equal answers\nfrom another machine, another "
        "number of workers or after any crash are a\npromise; this proves "
        "it. Nothing is written.\n\n"
        "A batch whose input cannot be read again (a pipe, a live source, a "
        "file that is\ngone) is listed as not replayable.\n",
    .examples = "  fyke replay --db payments.fyke.db\n"
                "  fyke replay --db payments.fyke.db --batch 17\n"
                "  fyke replay --input /archive/payments.csv\n",
    .exits = "  0 no difference   1 a difference, or the batch named by "
             "--batch is not\n"
             "  replayable   2 usage, or no such batch   65 no fyke database   "
             "74 missing\n",
    .options = replay_table,
    .option_count = &replay_count,
    .run = replay_main,
};
