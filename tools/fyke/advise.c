/*
 * fyke advise INPUT
 */
#include "engine/shell/engine.h"
#include "proto/base/check.h"
#include "proto/base/text.h"
#include "proto/host/cores.h"
#include "tools/fyke/advise_folder.h"
#include "tools/fyke/advise_measure.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/config_layers.h"
#include "tools/fyke/standard.h"
#include "tools/fyke/talk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTIONS_MAX 48u
#define PATH_BYTES 4096
#define RATE_MAX 1e9
#define MEASURE_US 2000000

static volatile sig_atomic_t signal_came; /* its number */

static void on_signal(int number)
{
    signal_came = number;
}

static bool stopped(void)
{
    return signal_came != 0;
}

static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

/* --------------------------------------------------------------- flags */

struct given {
    struct buf text[OPTIONS_MAX]; /* "--trees=50" */
    uint32_t count;
    struct buf command; /* fyke run INPUT --trees=50 */
};

/* Rows that say how to measure and not what. */
static bool is_of_advise(const struct option *row)
{
    static const char *const names[] = { "rate", "for",   "db",
                                         "json", "quiet", "config" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(row->name, names[i]) == 0)
            return true;
    return false;
}

static bool is_of_sampling(const struct option *row)
{
    return strcmp(row->name, "every") == 0 ||
           strcmp(row->name, "include-self") == 0;
}

static bool is_of_input(const struct option *row)
{
    for (size_t i = 0; i < settings_input_count; i++)
        if (strcmp(settings_input[i].name, row->name) == 0)
            return true;
    return false;
}

static const char *flag_text(struct given *g, const struct option *row,
                             const void *target)
{
    struct buf *b = &g->text[g->count++];
    buf_init(b, 65536);
    (void)buf_printf(b, "--%s", row->name);
    if (row->type != OPTION_FLAG) {
        (void)buf_append_char(b, '=');
        (void)option_print(row, target, b);
    }
    return buf_text(b);
}

static void flag_add(struct advise_bench *bench, uint32_t kind,
                     const char *text)
{
    check(bench->flag_count[kind] < ADVISE_FLAGS_MAX);
    bench->flag[kind][bench->flag_count[kind]++] = text;
}

/* What was set, by flag, variable or file, for each kind of run; and as a
 * line to type what the user typed. */
static void flags_fill(const struct config_layers *l,
                       const struct advise_input *in, struct given *g,
                       struct advise_bench *bench)
{
    char word[4400];
    buf_init(&g->command, 65536);
    (void)buf_printf(&g->command, "fyke run %s",
                     cli_shell_word(in->label, word, sizeof word));
    for (size_t i = 0; i < l->own_count; i++) {
        const struct option *row = &l->table[i];
        bool typed = l->layer[i] == CONFIG_FLAG;
        bool config = strcmp(row->name, "config") == 0;
        if (!l->given[i] || (is_of_advise(row) && !config))
            continue;
        const char *text = flag_text(g, row, &l->values);
        if (typed)
            (void)buf_printf(&g->command, " %s",
                             cli_shell_word(text, word, sizeof word));
        if (config)
            continue;
        if (!is_of_sampling(row) && !(in->live && is_of_input(row)))
            flag_add(bench, 0, text);
        if (in->live)
            flag_add(bench, 1, text);
    }
}

/* The runs get flags, and nothing from anywhere else. */
static void clear_environment(const struct config_layers *l)
{
    char name[80];
    for (size_t i = 0; i < l->count; i++)
        (void)unsetenv(
            option_environment_name(&l->table[i], name, sizeof name));
}

