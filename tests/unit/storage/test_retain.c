/* What has grown past its limit goes; what a restart or a replay needs stays.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(retain);

static void commit_scores(struct store *s, uint64_t batch, uint32_t rows)
{
    struct fixture_batch f;
    fixture_batch(&f, batch);
    struct store_score *score = calloc(rows, sizeof *score);
    cr_assert_not_null(score);
    for (uint32_t i = 0; i < rows; i++) {
        score[i] = (struct store_score){ .row = i,
                                         .time_ns = INT64_MIN,
                                         .score = 0.5,
                                         .below = i,
                                         .of = rows + 1 };
    }
    f.b.score = score;
    f.b.score_count = rows;
    fixture_commit(s, &f.b);
    free(score);
}

Test(retain, kept_scores_stay_within_their_rows_oldest_first)
{
    const char *path = fixture_path("scores.db");
    struct store_options options = { .path = path,
                                     .mode = 0600,
                                     .keep_rows_scores = 250 };
    struct store *s = fixture_open_with(&options);
    fixture_pin(s);
    for (uint64_t n = 1; n <= 5; n++) {
        commit_scores(s, n, 100);
    }
    cr_expect_str_eq(fixture_query(path, "select count(*),min(batch) "
                                         "from scores"),
                     "250|3");
    fixture_close(s, true);
    s = fixture_open_with(&options); /* it counts again from the file */
    commit_scores(s, 6, 100);
    cr_expect_str_eq(fixture_query(path, "select count(*),min(batch) "
                                         "from scores"),
                     "250|4");
    fixture_close(s, true);
    fixture_check(path);
}

