#include "fixture.h"
#include "tests/lib/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[256];
static pid_t owner;

static void remove_folder(void)
{
    if (getpid() == owner) {
        (void)folder_remove(folder);
    }
}

const char *fixture_folder(void)
{
    if (folder[0] == 0 || owner != getpid()) {
        const char *base = getenv("TMPDIR");
        if (base == NULL) { /* memory, if there is some: thousands of fsyncs */
            base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        }
        (void)snprintf(folder, sizeof folder, "%s/fyke-storage-XXXXXX", base);
        cr_assert_not_null(mkdtemp(folder));
        owner = getpid();
        (void)atexit(remove_folder);
    }
    return folder;
}

const char *fixture_path(const char *name)
{
    static char path[16][512];
    static unsigned next;
    char *out = path[next++ % 16];
    (void)snprintf(out, sizeof path[0], "%s/%s", fixture_folder(), name);
    return out;
}

struct store *fixture_open_with(const struct store_options *options)
{
    struct store *s = NULL;
    struct fault fault = { 0 };
    int err = store_open(options, &s, &fault);
    cr_assert_eq(err, 0, "%s: %s", err_name(err), fault.text);
    return s;
}

struct store *fixture_open(const char *path)
{
    return fixture_open_with(
        &(struct store_options){ .path = path, .mode = 0600 });
}

void fixture_pin_columns(struct store *s, const struct store_column *column,
                         uint32_t count)
{
    struct fault fault = { 0 };
    struct store_source source = {
        .source = "in.csv",
        .partition = "0",
        .kind = "file",
        .identity = "{\"head\":1}",
        .position = 0,
        .line = 2,
        .schema = "{}",
    };
    int err = store_pin(s, &source, column, count, &fault);
    cr_assert_eq(err, 0, "%s", fault.text);
}

void fixture_pin(struct store *s)
{
    static const struct store_column column[] = {
        { "x", "number", "feature", "a number" },
        { "k", "text", "key", "named by --key" },
    };
    fixture_pin_columns(s, column, 2);
}

void fixture_close(struct store *s, bool clean)
{
    struct fault fault = { 0 };
    int err = store_close(s, clean, &fault);
    cr_assert_eq(err, 0, "%s: %s", err_name(err), fault.text);
}

void fixture_batch(struct fixture_batch *f, uint64_t batch)
{
    memset(f, 0, sizeof *f);
    memset(f->delta, (int)batch, sizeof f->delta);
    f->range = (struct store_range){ .source = "in.csv",
                                     .partition = "0",
                                     .from_position = 100 * (batch - 1),
                                     .to_position = 100 * batch,
                                     .from_line = 10 * (batch - 1) + 2,
                                     .records = 10 };
    f->source = (struct store_source){ .source = "in.csv",
                                       .partition = "0",
                                       .identity = "{\"head\":2}",
                                       .position = 100 * batch,
                                       .line = 10 * batch + 2 };
    f->b = (struct store_batch){
        .batch = batch,
        .state_batch = batch - 1,
        .opened_ns = 1700000000000000000 + (int64_t)batch * 1000000000,
        .cut_ns = 1700000000500000000 + (int64_t)batch * 1000000000,
        .cut_reason = "interval",
        .interval_us = 1000000,
        .records = 10,
        .rows_scored = 10,
        .flag = 999000,
        .seed = 1,
        .algorithm = 1,
        .content_hash = 0xfedcba9876543210u + batch,
        .result_hash = 77 + batch,
        .queue_us = 300,
        .compute_us = 2100,
        .merge_us = 50,
        .range = &f->range,
        .range_count = 1,
        .source = &f->source,
        .detector = "iforest",
        .delta = f->delta,
        .delta_bytes = sizeof f->delta,
    };
}

struct store_answer fixture_answer(uint32_t row, const char *key,
                                   uint64_t below, uint64_t of)
{
    return (struct store_answer){
        .row = row,
        .time_ns = INT64_MIN,
        .key = key,
        .key_bytes = key == NULL ? 0 : (uint32_t)strlen(key),
        .score_raw = 1000 + row,
        .score = 0.5 + row / 1000.0,
        .below = below,
        .of = of,
        .reference_rows = of - 1,
        .flagged = below * 1000000 >= 999000 * of,
        .votes = below * 1000000 >= 999000 * of,
        .why = "x 9, usual 1 (9.0x, high)",
        .byte = 10ull * row,
        .line = 2 + row,
        .record = "{\"x\":\"9\",\"k\":\"a\"}",
        .record_bytes = 17,
    };
}

void fixture_commit(struct store *s, const struct store_batch *b)
{
    struct fault fault = { 0 };
    int err = store_commit(s, b, &fault);
    cr_assert_eq(err, 0, "%s: %s", err_name(err), fault.text);
    store_tidy(s, true);
}

void fixture_make(const char *path, uint64_t batches, bool clean)
{
    struct store *s = fixture_open(path);
    fixture_pin(s);
    for (uint64_t n = 1; n <= batches; n++) {
        struct fixture_batch f;
        fixture_batch(&f, n);
        fixture_commit(s, &f.b);
    }
    fixture_close(s, clean);
}

const char *fixture_query_on(sqlite3 *sq, const char *sql)
{
    static char out[1 << 16];
    size_t used = 0;
    sqlite3_stmt *q = NULL;
    out[0] = 0;
    cr_assert_eq(sqlite3_prepare_v2(sq, sql, -1, &q, NULL), SQLITE_OK, "%s: %s",
                 sql, sqlite3_errmsg(sq));
    int rc = sqlite3_step(q);
    for (int rows = 0; rc == SQLITE_ROW; rows++, rc = sqlite3_step(q)) {
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            const char *text = (const char *)sqlite3_column_text(q, i);
            used += (size_t)snprintf(out + used, sizeof out - used, "%s%s",
                                     i > 0      ? "|"
                                     : rows > 0 ? "\n"
                                                : "",
                                     text == NULL ? "NULL" : text);
            cr_assert_lt(used, sizeof out);
        }
    }
    cr_assert_eq(rc, SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(sq));
    (void)sqlite3_finalize(q);
    return out;
}

const char *fixture_query(const char *path, const char *sql)
{
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open_v2(path, &sq, SQLITE_OPEN_READONLY, NULL),
                 SQLITE_OK);
    (void)sqlite3_busy_timeout(sq, 10000);
    const char *text = fixture_query_on(sq, sql);
    (void)sqlite3_close(sq);
    return text;
}

int64_t fixture_number(const char *path, const char *sql)
{
    return strtoll(fixture_query(path, sql), NULL, 10);
}

void fixture_check(const char *path)
{
    struct reader *r = NULL;
    struct fault fault = { 0 };
    struct buf findings;
    buf_init(&findings, 1u << 20);
    int err = reader_open(path, &r, &fault);
    cr_assert_eq(err, 0, "%s", fault.text);
    int found = reader_check(r, &findings, &fault);
    cr_assert_eq(found, 0, "%d findings: %s%s", found, buf_text(&findings),
                 fault.text);
    reader_close(r);
    buf_release(&findings);
}

int fixture_open_error(const struct store_options *options, struct fault *fault)
{
    struct store *s = NULL;
    int err = store_open(options, &s, fault);
    if (err == 0) {
        (void)store_close(s, false, NULL);
    }
    return err;
}

int fixture_open_error_at(const char *path, bool fresh, struct fault *fault)
{
    *fault = (struct fault){ 0 };
    return fixture_open_error(
        &(struct store_options){ .path = path, .mode = 0600, .fresh = fresh },
        fault);
}
