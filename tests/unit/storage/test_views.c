/* What people see: names, times, severities, incidents. */
#include "fixture.h"
#include "proto/base/civil.h"
#include "tests/lib/seed.h"

#include <stdio.h>
#include <string.h>

TestSuite(views);

#define SECOND 1000000000ll

static const char *columns_of(const char *path, const char *view)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "select group_concat(name) from pragma_table_info('%s')",
                   view);
    return fixture_query(path, sql);
}

Test(views, names_and_columns_are_those_that_people_rely_on)
{
    static const char *const want[][2] = {
        { "anomalies",
          "time,unix,key,severity,one_in,score,confidence,votes,"
          "iforest,dbscan,cluster,why,batch,row,source,line,record,x,k" },
        { "candidates", "time,unix,key,severity,one_in,score,confidence,votes,"
                        "iforest,dbscan,cluster,why,batch,row,source,line,"
                        "record,flagged,x,k" },
        { "incidents", "started,ended,seconds,key,rows,severity,score,why,"
                       "batch,row" },
        { "reasons", "time,key,batch,row,detector,rank,feature,value,usual,"
                     "direction,contribution" },
        { "batches",
          "batch,opened,cut_reason,interval_ms,rows_in,rows_scored,"
          "rows_quarantined,rows_flagged,queue_ms,compute_ms,worker_ms,"
          "merge_ms,wait_ms,commit_ms,total_ms,overrun,model,threshold,seed,"
          "detectors,"
          "votes_needed" },
        { "quarantine", "time,batch,source,line,byte,reason,records,record" },
        { "scores", "batch,row,time,key,detector,score,severity,flagged,"
                    "cluster,core" },
        { "events", "time,what,name,old,new,first_batch,who" },
        { "columns", "name,type,role,reason" },
        { "sources", "source,partition,kind,identity,position,line,schema,"
                     "open_end" },
        { "models", "model,batch,detector,algorithm,trees,subsample,fit_rows,"
                    "seed,state_batch,features,nodes,bytes,origin,since,"
                    "hash" },
        { "workers", "worker,host,pid,tasks,joined,heard" },
        { "settings", "name,from_batch,value,at,actor,request_id" },
        { "silences", "started,ended,seconds,count" },
        { "readme", "n,question,sql" },
    };
    const char *path = fixture_path("names.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        cr_expect_str_eq(columns_of(path, want[i][0]), want[i][1], "%s",
                         want[i][0]);
    }
    fixture_close(s, true);
}

static void commit_answers(struct store *s, uint64_t batch,
                           const struct store_answer *answer, uint32_t count)
{
    struct fixture_batch f;
    fixture_batch(&f, batch);
    f.b.records = f.b.rows_scored = count;
    f.range.records = count;
    f.b.answer = answer;
    f.b.answer_count = count;
    for (uint32_t i = 0; i < count; i++) {
        f.b.rows_flagged += answer[i].flagged;
    }
    fixture_commit(s, &f.b);
}

Test(views, time_is_text_rounded_down_to_the_millisecond)
{
    const char *path = fixture_path("time.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct rng r = seed_rng(31);
    static struct store_answer answer[500];
    static int64_t const edge[] = { 0,           -1,      1,
                                    -1000000,    -999999, 999999,
                                    59999999999, -62,     946684799999999999 };
    for (uint32_t i = 0; i < 500; i++) {
        answer[i] = fixture_answer(i, "a", 99999, 100000);
        /* 1678..2261 */
        answer[i].time_ns =
            i < 9 ? edge[i]
                  : (int64_t)(rng_below(&r, 18380000000ull * SECOND) -
                              9210000000ull * SECOND);
        if (i % 3 == 0) { /* near a whole millisecond */
            answer[i].time_ns -= answer[i].time_ns % 1000000 + (i % 2);
        }
    }
    commit_answers(s, 1, answer, 500);
    fixture_close(s, true);
    for (uint32_t i = 0; i < 500; i++) {
        char sql[100];
        char want[24];
        (void)snprintf(sql, sizeof sql,
                       "select time from anomalies where row=%u", i);
        cr_assert_str_eq(fixture_query(path, sql),
                         civil_format_ms(answer[i].time_ns, want, sizeof want),
                         "%lld", (long long)answer[i].time_ns);
    }
    cr_expect_str_eq(
        fixture_query(path, "select unix from anomalies where row=8"),
        "946684800.0");
}

Test(views, a_row_without_time_shows_when_its_batch_was_cut)
{
    const char *path = fixture_path("cut.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct store_answer answer = fixture_answer(0, "a", 99999, 100000);
    commit_answers(s, 1, &answer, 1);
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path, "select time,unix from anomalies"),
                     "2023-11-14 22:13:21.500|1700000001.5");
}

