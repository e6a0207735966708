/* Settings as history, and the request that brought them. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

TestSuite(settings);

static const char *setting_at(struct store *s, const char *name, uint64_t batch)
{
    static struct buf value;
    buf_release(&value);
    buf_init(&value, 1000);
    int err = store_setting_get(s, name, batch, &value);
    return err == 0 ? buf_text(&value) : err_name(err);
}

static int try_put(struct store *s, uint64_t from, const char *name,
                   const char *value, const char *request_id)
{
    struct fault fault = { 0 };
    const struct store_setting setting = { name, value };
    const struct store_event event = { .at_ns = 1000000000,
                                       .what = "set",
                                       .name = name,
                                       .new_value = value,
                                       .who = "me",
                                       .first_batch = from };
    return store_change_put(s,
                            &(struct store_change){ .from_batch = from,
                                                    .setting = &setting,
                                                    .setting_count = 1,
                                                    .event = &event,
                                                    .event_count = 1,
                                                    .actor = "me",
                                                    .request_id = request_id },
                            &fault);
}

static void put(struct store *s, uint64_t from, const char *name,
                const char *value, const char *request_id)
{
    int err = try_put(s, from, name, value, request_id);
    cr_assert_eq(err, 0, "%s", err_name(err));
}

/* "name old -> value @batch", one a line, or the error's name. */
static const char *request(struct store *s, const char *request_id,
                           uint32_t max)
{
    static char out[4096];
    struct buf texts, lines;
    struct store_changed changed[8];
    uint32_t count = 0;
    buf_init(&texts, 1u << 20);
    buf_init(&lines, 1u << 20);
    int err =
        store_request_find(s, request_id, &texts, changed, max, &count, NULL);
    for (uint32_t i = 0; i < count; i++)
        cr_assert_eq(buf_printf(&lines, "%s%s %s -> %s @%llu",
                                i > 0 ? "\n" : "", changed[i].name,
                                changed[i].old_value, changed[i].value,
                                (unsigned long long)changed[i].from_batch),
                     0);
    (void)snprintf(out, sizeof out, "%s",
                   err == 0 ? buf_text(&lines) : err_name(err));
    buf_release(&texts);
    buf_release(&lines);
    return out;
}

Test(settings, one_holds_from_its_batch_on)
{
    const char *path = fixture_path("settings.db");
    struct store *s = fixture_open(path);
    cr_expect_str_eq(setting_at(s, "interval", 5), "NOTFOUND");
    put(s, 1, "interval", "1s", NULL);
    put(s, 4, "interval", "250ms", NULL);
    put(s, 4, "interval", "100ms", NULL);
    put(s, 2, "trees", "50", NULL);
    put(s, 2, "flag.trees", "50", NULL); /* the shell's own note */
    cr_expect_str_eq(setting_at(s, "interval", 1), "1s");
    cr_expect_str_eq(setting_at(s, "interval", 3), "1s");
    cr_expect_str_eq(setting_at(s, "interval", 4), "100ms");
    cr_expect_str_eq(setting_at(s, "interval", 99), "100ms");
    cr_expect_str_eq(setting_at(s, "trees", 1), "NOTFOUND");
    fixture_close(s, true);
    cr_expect_str_eq(
        fixture_query(path, "select name,from_batch,value,actor,"
                            "at>=datetime('now','-1 day') from settings"),
        "interval|1|1s|me|1\ninterval|4|250ms|me|1\n"
        "interval|4|100ms|me|1\ntrees|2|50|me|1");
}

