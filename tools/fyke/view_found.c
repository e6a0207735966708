/*
 * What a run put into its database, for the summary: the strangest rows or
 * incidents, and why records are in quarantine. Asked with the same SQL that
 * is printed for people.
 */
#include "tools/fyke/view_run.h"

#include "proto/base/text.h"
#include "storage/reader.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/talk.h"
#include "tools/fyke/view_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN_MAX 5u
#define SQL_BYTES_MAX 1024

/* Asks one query; a database that cannot be read now gives no rows, for the
 * run itself has succeeded. */
static int found_ask(const char *db, const char *sql,
                     int (*each)(void *, uint32_t, const char *const *,
                                 const char *const *),
                     void *context, struct fault *fault)
{
    struct reader *reader;
    int err = reader_open(db, &reader, fault);
    if (err != 0)
        return err;
    err = reader_query(reader, sql, each, context, fault);
    reader_close(reader);
    return err;
}

static int each_number(void *context, uint32_t columns,
                       const char *const *names, const char *const *row)
{
    uint64_t *number = context;
    (void)columns;
    (void)names;
    if (row == NULL || row[0] == NULL)
        return ERR_OK;
    if (text_parse_u64(row[0], number) != 0)
        *number = 0;
    return ERR_OK;
}

uint64_t view_found_incidents(const struct view_found *f)
{
    uint64_t count = 0;
    char sql[SQL_BYTES_MAX];
    struct fault fault = { 0 };
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from incidents where batch >= %" PRIu64,
                   f->first_batch);
    (void)found_ask(f->db, sql, each_number, &count, &fault);
    return count;
}

uint64_t view_found_rows(const char *db)
{
    uint64_t count = 0;
    struct fault fault = { 0 };
    (void)found_ask(db, "select sum(rows_in) from batches", each_number, &count,
                    &fault);
    return count;
}

struct reasons {
    struct buf *out;
    uint32_t count;
};

static int each_reason(void *context, uint32_t columns,
                       const char *const *names, const char *const *row)
{
    struct reasons *r = context;
    (void)columns;
    (void)names;
    if (row == NULL)
        return ERR_OK;
    (void)buf_printf(r->out, "%s%s x %s", r->count++ > 0 ? "; " : "",
                     row[1] != NULL ? row[1] : "?",
                     row[0] != NULL ? row[0] : "?");
    if (row[2] != NULL)
        (void)buf_printf(r->out, " (from line %s)", row[2]);
    return ERR_OK;
}

int view_found_quarantine(const struct view_found *f, struct buf *out)
{
    struct reasons reasons = { out, 0 };
    struct fault fault = { 0 };
    char sql[SQL_BYTES_MAX];
    (void)snprintf(sql, sizeof sql,
                   "select reason, sum(records) as n, min(line) from "
                   "quarantine where batch >= %" PRIu64
                   " group by reason order by n desc, reason limit 3",
                   f->first_batch);
    return found_ask(f->db, sql, each_reason, &reasons, &fault);
}

/* Cells as people read them: a time without ".000", a severity with three
 * digits, one in 19 126. */
struct found_rows {
    const struct view_found *found;
    struct table table;
};

static const char *cell_time(const char *text, char *out, size_t out_bytes)
{
    size_t n = text != NULL ? strlen(text) : 0;
    if (n > 4 && strcmp(text + n - 4, ".000") == 0)
        n -= 4;
    (void)snprintf(out, out_bytes, "%.*s", (int)n, text != NULL ? text : "");
    return out;
}

static const char *cell_severity(const char *text, char *out, size_t out_bytes)
{
    double value = 0;
    if (text == NULL || text_parse_f64(text, &value) != 0)
        return text;
    /* Cut, not rounded: 100 is never reached. */
    (void)snprintf(out, out_bytes, "%.3f", floor(value * 1e3 + 1e-6) / 1e3);
    return out;
}

static const char *cell_one_in(const char *text, char *out, size_t out_bytes)
{
    double value = 0;
    if (text == NULL || text_parse_f64(text, &value) != 0 || value < 0 ||
        value > 1e15)
        return text;
    return text_count((uint64_t)(value + 0.5), out, out_bytes);
}