/* Samples of processes are replayed as CSV: in the roles that they have. */
static void flags_of_samples(const struct schema *s, struct given *g,
                             struct advise_bench *bench)
{
    struct buf *features = &g->text[g->count++];
    struct buf *key = &g->text[g->count++];
    buf_init(features, 65536);
    buf_init(key, 65536);
    for (uint32_t i = 0; i < s->feature_count; i++)
        (void)buf_printf(features, "%s%s", i == 0 ? "--features=" : ",",
                         s->column[s->feature[i]].name);
    for (uint32_t i = 0; i < s->key_count; i++)
        (void)buf_printf(key, "%s%s", i == 0 ? "--key=" : ",",
                         s->column[s->key[i]].name);
    flag_add(bench, 0, "--format=csv");
    flag_add(bench, 0, "--header=yes");
    flag_add(bench, 0, buf_text(features));
    if (s->key_count > 0)
        flag_add(bench, 0, buf_text(key));
}

static void flags_release(struct given *g)
{
    for (uint32_t i = 0; i < g->count; i++)
        buf_release(&g->text[i]);
    buf_release(&g->command);
}

static int rate_parse(const char *text, double *ret_rate, struct fault *fault)
{
    char number[32];
    size_t n = text != NULL ? strlen(text) : 0;
    if (text == NULL)
        return 0;
    if (n > 2 && n - 2 < sizeof number && strcmp(text + n - 2, "/s") == 0) {
        memcpy(number, text, n - 2);
        number[n - 2] = '\0';
        if (text_parse_f64(number, ret_rate) == 0 && *ret_rate >= 1 &&
            *ret_rate <= RATE_MAX)
            return 0;
    }
    return fault_set(fault, ERR_USAGE,
                     "--rate %s: say rows a second from 1/s to 1000000000/s, "
                     "for example --rate 5000/s",
                     text);
}

/* ------------------------------------------------------------ the whole */

static int print_report(const struct advise_report *r, bool json)
{
    struct buf out;
    buf_init(&out, (size_t)1 << 20);
    if (json)
        (void)advise_report_json(r, &out);
    else
        (void)advise_report_print(r, talk_width(STDOUT_FILENO), &out);
    if (out.length > 0)
        (void)talk_harmless((char *)out.data);
    int exit_code = cli_print(&out);
    buf_release(&out);
    if (exit_code != 0 || r->choice.recommended_us != 0)
        return exit_code;
    return 1;
}

static void tell_start(const struct advise_input *in, const struct settings *s)
{
    char rows[32];
    if (s->quiet)
        return;
    (void)fprintf(stderr,
                  "  measuring with %s%s rows of %s, %u %s, %u local %s; "
                  "about %.0f s\n",
                  in->whole ? "the " : "the first ",
                  text_count(in->records, rows, sizeof rows), in->label,
                  in->schema->feature_count,
                  in->schema->feature_count == 1 ? "feature" : "features",
                  (unsigned)s->workers, s->workers == 1 ? "worker" : "workers",
                  16.0 * (double)s->measure_us / 1e6 + 5);
    double load;
    if (getloadavg(&load, 1) == 1 && load > host_cores())
        (void)fprintf(stderr,
                      "  note: this machine is busy (load %.1f, %u cores): "
                      "alone it does better\n",
                      load, host_cores());
}

static int advise_in_folder(const struct settings *s, double rate,
                            const struct advise_input *in,
                            struct advise_bench *bench, const char *command,
                            int *ret_exit, struct fault *fault)
{
    struct advise_plan plan = { .bench = *bench,
                                .rate = rate,
                                .measure_us = s->measure_us,
                                .silent = s->quiet };
    struct advise_report report = { .input = in,
                                    .workers = s->workers,
                                    .command = command };
    int err = advise_measure(&plan, &report, fault);
    if (err == 0)
        *ret_exit = print_report(&report, s->json);
    return err;
}

