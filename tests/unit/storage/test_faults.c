/* Every write, sync, truncate, open, delete and read fails once: what is told
 * is true, nothing is half there, and the file goes on. */
#include "fault_vfs.h"
#include "fixture.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(faults);

static struct store_answer answer[40];
static char record[3000];

/* Some pages of rows, and a state of some pages. */
static void big_batch(struct fixture_batch *f, uint64_t batch)
{
    static uint8_t delta[100000];
    memset(record, ' ', sizeof record);
    record[0] = '{';
    record[sizeof record - 1] = '}';
    for (uint32_t i = 0; i < 40; i++) {
        answer[i] = fixture_answer(i, "a", 99950, 100000);
        answer[i].record = record;
        answer[i].record_bytes = sizeof record;
    }
    fixture_batch(f, batch);
    f->b.records = f->b.rows_scored = f->b.rows_flagged = 40;
    f->range.records = 40;
    f->b.answer = answer;
    f->b.answer_count = 40;
    f->b.delta = delta;
    f->b.delta_bytes = sizeof delta;
}

static const char *new_file(long n)
{
    char name[32];
    (void)snprintf(name, sizeof name, "f%ld.db", n);
    const char *path = fixture_path(name);
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    big_batch(&f, 1);
    fixture_commit(s, &f.b);
    fixture_close(s, true);
    return path;
}

/* After a commit of batch 2 that failed: the file says which it was, and
 * takes what comes next. Returns what it said. */
static uint64_t resolve(const char *path)
{
    struct store *s = fixture_open(path);
    uint64_t last = store_meta_get(s)->last_batch;
    cr_assert(last == 1 || last == 2);
    struct store_source source;
    struct fault fault;
    cr_assert_eq(store_source_get(s, &source, &fault), 0);
    cr_assert_eq(source.position, 100 * last);
    struct fixture_batch f;
    for (uint64_t n = last + 1; n <= 4; n++) {
        big_batch(&f, n);
        fixture_commit(s, &f.b);
    }
    fixture_close(s, true);
    fixture_check(path);
    cr_assert_eq(fixture_number(path, "select count(*) from anomalies"), 160);
    return last;
}

/* Commits batch 2 with the nth call of a kind failing. */
static int commit_with_fault(struct store *s, int kinds, long n, int code,
                             bool *ret_fired)
{
    struct fixture_batch f;
    struct fault fault = { 0 };
    big_batch(&f, 2);
    fault_vfs_arm(kinds, n, code);
    int err = store_commit(s, &f.b, &fault);
    *ret_fired = fault_vfs_disarm();
    cr_assert(err == 0 || strlen(fault.text) > 10);
    return err;
}

static void expect_broken(struct store *s, int err)
{
    struct fixture_batch f;
    struct fault fault = { 0 };
    big_batch(&f, store_meta_get(s)->last_batch + 1);
    cr_expect_eq(store_commit(s, &f.b, &fault), err);
    cr_expect(strstr(fault.text, "open it again") != NULL);
    cr_expect_eq(store_events_put(s, NULL, 0, &fault), err);
    cr_expect_eq(store_close(s, true, &fault), err);
}

Test(faults, an_io_error_at_commit_is_an_unknown_outcome_that_the_file_resolves)
{
    fault_vfs_install();
    int unknown = 0;
    bool fired = true;
    for (long n = 1; fired; n++) {
        const char *path = new_file(n);
        struct store *s = fixture_open(path);
        int err =
            commit_with_fault(s, FAULT_SYNC, n, SQLITE_IOERR_FSYNC, &fired);
        if (!fired) {
            cr_expect_eq(err, 0);
            fixture_close(s, true);
            break;
        }
        cr_expect_eq(err, ERR_UNKNOWN_OUTCOME);
        unknown++;
        expect_broken(s, err);
        (void)resolve(path);
    }
    cr_expect_geq(unknown, 1);
}

Test(faults, a_full_disk_takes_nothing_and_the_same_commit_works_later)
{
    fault_vfs_install();
    long n = 1;
    for (bool fired = true; fired; n++) {
        const char *path = new_file(n);
        struct store *s = fixture_open(path);
        int err = commit_with_fault(s, FAULT_WRITE, n, SQLITE_FULL, &fired);
        cr_assert_eq(err, fired ? ERR_FULL : 0);
        cr_assert_eq(fixture_number(path, "select max(batch) from batches"),
                     fired ? 1 : 2);
        struct fixture_batch f;
        if (fired) {
            struct stat st;
            char wal[600];
            (void)snprintf(wal, sizeof wal, "%s-wal", path);
            cr_assert_eq(stat(wal, &st), 0);
            cr_assert_eq(st.st_size, 0, "the WAL holds on to its space");
            cr_assert_eq(store_meta_get(s)->last_batch, 1);
            big_batch(&f, 2);
            fixture_commit(s, &f.b);
        }
        fixture_close(s, n % 2 == 0);
        cr_assert_eq(resolve(path), 2);
    }
    cr_expect_gt(n, 20); /* pages of a commit */
}

