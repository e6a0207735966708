/*
 * fyke status
 */
#include "proto/base/text.h"
#include "storage/reader.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/client.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option status_options[] = {
    CLIENT_ROWS,
    { "json", 0, OPTION_FLAG, OPTION_FIELD(struct client_options, json),
      .help = "One JSON object, for programs" },
};
static const size_t status_option_count =
    sizeof status_options / sizeof *status_options;

/* The file's own words: everything a stopped coordinator left in it. */
#define FACTS                                                                  \
    "with f as (select (select last_batch from meta) as last_batch,"           \
    "(select strftime('%Y-%m-%d %H:%M:%f',cut_ns/1000000000.0,'unixepoch')"    \
    " from batch order by batch desc limit 1) as cut_at,"                      \
    "(select source from sources limit 1) as input,"                           \
    "(select kind from sources limit 1) as kind,"                              \
    "ifnull(sum(rows_in),0) as records,ifnull(sum(rows_scored),0) as scored,"  \
    "ifnull(sum(rows_quarantined),0) as quarantined,"                          \
    "ifnull(sum(rows_flagged),0) as flagged from batches) "

static const char people_sql[] =
    FACTS "select input,kind,last_batch,cut_at,records,scored,quarantined,"
          "flagged from f";

enum fact {
    FACT_INPUT,
    FACT_KIND,
    FACT_LAST_BATCH,
    FACT_CUT_AT,
    FACT_RECORDS,
    FACT_SCORED,
    FACT_QUARANTINED,
    FACT_FLAGGED,
    FACTS_COUNT,
};

/* A reply for people or programs, without a coordinator to write it. */
struct stopped {
    const char *db;
    const char *health; /* in one word */
    char reason[512];
    struct buf *out;
};

static const char *grouped(const char *digits, char out[32])
{
    return text_count(digits == NULL ? 0 : (uint64_t)strtoull(digits, NULL, 10),
                      out, 32);
}

static int say_people(void *context, uint32_t columns, const char *const *names,
                      const char *const *row)
{
    struct stopped *s = context;
    char one[32], two[32], three[32], four[32];
    (void)names;
    if (row == NULL || columns < FACTS_COUNT)
        return 0;
    (void)buf_printf(s->out, "%s: %s\n", s->health, s->reason);
    if (row[FACT_INPUT] != NULL)
        (void)buf_printf(s->out, "  %-10s %s (%s)\n", "input", row[FACT_INPUT],
                         row[FACT_KIND]);
    (void)buf_printf(s->out, "  %-10s %s, last batch %s", "database", s->db,
                     grouped(row[FACT_LAST_BATCH], one));
    if (row[FACT_CUT_AT] != NULL)
        (void)buf_printf(s->out, ", cut at %s UTC", row[FACT_CUT_AT]);
    return buf_printf(
        s->out, "\n  %-10s %s = %s scored + %s quarantined; %s flagged\n",
        "rows", grouped(row[FACT_RECORDS], one), grouped(row[FACT_SCORED], two),
        grouped(row[FACT_QUARANTINED], three),
        grouped(row[FACT_FLAGGED], four));
}

static int say_programs(void *context, uint32_t columns,
                        const char *const *names, const char *const *row)
{
    struct stopped *s = context;
    (void)names;
    return row == NULL || columns < 1 ? 0 : buf_printf(s->out, "%s\n", row[0]);
}

static void put_sql_text(struct buf *sql, const char *text)
{
    (void)buf_append_char(sql, '\'');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\'')
            (void)buf_append_char(sql, '\'');
        (void)buf_append_char(sql, *p);
    }
    (void)buf_append_char(sql, '\'');
}

