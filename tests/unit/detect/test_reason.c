/*
 * Reasons: which features, in which order, in which words.
 */
#include "engine/detect/reason.h"

#include "engine/detect/verdict.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

static uint32_t add_all(const double *contribution, uint32_t n,
                        struct detect_reason *reason, uint32_t max)
{
    uint32_t count = 0;
    for (uint32_t j = 0; j < n; j++) {
        struct detect_reason r = { .feature = j,
                                   .contribution = contribution[j] };
        reason_add(reason, max, &count, &r);
    }
    return count;
}

Test(reason, the_largest_stay_in_order_ties_as_they_came)
{
    const double contribution[] = { 2, -1, 5, 2, 9, 5, -3 };
    const uint32_t want[] = { 4, 2, 5, 0, 3, 1, 6 };
    for (uint32_t max = 0; max <= 7; max++) {
        struct detect_reason reason[7];
        cr_assert_eq(add_all(contribution, 7, reason, max), max);
        for (uint32_t i = 0; i < max; i++)
            cr_assert_eq(reason[i].feature, want[i], "%u of %u", i, max);
    }
    struct detect_reason reason[8];
    cr_assert_eq(add_all(contribution, 7, reason, 8), 7);
}

Test(reason, a_factor_is_given_where_it_says_something)
{
    cr_assert_eq(verdict_factor(34.0f, 2.0f, 9.0), 17.0);
    cr_assert_eq(verdict_factor(-1.0f, -4.0f, 9.0), 0.25);
    cr_assert(isnan(verdict_factor(1.0f, 0.0f, 9.0)));
    cr_assert(isnan(verdict_factor(0.0f, 1.0f, 9.0)));
    cr_assert(isnan(verdict_factor(-3.0f, 1.0f, 9.0)));
    cr_assert(isnan(verdict_factor(1.02f, 1.0f, 9.0)));
    cr_assert(isnan(verdict_factor(1e7f, 1.0f, 9.0)));
    cr_assert(isnan(verdict_factor(1.0f, 1e7f, 9.0)));
    cr_assert(isnan(verdict_factor(NAN, 1.0f, 9.0)));
    cr_assert_eq(verdict_factor(34.0f, 2.0f, (double)INFINITY), 17.0);
    cr_assert(isnan(verdict_factor(1.25f, 0.01f, 3.0)));
}

static void expect_why(float value, float usual, const char *want)
{
    static const char *const names[] = { "a", "x" };
    struct buf out;
    struct verdict_answer row = { .reason_count = 1 };
    row.reason[0] = (struct detect_reason){ .feature = 1,
                                            .value = value,
                                            .usual = usual,
                                            .direction = value > usual ? 1 : -1,
                                            .contribution = 1.0,
                                            .distance = 1e3 };
    buf_init(&out, 4096);
    cr_assert_eq(verdict_why(&row, names, &out), 0);
    cr_assert_str_eq(buf_text(&out), want);
    buf_release(&out);
}

Test(reason, numbers_read_as_people_write_them)
{
    expect_why(762.15f, 44.71f, "x 762.15, usual 44.71 (17.0x, high)");
    expect_why(41234567.0f, 0.0f, "x 41.2M, usual 0 (high)");
    expect_why(41802.0f, 33.0f, "x 41802, usual 33 (1267x, high)");
    expect_why(99.4f, 1.0f, "x 99.4, usual 1 (99.4x, high)");
    expect_why(0.99f, 0.0f, "x 0.99, usual 0 (high)");
    expect_why(0.5f, 10.0f, "x 0.5, usual 10 (0.05x, low)");
    expect_why(123456.0f, 123450.0f, "x 123456, usual 123450 (high)");
    expect_why(-5.0f, 3.0f, "x -5, usual 3 (low)");
    expect_why(2e9f, 1e12f, "x 2G, usual 1T (0.002x, low)");
    expect_why(99999.7f, 999999.0f, "x 100000, usual 999999 (0.1x, low)");
    expect_why(9.9999e8f, -9.996e14f, "x 1G, usual -1.00e+15 (high)");
    expect_why(0.00012f, 9e-5f, "x 0.00012, usual 9.00e-05 (1.3x, high)");
    expect_why(FLT_MAX, 1e-30f, "x 3.40e+38, usual 1.00e-30 (high)");
}

