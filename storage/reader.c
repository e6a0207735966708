/*
 * Reading a database: every function is one short statement, so that a
 * reader holds up neither the writer nor its checkpoints.
 */
#include "storage/reader_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READER_BUSY_MS 10000

static int reader_paths(struct db *d, const char *path, struct fault *fault)
{
    d->label = strdup(path);
    d->path = realpath(path, NULL);
    if (d->label == NULL) {
        return fault_set(fault, ERR_NOMEM, "%s: out of memory", path);
    }
    if (d->path == NULL) {
        return fault_set(fault, err_from_errno(errno), "%s: %s", path,
                         strerror(errno));
    }
    if (access(d->path, R_OK) != 0) {
        return fault_set(fault, err_from_errno(errno), "%s: cannot read: %s",
                         path, strerror(errno));
    }
    return 0;
}

/* Looks through SQLite, not at the file: a raw open and close would drop the
 * locks of a writer in this process. */
static int reader_examine(const struct db *d, struct fault *fault)
{
    int64_t id = 0;
    int64_t version = 0;
    struct fault why = { 0 };
    int err = db_integer(d, "pragma application_id", &id, &why);
    if (err == ERR_CORRUPT && sqlite3_errcode(d->sq) == SQLITE_NOTADB) {
        return fault_set(fault, ERR_CONTENT, "%s is not a fyke database",
                         d->label);
    }
    if (err == 0 && id != DB_APPLICATION_ID) {
        return fault_set(fault, ERR_CONTENT,
                         "%s is a database of another program, not of fyke",
                         d->label);
    }
    if (err == 0) {
        err = db_integer(d, "pragma user_version", &version, &why);
    }
    if (err != 0) {
        return fault_set(fault, err, "%s", why.text);
    }
    if (version > DB_VERSION) {
        return fault_set(fault, ERR_VERSION,
                         "%s was written by a newer fyke (format %lld; this "
                         "one knows up to %d)",
                         d->label, (long long)version, DB_VERSION);
    }
    return 0;
}

static bool wal_is_empty(const struct db *d)
{
    char *wal = sqlite3_mprintf("%s-wal", d->path);
    bool empty = wal != NULL && access(wal, F_OK) != 0;
    sqlite3_free(wal);
    return empty;
}

/* A copy of a file that was in use, in a folder we cannot write: nobody else
 * writes there either, and without a WAL the file is all there is. */
static int open_immutable(struct db *d, struct fault *fault)
{
    char *path = d->path;
    sqlite3_str *uri = sqlite3_str_new(NULL);
    sqlite3_str_appendall(uri, "file:");
    for (const char *p = path; *p != 0; p++) {
        if (strchr("%?#", *p) != NULL) {
            sqlite3_str_appendf(uri, "%%%02x", (unsigned char)*p);
        } else {
            sqlite3_str_appendchar(uri, 1, *p);
        }
    }
    sqlite3_str_appendall(uri, "?immutable=1");
    d->path = sqlite3_str_finish(uri);
    int err = d->path == NULL
                  ? fault_set(fault, ERR_NOMEM, "%s: out of memory", d->label)
                  : db_open(d, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, fault);
    sqlite3_free(d->path);
    d->path = path;
    return err;
}

static int reader_connect(struct db *d, struct fault *fault)
{
    int err = db_open(d, SQLITE_OPEN_READONLY, fault);
    if (err != 0) {
        return err;
    }
    (void)sqlite3_busy_timeout(d->sq, READER_BUSY_MS);
    err = reader_examine(d, fault);
    if (err != ERR_IO && err != ERR_PERM) {
        return err;
    }
    db_close(d);
    if (!wal_is_empty(d)) {
        return fault_set(fault, err,
                         "%s was not closed cleanly, and reading it then "
                         "needs a folder that may be written. Copy it with "
                         "its -wal file to one.",
                         d->label);
    }
    err = open_immutable(d, fault);
    return err == 0 ? reader_examine(d, fault) : err;
}