Test(retain, a_large_surplus_goes_in_slices)
{
    const char *path = fixture_path("slices.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    commit_scores(s, 1, 50000);
    fixture_close(s, true);
    s = fixture_open_with(&(struct store_options){
        .path = path, .mode = 0600, .keep_rows_scores = 1 });
    int64_t before = 50000;
    for (uint64_t n = 2; n <= 8; n++) {
        struct fixture_batch f;
        fixture_batch(&f, n);
        fixture_commit(s, &f.b);
        int64_t now = fixture_number(path, "select count(*) from scores");
        cr_expect_leq(before - now, 10000);
        before = now;
    }
    cr_expect_eq(before, 1);
    fixture_close(s, true);
    fixture_check(path);
}

static int count_delta(void *context, uint64_t batch, const void *delta,
                       size_t n)
{
    uint64_t *next = context;
    cr_assert_eq(batch, *next);
    cr_assert_eq(n, 1000);
    cr_assert_eq(*(const uint8_t *)delta, (uint8_t)batch);
    ++*next;
    return 0;
}

/* Can the state after `batch` be rebuilt? */
static int rebuild(struct reader *r, uint64_t batch)
{
    struct buf snapshot;
    struct fault fault;
    uint64_t from = 99;
    buf_init(&snapshot, 1u << 20);
    int err = reader_snapshot(r, batch, &snapshot, &from, &fault);
    cr_assert_eq(err, 0);
    cr_assert_eq(snapshot.length, from == 0 ? 0 : 2000);
    cr_assert(from == 0 || snapshot.data[0] == (uint8_t)from);
    buf_release(&snapshot);
    uint64_t next = from + 1;
    err = reader_deltas(r, next, batch, count_delta, &next, &fault);
    cr_assert(err != 0 || next == batch + 1);
    return err;
}

Test(retain, states_of_the_latest_batches_can_always_be_rebuilt)
{
    const char *path = fixture_path("states.db");
    struct store *s = fixture_open_with(&(struct store_options){
        .path = path, .mode = 0600, .keep_state_bytes = 1 });
    fixture_pin(s);
    struct reader *r = NULL;
    cr_assert_eq(reader_of_store(s, &r), 0);
    for (uint64_t n = 1; n <= 150; n++) {
        struct fixture_batch f;
        uint8_t delta[1000];
        uint8_t snapshot[2000];
        fixture_batch(&f, n);
        memset(delta, (int)n, sizeof delta);
        memset(snapshot, (int)n, sizeof snapshot);
        f.b.delta = delta;
        f.b.delta_bytes = sizeof delta;
        f.b.snapshot = n % 20 == 0 ? snapshot : NULL;
        f.b.snapshot_bytes = n % 20 == 0 ? sizeof snapshot : 0;
        fixture_commit(s, &f.b);
        for (uint64_t b = n < 32 ? 0 : n - 32; b <= n; b++) {
            cr_assert_eq(rebuild(r, b), 0, "state %d after batch %d", (int)b,
                         (int)n);
        }
    }
    cr_expect_eq(rebuild(r, 50), ERR_NOTFOUND);
    /* bounded: from snapshot 100 on */
    cr_expect_str_eq(fixture_query(path, "select min(batch),count(*) "
                                         "from state_delta"),
                     "101|50");
    cr_expect_eq(fixture_number(path, "select min(batch) from state_snapshot"),
                 100);
    reader_close(r);
    fixture_close(s, true);
    fixture_check(path);
}

Test(retain, events_and_silences_stay_within_their_number)
{
    const char *path = fixture_path("events.db");
    struct store *s = fixture_open_with(&(struct store_options){
        .path = path, .mode = 0600, .keep_events = 10 });
    fixture_pin(s);
    struct fault fault = { 0 };
    for (uint64_t n = 1; n <= 20; n++) {
        struct fixture_batch f;
        struct store_event event[3] = { { .at_ns = 1, .what = "a" },
                                        { .at_ns = 2, .what = "b" },
                                        { .at_ns = 3, .what = "c" } };
        cr_assert_eq(store_silence_put(s, 1, 2, 3, &fault), 0);
        fixture_batch(&f, n);
        f.b.event = event;
        f.b.event_count = 3;
        fixture_commit(s, &f.b);
    }
    cr_expect_eq(fixture_number(path, "select count(*) from events"), 10);
    cr_expect_eq(fixture_number(path, "select count(*) from silences"), 10);
    cr_expect_eq(fixture_number(path, "select min(id) from event"), 51);
    fixture_close(s, true);
}

static void commit_full(struct store *s, uint64_t batch)
{
    struct fixture_batch f;
    static char record[2000];
    struct store_answer answer[10];
    struct store_score score[10];
    struct store_quarantine bad = { .row = 4, .records = 1, .reason = "x" };
    memset(record, ' ', sizeof record);
    record[0] = '{';
    record[sizeof record - 1] = '}';
    for (uint32_t i = 0; i < 10; i++) {
        answer[i] = fixture_answer(i, "a", 99950, 100000);
        answer[i].record = record;
        answer[i].record_bytes = sizeof record;
        answer[i].reason_count = 1;
        answer[i].reason[0] = (struct store_reason){ "x", 1, 2, -1, 3 };
        answer[i].opinion_count = 1;
        answer[i].opinion[0] = (struct store_opinion){ .detector = "dbscan",
                                                       .of = 1,
                                                       .reason_count = 1 };
        answer[i].opinion[0].reason[0] = answer[i].reason[0];
        score[i] = (struct store_score){ .row = i, .of = 1 };
    }
    fixture_batch(&f, batch);
    f.b.rows_scored = 9;
    f.b.rows_quarantined = 1;
    f.b.rows_flagged = 10;
    f.b.answer = answer;
    f.b.answer_count = 10;
    f.b.quarantine = &bad;
    f.b.quarantine_count = 1;
    f.b.score = score;
    f.b.score_count = 10;
    fixture_commit(s, &f.b);
}

Test(retain, batches_older_than_the_age_go_with_all_their_rows)
{
    const char *path = fixture_path("age.db");
    struct store *s = fixture_open_with(&(struct store_options){
        .path = path, .mode = 0600, .keep_age_us = 50 * 1000000 });
    fixture_pin(s);
    struct fault fault = { 0 };
    struct store_setting setting[] = { { "a", "1" } };
    for (uint64_t n = 1; n <= 120; n++) { /* one a second */
        if (n % 30 == 0) {
            const struct store_change change = { .from_batch = n,
                                                 .setting = setting,
                                                 .setting_count = 1 };
            cr_assert_eq(store_change_put(s, &change, &fault), 0);
        }
        commit_full(s, n);
    }
    cr_expect_str_eq(fixture_query(path, "select min(batch),max(batch),"
                                         "count(*) from batches"),
                     "70|120|51");
    static const char *const table[] = {
        "answer", "opinion", "reason", "bad_record", "score", "batch_range"
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char sql[80];
        (void)snprintf(sql, sizeof sql, "select min(batch) from %s", table[i]);
        cr_expect_eq(fixture_number(path, sql), 70, "%s", table[i]);
    }
    cr_expect_str_eq(fixture_query(path, "select min(from_batch),count(*) "
                                         "from settings"),
                     "60|3");
    fixture_close(s, true);
    fixture_check(path);
}

Test(retain, the_file_stays_within_its_bytes_but_for_the_latest_batches)
{
    const char *path = fixture_path("bytes.db");
    struct store *s = fixture_open_with(&(struct store_options){
        .path = path, .mode = 0600, .keep_bytes = 3 << 20 });
    fixture_pin(s);
    for (uint64_t n = 1; n <= 300; n++) { /* 28 KB each */
        commit_full(s, n);
    }
    cr_expect_leq(fixture_number(path, "pragma page_count") * 8192, 4 << 20);
    int64_t kept = fixture_number(path, "select count(*) from batches");
    cr_expect_geq(kept, 32);
    cr_expect_lt(kept, 150);
    fixture_close(s, true);
    fixture_check(path);

    s = fixture_open_with(
        &(struct store_options){ .path = path, .mode = 0600, .keep_bytes = 1 });
    for (uint64_t n = 301; n <= 400; n++) {
        commit_full(s, n);
    }
    cr_expect_eq(fixture_number(path, "select count(*) from batches"), 32);
    fixture_close(s, true);
    fixture_check(path);
}

Test(retain, pages_given_up_go_back_to_the_file_system)
{
    const char *path = fixture_path("vacuum.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    for (uint64_t n = 1; n <= 40; n++) {
        commit_scores(s, n, n == 1 ? 200000 : 1);
    }
    int64_t before = fixture_number(path, "pragma page_count");
    fixture_close(s, true);
    s = fixture_open_with(&(struct store_options){
        .path = path, .mode = 0600, .keep_rows_scores = 10 });
    for (uint64_t n = 41; n <= 70; n++) {
        commit_scores(s, n, 1);
    }
    cr_expect_lt(fixture_number(path, "pragma page_count"), before / 2);
    fixture_close(s, true);
    fixture_check(path);
}
