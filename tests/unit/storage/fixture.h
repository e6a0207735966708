/*
 * What the storage tests share: a folder of their own, a small source, a
 * batch that is easy to vary, and one-line questions to a file.
 */
#ifndef FYKE_TESTS_STORAGE_FIXTURE_H
#define FYKE_TESTS_STORAGE_FIXTURE_H

#include "storage/reader.h"
#include "storage/store.h"

#include <criterion/criterion.h>
#include <sqlite3.h>

/* A fresh folder below $TMPDIR, removed when the process ends. */
const char *fixture_folder(void);
/* FOLDER/name; valid until the process ends. */
const char *fixture_path(const char *name);

/* Opens with the defaults of a test; fails the test when that fails. */
struct store *fixture_open(const char *path);
struct store *fixture_open_with(const struct store_options *options);
/* Pins a source named "in.csv" with number column "x" and text column "k". */
void fixture_pin(struct store *s);
void fixture_pin_columns(struct store *s, const struct store_column *column,
                         uint32_t count);
void fixture_close(struct store *s, bool clean);

/* A batch of 10 records, positions 100 bytes a batch, nothing else in it. */
struct fixture_batch {
    struct store_batch b;
    struct store_range range;
    struct store_source source;
    uint8_t delta[32];
};
void fixture_batch(struct fixture_batch *f, uint64_t batch);
/* An answer that says little; `flagged` and severity by below / of. */
struct store_answer fixture_answer(uint32_t row, const char *key,
                                   uint64_t below, uint64_t of);
/* Commits it; fails the test when that fails. */
void fixture_commit(struct store *s, const struct store_batch *b);
/* A pinned database with batches 1 .. batches, closed. */
void fixture_make(const char *path, uint64_t batches, bool clean);

/* The rows of a query through a plain connection, columns by '|', rows by
 * newline, "NULL" for NULL. Valid until the next call. */
const char *fixture_query(const char *path, const char *sql);
int64_t fixture_number(const char *path, const char *sql);
/* The same through any connection. */
const char *fixture_query_on(sqlite3 *sq, const char *sql);
/* reader_check finds nothing. */
void fixture_check(const char *path);

/* What opening for writing answers; it is closed again at once. */
int fixture_open_error(const struct store_options *options,
                       struct fault *fault);
int fixture_open_error_at(const char *path, bool fresh, struct fault *fault);

#endif
