/* Other processes: writers that are killed, readers beside a writer. */
#include "fixture.h"
#include "tests/lib/seed.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(crash);

/* Flagged rows of a batch: some, and a function of its number. */
static uint32_t rows_of(uint64_t batch)
{
    return (uint32_t)(batch * 7 % 10);
}

static int commit_one(struct store *s, uint64_t batch)
{
    struct fixture_batch f;
    struct fault fault;
    struct store_answer answer[10];
    fixture_batch(&f, batch);
    for (uint32_t i = 0; i < rows_of(batch); i++) {
        answer[i] = fixture_answer(i, "a", 99950, 100000);
    }
    f.b.answer = answer;
    f.b.answer_count = f.b.rows_flagged = rows_of(batch);
    return store_commit(s, &f.b, &fault);
}

/* A writer that tells through `fd` what was acknowledged, until `until`. */
static void write_batches(const char *path, int fd, uint64_t until)
{
    struct store *s = NULL;
    struct fault fault;
    if (store_open(&(struct store_options){ .path = path, .mode = 0600 }, &s,
                   &fault) != 0) {
        _exit(1);
    }
    for (uint64_t n = store_meta_get(s)->last_batch + 1; n <= until; n++) {
        if (commit_one(s, n) != 0 ||
            write(fd, &n, sizeof n) != (ssize_t)sizeof n) {
            _exit(2);
        }
    }
    _exit(store_close(s, true, NULL) == 0 ? 0 : 3);
}

static void expect_prefix(const char *path, uint64_t last)
{
    uint64_t rows = 0;
    for (uint64_t n = 1; n <= last; n++) {
        rows += rows_of(n);
    }
    char want[100];
    (void)snprintf(want, sizeof want, "%llu|%llu|%llu|%llu",
                   (unsigned long long)last, (unsigned long long)last,
                   (unsigned long long)rows, (unsigned long long)last * 100);
    cr_assert_str_eq(
        fixture_query(
            path, "select ifnull(max(batch),0),count(*),(select count(*) from "
                  "anomalies),(select position from sources) "
                  "from batches"),
        want);
}