static int advise_input_run(const struct config_layers *l, int *ret_exit,
                            struct fault *fault)
{
    const struct settings *s = &l->values.settings;
    const char *input = l->values.input;
    struct advise_input in = { 0 };
    struct advise_bench bench = { .input = &in, .stopped = stopped };
    struct given g = { .count = 0 };
    struct advise_folder folder;
    char db[PATH_BYTES];
    double rate = 0;
    int err = rate_parse(s->rate, &rate, fault);
    if (err == 0)
        err = standard_limit_check(s->workers, fault);
    if (err == 0)
        err = advise_input_load(input, s, stopped, &in, fault);
    if (err == 0)
        err = engine_find_db(s->db, input, db, sizeof db, fault);
    if (err == 0)
        err = advise_folder_make(db, &folder, fault);
    if (err == 0) {
        flags_fill(l, &in, &g, &bench);
        if (in.live)
            flags_of_samples(in.schema, &g, &bench);
        bench.folder = folder.path;
        tell_start(&in, s);
        err = advise_in_folder(s, rate, &in, &bench, buf_text(&g.command),
                               ret_exit, fault);
        advise_folder_remove(&folder);
    }
    flags_release(&g);
    advise_input_release(&in);
    return err;
}

/* What is not said goes by this machine, and --for is for this command: the
 * `for` of a file says how long to watch. */
static void settle(struct config_layers *l)
{
    struct settings *s = &l->values.settings;
    s->schema.record_bytes_max = s->record_bytes_max;
    if (s->workers == 0)
        s->workers = host_cores();
    for (size_t i = 0; i < l->own_count; i++)
        if (strcmp(l->table[i].name, "for") == 0 && l->layer[i] != CONFIG_FLAG)
            s->measure_us = MEASURE_US;
    clear_environment(l);
}

static int advise_settled(struct config_layers *l, struct fault *fault)
{
    int exit_code = 0;
    catch_signals();
    settle(l);
    if (l->values.input == NULL)
        (void)fault_set(fault, ERR_USAGE,
                        "give a file or host:processes; try: fyke advise "
                        "payments.csv --rate 5000/s");
    else
        (void)advise_input_run(l, &exit_code, fault);
    if (stopped()) {
        (void)fputs("stopped; what was measured is removed\n", stderr);
        return 128 + signal_came;
    }
    return fault->err != 0 ? cli_fail(fault) : exit_code;
}

static int advise_main(const struct command *command, int argc, char **argv)
{
    struct config_layers l;
    const char *operands[1] = { NULL };
    struct fault fault = { 0 };
    struct cli_parse parse = { .operands = operands, .operands_max = 1 };
    int exit_code = 0;
    check(settings_advise_count + 2 <= OPTIONS_MAX);
    int err = config_cli_parse(command, argc, argv, &parse, &l, &exit_code);
    if (err == 0)
        exit_code = advise_settled(&l, &fault);
    config_layers_release(&l);
    return exit_code;
}

const struct command command_advise = {
    .name = "advise",
    .summary = "measure which interval suits an input on this machine",
    .usage = "[flags] INPUT",
    .about =
        "Runs fyke run several times for a few seconds each, on a database of "
        "its own\nbeside where yours would lie, and feeds it the rows of "
        "INPUT, again and again\nwhere they are few. It prints what a batch "
        "costs by itself, how many rows a\nsecond pass at some intervals, and "
        "the smallest interval that stays on time at\nthe input's rate; and "
        "recommends one that leaves a batch twice the time that it\ntakes. "
        "Your database is left alone. Takes about half a minute; leave the "
        "machine\nalone meanwhile.\n\n"
        "The rate is --rate, or that of the input's time column, or with "
        "host:processes\nthat of this machine, or else half of what is "
        "possible. Flags that shape the\nwork (--key, --features, --trees, "
        "--workers, ...) are those of fyke run.\n",
    .examples = "  fyke advise payments.csv --key CUSTOMER_ID --rate 5000/s\n"
                "  fyke advise host:processes --every 50ms\n"
                "  fyke advise stream.ndjson --json | jq -r .recommended\n",
    .exits = "  0 there is a recommendation   1 there is none: too fast for "
             "this machine\n"
             "  2 usage, or INPUT is a pipe   65, 74, 78 as fyke run   130 "
             "Ctrl-C\n",
    .options = settings_advise,
    .option_count = &settings_advise_count,
    .run = advise_main,
};
