/*
 * One transaction per batch: results, learned state and source position, or
 * nothing. Rows are bound in the order of the statements' columns.
 */
#include "storage/store_impl.h"

#include "proto/base/check.h"
#include "proto/host/clock.h"

#include <math.h>

static int bind_failed(const struct store *s, struct fault *fault)
{
    return fault_set(fault, ERR_NOMEM, "%s: out of memory", s->db.label);
}

static int bind_real(sqlite3_stmt *q, int index, double x)
{
    return isnan(x) ? sqlite3_bind_null(q, index)
                    : sqlite3_bind_double(q, index, x);
}

/* Which of the batch's ranges a record lies in. */
static uint32_t range_of(const struct store_batch *b, uint32_t row)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < b->range_count; i++) {
        end += b->range[i].records;
        if (row < end) {
            return i;
        }
    }
    return b->range_count == 0 ? 0 : b->range_count - 1;
}

static int commit_batch(struct store *s, const struct store_batch *b,
                        struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_BATCH];
    int i = 0;
    int rc = db_bind_u64(q, ++i, b->batch);
    rc |= db_bind_u64(q, ++i, b->state_batch);
    rc |= db_bind_time(q, ++i, b->opened_ns);
    rc |= db_bind_time(q, ++i, b->cut_ns);
    rc |= db_bind_string(q, ++i, b->cut_reason);
    rc |= sqlite3_bind_int64(q, ++i, b->interval_us);
    rc |= sqlite3_bind_int(q, ++i, b->overrun);
    rc |= sqlite3_bind_int64(q, ++i, b->records);
    rc |= sqlite3_bind_int64(q, ++i, b->rows_scored);
    rc |= sqlite3_bind_int64(q, ++i, b->rows_quarantined);
    rc |= sqlite3_bind_int64(q, ++i, b->rows_flagged);
    rc |= sqlite3_bind_int64(q, ++i, b->score == NULL ? 0 : b->score_count);
    rc |= sqlite3_bind_int64(q, ++i, b->flag);
    rc |= db_bind_u64(q, ++i, b->seed);
    rc |= db_bind_string(q, ++i, b->detector);
    rc |= sqlite3_bind_int64(q, ++i, b->algorithm);
    rc |= db_bind_u64(q, ++i, b->content_hash);
    rc |= db_bind_u64(q, ++i, b->result_hash);
    rc |= sqlite3_bind_int64(q, ++i, b->queue_us);
    rc |= sqlite3_bind_int64(q, ++i, b->compute_us);
    rc |= sqlite3_bind_int64(q, ++i, b->merge_us);
    rc |= sqlite3_bind_int64(q, ++i, b->worker_us);
    rc |= sqlite3_bind_int64(q, ++i, b->votes == 0 ? 1 : b->votes);
    return rc != 0 ? bind_failed(s, fault) : db_run(&s->db, q, fault);
}

static int commit_ranges(struct store *s, const struct store_batch *b,
                         struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_RANGE];
    for (uint32_t n = 0; n < b->range_count; n++) {
        const struct store_range *r = &b->range[n];
        int i = 0;
        int rc = db_bind_u64(q, ++i, b->batch);
        rc |= sqlite3_bind_int64(q, ++i, n);
        rc |= db_bind_string(q, ++i, r->source);
        rc |= db_bind_string(q, ++i, r->partition);
        rc |= db_bind_u64(q, ++i, r->from_position);
        rc |= db_bind_u64(q, ++i, r->to_position);
        rc |= db_bind_u64(q, ++i, r->from_line);
        rc |= db_bind_u64(q, ++i, r->records);
        int err = rc != 0 ? bind_failed(s, fault) : db_run(&s->db, q, fault);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static int commit_source(struct store *s, const struct store_source *source,
                         struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_SOURCE];
    int rc = db_bind_u64(q, 1, source->position);
    rc |= db_bind_u64(q, 2, source->line);
    rc |= db_bind_string(q, 3, source->identity);
    rc |= sqlite3_bind_int(q, 4, source->open_end);
    rc |= db_bind_string(q, 5, source->source);
    rc |= db_bind_string(q, 6, source->partition);
    int err = rc != 0 ? bind_failed(s, fault) : db_run(&s->db, q, fault);
    if (err == 0 && sqlite3_changes(s->db.sq) != 1) {
        return fault_set(fault, ERR_INVALID, "%s: the source %s is not pinned",
                         s->db.label, source->source);
    }
    return err;
}

