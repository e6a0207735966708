/* One transaction per batch, in order, by one owner. */
#include "fixture.h"

#include "proto/host/clock.h"

#include <math.h>
#include <string.h>

TestSuite(commit);

Test(commit, a_batch_is_stored_with_all_that_belongs_to_it)
{
    const char *path = fixture_path("a.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    fixture_batch(&f, 1);
    struct store_answer answer[2] = { fixture_answer(3, "a", 99950, 100000),
                                      fixture_answer(5, "b", 99100, 100000) };
    answer[0].reason_count = 2;
    answer[0].reason[0] =
        (struct store_reason){ "x", 9, 1, 1, (double)INFINITY };
    answer[0].reason[1] = (struct store_reason){ "y", 0.5, 2, -1, (double)NAN };
    struct store_quarantine bad[2] = {
        { .row = 1,
          .records = 1,
          .byte = 7,
          .line = 3,
          .length = 4,
          .reason = "not a number",
          .text = "oops",
          .text_bytes = 4 },
        { .row = 7,
          .records = 2,
          .byte = 70,
          .line = 9,
          .length = 40,
          .reason = "not a number" },
    };
    struct store_event event = { .at_ns = 5, .what = "start", .who = "me" };
    f.b.rows_scored = 7;
    f.b.rows_quarantined = 3;
    f.b.rows_flagged = 1;
    f.b.answer = answer;
    f.b.answer_count = 2;
    f.b.quarantine = bad;
    f.b.quarantine_count = 2;
    f.b.event = &event;
    f.b.event_count = 1;
    fixture_commit(s, &f.b);
    fixture_close(s, true);

    cr_expect_str_eq(
        fixture_query(path, "select batch,rows_in,rows_scored,"
                            "rows_quarantined,rows_flagged from batches"),
        "1|10|7|3|1");
    cr_expect_str_eq(fixture_query(path, "select row,key,flagged,line from "
                                         "candidates order by row"),
                     "3|a|1|5\n5|b|0|7");
    cr_expect_str_eq(fixture_query(path, "select row from anomalies"), "3");
    cr_expect_str_eq(fixture_query(path, "select rank,feature,value,usual,"
                                         "direction,contribution from reasons"),
                     "1|x|9.0|1.0|high|Inf\n2|y|0.5|2.0|low|NULL");
    cr_expect_str_eq(fixture_query(path, "select line,byte,records,record "
                                         "from quarantine order by line"),
                     "3|7|1|oops\n9|70|2|NULL");
    cr_expect_str_eq(
        fixture_query(path, "select position,line,identity from sources"),
        "100|12|{\"head\":2}");
    cr_expect_str_eq(fixture_query(path, "select what,who from events"),
                     "start|me");
    fixture_check(path);
}

struct making {
    uint32_t calls;
    int err; /* of the second answer */
    char key[2];
};

static int make_one(void *context, uint32_t index, struct store_answer *a)
{
    struct making *m = context;
    m->calls++;
    m->key[0] = (char)('a' + index); /* one text for all: each is stored */
    *a = fixture_answer(index, m->key, 99950, 100000);
    return index == 1 ? m->err : 0;
}

Test(commit, answers_can_be_made_while_they_are_stored)
{
    const char *path = fixture_path("made.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    struct making m = { .err = ERR_NOMEM };
    struct fault fault = { 0 };
    fixture_batch(&f, 1);
    f.b.answer_make = make_one;
    f.b.answer_context = &m;
    f.b.answer_count = f.b.rows_flagged = 3;
    cr_expect_eq(store_commit(s, &f.b, &fault), ERR_NOMEM);
    cr_expect_eq(store_meta_get(s)->last_batch, 0, "nothing is stored");
    m = (struct making){ 0 };
    fixture_commit(s, &f.b);
    cr_expect_eq(m.calls, 3);
    fixture_close(s, true);
    cr_expect_str_eq(
        fixture_query(path, "select row,key from anomalies order by row"),
        "0|a\n1|b\n2|c");
    fixture_check(path);
}

Test(commit, what_is_not_the_next_batch_is_refused_and_changes_nothing)
{
    const char *path = fixture_path("order.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    struct fault fault = { 0 };
    fixture_batch(&f, 2);
    cr_expect_eq(store_commit(s, &f.b, &fault), ERR_CLOSED);
    fixture_batch(&f, 1);
    fixture_commit(s, &f.b);
    cr_expect_eq(store_commit(s, &f.b, &fault), ERR_CLOSED);
    cr_expect_eq(store_meta_get(s)->last_batch, 1);
    fixture_close(s, true);
    cr_expect_eq(fixture_number(path, "select count(*) from batches"), 1);
    fixture_check(path);
}

Test(commit, a_stale_epoch_cannot_commit_nor_write_anything_else)
{
    const char *path = fixture_path("epoch.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    sqlite3 *sq = NULL; /* another coordinator that got past the lock */
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "update meta set epoch=epoch+1");
    (void)sqlite3_close(sq);
    struct fixture_batch f;
    struct fault fault = { 0 };
    fixture_batch(&f, 1);
    cr_expect_eq(store_commit(s, &f.b, &fault), ERR_CLOSED);
    cr_expect(strstr(fault.text, "another fyke") != NULL);
    struct store_event event = { .what = "x" };
    cr_expect_eq(store_events_put(s, &event, 1, &fault), ERR_CLOSED);
    cr_expect_eq(store_silence_put(s, 1, 2, 3, &fault), ERR_CLOSED);
    cr_expect_eq(store_workers_put(s, NULL, 0, &fault), ERR_CLOSED);
    cr_expect_eq(
        store_change_put(s, &(struct store_change){ .from_batch = 1 }, &fault),
        ERR_CLOSED);
    (void)store_close(s, false, NULL);
    cr_expect_eq(fixture_number(path, "select count(*) from batches"), 0);
}

Test(commit, a_failing_row_takes_the_whole_batch_back)
{
    const char *path = fixture_path("whole.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    fixture_batch(&f, 1);
    struct store_answer answer[2] = { fixture_answer(3, "a", 99950, 100000),
                                      fixture_answer(3, "b", 99960, 100000) };
    f.b.answer = answer;
    f.b.answer_count = 2;
    struct fault fault = { 0 };
    cr_expect_eq(store_commit(s, &f.b, &fault), ERR_INVALID);
    cr_expect_eq(store_meta_get(s)->last_batch, 0);
    f.b.answer_count = 0;
    fixture_commit(s, &f.b);
    fixture_close(s, true);
    fixture_check(path);
    cr_expect_eq(fixture_number(path, "select count(*) from batches"), 1);
}

Test(commit, a_locked_file_is_busy_and_the_same_commit_works_later)
{
    const char *path = fixture_path("busy.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "begin immediate");
    struct fixture_batch f;
    struct fault fault = { 0 };
    fixture_batch(&f, 1);
    cr_expect_eq(store_commit(s, &f.b, &fault), ERR_BUSY);
    (void)sqlite3_close(sq);
    fixture_commit(s, &f.b);
    fixture_close(s, true);
    fixture_check(path);
}

Test(commit, texts_that_are_not_utf8_are_replaced)
{
    const char *path = fixture_path("utf8.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    fixture_batch(&f, 1);
    struct store_answer answer = fixture_answer(3,
                                                "a\xff"
                                                "b",
                                                99950, 100000);
    answer.why = "\xc3";
    answer.record = "{\"x\":\"\xe2\x82\",\"k\":\"\xc3\xa9\"}";
    answer.record_bytes = (uint32_t)strlen(answer.record);
    struct store_quarantine bad = { .row = 1,
                                    .records = 1,
                                    .reason = "binary",
                                    .text = "a\0\x80z",
                                    .text_bytes = 4 };
    f.b.answer = &answer;
    f.b.answer_count = 1;
    f.b.quarantine = &bad;
    f.b.quarantine_count = 1;
    fixture_commit(s, &f.b);
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path, "select key,why,k from candidates"),
                     "a\xEF\xBF\xBD"
                     "b|\xEF\xBF\xBD|\xc3\xa9");
    cr_expect_str_eq(fixture_query(path, "select record from quarantine"),
                     "a\xEF\xBF\xBD\xEF\xBF\xBDz");
}

Test(commit, the_time_a_commit_took_is_written_with_the_next_or_at_the_end)
{
    const char *path = fixture_path("us.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    for (uint64_t n = 1; n <= 3; n++) {
        fixture_batch(&f, n);
        fixture_commit(s, &f.b);
    }
    cr_expect_str_eq(fixture_query(path, "select batch,commit_ms>0 from "
                                         "batches order by 1"),
                     "1|1\n2|1\n3|NULL");
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path, "select sum(commit_ms>0),"
                                         "min(total_ms>2.45) from batches"),
                     "3|1");
}

Test(commit, the_total_is_the_time_from_the_cut_to_the_commit_waiting_included)
{
    const char *path = fixture_path("total.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    fixture_batch(&f, 1);
    f.b.worker_us = 2000;
    f.b.cut_us = clock_monotonic_us() - 5000000; /* long in the queue */
    fixture_commit(s, &f.b);
    fixture_batch(&f, 2); /* nothing is known of its cut */
    fixture_commit(s, &f.b);
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path,
                                   "select worker_ms,total_ms>=5000,wait_ms>0,"
                                   "abs(queue_ms+compute_ms+merge_ms+wait_ms+"
                                   "commit_ms-total_ms)<0.01 from batches "
                                   "where batch=1"),
                     "2.0|1|1|1");
    cr_expect_str_eq(fixture_query(path,
                                   "select worker_ms,wait_ms,"
                                   "abs(queue_ms+compute_ms+merge_ms+commit_ms-"
                                   "total_ms)<0.01 from batches where batch=2"),
                     "0.0|NULL|1");
}