/* A file of an earlier format, which only a writer brings up to date: what the
 * statements of this room ask for and it lacks stands before its tables. */
static int reader_complete(const struct db *d, struct fault *fault)
{
    int64_t version = 0;
    int err = db_exec(d, "pragma temp_store=memory", fault);
    if (err == 0) {
        err = db_integer(d, "pragma user_version", &version, fault);
    }
    if (err != 0 || version >= DB_VERSION_VOTES) {
        return err;
    }
    return db_exec(d,
                   "create temp view batch as select *,null as votes from "
                   "main.batch;"
                   "create temp view answer as select *,null as votes,"
                   "null as cluster,null as core from main.answer;"
                   "create temp view opinion as select batch,row,detector,"
                   "score_raw,score,below,of,reference_rows,cluster,core "
                   "from temp.answer where 0",
                   fault);
}

int reader_open(const char *path, struct reader **ret_r, struct fault *fault)
{
    struct reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return fault_set(fault, ERR_NOMEM, "%s: out of memory", path);
    }
    r->d = &r->own;
    buf_init(&r->texts, DB_TEXT_MAX);
    struct store_meta meta;
    int err = reader_paths(&r->own, path, fault);
    if (err == 0) {
        err = reader_connect(&r->own, fault);
    }
    if (err == 0) {
        err = reader_complete(r->d, fault);
    }
    if (err == 0) {
        err = db_exec(r->d, "pragma query_only=1", fault);
    }
    if (err == 0) {
        err = meta_load(r->d, &meta, fault);
        if (err == ERR_NOTFOUND || err == ERR_INVALID) {
            err = fault_set(fault, ERR_CORRUPT, "%s is damaged (no table meta)",
                            path);
        }
    }
    if (err != 0) {
        reader_close(r);
        return err;
    }
    *ret_r = r;
    return 0;
}

int reader_of_store(struct store *s, struct reader **ret_r)
{
    struct reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return ERR_NOMEM;
    }
    r->d = &s->db;
    buf_init(&r->texts, DB_TEXT_MAX);
    *ret_r = r;
    return 0;
}

void reader_close(struct reader *r)
{
    if (r == NULL) {
        return;
    }
    buf_release(&r->texts);
    db_release(&r->own);
    free(r);
}

int reader_source_get(struct reader *r, struct store_source *ret_source,
                      struct fault *fault)
{
    return source_load(r->d, &r->texts, ret_source, fault);
}

int reader_setting_get(struct reader *r, const char *name, uint64_t batch,
                       struct buf *out)
{
    return setting_load(r->d, name, batch, out, NULL);
}

int reader_batch_range(struct reader *r, uint64_t *ret_first,
                       uint64_t *ret_last, struct fault *fault)
{
    int64_t first = 0;
    int64_t last = 0;
    int err = db_integer(r->d, "select min(batch) from batch", &first, fault);
    if (err == 0) {
        err = db_integer(r->d, "select max(batch) from batch", &last, fault);
    }
    if (err == ERR_NOTFOUND) {
        return fault_set(fault, err, "%s holds no batch yet", r->d->label);
    }
    if (err == 0) {
        *ret_first = (uint64_t)first;
        *ret_last = (uint64_t)last;
    }
    return err;
}

static void batch_take(sqlite3_stmt *q, uint64_t batch, struct reader_batch *b)
{
    *b = (struct reader_batch){
        .batch = batch,
        .state_batch = (uint64_t)sqlite3_column_int64(q, 0),
        .records = (uint32_t)sqlite3_column_int64(q, 1),
        .rows_scored = (uint32_t)sqlite3_column_int64(q, 2),
        .rows_quarantined = (uint32_t)sqlite3_column_int64(q, 3),
        .rows_flagged = (uint32_t)sqlite3_column_int64(q, 4),
        .flag = (uint32_t)sqlite3_column_int64(q, 5),
        .seed = (uint64_t)sqlite3_column_int64(q, 6),
        .algorithm = (uint32_t)sqlite3_column_int64(q, 7),
        .content_hash = (uint64_t)sqlite3_column_int64(q, 8),
        .result_hash = (uint64_t)sqlite3_column_int64(q, 9),
        .from_position = (uint64_t)sqlite3_column_int64(q, 10),
        .to_position = (uint64_t)sqlite3_column_int64(q, 11),
        .from_line = (uint64_t)sqlite3_column_int64(q, 12),
        .interval_us = sqlite3_column_int64(q, 13),
        .votes = (uint32_t)sqlite3_column_int64(q, 14),
    };
    (void)snprintf(b->detector, sizeof b->detector, "%s",
                   db_column_text(q, 15));
}

