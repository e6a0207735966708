/*
 * fyke set NAME=VALUE...
 */
#include "engine/shell/change.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/client.h"
#include "tools/fyke/set_stored.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define TRIES 3

static const struct option set_options[] = { CLIENT_ROWS };
static const size_t set_option_count = sizeof set_options / sizeof *set_options;

/* A question and what its texts point into. */
struct set {
    struct client client;
    struct wire_control control;
    char who[320], request_id[17];
};

static struct wire_text text_of(const char *text)
{
    return (struct wire_text){ text, (uint32_t)strlen(text) };
}

static int split(const char *operand, struct wire_pair *pair,
                 struct fault *fault)
{
    const char *equals = strchr(operand, '=');
    if (equals == NULL || equals == operand)
        return fault_set(fault, ERR_USAGE,
                         "'%.80s' is not NAME=VALUE; try: fyke set "
                         "interval=250ms",
                         operand);
    pair->name = (struct wire_text){ operand, (uint32_t)(equals - operand) };
    pair->value = text_of(equals + 1);
    if (pair->name.length > WIRE_TEXT_MAX || pair->value.length > WIRE_TEXT_MAX)
        return fault_set(fault, ERR_USAGE, "'%.40s...' is too long", operand);
    return 0;
}

static int set_init(struct set *s, const struct cli_parse *parse,
                    struct fault *fault)
{
    uint64_t id;
    int err = 0;
    if (parse->operand_count == 0)
        return fault_set(fault, ERR_USAGE,
                         "say what to set; try: fyke set interval=250ms");
    s->control.verb = WIRE_VERB_SET;
    s->control.pair_count = parse->operand_count;
    for (uint32_t i = 0; i < parse->operand_count && err == 0; i++)
        err = split(parse->operands[i], &s->control.pair[i], fault);
    if (err == 0)
        err = change_check(settings_run, settings_run_count, s->control.pair,
                           s->control.pair_count, fault);
    if (err == 0 && getrandom(&id, sizeof id, 0) != sizeof id)
        err = fault_set(fault, ERR_IO, "no random numbers from the system");
    if (err != 0)
        return err;
    (void)snprintf(s->request_id, sizeof s->request_id, "%016" PRIx64, id);
    s->control.request_id = text_of(s->request_id);
    s->control.who = text_of(client_who(s->who, sizeof s->who));
    return 0;
}

static bool outcome_is_open(int err)
{
    return err == ERR_TIMEOUT || err == ERR_CLOSED;
}

static int ask_once(const struct set *s, struct buf *out, int *ret_code,
                    struct fault *fault)
{
    buf_reset(out);
    int err = client_ask(&s->client, &s->control, out, ret_code, fault);
    return err == 0 && *ret_code == ERR_CLOSED /* it ends */
               ? fault_set(fault, ERR_CLOSED, "%.*s", (int)out->length,
                           buf_text(out))
               : err;
}

/* Asked again with the same request_id, it is not carried out twice. */
static int ask_until_answered(const struct set *s, struct buf *out,
                              int *ret_code, struct fault *fault)
{
    const struct timespec moment = { .tv_nsec = 300000000 };
    int err = ask_once(s, out, ret_code, fault);
    for (int i = 1; i < TRIES && outcome_is_open(err); i++) {
        if (err == ERR_CLOSED)
            (void)nanosleep(&moment, NULL); /* or starts again */
        err = ask_once(s, out, ret_code, fault);
    }
    return err;
}

/* Nobody answers at the database's sockets: there is no coordinator, unless
 * somebody holds the file. */
static int set_without_coordinator(const struct set *s, struct buf *out,
                                   struct fault *fault)
{
    buf_reset(out);
    int err = set_stored(s->client.db, &s->control, out, fault);
    if (err == ERR_BUSY && client_db_is_held(&s->client))
        return fault_set(fault, err,
                         "%.200s is held by a fyke that does not answer "
                         "here: it is starting or hangs, is another user's, or "
                         "runs in a container. Try again, as its user, or "
                         "with --coordinator URL",
                         s->client.db);
    return err;
}

static int set_carry_out(const struct set *s, struct buf *out,
                         struct fault *fault)
{
    int code = 0;
    int err = ask_until_answered(s, out, &code, fault);
    if (err == ERR_UNREACHABLE && s->client.url == NULL)
        return set_without_coordinator(s, out, fault);
    if (outcome_is_open(err)) {
        const char *db = s->client.url != NULL ? "DB" : s->client.db;
        return fault_set(
            fault, ERR_UNREACHABLE,
            "the coordinator did not answer, asked %d times: whether "
            "the change was made is not known. Ask again (the same "
            "value twice does no harm), or look: sqlite3 -readonly "
            "-box %.200s \"select * from events order by time desc "
            "limit 5\"",
            TRIES, db);
    }
    if (err == 0 && code != 0) {
        err = fault_set(fault, code, "%.*s", (int)out->length, buf_text(out));
        buf_reset(out);
    }
    return err;
}

static int set_main(const struct command *command, int argc, char **argv)
{
    struct client_options options = { 0 };
    const char *operands[WIRE_PAIRS_MAX];
    struct cli_parse parse = {
        .table = set_options,
        .count = set_option_count,
        .target = &options,
        .operands = operands,
        .operands_max = WIRE_PAIRS_MAX,
    };
    struct set s = { 0 };
    struct fault fault = { 0 };
    struct buf out;
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    buf_init(&out, WIRE_REPLY_TEXT_MAX);
    int err = set_init(&s, &parse, &fault);
    if (err == 0)
        err = client_init(&s.client, &options, &fault);
    if (err == 0)
        err = set_carry_out(&s, &out, &fault);
    exit_code = err == 0 ? cli_print(&out) : cli_fail(&fault);
    buf_release(&out);
    option_release(set_options, set_option_count, &options);
    return exit_code;
}

const struct command command_set = {
    .name = "set",
    .summary = "change settings of a running coordinator",
    .usage = "NAME=VALUE... [--db FILE | --coordinator URL]",
    .about =
        "Changes settings while the stream runs, all of those given or none, "
        "from a batch\non that it tells. The change is committed before the "
        "answer, is a row of events\nand settings, and holds after a restart. "
        "What can be changed: interval,\ninterval_target, interval_min, "
        "interval_max, interval_step, max_rows, max_bytes,\npipeline, "
        "severity, votes, keep_scores, log_level.\n\nWithout a running "
        "coordinator "
        "the database keeps it for the next start.\n",
    .examples =
        "  fyke set interval=250ms\n"
        "  fyke set interval=auto interval_max=2s --db payments.fyke.db\n"
        "  fyke set severity=99.5 --coordinator tcp://10.0.0.5:7117\n",
    .exits = "  0 set   2 no such setting, or out of range   69 nobody "
             "answered\n  74 no such database   75 held, but not to be "
             "asked from here\n",
    .options = set_options,
    .option_count = &set_option_count,
    .run = set_main,
};
