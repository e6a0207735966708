/*
 * Settings as history: put, looked up for a batch, and found again by the
 * request that brought them.
 */
#include "storage/store_impl.h"

#include "proto/host/clock.h"

#include <string.h>

static int settings_insert(struct store *s, const struct store_change *c,
                           struct fault *fault)
{
    int64_t now_ns = clock_wall_ns();
    sqlite3_stmt *q = s->q[SQL_SETTING];
    int err = 0;
    for (uint32_t i = 0; i < c->setting_count && err == 0; i++) {
        (void)db_bind_string(q, 1, c->setting[i].name);
        (void)db_bind_u64(q, 2, c->from_batch);
        (void)db_bind_string(q, 3, c->setting[i].value);
        (void)sqlite3_bind_int64(q, 4, now_ns);
        (void)db_bind_string(q, 5, c->actor);
        (void)db_bind_string(q, 6, c->request_id);
        err = db_run(&s->db, q, fault);
    }
    return err;
}

static int request_is_new(struct store *s, const char *request_id,
                          struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_REQUEST];
    if (request_id == NULL) {
        return 0;
    }
    (void)db_bind_string(q, 1, request_id);
    int err = db_step(&s->db, q, fault);
    (void)sqlite3_reset(q);
    (void)sqlite3_clear_bindings(q);
    return err != 1 ? err
                    : fault_set(fault, ERR_EXISTS,
                                "%s: the change %s is stored already",
                                s->db.label, request_id);
}

int store_change_put(struct store *s, const struct store_change *change,
                     struct fault *fault)
{
    int err = store_begin_ours(s, fault);
    if (err != 0) {
        return err;
    }
    err = request_is_new(s, change->request_id, fault);
    if (err == 0) {
        err = settings_insert(s, change, fault);
    }
    for (uint32_t i = 0; i < change->event_count && err == 0; i++) {
        err = store_event_add(s, &change->event[i], fault);
    }
    return store_end(s, err, fault);
}

int setting_load(const struct db *d, const char *name, uint64_t batch,
                 struct buf *out, struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = db_prepare(d,
                         "select value from setting where name=? and "
                         "from_batch<=? order by from_batch desc,id desc "
                         "limit 1",
                         &q, fault);
    if (err == 0) {
        (void)db_bind_string(q, 1, name);
        (void)db_bind_u64(q, 2, batch);
        err = db_step(d, q, fault);
        if (err == 1) {
            err = buf_append_text(out, db_column_text(q, 0));
        } else if (err == 0) {
            err = ERR_NOTFOUND;
        }
    }
    (void)sqlite3_finalize(q);
    return err;
}

int store_setting_get(struct store *s, const char *name, uint64_t batch,
                      struct buf *out)
{
    return setting_load(&s->db, name, batch, out, NULL);
}

/* Name, value and old value behind one another, each with its NUL. The texts
 * may still move: pointers are made at the end. */
static int request_keep(sqlite3_stmt *q, struct buf *texts)
{
    for (int i = 0; i < 3; i++) {
        (void)buf_append_text(texts, db_column_text(q, i));
        (void)buf_append_char(texts, 0);
    }
    return texts->err;
}

static const char *text_next(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

int store_request_find(struct store *s, const char *request_id,
                       struct buf *texts, struct store_changed *ret_changed,
                       uint32_t max, uint32_t *ret_count, struct fault *fault)
{
    sqlite3_stmt *q = s->q[SQL_REQUEST];
    uint32_t count = 0;
    int err = db_bind_string(q, 1, request_id) != SQLITE_OK ? ERR_NOMEM : 0;
    buf_reset(texts);
    while (err == 0 && count < max && (err = db_step(&s->db, q, fault)) == 1) {
        ret_changed[count++].from_batch = (uint64_t)sqlite3_column_int64(q, 3);
        err = request_keep(q, texts);
    }
    (void)sqlite3_reset(q);
    (void)sqlite3_clear_bindings(q);
    if (err != 0 || count == 0) {
        return err != 0 ? err : ERR_NOTFOUND;
    }
    const char *at = (const char *)texts->data;
    for (uint32_t i = 0; i < count; i++) {
        ret_changed[i].name = text_next(&at);
        ret_changed[i].value = text_next(&at);
        ret_changed[i].old_value = text_next(&at);
    }
    *ret_count = count;
    return 0;
}
