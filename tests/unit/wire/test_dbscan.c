#include "proto/wire/dbscan.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(dbscan, few_points_are_all_sampled)
{
    uint32_t point[DBSCAN_SAMPLE_MAX];
    cr_assert_eq(dbscan_sample(1, 2, 700, point), 700);
    for (uint32_t i = 0; i < 700; i++)
        cr_assert_eq(point[i], i);
    cr_assert_eq(dbscan_sample(1, 2, 0, point), 0);
}

Test(dbscan, a_sample_ascends_and_depends_on_seed_and_batch_alone)
{
    uint32_t a[DBSCAN_SAMPLE_MAX], b[DBSCAN_SAMPLE_MAX];
    cr_assert_eq(dbscan_sample(1, 2, 100000, a), DBSCAN_SAMPLE_MAX);
    for (uint32_t i = 1; i < DBSCAN_SAMPLE_MAX; i++)
        cr_assert(a[i] > a[i - 1] && a[i] < 100000);
    cr_assert_eq(dbscan_sample(1, 2, 100000, b), DBSCAN_SAMPLE_MAX);
    cr_assert_arr_eq(a, b, sizeof a);
    (void)dbscan_sample(1, 3, 100000, b);
    cr_assert_arr_neq(a, b, sizeof a);
    (void)dbscan_sample(2, 2, 100000, b);
    cr_assert_arr_neq(a, b, sizeof a);
}

static struct dbscan_eps knee(double *distance, uint32_t count)
{
    struct dbscan_eps e = { 0 };
    dbscan_knee(distance, count, &e);
    cr_assert_eq(e.sampled, count);
    return e;
}

/* Flat up to 90 %, then steep. */
static void bent(double *d, uint32_t count)
{
    uint32_t flat = 9 * count / 10;
    for (uint32_t i = 0; i < count; i++) /* in any order */
        d[count - 1 - i] = i < flat ? 1.0 + i * 1e-3 : 2.0 + (i - flat) * 0.5;
}

Test(dbscan, the_knee_is_where_a_flat_curve_turns_up)
{
    double d[1000];
    bent(d, 1000);
    struct dbscan_eps e = knee(d, 1000);
    cr_expect_eq(e.why, DBSCAN_EPS_KNEE);
    cr_expect_float_eq(e.eps, 2.0, 0.11, "%g", e.eps);
    cr_expect_float_eq(e.within, 900, 1);
}

Test(dbscan, a_few_rows_far_out_do_not_set_the_scale)
{
    double d[1000], far[1000];
    bent(d, 1000);
    bent(far, 1000);
    far[0] = 1e6;
    far[1] = 1e12;
    far[2] = 1e18;
    double eps = knee(d, 1000).eps, beside = knee(far, 1000).eps;
    cr_expect(beside >= eps && beside < 25 * eps, "%g, %g", eps, beside);
    cr_expect_leq(knee(far, 1000).within, 981);
}

Test(dbscan, the_lower_half_is_no_place_for_a_knee)
{
    double d[100];
    for (uint32_t i = 0; i < 100; i++) /* concave: the chord is never above */
        d[i] = log(2.0 + i);
    cr_expect_geq(knee(d, 100).within, 50);
}

Test(dbscan, equal_rows_do_not_hide_the_curve_of_the_others)
{
    double d[1000], alone[1000];
    bent(d, 1000);
    bent(alone, 1000);
    memset(d + 500, 0, 500 * sizeof *d); /* keeps the 500 largest */
    struct dbscan_eps e = knee(d, 1000);
    cr_expect_eq(e.why, DBSCAN_EPS_KNEE);
    cr_expect_eq(e.eps, knee(alone, 500).eps);
}

Test(dbscan, zeros_give_the_smallest_distance_above_them)
{
    double d[100] = { 0 };
    d[98] = 3.0;
    d[99] = 0.25;
    struct dbscan_eps e = knee(d, 100);
    cr_expect_eq(e.why, DBSCAN_EPS_POSITIVE);
    cr_expect_eq(e.eps, 0.25);
    cr_expect_eq(e.within, 99);
    memset(d, 0, sizeof d);
    d[98] = 3.0;
    d[99] = 1.41421356; /* rounded down, it would have nothing within */
    e = knee(d, 100);
    cr_expect_eq(e.why, DBSCAN_EPS_POSITIVE);
    cr_expect_eq(e.eps, 1.415);
    cr_expect_eq(e.within, 99);
    memset(d, 0, sizeof d);
    e = knee(d, 100);
    cr_expect_eq(e.why, DBSCAN_EPS_DUPLICATES);
    cr_expect(e.eps > 0.0 && e.eps < 1e-20 && e.eps >= DBSCAN_EPS_LEAST);
    cr_expect_eq(e.within, 100);
}

Test(dbscan, one_distance_is_eps_in_four_digits)
{
    static const double distance[] = { 1.23456789e-18, 3.14159e-7,
                                       0.99999,        0.1,
                                       17.0,           9999.9,
                                       10000.4,        7.654321e17 };
    for (uint32_t i = 0; i < sizeof distance / sizeof distance[0]; i++) {
        double d = distance[i];
        char text[32];
        double eps = knee(&d, 1).eps;
        snprintf(text, sizeof text, "%.4g", eps);
        cr_expect_eq(strtod(text, NULL), eps, "%s reads as another", text);
        cr_expect_lt(fabs(eps / distance[i] - 1.0), 5.1e-4, "%s", text);
    }
    double tiny = 1.23456e-40; /* no power of ten is exact there: as it is */
    cr_expect_eq(knee(&tiny, 1).eps, 1.23456e-40);
}

Test(dbscan, a_score_is_the_distance_in_eps_within_bounds)
{
    cr_expect_eq(dbscan_score(4.0, 1.0), 2 * DBSCAN_ONE);
    cr_expect_eq(dbscan_score(2.25 * 0.25, 0.5), DBSCAN_ONE * 3 / 2);
    cr_expect_eq(dbscan_score(nextafter(1.0, 2.0), 1.0), DBSCAN_ONE,
                 "never below one eps");
    cr_expect_eq(dbscan_score(1e300, 1e-100), DBSCAN_FAR * DBSCAN_ONE);
    cr_expect_eq(dbscan_score((double)INFINITY, 1.0), 0, "no core point");
}