/* Limits as a person may write them: at most four decimals. */
static uint32_t limit_draw(struct rng *r)
{
    static const uint32_t usual[] = { 990000, 995000, 999000, 999500,
                                      999900, 500000, 1,      999999 };
    uint64_t k = rng_below(r, 12);
    return k < 8 ? usual[k] : (uint32_t)rng_below(r, 1000000);
}

Test(views, severity_compares_exactly_as_the_integers_did)
{
    const char *path = fixture_path("severity.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    struct rng r = seed_rng(32);
    static struct store_answer answer[4000];
    static uint32_t limit[4000];
    for (uint32_t i = 0; i < 4000; i++) {
        /* a reference of 1 to 200 million rows, and `below` at the limit */
        uint64_t of = 1 + rng_below(&r, 1ull << (1 + rng_below(&r, 27)));
        limit[i] = limit_draw(&r);
        uint64_t near = of * limit[i] / 1000000 + rng_below(&r, 3);
        uint64_t below = near > 0 ? near - 1 : 0;
        answer[i] = fixture_answer(i, "a", below < of ? below : of - 1, of);
    }
    commit_answers(s, 1, answer, 4000);
    for (uint32_t i = 0; i < 4000; i++) {
        char sql[160];
        (void)snprintf(sql, sizeof sql,
                       "select severity>=%u.%04u,severity<100 from candidates "
                       "where batch=1 and row=%u",
                       limit[i] / 10000, limit[i] % 10000, i);
        bool flag = answer[i].below * 1000000 >= limit[i] * answer[i].of;
        cr_assert_str_eq(fixture_query_on(sq, sql), flag ? "1|1" : "0|1",
                         "%llu of %llu at %u",
                         (unsigned long long)answer[i].below,
                         (unsigned long long)answer[i].of, limit[i]);
    }
    (void)sqlite3_close(sq);
    fixture_close(s, true);
}

Test(views, severity_confidence_and_one_in_are_easy_to_read)
{
    const char *path = fixture_path("read.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct store_answer answer[3] = { fixture_answer(0, "a", 38250, 38252),
                                      fixture_answer(1, "a", 999, 1000),
                                      fixture_answer(2, "a", 0, 1) };
    answer[2].flagged = true;
    answer[2].votes = 1;
    commit_answers(s, 1, answer, 3);
    fixture_close(s, true);
    cr_expect_str_eq(
        fixture_query(path, "select severity,one_in,confidence,votes from "
                            "anomalies order by row"),
        "99.9947|19126|0.975|1\n99.9|1000|0.5|1\n0.0|1|0.0|1");
}

Test(views, incidents_are_rows_of_one_key_less_than_a_minute_apart)
{
    static const struct {
        const char *key;
        int64_t ns;
        uint64_t below;
    } row[] = {
        { "a", 100 * SECOND, 99950 },
        { "b", 110 * SECOND, 99910 },
        { "a", 159 * SECOND, 99990 },     /* 59 s on: the same */
        { "a", 219 * SECOND - 1, 99960 }, /* a breath less: same */
        { "a", 279 * SECOND - 1, 99970 }, /* a minute: a new one */
        { NULL, 100 * SECOND, 99920 },    /* no key is a key too */
        { NULL, 101 * SECOND, 99920 },
        { "a", 99 * SECOND + 500000000, 99910 }, /* late, yet first */
        { "a", 200 * SECOND, 99000 },            /* a near miss only */
    };
    enum { ROWS = sizeof row / sizeof row[0] };
    const char *path = fixture_path("incidents.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct store_answer answer[ROWS];
    for (uint32_t i = 0; i < ROWS; i++) {
        answer[i] = fixture_answer(i, row[i].key, row[i].below, 100000);
        answer[i].time_ns = row[i].ns;
    }
    commit_answers(s, 1, answer, ROWS);
    fixture_close(s, true);
    cr_expect_str_eq(
        fixture_query(path, "select substr(started,15),substr(ended,15),"
                            "seconds,key,rows,severity,row from incidents "
                            "order by key is null,key,started"),
        "01:39.500|03:38.999|119.5|a|4|99.99|2\n"
        "04:38.999|04:38.999|0.0|a|1|99.97|4\n"
        "01:50.000|01:50.000|0.0|b|1|99.91|1\n"
        "01:40.000|01:41.000|1.0|NULL|2|99.92|6");
}

Test(views, reasons_are_those_of_flagged_rows)
{
    const char *path = fixture_path("reasons.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct store_answer answer[2] = { fixture_answer(0, "a", 99950, 100000),
                                      fixture_answer(1, "a", 99100, 100000) };
    for (int i = 0; i < 2; i++) {
        answer[i].reason_count = 1;
        answer[i].reason[0] = (struct store_reason){ "x", i, 1, 1, 2 };
    }
    commit_answers(s, 1, answer, 2);
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path, "select row,value from reasons"),
                     "0|0.0");
}

