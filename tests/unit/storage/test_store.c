/* Source, events, silences, workers. */
#include "fixture.h"

#include <string.h>

TestSuite(store);

Test(store, a_source_is_pinned_once_and_can_be_pinned_anew)
{
    const char *path = fixture_path("pin.db");
    struct store *s = fixture_open(path);
    struct store_source source;
    struct fault fault;
    cr_expect_eq(store_source_get(s, &source, &fault), ERR_NOTFOUND);
    cr_expect_not(store_meta_get(s)->pinned);
    fixture_pin(s);
    cr_expect(store_meta_get(s)->pinned);
    cr_assert_eq(store_source_get(s, &source, &fault), 0);
    cr_expect_str_eq(source.source, "in.csv");
    cr_expect_str_eq(source.partition, "0");
    cr_expect_str_eq(source.schema, "{}");
    cr_expect_eq(source.line, 2);
    static const struct store_column other[] = { { "y", "integer", "feature",
                                                   NULL } };
    fixture_pin_columns(s, other, 1);
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path, "select * from columns"),
                     "y|integer|feature|");
    cr_expect_str_eq(fixture_query(path, "select count(*) from sources"), "1");
    (void)fixture_query(path, "select y from anomalies");
}

Test(store, a_commit_for_a_source_that_is_not_pinned_is_refused)
{
    struct store *s = fixture_open(fixture_path("nosource.db"));
    struct fixture_batch f;
    struct fault fault = { 0 };
    fixture_batch(&f, 1);
    cr_expect_eq(store_commit(s, &f.b, &fault), ERR_INVALID);
    cr_expect(strstr(fault.text, "in.csv") != NULL);
    fixture_pin(s);
    fixture_commit(s, &f.b);
    fixture_close(s, true);
}

Test(store, events_silences_and_workers_are_shown)
{
    const char *path = fixture_path("misc.db");
    struct store *s = fixture_open(path);
    struct fault fault = { 0 };
    struct store_event event[2] = {
        { .at_ns = 1500000000, .what = "start" },
        { .at_ns = 2000000000,
          .what = "set",
          .name = "interval",
          .old_value = "1s",
          .new_value = "2s",
          .who = "root",
          .first_batch = 12 },
    };
    struct store_worker worker[2] = {
        { .worker_id = 1,
          .pid = 10,
          .tasks = 3,
          .host = "a",
          .joined_ns = 1000000000,
          .heard_ns = 2000000000 },
        { .worker_id = 2, .pid = 11, .tasks = 0, .host = NULL },
    };
    cr_assert_eq(store_events_put(s, event, 2, &fault), 0, "%s", fault.text);
    cr_assert_eq(store_silence_put(s, 1000000000, 11500000000, 10, &fault), 0);
    cr_assert_eq(store_workers_put(s, worker, 2, &fault), 0);
    cr_assert_eq(store_workers_put(s, worker, 1, &fault), 0);
    cr_expect_str_eq(fixture_query(path, "select * from events"),
                     "1970-01-01 00:00:01.500|start|NULL|NULL|NULL|NULL|NULL\n"
                     "1970-01-01 00:00:02.000|set|interval|1s|2s|12|root");
    cr_expect_str_eq(fixture_query(path, "select * from silences"),
                     "1970-01-01 00:00:01.000|1970-01-01 00:00:11.500|10.5|10");
    cr_expect_str_eq(fixture_query(path, "select worker,host,pid,tasks,heard "
                                         "from workers"),
                     "0000000000000001|a|10|3|1970-01-01 00:00:02.000");
    fixture_close(s, true);
}
