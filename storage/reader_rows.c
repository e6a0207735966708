/*
 * Rows handed to a function: stored answers for replay, any query's rows for
 * export.
 */
#include "storage/reader_impl.h"

#include <math.h>
#include <stdlib.h>

static double column_real(sqlite3_stmt *q, int column)
{
    return sqlite3_column_type(q, column) == SQLITE_NULL
               ? (double)NAN
               : sqlite3_column_double(q, column);
}

/* NULL for NULL, unlike db_column_text. */
static const char *column_text(sqlite3_stmt *q, int column)
{
    return (const char *)sqlite3_column_text(q, column);
}

static void answer_take(sqlite3_stmt *q, struct store_answer *a)
{
    *a = (struct store_answer){
        .row = (uint32_t)sqlite3_column_int64(q, 0),
        .detector = column_text(q, 1),
        .time_ns = sqlite3_column_type(q, 2) == SQLITE_NULL
                       ? INT64_MIN
                       : sqlite3_column_int64(q, 2),
        .key = column_text(q, 3),
        .key_bytes = (uint32_t)sqlite3_column_bytes(q, 3),
        .score_raw = (uint32_t)sqlite3_column_int64(q, 4),
        .score = column_real(q, 5),
        .below = (uint64_t)sqlite3_column_int64(q, 6),
        .of = (uint64_t)sqlite3_column_int64(q, 7),
        .reference_rows = (uint64_t)sqlite3_column_int64(q, 8),
        .flagged = sqlite3_column_int(q, 9) != 0,
        .byte = (uint64_t)sqlite3_column_int64(q, 10),
        .line = (uint64_t)sqlite3_column_int64(q, 11),
        .why = column_text(q, 12),
        .record = column_text(q, 13),
        .record_bytes = (uint32_t)sqlite3_column_bytes(q, 13),
        .votes = (uint32_t)sqlite3_column_int64(q, 14),
        .place = { .clustered = sqlite3_column_type(q, 15) != SQLITE_NULL,
                   .cluster = sqlite3_column_int(q, 15),
                   .core = sqlite3_column_int(q, 16) != 0 },
    };
}

/* The reasons of an answer; their texts go behind each other in `texts`. */
static int reasons_take(struct reader *r, sqlite3_stmt *q, uint64_t batch,
                        struct store_answer *a, struct fault *fault)
{
    size_t at[STORE_REASONS_MAX] = { 0 };
    buf_reset(&r->texts);
    (void)db_bind_u64(q, 1, batch);
    (void)sqlite3_bind_int64(q, 2, a->row);
    (void)db_bind_string(q, 3, a->detector);
    int err = 1;
    while (err == 1 && a->reason_count < STORE_REASONS_MAX) {
        err = db_step(r->d, q, fault);
        if (err != 1) {
            break;
        }
        struct store_reason *reason = &a->reason[a->reason_count];
        reason->value = column_real(q, 1);
        reason->usual = column_real(q, 2);
        reason->direction = sqlite3_column_int(q, 3);
        reason->contribution = column_real(q, 4);
        at[a->reason_count++] = r->texts.length;
        (void)buf_append_text(&r->texts, db_column_text(q, 0));
        (void)buf_append_char(&r->texts, 0);
    }
    (void)sqlite3_reset(q);
    for (uint32_t i = 0; i < a->reason_count && r->texts.err == 0; i++) {
        a->reason[i].feature = (const char *)r->texts.data + at[i];
    }
    return err < 0 ? err : r->texts.err;
}

static int answers_each(struct reader *r, sqlite3_stmt *q, sqlite3_stmt *why,
                        uint64_t batch,
                        int (*each)(void *context,
                                    const struct store_answer *a),
                        void *context, struct fault *fault)
{
    (void)db_bind_u64(q, 1, batch);
    for (;;) {
        int err = db_step(r->d, q, fault);
        if (err != 1) {
            return err;
        }
        struct store_answer a;
        answer_take(q, &a);
        err = reasons_take(r, why, batch, &a, fault);
        if (err == 0) {
            err = each(context, &a);
        }
        if (err != 0) {
            return err;
        }
    }
}

int reader_answers(struct reader *r, uint64_t batch,
                   int (*each)(void *context, const struct store_answer *a),
                   void *context, struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    sqlite3_stmt *why = NULL;
    int err =
        db_prepare(r->d,
                   "select row,detector,time_ns,key,score_raw,score,below,of,"
                   "reference_rows,flagged,byte,line,why,record,"
                   "ifnull(votes,flagged),cluster,core from answer "
                   "where batch=? order by row,detector",
                   &q, fault);
    if (err == 0) {
        err = db_prepare(r->d,
                         "select feature,value,usual,direction,contribution "
                         "from reason where batch=? and row=? and detector=? "
                         "order by rank",
                         &why, fault);
    }
    if (err == 0) {
        err = answers_each(r, q, why, batch, each, context, fault);
    }
    (void)sqlite3_finalize(why);
    (void)sqlite3_finalize(q);
    return err;
}

struct row_texts {
    const char **name;
    const char **text;
    uint32_t columns;
};

static int row_texts_init(struct row_texts *t, sqlite3_stmt *q)
{
    t->columns = (uint32_t)sqlite3_column_count(q);
    t->name = calloc(t->columns + 1, sizeof *t->name);
    t->text = calloc(t->columns + 1, sizeof *t->text);
    if (t->name == NULL || t->text == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < t->columns; i++) {
        t->name[i] = sqlite3_column_name(q, (int)i);
    }
    return 0;
}

static int rows_each(struct reader *r, sqlite3_stmt *q, struct row_texts *t,
                     int (*each)(void *context, uint32_t columns,
                                 const char *const *names,
                                 const char *const *row),
                     void *context, struct fault *fault)
{
    int err = each(context, t->columns, t->name, NULL);
    while (err == 0) {
        int step = db_step(r->d, q, fault);
        if (step != 1) {
            return step;
        }
        for (uint32_t i = 0; i < t->columns; i++) {
            t->text[i] = column_text(q, (int)i);
        }
        err = each(context, t->columns, t->name, t->text);
    }
    return err;
}

int reader_query(struct reader *r, const char *sql,
                 int (*each)(void *context, uint32_t columns,
                             const char *const *names, const char *const *row),
                 void *context, struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    struct row_texts t = { 0 };
    int err = db_prepare(r->d, sql, &q, fault);
    if (err == 0) {
        err = row_texts_init(&t, q);
    }
    if (err == 0) {
        err = rows_each(r, q, &t, each, context, fault);
    }
    free(t.name);
    free(t.text);
    (void)sqlite3_finalize(q);
    return err;
}
