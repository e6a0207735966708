/*
 * Sets of detectors: names, votes and what is asked of all of them.
 */
#include "engine/detect/set.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct detect_ops *const both[] = { &detect_iforest,
                                                 &detect_dbscan };

static struct detect_set set_of(const char *text)
{
    struct detect_set set = { 0 };
    struct fault fault = { 0 };
    cr_assert_eq(detect_set_parse(text, &set, &fault), 0, "%s", fault.text);
    return set;
}

Test(set, the_order_is_the_tables_and_each_stands_once)
{
    const char *const names[] = { "dbscan", "iforest", "dbscan" };
    struct detect_set set;
    struct fault fault = { 0 };
    cr_assert_eq(detect_set_of(names, 3, &set, &fault), 0);
    cr_assert_eq(set.count, 2);
    cr_assert_arr_eq(set.ops, both, sizeof both);
    set = set_of("dbscan,iforest");
    cr_assert_eq(set.count, 2);
    cr_assert_arr_eq(set.ops, both, sizeof both);
    cr_assert_eq(set_of("dbscan").ops[0], &detect_dbscan);
}

Test(set, what_was_written_is_read)
{
    static const char *const text[] = { "iforest", "dbscan", "iforest,dbscan" };
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        struct detect_set set = set_of(text[i]);
        struct buf out;
        buf_init(&out, 100);
        cr_assert_eq(detect_set_put(&set, &out), 0);
        cr_assert_str_eq(buf_text(&out), text[i]);
        buf_release(&out);
    }
}

static void expect_refused(const char *text, const char *says)
{
    struct detect_set set = { .count = 7 };
    struct fault fault = { 0 };
    cr_assert_eq(detect_set_parse(text, &set, &fault), ERR_USAGE);
    cr_assert_not_null(strstr(fault.text, says), "%s", fault.text);
    cr_assert_eq(set.count, 7);
}

Test(set, a_wrong_name_is_told_with_the_nearest_right_one)
{
    expect_refused("iforrest", "did you mean iforest?");
    expect_refused("iforest,dbscam", "did you mean dbscan?");
    expect_refused("quantile", "there are: iforest, dbscan");
    expect_refused("", "name at least one");
    expect_refused("a name much longer than any that a detector could have, of "
                   "eighty bytes and more",
                   "there are:");
}

static uint32_t votes_of(const char *names, const char *votes,
                         struct fault *fault)
{
    struct detect_set set = set_of(names);
    uint32_t n = 0;
    cr_assert_eq(detect_set_votes(&set, votes, &n, fault),
                 n > 0 ? 0 : ERR_USAGE);
    return n;
}

Test(set, votes_are_any_all_or_as_many_as_there_are)
{
    struct fault fault = { 0 };
    cr_assert_eq(votes_of("iforest", "any", &fault), 1);
    cr_assert_eq(votes_of("iforest", "all", &fault), 1);
    cr_assert_eq(votes_of("iforest,dbscan", "any", &fault), 1);
    cr_assert_eq(votes_of("iforest,dbscan", "all", &fault), 2);
    cr_assert_eq(votes_of("iforest,dbscan", "2", &fault), 2);
    cr_assert_eq(votes_of("iforest,dbscan", "3", &fault), 0);
    cr_assert_not_null(strstr(fault.text, "there are 2 detectors"));
    cr_assert_eq(votes_of("dbscan", "2", &fault), 0);
    cr_assert_not_null(strstr(fault.text, "there is 1 detector,"));
    cr_assert_eq(votes_of("dbscan", "0", &fault), 0);
    cr_assert_eq(votes_of("dbscan", "most", &fault), 0);
}

Test(set, every_detector_is_asked)
{
    struct detect_set set = set_of("iforest,dbscan");
    struct detect_config c = detect_config_default();
    struct fault fault = { 0 };
    c.fit_rows = 700;
    c.context_rows = 900;
    cr_assert_eq(detect_set_recent_rows(&set, &c), 900);
    c.fit_rows = 2000;
    cr_assert_eq(detect_set_recent_rows(&set, &c), 2000);
    cr_assert_eq(detect_set_check(&set, &c, 3, &fault), 0);
    c.trees = 0;
    cr_assert_lt(detect_set_check(&set, &c, 3, &fault), 0);
    c.trees = 10;
    c.min_points = 0;
    cr_assert_lt(detect_set_check(&set, &c, 3, &fault), 0);
    cr_assert_neq(detect_set_algorithm(&set), detect_iforest.algorithm);
    set = set_of("iforest");
    cr_assert_eq(detect_set_algorithm(&set), detect_iforest.algorithm);
    cr_assert_eq(detect_set_check(&set, &c, 3, &fault), 0);
}