Test(reason, values_that_would_read_the_same_get_more_digits)
{
    expect_why(2421000192.0f, 2420000000.0f,
               "x 2421000192, usual 2420000000 (high)");
    expect_why(1.000002f, 1.0000021f, "x 1.00000203, usual 1.00000215 (low)");
    expect_why(3.4028233e38f, FLT_MAX,
               "x 3.40282326e+38, usual 3.40282347e+38 (low)");
}

Test(reason, a_noise_row_is_held_against_the_nearest_cluster)
{
    static const char *const names[] = { "x" };
    struct buf out;
    struct verdict_answer row = { .reason_count = 1 };
    row.reason[0] = (struct detect_reason){ .value = 5131424,
                                            .usual = 2194619,
                                            .direction = 1,
                                            .contribution = 1,
                                            .distance = 9,
                                            .nearest = true };
    buf_init(&out, 4096);
    cr_assert_eq(verdict_why(&row, names, &out), 0);
    cr_assert_str_eq(buf_text(&out),
                     "x 5.13M, nearest cluster 2.19M (2.3x, high)");
    buf_release(&out);
}

Test(reason, several_are_joined_and_none_is_empty)
{
    static const char *const names[] = { "cpu", "rss" };
    struct buf out;
    struct verdict_answer row = { .reason_count = 2 };
    row.reason[0] = (struct detect_reason){ 1, 9, 3, 1, 5.0, 5.0 };
    row.reason[1] = (struct detect_reason){ 0, 1, 4, -1, 2.0, 2.0 };
    buf_init(&out, 4096);
    cr_assert_eq(verdict_why(&row, names, &out), 0);
    cr_assert_str_eq(
        buf_text(&out),
        "rss 9, usual 3 (3.0x, high); cpu 1, usual 4 (0.25x, low)");
    buf_reset(&out);
    row.reason_count = 0;
    cr_assert_eq(verdict_why(&row, names, &out), 0);
    cr_assert_str_eq(buf_text(&out), "");
    buf_release(&out);
    buf_init(&out, 10);
    row.reason_count = 2;
    cr_assert_eq(verdict_why(&row, names, &out), ERR_LIMIT);
    buf_release(&out);
}

static void expect_line(const struct verdict_answer *row, const char *want)
{
    static const char *const names[] = { "a", "b", "c", "d", "e" };
    struct buf out;
    buf_init(&out, 4096);
    cr_assert_eq(verdict_why(row, names, &out), 0);
    cr_assert_str_eq(buf_text(&out), want);
    buf_release(&out);
}

Test(reason, a_line_has_three_at_most_and_no_weak_usual_or_missing_one)
{
    struct verdict_answer row = { .reason_count = 5 };
    row.reason[0] = (struct detect_reason){ 0, 0, 0, 0, 9.0, 0.0 };
    row.reason[1] =
        (struct detect_reason){ 1, (double)NAN, 3, 0, 8.0, (double)NAN };
    row.reason[2] = (struct detect_reason){ 2, 9, 3, 1, 5.0, 5.0 };
    row.reason[3] = (struct detect_reason){ 3, 6, 3, 1, 0.6, 5.0 };
    row.reason[4] = (struct detect_reason){ 4, 6, 3, 1, 0.4, 5.0 };
    expect_line(&row, "c 9, usual 3 (3.0x, high); d 6, usual 3 (2.0x, high)");
    row.reason[0] = row.reason[1] = row.reason[2];
    expect_line(&row, "c 9, usual 3 (3.0x, high); c 9, usual 3 (3.0x, high); "
                      "c 9, usual 3 (3.0x, high)");
}

Test(reason, values_strange_only_in_company_are_named_together)
{
    struct verdict_answer row = { .reason_count = 4 };
    row.reason[0] = (struct detect_reason){ 0, 0, 0, 0, 2.0, 0.0 };
    row.reason[1] =
        (struct detect_reason){ 1, (double)NAN, 3, 0, 1.5, (double)NAN };
    row.reason[2] = (struct detect_reason){ 2, 1, 1, 0, 1.0, 0.0 };
    row.reason[3] = (struct detect_reason){ 3, 4, 1, 1, -1.0, 3.0 };
    expect_line(&row, "together: a 0, c 1");
}
