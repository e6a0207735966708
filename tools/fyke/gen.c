/*
 * fyke gen cards|sensors|machines
 */
#include "tools/gen/gen.h"

#include "engine/shell/pace_input.h"
#include "proto/base/civil.h"
#include "proto/base/text.h"
#include "proto/host/clock.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/gen_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)

struct gen_flags {
    uint64_t rows, seed, keys, columns, drift_at;
    const char *format, *labels, *output, *rate, *start;
    int64_t every_us;
    double anomalies, malformed, late, duplicates, missing;
    struct option_list kinds;
};

#define F(field) offsetof(struct gen_flags, field)

static const char *const format_choices[] = { "csv", "ndjson", NULL };

/* clang-format off */
static const struct option gen_table[] = {
    { "rows", 'n', OPTION_U64, F(rows), 0, 1e15, "100000", NULL, "N", "Output",
      "Records, good and bad; 0 = without end" },
    { "seed", 0, OPTION_U64, F(seed), 0, 9007199254740992.0, "1", NULL, "N",
      "Output", "Equal seeds and flags give equal bytes" },
    { "format", 0, OPTION_CHOICE, F(format), 0, 0, "csv", format_choices,
      "csv|ndjson", "Output", "Format of the records" },
    { "output", 'o', OPTION_TEXT, F(output), 0, 0, NULL, NULL, "FILE",
      "Output", "Write there instead of standard output" },
    { "rate", 0, OPTION_TEXT, F(rate), 0, 0, NULL, NULL, "N/s", "Output",
      "So many records a second, like 50000/s; as fast as they are read" },
    { "labels", 0, OPTION_TEXT, F(labels), 0, 0, "column", NULL,
      "column|none|FILE", "Labels",
      "Columns 'label' and 'kind', nothing, or a file with a line for each "
      "labelled record" },
    { "anomalies", 0, OPTION_F64, F(anomalies), 0, GEN_SHARE_MAX, "0.01", NULL,
      "SHARE", "Labels", "About this share of the records is strange" },
    { "kinds", 0, OPTION_LIST, F(kinds), 0, 0, NULL, NULL,
      "spike,shift,correlation,gap", "Labels",
      "Kinds of strange records; all four" },
    { "drift-at", 0, OPTION_U64, F(drift_at), 1, 1e15, NULL, NULL, "ROW",
      "Labels",
      "What is usual moves from this record (from 0) on, for 10000 records" },
    { "start", 0, OPTION_TEXT, F(start), 0, 0, "2026-01-01", NULL, "TIME|now",
      "Stream", "Time of the first record" },
    { "every", 0, OPTION_DURATION, F(every_us), 1000, 8.64e10, NULL, NULL,
      "DURATION", "Stream",
      "Time in the stream from one record of a station or host to the next; "
      "cards: between two payments on average. 10s; cards 5s" },
    { "keys", 0, OPTION_U64, F(keys), 1, GEN_KEYS_MAX, NULL, NULL, "N",
      "Stream", "Stations, hosts or customers; 20, cards 1000" },
    { "columns", 0, OPTION_U64, F(columns), 1, GEN_COLUMNS_MAX, NULL, NULL,
      "N", "Stream", "sensors: columns with numbers; 10" },
    { "malformed", 0, OPTION_F64, F(malformed), 0, GEN_SHARE_MAX, "0", NULL,
      "SHARE", "Troubles", "Of the records, cannot be read" },
    { "late", 0, OPTION_F64, F(late), 0, GEN_SHARE_MAX, "0", NULL, "SHARE",
      "Troubles", "Of the records, come behind younger ones" },
    { "duplicates", 0, OPTION_F64, F(duplicates), 0, GEN_SHARE_MAX, "0", NULL,
      "SHARE", "Troubles", "Of the records, come a second time" },
    { "missing", 0, OPTION_F64, F(missing), 0, GEN_SHARE_MAX, "0", NULL,
      "SHARE", "Troubles", "Of the values, are left out" },
};
/* clang-format on */
static const size_t gen_count = sizeof gen_table / sizeof *gen_table;

static const struct gen_name {
    const char *name;
    int value;
} gen_models[] = { { "cards", GEN_CARDS },
                   { "sensors", GEN_SENSORS },
                   { "machines", GEN_MACHINES } },
  gen_kinds[] = { { "spike", GEN_SPIKE },
                  { "shift", GEN_SHIFT },
                  { "correlation", GEN_CORRELATION },
                  { "gap", GEN_GAP } };