static int each_row(void *context, uint32_t columns, const char *const *names,
                    const char *const *row)
{
    struct found_rows *rows = context;
    const struct view_found *f = rows->found;
    const char *cells[TABLE_COLUMNS_MAX];
    char time[64], severity[64], one_in[64];
    uint32_t n = 0;
    (void)columns;
    (void)names;
    if (row == NULL)
        return ERR_OK;
    if (f->has_time)
        cells[n++] = cell_time(row[0], time, sizeof time);
    if (f->has_key)
        cells[n++] = row[1];
    cells[n++] = cell_severity(row[2], severity, sizeof severity);
    cells[n++] = cell_one_in(row[3], one_in, sizeof one_in);
    cells[n++] = row[4];
    cells[n++] = row[5];
    return table_row_add(&rows->table, cells);
}

static int each_incident(void *context, uint32_t columns,
                         const char *const *names, const char *const *row)
{
    struct found_rows *rows = context;
    const char *cells[TABLE_COLUMNS_MAX];
    char severity[64], seconds[64];
    double value = 0;
    (void)columns;
    (void)names;
    if (row == NULL)
        return ERR_OK;
    if (row[1] != NULL && text_parse_f64(row[1], &value) == 0)
        (void)snprintf(seconds, sizeof seconds, "%.1f", value);
    else
        seconds[0] = '\0';
    cells[0] = row[0];
    cells[1] = seconds;
    cells[2] = row[2];
    cells[3] = row[3];
    cells[4] = cell_severity(row[4], severity, sizeof severity);
    cells[5] = row[5];
    return table_row_add(&rows->table, cells);
}

static int ask_rows(struct found_rows *rows, struct fault *fault)
{
    const struct view_found *f = rows->found;
    char sql[SQL_BYTES_MAX];
    if (f->has_time)
        table_column_add(&rows->table, "time", false);
    if (f->has_key)
        table_column_add(&rows->table, "key", false);
    table_column_add(&rows->table, "severity", true);
    table_column_add(&rows->table, "one in", true);
    rows->table.flexible = rows->table.column_count;
    table_column_add(&rows->table, "why", false);
    table_column_add(&rows->table, "line", true);
    (void)snprintf(sql, sizeof sql,
                   "select time, key, severity, one_in, why, line from "
                   "anomalies where batch >= %" PRIu64
                   " order by severity desc, score desc, batch, row limit %u",
                   f->first_batch, SHOWN_MAX);
    return found_ask(f->db, sql, each_row, rows, fault);
}

static int ask_incidents(struct found_rows *rows, struct fault *fault)
{
    const struct view_found *f = rows->found;
    char sql[SQL_BYTES_MAX];
    table_column_add(&rows->table, "started", false);
    table_column_add(&rows->table, "seconds", true);
    table_column_add(&rows->table, "key", false);
    table_column_add(&rows->table, "rows", true);
    table_column_add(&rows->table, "severity", true);
    rows->table.flexible = rows->table.column_count;
    table_column_add(&rows->table, "why", false);
    (void)snprintf(sql, sizeof sql,
                   "select started, seconds, key, rows, severity, why from "
                   "incidents where batch >= %" PRIu64
                   " order by severity desc, score desc limit %u",
                   f->first_batch, SHOWN_MAX);
    return found_ask(f->db, sql, each_incident, rows, fault);
}

int view_found_print(const struct view_found *f)
{
    struct found_rows rows = { .found = f };
    struct fault fault = { 0 };
    struct buf out;
    char number[32], word[4200];
    if (f->flagged == 0)
        return 0;
    uint64_t all = f->processes ? view_found_incidents(f) : f->flagged;
    table_init(&rows.table);
    int err =
        f->processes ? ask_incidents(&rows, &fault) : ask_rows(&rows, &fault);
    if (err != 0) {
        table_release(&rows.table);
        return cli_fail(&fault);
    }
    buf_init(&out, (size_t)1 << 20);
    (void)table_print(&rows.table, talk_width(STDOUT_FILENO), &out);
    (void)buf_append_text(&out, "  ");
    if (all > rows.table.row_count)
        (void)buf_printf(
            &out, "...%s more:  ",
            text_count(all - rows.table.row_count, number, sizeof number));
    (void)buf_printf(&out, "sqlite3 -readonly -box %s \"select * from %s\"\n",
                     cli_shell_word(f->db, word, sizeof word),
                     f->processes ? "incidents" : "anomalies");
    int exit_code = cli_print(&out);
    buf_release(&out);
    table_release(&rows.table);
    return exit_code;
}
