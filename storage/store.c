/*
 * What is stored beside batches: source and columns, events, silences,
 * workers. And the reading of them that writer and reader share.
 */
#include "storage/schema.h"
#include "storage/store_impl.h"

#include "proto/base/check.h"
#include "proto/host/clock.h"

#include <string.h>

const struct store_meta *store_meta_get(const struct store *s)
{
    return &s->meta;
}

int meta_load(const struct db *d, struct store_meta *ret_meta,
              struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = db_prepare(d,
                         "select run_id,epoch,last_batch,"
                         "exists(select 1 from source) from meta",
                         &q, fault);
    if (err == 0) {
        err = db_step(d, q, fault);
        err = err == 0 ? ERR_NOTFOUND : err;
    }
    if (err == 1) {
        struct store_meta meta = {
            .epoch = (uint32_t)sqlite3_column_int64(q, 1),
            .last_batch = (uint64_t)sqlite3_column_int64(q, 2),
            .pinned = sqlite3_column_int(q, 3) != 0,
        };
        const void *id = sqlite3_column_blob(q, 0);
        err =
            sqlite3_column_bytes(q, 0) == STORE_RUN_ID_BYTES ? 0 : ERR_NOTFOUND;
        if (err == 0) {
            memcpy(meta.run_id, id, STORE_RUN_ID_BYTES);
            *ret_meta = meta;
        }
    }
    (void)sqlite3_finalize(q);
    return err;
}

static int pin_columns(struct store *s, const struct store_column *column,
                       uint32_t count, struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = db_exec(&s->db, "delete from column_info", fault);
    if (err == 0) {
        err = db_prepare(&s->db,
                         "insert into column_info(n,name,type,role,reason) "
                         "values(?,?,?,?,?)",
                         &q, fault);
    }
    for (uint32_t i = 0; i < count && err == 0; i++) {
        (void)sqlite3_bind_int64(q, 1, i);
        (void)db_bind_string(q, 2, column[i].name);
        (void)db_bind_string(q, 3, column[i].type);
        (void)db_bind_string(q, 4, column[i].role);
        (void)db_bind_string(q, 5,
                             column[i].reason == NULL ? "" : column[i].reason);
        err = db_run(&s->db, q, fault);
    }
    (void)sqlite3_finalize(q);
    return err;
}

static int pin_source(struct store *s, const struct store_source *source,
                      struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = db_exec(&s->db, "delete from source", fault);
    if (err == 0) {
        err = db_prepare(&s->db,
                         "insert into source(source,partition,kind,identity,"
                         "position,line,schema,open_end) "
                         "values(?,?,?,?,?,?,?,?)",
                         &q, fault);
    }
    if (err == 0) {
        (void)db_bind_string(q, 1, source->source);
        (void)db_bind_string(q, 2, source->partition);
        (void)db_bind_string(q, 3, source->kind);
        (void)db_bind_string(q, 4, source->identity);
        (void)db_bind_u64(q, 5, source->position);
        (void)db_bind_u64(q, 6, source->line);
        (void)db_bind_string(q, 7, source->schema);
        (void)sqlite3_bind_int(q, 8, source->open_end);
        err = db_run(&s->db, q, fault);
    }
    (void)sqlite3_finalize(q);
    return err;
}

int store_pin(struct store *s, const struct store_source *source,
              const struct store_column *column, uint32_t column_count,
              struct fault *fault)
{
    int err = store_begin_ours(s, fault);
    if (err != 0) {
        return err;
    }
    err = pin_source(s, source, fault);
    if (err == 0) {
        err = pin_columns(s, column, column_count, fault);
    }
    if (err == 0) {
        err = schema_views(&s->db, fault);
    }
    err = store_end(s, err, fault);
    if (err == 0) {
        s->meta.pinned = true;
    }
    return err;
}

/* Copies a column's text behind the others in `texts`, NUL included. */
static size_t text_keep(struct buf *texts, sqlite3_stmt *q, int column)
{
    size_t at = texts->length;
    (void)buf_append_text(texts, db_column_text(q, column));
    (void)buf_append_char(texts, 0);
    return at;
}