Test(crash, a_killed_writer_leaves_what_it_acknowledged_and_at_most_one_more)
{
    const char *path = fixture_path("kill.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    fixture_close(s, true);
    uint64_t seed = seed_any();
    struct rng r = seed_rng(seed);
    uint64_t acknowledged = 0;
    for (int round = 0; round < 30; round++) {
        int pipes[2];
        cr_assert_eq(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0) {
            write_batches(path, pipes[1], UINT64_MAX);
        }
        (void)close(pipes[1]);
        uint64_t n;
        if (round % 2 == 1 &&
            read(pipes[0], &n, sizeof n) == (ssize_t)sizeof n) {
            acknowledged = n;
        }
        (void)usleep((useconds_t)rng_below(&r, 40000));
        cr_assert_eq(kill(child, SIGKILL), 0);
        int status = 0;
        (void)waitpid(child, &status, 0);
        cr_assert(WIFSIGNALED(status));
        while (read(pipes[0], &n, sizeof n) == (ssize_t)sizeof n) {
            acknowledged = n;
        }
        (void)close(pipes[0]);
        s = fixture_open(path);
        uint64_t last = store_meta_get(s)->last_batch;
        cr_assert(last == acknowledged || last == acknowledged + 1,
                  "seed %llu: %llu, acknowledged %llu",
                  (unsigned long long)seed, (unsigned long long)last,
                  (unsigned long long)acknowledged);
        fixture_close(s, round % 3 == 0);
        expect_prefix(path, last);
        acknowledged = last;
    }
    fixture_check(path);
    cr_expect_geq(acknowledged, 15);
}

static int prefix_row(void *context, uint32_t columns, const char *const *names,
                      const char *const *row)
{
    uint64_t *last = context;
    (void)columns;
    (void)names;
    if (row == NULL) {
        return 0;
    }
    uint64_t value[5];
    for (int i = 0; i < 5; i++) {
        value[i] = row[i] == NULL ? 0 : strtoull(row[i], NULL, 10);
    }
    uint64_t rows = 0;
    for (uint64_t n = 1; n <= value[0]; n++) {
        rows += rows_of(n);
    }
    bool prefix = value[0] >= *last && value[1] == value[0] &&
                  value[2] == rows && value[3] == 100 * value[0] &&
                  value[4] == value[0];
    *last = value[0];
    return prefix ? 0 : 1;
}

Test(crash, a_reader_beside_a_writer_sees_whole_batches_without_holes)
{
    const char *path = fixture_path("beside.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    fixture_close(s, true);
    int pipes[2];
    cr_assert_eq(pipe(pipes), 0);
    /* The writer gets at most 512 batches ahead of what is read here. */
    cr_assert_eq(fcntl(pipes[1], F_SETPIPE_SZ, 4096), 4096);
    pid_t child = fork();
    if (child == 0) {
        write_batches(path, pipes[1], 700);
    }
    (void)close(pipes[1]);
    uint64_t last = 0;
    int different = 0;
    struct reader *r = NULL;
    struct fault fault = { 0 };
    for (int i = 0; last < 700; i++) {
        uint64_t before = last;
        uint64_t acknowledged;
        bool ended = read(pipes[0], &acknowledged, sizeof acknowledged) == 0;
        if (i % 10 == 0) {
            reader_close(r);
            cr_assert_eq(reader_open(path, &r, &fault), 0, "%s", fault.text);
        }
        cr_assert_eq(
            reader_query(r,
                         "select max(batch),count(*),(select count(*) from "
                         "anomalies),(select position from sources),(select "
                         "last_batch from meta) from batches",
                         prefix_row, &last, &fault),
            0, "%s", fault.text);
        different += last != before;
        cr_assert(!ended || last == 700, "the writer gave up");
    }
    reader_close(r);
    int status = -1;
    (void)waitpid(child, &status, 0);
    cr_expect(status == 0 || WEXITSTATUS(status) == 3);
    cr_expect_gt(different, 1);
    fixture_check(path);
}

Test(crash, a_reader_that_stays_in_a_transaction_holds_up_no_commit)
{
    const char *path = fixture_path("stay.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    cr_assert_eq(commit_one(s, 1), 0);
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "begin");
    cr_expect_str_eq(fixture_query_on(sq, "select count(*) from batches"), "1");
    static uint8_t delta[4000000];
    for (uint64_t n = 2; n <= 8; n++) { /* past the passive checkpoint */
        struct fixture_batch f;
        fixture_batch(&f, n);
        f.b.delta = delta;
        f.b.delta_bytes = sizeof delta;
        fixture_commit(s, &f.b);
        cr_expect_str_eq(fixture_query_on(sq, "select count(*) from batches"),
                         "1");
    }
    (void)fixture_query_on(sq, "commit");
    cr_expect_str_eq(fixture_query_on(sq, "select count(*) from batches"), "8");
    (void)sqlite3_close(sq);
    fixture_close(s, true);
    fixture_check(path);
}

/* A random life: commits of random content, clean and unclean ends. */
Test(crash, totals_hold_through_a_random_life)
{
    const char *path = fixture_path("life.db");
    uint64_t seed = seed_any();
    struct rng r = seed_rng(seed);
    struct store *s = fixture_open(path);
    fixture_pin(s);
    uint64_t last = 0;
    uint64_t flagged = 0;
    uint64_t kept = 0;
    uint64_t bad_records = 0;
    uint64_t scores = 0;
    for (int step = 0; step < 150; step++) {
        if (rng_below(&r, 10) == 0) {
            fixture_close(s, rng_below(&r, 2) == 0);
            s = fixture_open(path);
            cr_assert_eq(store_meta_get(s)->last_batch, last);
            continue;
        }
        struct fixture_batch f;
        struct store_answer answer[50];
        struct store_quarantine bad[50];
        struct store_score score[50];
        uint32_t answers = (uint32_t)rng_below(&r, 50);
        uint32_t bads = (uint32_t)rng_below(&r, 50);
        uint32_t rows = (uint32_t)rng_below(&r, 50);
        fixture_batch(&f, last + 1);
        char noise[64];
        for (uint32_t i = 0; i < sizeof noise; i++) {
            noise[i] = (char)rng_next(&r);
        }
        for (uint32_t i = 0; i < answers; i++) {
            answer[i] =
                fixture_answer(i, NULL, 99800 + rng_below(&r, 200), 100000);
            answer[i].key = noise;
            answer[i].key_bytes = (uint32_t)rng_below(&r, sizeof noise);
            f.b.rows_flagged += answer[i].flagged;
        }
        for (uint32_t i = 0; i < bads; i++) {
            bad[i] = (struct store_quarantine){
                .row = i,
                .records = 1,
                .reason = "r",
                .text = noise,
                .text_bytes = (uint32_t)rng_below(&r, sizeof noise)
            };
        }
        for (uint32_t i = 0; i < rows; i++) {
            score[i] = (struct store_score){ .row = i, .of = 1 };
        }
        f.b.rows_quarantined = bads;
        f.b.rows_scored = 60;
        f.b.records = f.b.rows_scored + bads;
        f.range.records = f.b.records;
        f.b.answer = answer;
        f.b.answer_count = answers;
        f.b.quarantine = bad;
        f.b.quarantine_count = bads;
        f.b.score = score;
        f.b.score_count = rows;
        fixture_commit(s, &f.b);
        last++;
        flagged += f.b.rows_flagged;
        kept += answers;
        bad_records += bads;
        scores += rows;
    }
    fixture_close(s, true);
    fixture_check(path);
    char want[200];
    (void)snprintf(want, sizeof want, "%llu|%llu|%llu|%llu|%llu",
                   (unsigned long long)last, (unsigned long long)flagged,
                   (unsigned long long)kept, (unsigned long long)bad_records,
                   (unsigned long long)scores);
    cr_expect_str_eq(fixture_query(path,
                                   "select (select max(batch) from batches),"
                                   "(select count(*) from anomalies),"
                                   "(select count(*) from candidates),"
                                   "(select sum(records) from quarantine),"
                                   "(select count(*) from scores)"),
                     want, "seed %llu", (unsigned long long)seed);
}