/* NULL for a detector that finds no clusters. */
static int bind_place(sqlite3_stmt *q, int index, const struct store_place *p)
{
    if (!p->clustered) {
        return sqlite3_bind_null(q, index) | sqlite3_bind_null(q, index + 1);
    }
    return sqlite3_bind_int(q, index, p->cluster) |
           sqlite3_bind_int(q, index + 1, p->core);
}

static int commit_reasons(struct store *s, uint64_t batch, uint32_t row,
                          const char *detector,
                          const struct store_reason *reason, uint32_t count,
                          struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_REASON];
    check(count <= STORE_REASONS_MAX);
    for (uint32_t k = 0; k < count; k++) {
        const struct store_reason *r = &reason[k];
        int i = 0;
        int rc = db_bind_u64(q, ++i, batch);
        rc |= sqlite3_bind_int64(q, ++i, row);
        rc |= db_bind_string(q, ++i, detector);
        rc |= sqlite3_bind_int64(q, ++i, k + 1);
        rc |= db_bind_string(q, ++i, r->feature);
        rc |= bind_real(q, ++i, r->value);
        rc |= bind_real(q, ++i, r->usual);
        rc |= sqlite3_bind_int(q, ++i, r->direction);
        rc |= bind_real(q, ++i, r->contribution);
        int err = rc != 0 ? bind_failed(s, fault) : db_run(&s->db, q, fault);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static int commit_opinion(struct store *s, uint64_t batch, uint32_t row,
                          const struct store_opinion *o, struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_OPINION];
    int i = 0;
    int rc = db_bind_u64(q, ++i, batch);
    rc |= sqlite3_bind_int64(q, ++i, row);
    rc |= db_bind_string(q, ++i, o->detector);
    rc |= sqlite3_bind_int64(q, ++i, o->score_raw);
    rc |= bind_real(q, ++i, o->score);
    rc |= db_bind_u64(q, ++i, o->below);
    rc |= db_bind_u64(q, ++i, o->of);
    rc |= db_bind_u64(q, ++i, o->reference_rows);
    rc |= bind_place(q, ++i, &o->place);
    int err = rc != 0 ? bind_failed(s, fault) : db_run(&s->db, q, fault);
    return err != 0 ? err
                    : commit_reasons(s, batch, row, o->detector, o->reason,
                                     o->reason_count, fault);
}

static int commit_answer_row(struct store *s, const struct store_batch *b,
                             const struct store_answer *a, const char *detector,
                             struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_ANSWER];
    int i = 0;
    int rc = db_bind_u64(q, ++i, b->batch);
    rc |= sqlite3_bind_int64(q, ++i, a->row);
    rc |= db_bind_string(q, ++i, detector);
    rc |= sqlite3_bind_int64(q, ++i, range_of(b, a->row));
    rc |= db_bind_time(q, ++i, a->time_ns);
    rc |= db_bind_text(q, ++i, a->key_bytes > 0 ? a->key : NULL, a->key_bytes);
    rc |= sqlite3_bind_int64(q, ++i, a->score_raw);
    rc |= bind_real(q, ++i, a->score);
    rc |= db_bind_u64(q, ++i, a->below);
    rc |= db_bind_u64(q, ++i, a->of);
    rc |= db_bind_u64(q, ++i, a->reference_rows);
    rc |= sqlite3_bind_int(q, ++i, a->flagged);
    rc |= db_bind_u64(q, ++i, a->byte);
    rc |= db_bind_u64(q, ++i, a->line);
    rc |= db_bind_string(q, ++i, a->why == NULL ? "" : a->why);
    rc |= db_bind_text(q, ++i, a->record, a->record_bytes);
    rc |= sqlite3_bind_int64(q, ++i, a->votes);
    rc |= bind_place(q, ++i, &a->place);
    return rc != 0 ? bind_failed(s, fault) : db_run(&s->db, q, fault);
}

