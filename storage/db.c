/*
 * The one place where SQLite's codes become ours and its messages sentences.
 */
#include "storage/db.h"

#include "proto/base/text.h"

#include <stdlib.h>
#include <string.h>

int db_err(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return ERR_PERM;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return ERR_IO;
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    default:
        return ERR_INVALID;
    }
}

int db_fault(const struct db *d, int code, struct fault *fault)
{
    int err = db_err(code);
    const char *why =
        d->sq != NULL ? sqlite3_errmsg(d->sq) : sqlite3_errstr(code);
    switch (err) {
    case ERR_NOMEM:
        return fault_set(fault, err, "%s: out of memory", d->label);
    case ERR_BUSY:
        return fault_set(fault, err,
                         "%s: another program is writing to it and must end "
                         "its transaction first",
                         d->label);
    case ERR_FULL:
        return fault_set(fault, err,
                         "%s: no space left on the disk. Nothing of this "
                         "was stored. Make room: a fyke that runs goes on by "
                         "itself, one that has ended is started again.",
                         d->label);
    case ERR_CORRUPT:
        return fault_set(fault, err,
                         "%s is damaged (%s). Keep a copy, then restore a "
                         "backup or start over with --fresh.",
                         d->label, why);
    case ERR_PERM:
        return fault_set(fault, err, "%s: not allowed to write (%s)", d->label,
                         why);
    case ERR_IO:
        return fault_set(fault, err, "%s: %s (SQLite code %d)", d->label, why,
                         code);
    default:
        return fault_set(fault, err, "%s: %s", d->label, why);
    }
}

int db_open(struct db *d, int flags, struct fault *fault)
{
    int rc = sqlite3_open_v2(
        d->path, &d->sq, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        NULL);
    if (rc != SQLITE_OK) {
        rc = db_fault(d, rc, fault);
        db_close(d);
        return rc;
    }
    /* A column name is data: "x" never falls back to being a string. */
    (void)sqlite3_db_config(d->sq, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(d->sq, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_db_config(d->sq, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(d->sq, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return 0;
}

void db_close(struct db *d)
{
    (void)sqlite3_close_v2(d->sq);
    d->sq = NULL;
}

void db_release(struct db *d)
{
    db_close(d);
    free(d->label);
    free(d->path);
    *d = (struct db){ 0 };
}

int db_exec(const struct db *d, const char *sql, struct fault *fault)
{
    int rc = sqlite3_exec(d->sq, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : db_fault(d, rc, fault);
}

int db_prepare(const struct db *d, const char *sql, sqlite3_stmt **ret_q,
               struct fault *fault)
{
    int rc = sqlite3_prepare_v3(d->sq, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                ret_q, NULL);
    return rc == SQLITE_OK ? 0 : db_fault(d, rc, fault);
}

int db_run(const struct db *d, sqlite3_stmt *q, struct fault *fault)
{
    int rc = sqlite3_step(q);
    int err =
        rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : db_fault(d, rc, fault);
    (void)sqlite3_reset(q);
    (void)sqlite3_clear_bindings(q);
    return err;
}

int db_step(const struct db *d, sqlite3_stmt *q, struct fault *fault)
{
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        return 1;
    }
    return rc == SQLITE_DONE ? 0 : db_fault(d, rc, fault);
}

int db_integer(const struct db *d, const char *sql, int64_t *ret_value,
               struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = db_prepare(d, sql, &q, fault);
    if (err != 0) {
        return err;
    }
    err = db_step(d, q, fault);
    if (err == 1 && sqlite3_column_type(q, 0) != SQLITE_NULL) {
        *ret_value = sqlite3_column_int64(q, 0);
        err = 0;
    } else if (err >= 0) {
        err = ERR_NOTFOUND;
    }
    (void)sqlite3_finalize(q);
    return err;
}

static bool text_valid(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        if (p[i] - 1u < 0x7fu) { /* 1..127 */
            i++;
            continue;
        }
        unsigned length = p[i] == 0 ? 0 : text_utf8_length(p + i, n - i);
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

static int bind_replaced(sqlite3_stmt *q, int index, const uint8_t *p, size_t n)
{
    static const uint8_t replacement[3] = { 0xef, 0xbf, 0xbd }; /* U+FFFD */
    uint8_t *out = sqlite3_malloc64(3 * (uint64_t)n + 1);
    if (out == NULL) {
        return SQLITE_NOMEM;
    }
    size_t used = 0;
    for (size_t i = 0; i < n;) {
        unsigned length = p[i] == 0 ? 0 : text_utf8_length(p + i, n - i);
        if (length == 0) {
            memcpy(out + used, replacement, sizeof replacement);
            used += sizeof replacement;
            i++;
            continue;
        }
        memcpy(out + used, p + i, length);
        used += length;
        i += length;
    }
    return sqlite3_bind_text64(q, index, (const char *)out, used, sqlite3_free,
                               SQLITE_UTF8);
}

int db_bind_text(sqlite3_stmt *q, int index, const char *text, size_t n)
{
    if (text == NULL) {
        return sqlite3_bind_null(q, index);
    }
    if (!text_valid((const uint8_t *)text, n)) {
        return bind_replaced(q, index, (const uint8_t *)text, n);
    }
    return sqlite3_bind_text64(q, index, text, n, SQLITE_STATIC, SQLITE_UTF8);
}

int db_bind_string(sqlite3_stmt *q, int index, const char *text)
{
    return db_bind_text(q, index, text, text == NULL ? 0 : strlen(text));
}

int db_bind_u64(sqlite3_stmt *q, int index, uint64_t value)
{
    return sqlite3_bind_int64(q, index, (int64_t)value);
}

int db_bind_time(sqlite3_stmt *q, int index, int64_t ns)
{
    return ns == INT64_MIN ? sqlite3_bind_null(q, index)
                           : sqlite3_bind_int64(q, index, ns);
}

const char *db_column_text(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    return text == NULL ? "" : text;
}
