/*
 * Reasons: which features, in which order, in which words.
 */
#include "engine/detect/reason.h"

#include "engine/detect/verdict.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

static struct verdict_answer find(const float *values, uint32_t cols,
                                  const float *usual, const float *spread)
{
    struct matrix m = { values, 1, cols, 1 };
    struct verdict_answer row = { 0 };
    row.reason_count =
        reasons_find(&m, 0, usual, spread, row.reason, VERDICT_REASONS);
    return row;
}

Test(reason, the_three_furthest_in_spreads_ties_by_feature)
{
    const float x[] = { 5, 10, -30, 2, 8, 8 };
    const float usual[] = { 5, 0, 0, 0, 0, 0 };
    const float spread[] = { 1, 1, 2, 1, 1, 1 };
    struct verdict_answer r = find(x, 6, usual, spread);
    cr_assert_eq(r.reason_count, 3);
    cr_assert_eq(r.reason[0].feature, 2);
    cr_assert_eq(r.reason[0].distance, 15.0);
    cr_assert_eq(r.reason[0].direction, -1);
    cr_assert_eq(r.reason[1].feature, 1);
    cr_assert_eq(r.reason[1].direction, 1);
    cr_assert_eq(r.reason[2].feature, 4);
    cr_assert_eq(r.reason[2].value, 8);
    cr_assert_eq(r.reason[2].usual, 0);
}

Test(reason, what_is_usual_missing_or_unknown_is_no_reason)
{
    const float x[] = { 5, NAN, 3, 7 };
    const float usual[] = { 5, 0, NAN, 6 }, spread[] = { 1, 1, NAN, 1 };
    struct verdict_answer r = find(x, 4, usual, spread);
    cr_assert_eq(r.reason_count, 1);
    cr_assert_eq(r.reason[0].feature, 3);
    r = find(x, 3, usual, spread);
    cr_assert_eq(r.reason_count, 0);
}

Test(reason, leaving_a_constant_is_further_than_anything)
{
    const float x[] = { FLT_MAX, 1.5f }, usual[] = { -FLT_MAX, 1 };
    const float spread[] = { FLT_TRUE_MIN, 0 };
    struct verdict_answer r = find(x, 2, usual, spread);
    cr_assert_eq(r.reason[0].feature, 1);
    cr_assert(isinf(r.reason[0].distance));
    cr_assert(isfinite(r.reason[1].distance));
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
    cr_assert_eq(verdict_factor(34.0f, 2.0f, INFINITY), 17.0);
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