static int commit_answer(struct store *s, const struct store_batch *b,
                         const struct store_answer *a, struct fault *fault)
{
    const char *detector = a->detector != NULL ? a->detector : b->detector;
    int err = commit_answer_row(s, b, a, detector, fault);
    if (err == 0) {
        err = commit_reasons(s, b->batch, a->row, detector, a->reason,
                             a->reason_count, fault);
    }
    check(a->opinion_count <= STORE_OPINIONS_MAX);
    for (uint32_t i = 0; i < a->opinion_count && err == 0; i++) {
        err = commit_opinion(s, b->batch, a->row, &a->opinion[i], fault);
    }
    return err;
}

static int commit_answers(struct store *s, const struct store_batch *b,
                          struct fault *fault)
{
    struct store_answer made;
    int err = 0;
    for (uint32_t k = 0; k < b->answer_count && err == 0; k++) {
        const struct store_answer *a = &made;
        if (b->answer_make == NULL) {
            a = &b->answer[k];
        } else {
            err = b->answer_make(b->answer_context, k, &made);
        }
        if (err != 0) {
            return fault_set(fault, err, "%s: an answer could not be made: %s",
                             s->db.label, err_text(err));
        }
        err = commit_answer(s, b, a, fault);
    }
    return err;
}

static int commit_quarantine(struct store *s, const struct store_batch *b,
                             struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_BAD_RECORD];
    int err = 0;
    for (uint32_t k = 0; k < b->quarantine_count && err == 0; k++) {
        const struct store_quarantine *r = &b->quarantine[k];
        int i = 0;
        int rc = db_bind_u64(q, ++i, b->batch);
        rc |= sqlite3_bind_int64(q, ++i, r->row);
        rc |= sqlite3_bind_int64(q, ++i, range_of(b, r->row));
        rc |= sqlite3_bind_int64(q, ++i, r->records);
        rc |= db_bind_u64(q, ++i, r->byte);
        rc |= db_bind_u64(q, ++i, r->line);
        rc |= db_bind_u64(q, ++i, r->length);
        rc |= db_bind_string(q, ++i, r->reason);
        rc |= db_bind_text(q, ++i, r->text, r->text_bytes);
        err = rc != 0 ? bind_failed(s, fault) : db_run(&s->db, q, fault);
    }
    return err;
}

/* The hot loop of this room: what does not change is bound once. */
static int commit_scores(struct store *s, const struct store_batch *b,
                         struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_SCORE];
    int rc = db_bind_u64(q, 1, b->batch);
    const char *bound = NULL;
    for (uint32_t k = 0; k < b->score_count; k++) {
        const struct store_score *r = &b->score[k];
        const char *detector = r->detector != NULL ? r->detector : b->detector;
        if (detector != bound) {
            rc |= db_bind_string(q, 2, detector);
            bound = detector;
        }
        rc |= sqlite3_bind_int64(q, 3, r->row);
        rc |= db_bind_time(q, 4, r->time_ns);
        rc |=
            db_bind_text(q, 5, r->key_bytes > 0 ? r->key : NULL, r->key_bytes);
        rc |= sqlite3_bind_int64(q, 6, r->score_raw);
        rc |= bind_real(q, 7, r->score);
        rc |= db_bind_u64(q, 8, r->below);
        rc |= db_bind_u64(q, 9, r->of);
        rc |= sqlite3_bind_int(q, 10, r->flagged);
        rc |= bind_place(q, 11, &r->place);
        if (rc != 0) {
            return bind_failed(s, fault);
        }
        rc = sqlite3_step(q);
        if (rc != SQLITE_DONE) {
            int err = db_fault(&s->db, rc, fault);
            (void)sqlite3_reset(q);
            return err;
        }
        rc = sqlite3_reset(q);
    }
    (void)sqlite3_clear_bindings(q);
    return 0;
}