int reader_batch_get(struct reader *r, uint64_t batch,
                     struct reader_batch *ret_b, struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err =
        db_prepare(r->d,
                   "select state_batch,b.records,rows_scored,rows_quarantined,"
                   "rows_flagged,flag,seed,algorithm,content_hash,result_hash,"
                   "from_position,to_position,from_line,interval_us,"
                   "ifnull(votes,1),detector "
                   "from batch b "
                   "left join batch_range r on r.batch=b.batch and r.n=0 "
                   "where b.batch=?",
                   &q, fault);
    if (err == 0) {
        (void)db_bind_u64(q, 1, batch);
        err = db_step(r->d, q, fault);
        if (err == 1) {
            batch_take(q, batch, ret_b);
            err = 0;
        } else if (err == 0) {
            err = fault_set(fault, ERR_NOTFOUND, "%s: no batch %llu",
                            r->d->label, (unsigned long long)batch);
        }
    }
    (void)sqlite3_finalize(q);
    return err;
}

int reader_snapshot(struct reader *r, uint64_t batch, struct buf *snapshot,
                    uint64_t *ret_from, struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    uint64_t from = 0;
    int err = db_prepare(r->d,
                         "select batch,learned from state_snapshot "
                         "where batch<=? order by batch desc limit 1",
                         &q, fault);
    if (err == 0) {
        (void)db_bind_u64(q, 1, batch);
        err = db_step(r->d, q, fault);
    }
    if (err == 1) {
        from = (uint64_t)sqlite3_column_int64(q, 0);
        const void *bytes = sqlite3_column_blob(q, 1);
        err = buf_append(snapshot, bytes, (size_t)sqlite3_column_bytes(q, 1));
    }
    (void)sqlite3_finalize(q);
    if (err == 0) {
        *ret_from = from;
    }
    return err;
}

static int deltas_each(struct reader *r, sqlite3_stmt *q, uint64_t first,
                       uint64_t last,
                       int (*each)(void *context, uint64_t batch,
                                   const void *delta, size_t n),
                       void *context, struct fault *fault)
{
    int err = 0;
    for (uint64_t next = first; err == 0 && next <= last; next++) {
        err = db_step(r->d, q, fault);
        if (err == 0 ||
            (err == 1 && (uint64_t)sqlite3_column_int64(q, 0) != next)) {
            return fault_set(fault, ERR_NOTFOUND,
                             "%s no longer keeps what batch %llu taught",
                             r->d->label, (unsigned long long)next);
        }
        if (err == 1) {
            const void *delta = sqlite3_column_blob(q, 1);
            err =
                each(context, next, delta, (size_t)sqlite3_column_bytes(q, 1));
        }
    }
    return err;
}

int reader_deltas(struct reader *r, uint64_t first, uint64_t last,
                  int (*each)(void *context, uint64_t batch, const void *delta,
                              size_t n),
                  void *context, struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = db_prepare(r->d,
                         "select batch,learned from state_delta "
                         "where batch>=?1 and batch<=?2 order by batch",
                         &q, fault);
    if (err == 0) {
        (void)db_bind_u64(q, 1, first);
        (void)db_bind_u64(q, 2, last);
        err = deltas_each(r, q, first, last, each, context, fault);
    }
    (void)sqlite3_finalize(q);
    return err;
}