Test(faults, an_io_error_anywhere_in_a_commit_leaves_one_of_two_states)
{
    fault_vfs_install();
    int before = 0; /* COMMIT */
    bool fired = true;
    for (long n = 1; fired; n++) {
        const char *path = new_file(n);
        struct store *s = fixture_open(path);
        int err = commit_with_fault(s, FAULT_ANY, n, SQLITE_IOERR, &fired);
        if (!fired) {
            cr_expect_eq(err, 0);
            fixture_close(s, true);
            break;
        }
        cr_assert(err == ERR_UNKNOWN_OUTCOME || err == ERR_IO, "%s",
                  err_name(err));
        expect_broken(s, err);
        before += err == ERR_IO;
        cr_assert(resolve(path) == 1 || err == ERR_UNKNOWN_OUTCOME);
    }
    cr_expect_geq(before, 1);
}

Test(faults, opening_fails_or_works_at_every_call_and_loses_nothing)
{
    fault_vfs_install();
    static const int code[] = { SQLITE_IOERR, SQLITE_FULL };
    for (int k = 0; k < 6; k++) { /* new, unclean, fresh: each I/O and full */
        bool fired = true;
        int failed = 0;
        for (long n = 1; fired; n++) {
            char name[32];
            (void)snprintf(name, sizeof name, "o%d-%ld.db", k, n);
            const char *path = fixture_path(name);
            struct fixture_batch f;
            if (k >= 2) {
                struct store *s = fixture_open(path);
                fixture_pin(s);
                fixture_batch(&f, 1);
                fixture_commit(s, &f.b);
                fixture_close(s, false);
            }
            struct store *s = NULL;
            struct fault fault = { 0 };
            fault_vfs_arm(k % 2 == 0 ? FAULT_ANY : FAULT_ANY & ~FAULT_READ, n,
                          code[k % 2]);
            int err = store_open(&(struct store_options){ .path = path,
                                                          .mode = 0600,
                                                          .fresh = k >= 4 },
                                 &s, &fault);
            fired = fault_vfs_disarm();
            cr_assert(fired || err == 0, "%s", fault.text);
            cr_assert(err == 0 || strlen(fault.text) > 10);
            failed += err != 0;
            if (err == 0) {
                (void)store_close(s, false, NULL);
            }
            s = fixture_open(path);
            /* nothing lost: what was there is here, or set aside */
            uint64_t last = store_meta_get(s)->last_batch;
            cr_assert_eq(last, k < 2 ? 0 : k < 4 ? 1 : last);
            if (k >= 4 && last == 0) {
                char old[600];
                (void)snprintf(old, sizeof old, "%s.old", path);
                cr_assert_eq(fixture_number(old, "select last_batch from meta"),
                             1);
            }
            fixture_close(s, true);
            fixture_check(path);
        }
        cr_expect_geq(failed, 2);
    }
}

Test(faults, a_clean_exit_that_fails_loses_nothing)
{
    fault_vfs_install();
    bool fired = true;
    for (long n = 1; fired; n++) {
        const char *path = new_file(n);
        struct store *s = fixture_open(path);
        struct fixture_batch f;
        struct fault fault = { 0 };
        big_batch(&f, 2);
        fixture_commit(s, &f.b);
        fault_vfs_arm(FAULT_ANY, n, SQLITE_IOERR);
        int err = store_close(s, true, &fault);
        fired = fault_vfs_disarm();
        cr_assert(fired || err == 0);
        cr_assert_eq(resolve(path), 2);
    }
}

/* A file system of 3 MB of our own; false where that may not be made. */
static bool small_disk(const char *folder)
{
    uid_t user = geteuid();
    if (mkdir(folder, 0700) != 0 ||
        unshare(CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER)) != 0) {
        return false;
    }
    (void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    return mount("tmpfs", folder, "tmpfs", 0, "size=3m") == 0;
}

static void ballast(const char *path, size_t bytes)
{
    static char zero[4096];
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    for (size_t n = 0; n < bytes; n += sizeof zero) {
        cr_assert_eq(fwrite(zero, 1, sizeof zero, f), sizeof zero);
    }
    cr_assert_eq(fclose(f), 0);
}

Test(faults, a_disk_that_was_full_goes_on_when_there_is_room)
{
    const char *folder = fixture_path("disk");
    if (!small_disk(folder)) {
        cr_skip_test("no file system of one's own here");
    }
    const char *path = fixture_path("disk/a.db");
    const char *weight = fixture_path("disk/weight");
    ballast(weight, 2000000);
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    struct fault fault = { 0 };
    uint64_t n = 1;
    int err = 0;
    for (; err == 0; n++) { /* what 3 MB cannot hold */
        big_batch(&f, n);
        f.b.delta_bytes = 20000;
        err = store_commit(s, &f.b, &fault);
    }
    cr_expect_eq(err, ERR_FULL, "%s", err_name(err));
    cr_expect_eq(store_commit(s, &f.b, &fault), ERR_FULL);
    cr_expect(strstr(fault.text, "started again") != NULL, "%s", fault.text);
    cr_assert_eq(unlink(weight), 0);
    fixture_commit(s, &f.b);
    /* Each writes more to the WAL than to the file: that must come back. */
    for (int i = 0; i < 200; i++, n++) {
        fixture_batch(&f, n);
        fixture_commit(s, &f.b);
    }
    fixture_close(s, true);
    fixture_check(path);
    cr_expect_eq((uint64_t)fixture_number(path, "select max(batch) from "
                                                "batches"),
                 n - 1);
    cr_assert_eq(umount(folder), 0);
}