static int commit_state(struct store *s, const struct store_batch *b,
                        struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_DELTA];
    int rc = db_bind_u64(q, 1, b->batch);
    rc |= sqlite3_bind_blob64(q, 2, b->delta_bytes > 0 ? b->delta : "",
                              b->delta_bytes, SQLITE_STATIC);
    if (b->ingest_delta_bytes > 0) {
        rc |= sqlite3_bind_blob64(q, 3, b->ingest_delta, b->ingest_delta_bytes,
                                  SQLITE_STATIC);
    }
    int err = rc != 0 ? bind_failed(s, fault) : db_run(&s->db, q, fault);
    if (err != 0 || b->snapshot == NULL) {
        return err;
    }
    q = s->q[SQL_SNAPSHOT];
    rc = db_bind_u64(q, 1, b->batch);
    rc |= sqlite3_bind_blob64(q, 2, b->snapshot, b->snapshot_bytes,
                              SQLITE_STATIC);
    return rc != 0 ? bind_failed(s, fault) : db_run(&s->db, q, fault);
}

static int commit_rows(struct store *s, const struct store_batch *b,
                       struct fault *fault)
{
    int err = commit_batch(s, b, fault);
    if (err == 0) {
        err = commit_ranges(s, b, fault);
    }
    if (err == 0 && b->source != NULL) {
        err = commit_source(s, b->source, fault);
    }
    if (err == 0) {
        err = commit_answers(s, b, fault);
    }
    if (err == 0) {
        err = commit_quarantine(s, b, fault);
    }
    if (err == 0 && b->score != NULL) {
        err = commit_scores(s, b, fault);
    }
    if (err == 0) {
        err = commit_state(s, b, fault);
    }
    for (uint32_t i = 0; i < b->event_count && err == 0; i++) {
        err = store_event_add(s, &b->event[i], fault);
    }
    return err;
}

/* The check that a stale coordinator cannot pass. */
static int commit_advance(struct store *s, uint64_t batch, struct fault *fault)
{
    int err =
        store_run_with(s, SQL_ADVANCE, (int64_t)batch, s->meta.epoch, fault);
    if (err == 0 && sqlite3_changes(s->db.sq) != 1) {
        return fault_set(fault, ERR_CLOSED,
                         "%s does not end in batch %llu of this start: "
                         "another fyke took it over",
                         s->db.label, (unsigned long long)batch - 1);
    }
    return err;
}

int store_commit_us(struct store *s, struct fault *fault)
{
    if (s->commit_us < 0) {
        return 0;
    }
    sqlite3_stmt *q = s->q[SQL_COMMIT_US];
    int rc = db_bind_u64(q, 1, s->meta.last_batch);
    rc |= sqlite3_bind_int64(q, 2, s->commit_us);
    if (s->total_us >= 0) {
        rc |= sqlite3_bind_int64(q, 3, s->total_us);
    }
    return rc != 0 ? bind_failed(s, fault) : db_run(&s->db, q, fault);
}

int store_commit(struct store *s, const struct store_batch *b,
                 struct fault *fault)
{
    int64_t start_us = clock_monotonic_us();
    struct retain next = s->retain;
    int err = store_begin(s, fault);
    if (err != 0) {
        return err;
    }
    err = commit_advance(s, b->batch, fault);
    if (err == 0) {
        err = store_commit_us(s, fault);
    }
    if (err == 0) {
        err = commit_rows(s, b, fault);
    }
    err = err == 0 ? retain_step(s, b, &next, fault) : err;
    err = store_end(s, err, fault);
    if (err == ERR_FULL) {
        store_give_back(s);
    }
    if (err != 0) {
        return err;
    }
    s->retain = next;
    s->meta.last_batch = b->batch;
    int64_t now_us = clock_monotonic_us();
    s->commit_us = now_us - start_us;
    s->total_us = b->cut_us == 0 ? -1 : now_us - b->cut_us;
    return 0;
}