Test(settings, a_repeated_request_changes_nothing_and_finds_the_first_answer)
{
    const char *path = fixture_path("repeat.db");
    struct store *s = fixture_open(path);
    put(s, 1, "interval", "1s", NULL);
    put(s, 4, "interval", "250ms", "r1");
    cr_expect_eq(try_put(s, 9, "interval", "1h", "r1"), ERR_EXISTS);
    cr_expect_eq(try_put(s, 9, "trees", "7", "r1"), ERR_EXISTS);
    put(s, 9, "interval", "10s", "r2");
    cr_expect_str_eq(setting_at(s, "interval", 8), "250ms");
    cr_expect_str_eq(setting_at(s, "trees", 99), "NOTFOUND");
    cr_expect_str_eq(request(s, "r1", 8), "interval 1s -> 250ms @4");
    cr_expect_str_eq(request(s, "r2", 8), "interval 250ms -> 10s @9");
    cr_expect_str_eq(request(s, "r3", 8), "NOTFOUND");
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path, "select new from events"),
                     "1s\n250ms\n10s");
}

Test(settings, several_change_together_with_their_events)
{
    const char *path = fixture_path("together.db");
    struct store *s = fixture_open(path);
    put(s, 1, "max_rows", "1000", NULL);
    const struct store_setting setting[] = { { "severity", "99.5" },
                                             { "max_rows", "50" },
                                             { "flag.severity", "" } };
    const struct store_event event[] = {
        { .at_ns = 1,
          .what = "set",
          .name = "severity",
          .old_value = "99.9",
          .new_value = "99.5",
          .first_batch = 7 },
        { .at_ns = 1, .what = "set", .name = "max_rows" },
    };
    /* what events say of the first one differs from the setting before */
    struct store_change change = { .from_batch = 7,
                                   .setting = setting,
                                   .setting_count = 3,
                                   .event = event,
                                   .event_count = 2,
                                   .request_id = "both" };
    cr_assert_eq(store_change_put(s, &change, NULL), 0);
    cr_expect_str_eq(request(s, "both", 8),
                     "severity 99.9 -> 99.5 @7\nmax_rows 1000 -> 50 @7");
    cr_expect_str_eq(request(s, "both", 1), "severity 99.9 -> 99.5 @7");
    fixture_close(s, true);
    s = fixture_open(path); /* also after a restart; no batch came */
    cr_expect_eq(store_change_put(s, &change, NULL), ERR_EXISTS);
    cr_expect_str_eq(request(s, "both", 8),
                     "severity 99.9 -> 99.5 @1\nmax_rows 1000 -> 50 @1");
    fixture_close(s, true);
    cr_expect_eq(fixture_number(path, "select count(*) from events"), 3);
}

Test(settings, a_change_that_fails_leaves_nothing_behind)
{
    const char *path = fixture_path("half.db");
    struct store *s = fixture_open(path);
    const struct store_setting setting = { "severity", "99.5" };
    const struct store_event event = { .at_ns = 1, .what = NULL };
    struct fault fault = { 0 };
    cr_expect_lt(store_change_put(s,
                                  &(struct store_change){
                                      .from_batch = 1,
                                      .setting = &setting,
                                      .setting_count = 1,
                                      .event = &event,
                                      .event_count = 1,
                                  },
                                  &fault),
                 0);
    cr_expect_str_eq(setting_at(s, "severity", 9), "NOTFOUND");
    put(s, 1, "severity", "99", NULL); /* and the store can go on */
    fixture_close(s, true);
}

Test(settings, a_change_for_a_batch_that_was_lost_holds_from_the_next_one)
{
    const char *path = fixture_path("lost.db");
    fixture_make(path, 2, true);
    struct store *s = fixture_open(path);
    put(s, 3, "interval", "2s", "a");
    put(s, 7, "interval", "1s", "b"); /* batches 3 to 6 are never committed */
    fixture_close(s, false);
    s = fixture_open(path);
    cr_expect_str_eq(setting_at(s, "interval", 3), "1s");
    cr_expect_str_eq(request(s, "b", 9), "interval 2s -> 1s @3");
    fixture_close(s, true);
    cr_expect_eq(fixture_number(path, "select max(first_batch) from events"),
                 3);
}
