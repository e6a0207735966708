/*
 * Models that were brought in or trained: kept once, under their hash. What
 * uses one is the setting `model`, which is history like every setting.
 */
#include "storage/reader_impl.h"
#include "storage/store_impl.h"

#include <string.h>

static int model_bind(sqlite3_stmt *q, const struct store_model *m)
{
    int i = 0;
    int rc = db_bind_string(q, ++i, m->hash);
    rc |= db_bind_string(q, ++i, m->kind);
    rc |= sqlite3_bind_blob64(q, ++i, m->payload, m->payload_bytes,
                              SQLITE_STATIC);
    rc |= sqlite3_bind_int64(q, ++i, m->features);
    rc |= sqlite3_bind_int64(q, ++i, m->trees);
    rc |= sqlite3_bind_int64(q, ++i, m->subsample);
    rc |= sqlite3_bind_int64(q, ++i, m->nodes);
    rc |= db_bind_string(q, ++i, m->origin);
    rc |= sqlite3_bind_int64(q, ++i, m->at_ns);
    return rc;
}

int store_model_put(struct store *s, const struct store_model *m,
                    struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = store_begin_ours(s, fault);
    if (err != 0) {
        return err;
    }
    err = db_prepare(&s->db,
                     "insert into model(hash,kind,payload,features,trees,"
                     "subsample,nodes,origin,at_ns) values(?,?,?,?,?,?,?,?,?) "
                     "on conflict(hash) do nothing",
                     &q, fault);
    if (err == 0) {
        err = model_bind(q, m) == 0
                  ? db_run(&s->db, q, fault)
                  : db_fault(&s->db, sqlite3_errcode(s->db.sq), fault);
    }
    (void)sqlite3_finalize(q);
    return store_end(s, err, fault);
}

/* The row under the statement, if it is the only one. */
static int model_row(const struct db *d, sqlite3_stmt *q, const char *hash,
                     char ret_hash[STORE_MODEL_HASH], struct buf *payload,
                     struct fault *fault)
{
    const char *full = db_column_text(q, 0);
    if (sqlite3_column_int64(q, 2) != 1) {
        return fault_set(fault, ERR_USAGE,
                         "%s holds several models whose hash begins with %.64s"
                         ": say more of it",
                         d->label, hash);
    }
    if (strlen(full) >= STORE_MODEL_HASH) {
        return fault_set(fault, ERR_CORRUPT, "%s: the model %.80s has no hash",
                         d->label, full);
    }
    memcpy(ret_hash, full, strlen(full) + 1);
    size_t bytes = (size_t)sqlite3_column_bytes(q, 1);
    int err =
        bytes > 0 ? buf_append(payload, sqlite3_column_blob(q, 1), bytes) : 0;
    return err == 0 ? 0
                    : fault_set(fault, err, "%s: the model %.16s: %s", d->label,
                                full, err_text(err));
}

int reader_model_of(struct reader *r, const char *origin,
                    char ret_hash[STORE_MODEL_HASH], struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = db_prepare(r->d,
                         "select hash from model where origin=? and "
                         "length(hash)=64 order by at_ns desc,hash limit 1",
                         &q, fault);
    if (err == 0) {
        (void)db_bind_string(q, 1, origin);
        err = db_step(r->d, q, fault);
        if (err == 1) {
            memcpy(ret_hash, db_column_text(q, 0), STORE_MODEL_HASH);
            err = 0;
        } else if (err == 0) {
            err = ERR_NOTFOUND;
        }
    }
    (void)sqlite3_finalize(q);
    return err;
}

int store_learned_put(struct store *s, const void *state, size_t bytes,
                      struct fault *fault)
{
    if (s->meta.last_batch > 0) {
        return fault_set(fault, ERR_INVALID, "%s has batches already",
                         s->db.label);
    }
    int err = store_begin_ours(s, fault);
    if (err != 0) {
        return err;
    }
    err = db_exec(&s->db, "delete from state_snapshot where batch=0", fault);
    if (err == 0 && state != NULL) {
        sqlite3_stmt *q = s->q[SQL_SNAPSHOT];
        int rc = db_bind_u64(q, 1, 0);
        rc |= sqlite3_bind_blob64(q, 2, state, bytes, SQLITE_STATIC);
        err = rc == 0 ? db_run(&s->db, q, fault)
                      : db_fault(&s->db, sqlite3_errcode(s->db.sq), fault);
    }
    return store_end(s, err, fault);
}

int reader_model_get(struct reader *r, const char *hash,
                     char ret_hash[STORE_MODEL_HASH], struct buf *payload,
                     struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int64_t version = 0;
    int err = db_integer(r->d, "pragma user_version", &version, fault);
    if (err != 0 || version < DB_VERSION_MODEL) {
        return err != 0 ? err : ERR_NOTFOUND;
    }
    err = db_prepare(r->d,
                     "select hash,payload,count(*) from model where "
                     "substr(hash,1,length(?1))=?1 having count(*)>0",
                     &q, fault);
    if (err == 0) {
        (void)db_bind_string(q, 1, hash);
        err = db_step(r->d, q, fault);
        err = err == 1   ? model_row(r->d, q, hash, ret_hash, payload, fault)
              : err == 0 ? ERR_NOTFOUND
                         : err;
    }
    (void)sqlite3_finalize(q);
    return err;
}
