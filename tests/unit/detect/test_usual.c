/*
 * Median and spread against sorting.
 */
#include "engine/detect/usual.h"
#include "proto/base/rng.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST 3000u

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double middle(double *x, uint32_t n)
{
    qsort(x, n, sizeof *x, compare);
    return x[(n - 1) / 2];
}

static void by_sorting(const float *x, uint32_t n, float *ret_usual,
                       float *ret_spread)
{
    static double v[MOST], d[MOST];
    double sum = 0;
    uint32_t m = 0;
    for (uint32_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            v[m++] = (double)x[i];
    double usual = middle(v, m);
    for (uint32_t i = 0; i < m; i++)
        sum += d[i] = fabs(v[i] - usual);
    double mad = middle(d, m), tail = v[m - 1 - m / 20] - v[m / 20];
    *ret_usual = (float)usual;
    *ret_spread = (float)(mad > 0    ? 1.4826 * (double)(float)mad
                          : tail > 0 ? tail / 3.2897
                                     : 1.2533 * sum / m);
}

static float draw(struct rng *r, uint32_t kind)
{
    double u = rng_unit(r), w = rng_unit(r);
    switch (kind) {
    case 0:
        return (float)(u - 0.5);
    case 1:
        return (float)(100.0 + u); /* the same high bits */
    case 2:
        return (float)(int)(u * 3.0); /* ties */
    case 3:
        return u < 0.9 ? 0.0f : (float)(w * 10); /* MAD is 0 */
    case 4:
        return u < 0.999 ? -2.0f : 5.0f; /* 5 .. 95 % is 0 too */
    case 5:
        return (float)((u < 0.5 ? -1 : 1) * exp2(w * 240 - 120));
    default:
        return u < 0.2 ? NAN : (float)w;
    }
}

Test(usual, equals_what_sorting_gives)
{
    static float x[MOST], copy[MOST];
    static uint32_t scratch[2 * MOST];
    uint64_t seed = 17;
    struct rng r;
    cr_log_info("seed %llu", (unsigned long long)seed);
    rng_init(&r, &seed, 1);
    for (uint32_t k = 0; k < 350; k++) {
        uint32_t n = 20 + (uint32_t)rng_below(&r, k % 2 ? 50 : MOST - 20);
        float usual, spread, want_usual, want_spread;
        for (uint32_t i = 0; i < n; i++)
            x[i] = draw(&r, k % 7);
        memcpy(copy, x, sizeof x);
        usual_column(x, n, scratch, &usual, &spread);
        by_sorting(copy, n, &want_usual, &want_spread);
        cr_assert_eq(usual, want_usual, "case %u", k);
        cr_assert_lt(fabsf(spread - want_spread), 1e-6f * want_spread + 1e-37f,
                     "case %u: %g, not %g", k, (double)spread,
                     (double)want_spread);
    }
}

static int compare_keys(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Keys in orders that a sample by stride is good for, and bad for. */
static uint32_t draw_key(struct rng *r, uint32_t kind, uint32_t i, uint32_t n)
{
    uint32_t x = (uint32_t)rng_next(r);
    switch (kind) {
    case 0:
        return x;
    case 1:
        return i; /* ascending */
    case 2:
        return i % (n / 64) == 0 ? x : UINT32_MAX; /* a sample of others */
    case 3:
        return x % 3; /* few values */
    case 4:
        return i % 2 ? UINT32_MAX : 0;
    default:
        return UINT32_MAX - x % 1000 * (i % 64 == 7);
    }
}

Test(usual, any_rank_is_what_sorting_gives)
{
    static uint32_t key[MOST], sorted[MOST], scratch[MOST];
    uint64_t seed = 23;
    struct rng r;
    cr_log_info("seed %llu", (unsigned long long)seed);
    rng_init(&r, &seed, 1);
    for (uint32_t round = 0; round < 600; round++) {
        uint32_t n = round % 5 == 0 ? 64 + round % 7
                                    : 128 + (uint32_t)rng_below(&r, MOST - 128);
        for (uint32_t i = 0; i < n; i++)
            key[i] = draw_key(&r, round % 6, i, n);
        memcpy(sorted, key, sizeof key);
        qsort(sorted, n, sizeof *sorted, compare_keys);
        const uint32_t ranks[] = { 0, n / 20, (n - 1) / 2, n - 1,
                                   (uint32_t)rng_below(&r, n) };
        for (uint32_t j = 0; j < 5; j++)
            cr_assert_eq(usual_select(key, n, ranks[j], scratch),
                         sorted[ranks[j]], "round %u rank %u of %u", round,
                         ranks[j], n);
    }
}

static void expect_usual(const float *values, uint32_t n, float want_usual,
                         float want_spread)
{
    float x[16], usual, spread;
    uint32_t scratch[32];
    memcpy(x, values, n * sizeof *x);
    usual_column(x, n, scratch, &usual, &spread);
    cr_assert_eq(usual, want_usual);
    cr_assert_eq(spread, want_spread);
}

Test(usual, a_constant_has_no_spread_and_nothing_has_no_usual)
{
    const float same[] = { 4, 4, NAN, 4 }, one[] = { -7 };
    float none[] = { NAN, NAN }, usual, spread;
    uint32_t scratch[4];
    expect_usual(same, 4, 4, 0);
    expect_usual(one, 1, -7, 0);
    usual_column(none, 2, scratch, &usual, &spread);
    cr_assert(isnan(usual) && isnan(spread));
}

Test(usual, of_two_middle_values_the_lower_one)
{
    const float even[] = { 9, 1, 4, 2 };
    expect_usual(even, 4, 2, (float)(1.4826 * 1));
}

Test(usual, the_largest_numbers_do_not_overflow)
{
    const float wide[] = { -FLT_MAX, FLT_MAX, 0, FLT_MAX, -FLT_MAX };
    float x[5], usual, spread;
    uint32_t scratch[10];
    memcpy(x, wide, sizeof x);
    usual_column(x, 5, scratch, &usual, &spread);
    cr_assert_eq(usual, 0);
    cr_assert_eq(spread, FLT_MAX);
}
