/*
 * Reads a measurement from its database.
 */
#include "tools/fyke/advise_run.h"

#include "proto/base/text.h"
#include "storage/reader.h"

#include <stdlib.h>
#include <string.h>

#define BATCHES_MAX 65536u

enum { ROWS, QUEUE, COMPUTE, MERGE, COMMIT, TOTAL, LATE, OPENED, VALUES };

struct sheet {
    uint32_t count;
    double from_s;
    double (*value)[VALUES]; /* BATCHES_MAX rows */
};

static int sheet_add(void *context, uint32_t columns, const char *const *names,
                     const char *const *row)
{
    struct sheet *s = context;
    (void)names;
    if (row == NULL || columns != VALUES || s->count == BATCHES_MAX)
        return 0;
    double *v = s->value[s->count];
    for (uint32_t i = 0; i < VALUES; i++)
        if (row[i] == NULL || text_parse_f64(row[i], &v[i]) != 0)
            v[i] = 0;
    s->count += v[OPENED] >= s->from_s;
    return 0;
}

/* The last batch was cut by the end and not by its rows or interval. */
static const char sheet_sql[] =
    "select rows_in, queue_ms, compute_ms, merge_ms, commit_ms, total_ms, "
    "overrun, (julianday(opened) - 2440587.5) * 86400 from batches "
    "where cut_reason not in ('end', 'drain') order by batch";

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A column, sorted, into `out`. */
static void sheet_sorted(const struct sheet *s, uint32_t column, double *out)
{
    for (uint32_t i = 0; i < s->count; i++)
        out[i] = s->value[i][column];
    qsort(out, s->count, sizeof *out, ascending);
}

static double sheet_median(const struct sheet *s, uint32_t column, double *room)
{
    sheet_sorted(s, column, room);
    return advise_quantile(room, s->count, 0.5);
}

static void sheet_sum_up(const struct sheet *s, double *room,
                         struct advise_seen *seen)
{
    double rows = 0, last_rows = s->value[s->count - 1][ROWS];
    double span_s = s->value[s->count - 1][OPENED] - s->value[0][OPENED];
    struct advise_trial *t = &seen->trial;
    for (uint32_t i = 0; i < s->count; i++) {
        rows += s->value[i][ROWS];
        t->late += s->value[i][LATE] != 0;
    }
    seen->batches = t->batches = s->count;
    seen->rows_a_batch = t->rows_a_batch = rows / s->count;
    if (span_s > 0)
        seen->rows_per_s = (rows - last_rows) / span_s;
    seen->queue_ms = sheet_median(s, QUEUE, room);
    seen->compute_ms = sheet_median(s, COMPUTE, room);
    seen->merge_ms = sheet_median(s, MERGE, room);
    seen->commit_ms = sheet_median(s, COMMIT, room);
    seen->total_ms = t->p50_ms = sheet_median(s, TOTAL, room);
    t->p99_ms = advise_quantile(room, s->count, 0.99);
    t->max_ms = room[s->count - 1];
}

int advise_seen_read(const char *db, double from_s,
                     struct advise_seen *ret_seen, struct fault *fault)
{
    struct sheet s = { .from_s = from_s };
    struct reader *reader;
    int err = reader_open(db, &reader, fault);
    if (err != 0)
        return err;
    s.value = calloc(BATCHES_MAX, sizeof *s.value);
    double *room = calloc(BATCHES_MAX, sizeof *room);
    if (s.value == NULL || room == NULL)
        err = fault_set(fault, ERR_NOMEM, "out of memory");
    else
        err = reader_query(reader, sheet_sql, sheet_add, &s, fault);
    if (err == 0 && s.count > 0)
        sheet_sum_up(&s, room, ret_seen);
    reader_close(reader);
    free(s.value);
    free(room);
    return err;
}

static int count_add(void *context, uint32_t columns, const char *const *names,
                     const char *const *row)
{
    (void)columns;
    (void)names;
    return row != NULL ? text_parse_u64(row[0], context) : 0;
}

uint64_t advise_seen_commits(const char *db)
{
    uint64_t count = 0;
    struct reader *reader;
    if (reader_open(db, &reader, NULL) != 0)
        return 0;
    (void)!reader_query(reader, "select count(*) from batches", count_add,
                        &count, NULL);
    reader_close(reader);
    return count;
}