static int source_take(sqlite3_stmt *q, struct buf *texts,
                       struct store_source *ret_source)
{
    size_t at[5];
    buf_reset(texts);
    for (int i = 0; i < 5; i++) {
        at[i] = text_keep(texts, q, i);
    }
    if (texts->err != 0) {
        return texts->err;
    }
    const char *text = (const char *)texts->data;
    *ret_source = (struct store_source){
        .source = text + at[0],
        .partition = text + at[1],
        .kind = text + at[2],
        .identity = text + at[3],
        .schema = text + at[4],
        .position = (uint64_t)sqlite3_column_int64(q, 5),
        .line = (uint64_t)sqlite3_column_int64(q, 6),
        .open_end = sqlite3_column_int(q, 7) != 0,
    };
    return 0;
}

int source_load(const struct db *d, struct buf *texts,
                struct store_source *ret_source, struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = db_prepare(d,
                         "select source,partition,kind,identity,schema,"
                         "position,line,open_end from source limit 1",
                         &q, fault);
    if (err == 0) {
        err = db_step(d, q, fault);
        if (err == 1) {
            err = source_take(q, texts, ret_source);
        } else if (err == 0) {
            err =
                fault_set(fault, ERR_NOTFOUND, "%s has no input yet", d->label);
        }
    }
    (void)sqlite3_finalize(q);
    return err;
}

int store_source_get(struct store *s, struct store_source *ret_source,
                     struct fault *fault)
{
    return source_load(&s->db, &s->texts, ret_source, fault);
}

int store_event_add(struct store *s, const struct store_event *e,
                    struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_EVENT];
    (void)sqlite3_bind_int64(q, 1, e->at_ns);
    (void)db_bind_string(q, 2, e->what);
    (void)db_bind_string(q, 3, e->name);
    (void)db_bind_string(q, 4, e->old_value);
    (void)db_bind_string(q, 5, e->new_value);
    if (e->first_batch != 0) {
        (void)db_bind_u64(q, 6, e->first_batch);
    }
    (void)db_bind_string(q, 7, e->who);
    return db_run(&s->db, q, fault);
}

int store_events_put(struct store *s, const struct store_event *event,
                     uint32_t count, struct fault *fault)
{
    int err = store_begin_ours(s, fault);
    if (err != 0) {
        return err;
    }
    for (uint32_t i = 0; i < count && err == 0; i++) {
        err = store_event_add(s, &event[i], fault);
    }
    return store_end(s, err, fault);
}

int store_snapshots_forget(struct store *s, uint64_t batch, struct fault *fault)
{
    int err = store_begin_ours(s, fault);
    if (err != 0) {
        return err;
    }
    err = store_run_with(s, SQL_FORGET_SNAPSHOTS, (int64_t)batch, 0, fault);
    err = store_end(s, err, fault);
    return err != 0 ? err : retain_load(s, fault);
}

int store_silence_put(struct store *s, int64_t from_ns, int64_t to_ns,
                      uint64_t count, struct fault *fault)
{
    int err = store_begin_ours(s, fault);
    if (err != 0) {
        return err;
    }
    sqlite3_stmt *q = s->q[SQL_SILENCE];
    (void)sqlite3_bind_int64(q, 1, from_ns);
    (void)sqlite3_bind_int64(q, 2, to_ns);
    (void)db_bind_u64(q, 3, count);
    err = db_run(&s->db, q, fault);
    return store_end(s, err, fault);
}

int store_workers_put(struct store *s, const struct store_worker *worker,
                      uint32_t count, struct fault *fault)
{
    int err = store_begin_ours(s, fault);
    if (err != 0) {
        return err;
    }
    err = store_run(s, SQL_WORKER_CLEAR, fault);
    sqlite3_stmt *q = s->q[SQL_WORKER];
    for (uint32_t i = 0; i < count && err == 0; i++) {
        const struct store_worker *w = &worker[i];
        (void)db_bind_u64(q, 1, w->worker_id);
        (void)db_bind_string(q, 2, w->host);
        (void)db_bind_u64(q, 3, w->pid);
        (void)db_bind_u64(q, 4, w->tasks);
        (void)sqlite3_bind_int64(q, 5, w->joined_ns);
        (void)sqlite3_bind_int64(q, 6, w->heard_ns);
        err = db_run(&s->db, q, fault);
    }
    return store_end(s, err, fault);
}