static int query_programs(struct reader *r, struct stopped *s,
                          struct fault *fault)
{
    struct buf sql;
    buf_init(&sql, 65536);
    (void)buf_append_text(&sql, FACTS "select json_object('health',");
    put_sql_text(&sql, s->health);
    (void)buf_append_text(&sql, ",'reason',");
    put_sql_text(&sql, s->reason);
    (void)buf_append_text(&sql, ",'db',");
    put_sql_text(&sql, s->db);
    int err = buf_append_text(
        &sql, ",'input',input,'kind',kind,'last_batch',last_batch,'cut_at',"
              "cut_at,'records',records,'scored',scored,'quarantined',"
              "quarantined,'flagged',flagged) from f");
    if (err == 0)
        err = reader_query(r, buf_text(&sql), say_programs, s, fault);
    buf_release(&sql);
    return err;
}

static int say_stopped(const struct client *c, bool json, struct buf *out,
                       struct fault *fault)
{
    struct stopped s = { .db = c->db, .health = "stopped", .out = out };
    struct reader *reader;
    int err = reader_open(c->db, &reader, fault);
    if (err != 0)
        return err;
    (void)snprintf(s.reason, sizeof s.reason,
                   "no coordinator is running on %.300s", c->db);
    if (client_db_is_held(c)) {
        s.health = "unreachable";
        (void)snprintf(s.reason, sizeof s.reason,
                       "%.300s is held by a fyke that does not answer here: it "
                       "is starting or hangs, is another user's, or runs in a "
                       "container (--coordinator URL)",
                       c->db);
    }
    err = json ? query_programs(reader, &s, fault)
               : reader_query(reader, people_sql, say_people, &s, fault);
    reader_close(reader);
    return err;
}

/* 0 = answered, 1 = told what the file knows. */
static int status_ask(const struct client *c, bool json, struct buf *out,
                      struct fault *fault)
{
    const struct wire_control control = { .verb = WIRE_VERB_STATUS,
                                          .json = json };
    int code = 0;
    int err = client_ask(c, &control, out, &code, fault);
    if (err == ERR_UNREACHABLE && c->url == NULL) {
        err = say_stopped(c, json, out, fault);
        return err == 0 ? 1 : err;
    }
    if (err == ERR_TIMEOUT || err == ERR_CLOSED) {
        fault->err = ERR_UNREACHABLE;
        return fault->err;
    }
    if (err == 0 && code != 0)
        err = fault_set(fault, code, "%.*s", (int)out->length, buf_text(out));
    return err;
}

static int status_main(const struct command *command, int argc, char **argv)
{
    struct client_options options = { 0 };
    struct cli_parse parse = { .table = status_options,
                               .count = status_option_count,
                               .target = &options };
    struct client client;
    struct fault fault = { 0 };
    struct buf out;
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    buf_init(&out, WIRE_REPLY_TEXT_MAX);
    int err = client_init(&client, &options, &fault);
    if (err == 0)
        err = status_ask(&client, options.json, &out, &fault);
    exit_code = err < 0 ? cli_fail(&fault) : cli_print(&out);
    if (err > 0 && exit_code == 0)
        exit_code = err_exit_code(ERR_UNREACHABLE);
    buf_release(&out);
    option_release(status_options, status_option_count, &options);
    return exit_code;
}

const struct command command_status = {
    .name = "status",
    .summary = "how a running coordinator is doing",
    .usage = "[--db FILE | --coordinator URL] [--json]",
    .about =
        "Prints health in one word with its reason, the interval and what "
        "batches really\ntake, rows a second, lag, what is in flight, each "
        "worker, and\nthe last anomalies. Without a running coordinator: what "
        "the database knows, and\nexit 69.\n",
    .examples = "  fyke status\n"
                "  fyke status --json --db payments.fyke.db | jq .health\n"
                "  fyke status --coordinator tcp://10.0.0.5:7117\n",
    .exits = "  0 answered   2 which database?   69 no coordinator, or no "
             "answer\n  74 no such database\n",
    .options = status_options,
    .option_count = &status_option_count,
    .run = status_main,
};