Test(views, batches_show_intervals_limits_and_seeds_as_they_were_given)
{
    const char *path = fixture_path("batches.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    static const int64_t interval_us[] = { 250500, 0, -1 };
    for (uint64_t n = 1; n <= 3; n++) {
        struct fixture_batch f;
        fixture_batch(&f, n);
        f.b.interval_us = interval_us[n - 1];
        f.b.flag = n == 1 ? 999000 : n == 2 ? 995500 : 999999;
        f.b.seed = n == 3 ? UINT64_MAX : n;
        fixture_commit(s, &f.b);
    }
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path,
                                   "select batch,interval_ms,threshold,seed,"
                                   "queue_ms,compute_ms,merge_ms from batches"),
                     "1|250.5|99.9|1|0.3|2.1|0.05\n2|0.0|99.55|2|0.3|2.1|0.05\n"
                     "3|NULL|99.9999|18446744073709551615|0.3|2.1|0.05");
}

Test(views, models_show_the_settings_of_their_batch)
{
    const char *path = fixture_path("models.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fault fault = { 0 };
    struct store_setting first[] = { { "trees", "100" },
                                     { "fit_rows", "1024" } };
    struct store_setting later[] = { { "trees", "50" } };
    const struct store_change change[2] = {
        { .from_batch = 1, .setting = first, .setting_count = 2 },
        { .from_batch = 2, .setting = later, .setting_count = 1 },
    };
    cr_assert_eq(store_change_put(s, &change[0], &fault), 0);
    cr_assert_eq(store_change_put(s, &change[1], &fault), 0);
    for (uint64_t n = 1; n <= 2; n++) {
        struct fixture_batch f;
        fixture_batch(&f, n);
        fixture_commit(s, &f.b);
    }
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path, "select model,detector,trees,"
                                         "subsample,fit_rows from models"),
                     "1|iforest|100|NULL|1024\n2|iforest|50|NULL|1024");
}

Test(views, scores_are_a_plain_table_to_ask)
{
    const char *path = fixture_path("scores.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    struct store_score score[2] = {
        { .row = 0,
          .time_ns = INT64_MIN,
          .score_raw = 5,
          .score = 0.5,
          .below = 1,
          .of = 3 },
        { .row = 9,
          .time_ns = SECOND,
          .key = "k",
          .key_bytes = 1,
          .score = 0.75,
          .below = 2,
          .of = 3,
          .flagged = true },
    };
    fixture_batch(&f, 1);
    f.b.score = score;
    f.b.score_count = 2;
    fixture_commit(s, &f.b);
    fixture_close(s, true);
    cr_expect_str_eq(
        fixture_query(path, "select * from scores"),
        "1|0|2023-11-14 22:13:21.500|NULL|iforest|0.5|33.3333|0|NULL|NULL\n"
        "1|9|1970-01-01 00:00:01.000|k|iforest|0.75|66.6666|1|NULL|NULL");
}

Test(views, a_file_of_another_build_gets_this_ones_views)
{
    const char *path = fixture_path("rebuild.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    fixture_close(s, true);
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "drop view anomalies");
    (void)fixture_query_on(sq, "create view anomalies as select 1 as old");
    (void)fixture_query_on(sq, "update meta set view_hash=5");
    (void)sqlite3_close(sq);
    fixture_close(fixture_open(path), true);
    (void)fixture_query(path, "select x,k from anomalies");
}
