/*
 * SQLite for this room's files: codes to enum err and to sentences for
 * people, statements, text that is always valid UTF-8.
 *
 * Errors       every function that takes a fault fills it on failure.
 * Thread rule  one owner of a struct db at a time.
 */
#ifndef FYKE_STORAGE_DB_H
#define FYKE_STORAGE_DB_H

#include "proto/base/buf.h"
#include "proto/base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "fyke" in ASCII: `file x.fyke.db` shows it, and we open nothing else. */
#define DB_APPLICATION_ID 0x66796b65
#define DB_VERSION 4       /* user_version that this program writes */
#define DB_VERSION_MODEL 3 /* the first one with the table model */
#define DB_VERSION_VOTES 4 /* the first one with votes and opinions */
#define DB_PAGE_BYTES 8192 /* a sixth faster than 4096 for kept scores */
#define DB_TEXT_MAX (256u << 20)

struct db {
    sqlite3 *sq;
    char *label; /* the path as the user wrote it, for messages */
    char *path;  /* resolved: what SQLite opens */
};

/* Translates a SQLite result code (extended or not). */
int db_err(int code);
/* Fills the fault from the connection's last error and returns its err. */
int db_fault(const struct db *d, int code, struct fault *fault);

/* Opens d->path. Closing keeps label and path. */
FYKE_MUST_USE int db_open(struct db *d, int flags, struct fault *fault);
void db_close(struct db *d);
void db_release(struct db *d);

FYKE_MUST_USE int db_exec(const struct db *d, const char *sql,
                          struct fault *fault);
FYKE_MUST_USE int db_prepare(const struct db *d, const char *sql,
                             sqlite3_stmt **ret_q, struct fault *fault);
/* Runs a statement that gives no rows, then resets it and forgets what was
 * bound. */
FYKE_MUST_USE int db_run(const struct db *d, sqlite3_stmt *q,
                         struct fault *fault);
/* 1 = a row is there, 0 = done, else a negative error. */
FYKE_MUST_USE int db_step(const struct db *d, sqlite3_stmt *q,
                          struct fault *fault);
/* First column of the first row; ERR_NOTFOUND without a row or when NULL. */
FYKE_MUST_USE int db_integer(const struct db *d, const char *sql,
                             int64_t *ret_value, struct fault *fault);

/* Binds text; bytes that are not UTF-8, and NUL, become U+FFFD. NULL binds
 * NULL. Without replacement the text is borrowed until the next reset. */
int db_bind_text(sqlite3_stmt *q, int index, const char *text, size_t n);
int db_bind_string(sqlite3_stmt *q, int index, const char *text);
/* Unsigned 64-bit values keep their bits. */
int db_bind_u64(sqlite3_stmt *q, int index, uint64_t value);
/* NULL for INT64_MIN ("no time"). */
int db_bind_time(sqlite3_stmt *q, int index, int64_t ns);
/* A column's text, "" for NULL. Valid until the next step. */
const char *db_column_text(sqlite3_stmt *q, int column);

#endif