/* The value of a word, or ERR_USAGE; `what` begins the fault. */
static int find_word(const struct gen_name *table, size_t count,
                     const char *what, const char *word, int *ret_value,
                     struct fault *fault)
{
    const char *names[8];
    char all[64];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, word) == 0) {
            *ret_value = table[i].value;
            return 0;
        }
        names[i] = table[i].name;
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
                                 i > 0 ? ", " : "", table[i].name);
    }
    const char *nearest = text_nearest(word, names, count);
    return fault_set(fault, ERR_USAGE, "%s '%s': %s%s", what, word,
                     nearest != NULL ? "did you mean " : "there is ",
                     nearest != NULL ? nearest : all);
}

static int read_kinds(const struct gen_flags *f, struct gen_options *o,
                      struct fault *fault)
{
    o->kinds = f->kinds.count == 0 ? GEN_INJECTED : 0;
    for (uint32_t i = 0; i < f->kinds.count; i++) {
        int kind = 0;
        int rc = find_word(gen_kinds, sizeof gen_kinds / sizeof *gen_kinds,
                           "--kinds", f->kinds.items[i], &kind, fault);
        if (rc != 0)
            return rc;
        o->kinds |= 1u << kind;
    }
    return 0;
}

static int read_start(const struct gen_flags *f, struct gen_options *o,
                      struct fault *fault)
{
    if (strcmp(f->start, "now") == 0) {
        o->start_ns = clock_wall_ns() / SECOND_NS * SECOND_NS;
        return 0;
    }
    if (civil_parse_iso(f->start, strlen(f->start), &o->start_ns) == 0)
        return 0;
    return fault_set(fault, ERR_USAGE,
                     "--start %s: say a time, like 2026-01-01 or "
                     "'2026-01-01 12:00:00', or now",
                     f->start);
}

static int read_rate(const struct gen_flags *f, double *ret_rate,
                     struct fault *fault)
{
    struct pace_input pace;
    *ret_rate = 0;
    if (f->rate == NULL)
        return 0;
    if (pace_input_parse(f->rate, &pace, NULL) != 0 || pace.kind != PACE_RATE)
        return fault_set(fault, ERR_USAGE,
                         "--rate %s: say records a second, like 50000/s",
                         f->rate);
    *ret_rate = pace.factor;
    return 0;
}

/* column, none, or the name of a file. */
static int read_labels(const struct gen_flags *f, struct gen_options *o,
                       struct fault *fault)
{
    static const char *const words[] = { "column", "none" };
    const char *labels = f->labels;
    if (strcmp(labels, "column") == 0 || strcmp(labels, "none") == 0) {
        o->labels = *labels == 'c' ? GEN_LABELS_COLUMN : GEN_LABELS_NONE;
        return 0;
    }
    o->labels = GEN_LABELS_APART;
    const char *nearest = text_nearest(labels, words, 2);
    if (strpbrk(labels, "./") == NULL && nearest != NULL)
        return fault_set(fault, ERR_USAGE,
                         "--labels %s: did you mean %s? (a file of that name: "
                         "./%s)",
                         labels, nearest, labels);
    if (*labels == '\0' || strcmp(labels, "-") == 0)
        return fault_set(fault, ERR_USAGE,
                         "--labels: name a file, or say column or none");
    if (f->output != NULL && strcmp(labels, f->output) == 0)
        return fault_set(fault, ERR_USAGE,
                         "--labels and --output name the same file, %s",
                         labels);
    return 0;
}

static int read_flags(const struct gen_flags *f, const char *model,
                      struct gen_options *o, double *ret_rate,
                      struct fault *fault)
{
    int chosen = 0;
    *o = (struct gen_options){
        .format = strcmp(f->format, "csv") == 0 ? GEN_CSV : GEN_NDJSON,
        .rows = f->rows,
        .seed = f->seed,
        .every_ns = f->every_us * 1000,
        .keys = (uint32_t)f->keys,
        .columns = (uint32_t)f->columns,
        .anomalies = f->anomalies,
        .duplicates = f->duplicates,
        .late = f->late,
        .malformed = f->malformed,
        .missing = f->missing,
        .drift_at = f->drift_at != 0 ? f->drift_at : GEN_NO_DRIFT,
    };
    int rc = find_word(gen_models, sizeof gen_models / sizeof *gen_models,
                       "fyke gen", model, &chosen, fault);
    o->model = (enum gen_model)chosen;
    if (rc == 0)
        rc = read_kinds(f, o, fault);
    if (rc == 0)
        rc = read_start(f, o, fault);
    if (rc == 0)
        rc = read_labels(f, o, fault);
    return rc == 0 ? read_rate(f, ret_rate, fault) : rc;
}

static int open_file(const char *path, int *ret_fd, struct fault *fault)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return fault_set(fault, ERR_IO, "%s cannot be written: %s", path,
                         strerror(errno));
    *ret_fd = fd;
    return 0;
}

/* A file may be found full when it is closed. */
static int close_file(int fd, const char *path, int rc, struct fault *fault)
{
    if (fd < 0 || close(fd) == 0 || rc != 0)
        return rc;
    return fault_set(fault, err_from_errno(errno), "%s cannot be written: %s",
                     path, strerror(errno));
}

static int write_stream(const struct gen_flags *f, struct gen *gen, double rate,
                        bool apart, struct fault *fault)
{
    struct gen_stream s = { .gen = gen,
                            .rate = rate,
                            .out_fd = STDOUT_FILENO,
                            .out_name = "standard output",
                            .labels_fd = -1,
                            .labels_name = f->labels };
    int out_fd = -1;
    int rc = 0;
    if (f->output != NULL && strcmp(f->output, "-") != 0) {
        rc = open_file(f->output, &out_fd, fault);
        s.out_fd = out_fd;
        s.out_name = f->output;
    }
    if (rc == 0 && apart)
        rc = open_file(f->labels, &s.labels_fd, fault);
    if (rc == 0)
        rc = gen_stream_run(&s, fault);
    rc = close_file(out_fd, s.out_name, rc, fault);
    return close_file(s.labels_fd, f->labels, rc, fault);
}

static int generate(const struct gen_flags *f, const char *model,
                    struct fault *fault)
{
    struct gen_options options;
    struct gen *gen;
    double rate = 0;
    int rc = read_flags(f, model, &options, &rate, fault);
    if (rc == 0)
        rc = gen_new(&options, &gen, fault);
    if (rc != 0)
        return rc;
    rc = write_stream(f, gen, rate, options.labels == GEN_LABELS_APART, fault);
    gen_free(gen);
    return rc;
}

static int gen_main(const struct command *command, int argc, char **argv)
{
    struct gen_flags flags = { 0 };
    struct fault fault = { 0 };
    const char *operands[1];
    struct cli_parse parse = {
        .table = gen_table,
        .count = gen_count,
        .target = &flags,
        .operands = operands,
        .operands_max = 1,
    };
    int exit_code = 0;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    int rc = parse.operand_count == 0
                 ? fault_set(&fault, ERR_USAGE,
                             "say what: cards, sensors or machines; try: fyke "
                             "gen sensors --rows 10000 >sensors.csv")
                 : generate(&flags, operands[0], &fault);
    option_release(gen_table, gen_count, &flags);
    return rc == 0 ? 0 : cli_fail(&fault);
}

const struct command command_gen = {
    .name = "gen",
    .summary = "write a synthetic stream with known anomalies",
    .usage = "cards|sensors|machines [flags]",
    .about =
        "Writes records with labelled anomalies, to try fyke on and to "
        "measure with. The\nsame flags give the same bytes.\n\n"
        "  cards     payments: customer, merchant, amount, items, distance, "
        "...\n"
        "  sensors   stations that measure v1, v2, ...: daily cycles, channels "
        "that go\n"
        "            together, noise\n"
        "  machines  hosts: cpu, mem, disk, disk_io, net_in, net_out, "
        "latency_ms\n\n"
        "label is 1 where values are strange: spike (one record), shift (a "
        "key's level is\nanother one for a while), correlation (each value is "
        "usual, their company is\nnot). It is 0 for gap (the first record "
        "after a silence), drift, duplicate, late\nand malformed. fyke leaves "
        "both columns out of the features.\n\n"
        "A file of labels has the columns row (from 0), line, label, kind, "
        "incident and\nthe times between which the incident lasts.\n",
    .examples =
        "  fyke gen sensors >sensors.csv\n"
        "  fyke gen cards --rows 0 --rate 5000/s --start now | fyke run -\n"
        "  fyke gen machines --labels truth.csv --malformed 0.001 -o "
        "hosts.csv\n",
    .exits = "  0 ok, also when the reader went away   2 usage   74 cannot be "
             "written\n",
    .options = gen_table,
    .option_count = &gen_count,
    .run = gen_main,
};
