/*
 * Expected deltas of small trees are worked out by hand.
 */
#include "proto/wire/iforest_delta.h"

#include "tests/lib/seed.h"
#include "tests/unit/wire/forests.h"

#include <criterion/criterion.h>

#include <math.h>

#define ONE ((int64_t)IFOREST_ONE)

/* The root splits 8 rows by feature 1 at 2: three go left and are parted by
 * feature 0 at 5 (one and two), five go right. */
static const uint32_t first[] = { 0, 5 };
static const uint16_t feature[] = { 1, 0, IFOREST_LEAF, IFOREST_LEAF,
                                    IFOREST_LEAF };
static const float threshold[] = { 2, 5, 0, 0, 0 };
static const uint32_t right[] = { 4, 3, 0, 0, 0 };
static const uint32_t count[] = { 8, 3, 1, 2, 5 };
static uint32_t c[9];

static struct iforest_forest make(void)
{
    for (uint32_t n = 0; n < 9; n++)
        c[n] = iforest_c(n);
    return (struct iforest_forest){
        .trees = 1,
        .subsample = 8,
        .features = 2,
        .node_count = 5,
        .tree_first = first,
        .feature = feature,
        .threshold = threshold,
        .right = right,
        .count = count,
    };
}

/* Walked as they are and laid out, trees give the same. */
static void expect_laid_out_equal(const struct iforest_forest *f,
                                  const float *x, size_t stride)
{
    struct arena a;
    struct iforest_delta laid;
    int64_t delta[8] = { 1, 2 }, want[8] = { 1, 2 };
    arena_init(&a, SIZE_MAX);
    cr_assert_eq(iforest_delta_init(&laid, f, c, 8, &a), 0);
    iforest_path_delta(f, c, 8, x, stride, want);
    iforest_delta_row(&laid, x, stride, delta);
    for (uint32_t j = 0; j < f->features; j++)
        cr_assert_eq(delta[j], want[j], "feature %u", j);
    arena_release(&a);
}

static void expect(float a, float b, int64_t want_a, int64_t want_b)
{
    struct iforest_forest f = make();
    float x[] = { a, 0, b };
    int64_t delta[2] = { 100, 200 };
    expect_laid_out_equal(&f, x, 2);
    iforest_path_delta(&f, c, 8, x, 2, delta);
    cr_expect_eq(delta[0] - 100, want_a, "feature 0: %lld",
                 (long long)delta[0] - 100);
    cr_expect_eq(delta[1] - 200, want_b, "feature 1: %lld",
                 (long long)delta[1] - 200);
}

Test(iforest_delta, each_step_counts_for_the_feature_that_it_splits_by)
{
    (void)make();
    int64_t left = c[8] - (ONE + c[3]); /* the root's step to the left */
    expect(4, 1, ONE + c[3] - (2 * ONE + c[1]), left);
    expect(6, 1, ONE + c[3] - (2 * ONE + c[2]), left);
    expect(4, 3, 0, c[8] - (ONE + c[5]));
    cr_expect_gt(left, 0, "fewer rows than half: stranger");
}

Test(iforest_delta, a_missing_value_follows_the_heavier_child)
{
    (void)make();
    expect(4, NAN, 0, c[8] - (ONE + c[5]));
    expect(NAN, 1, ONE + c[3] - (2 * ONE + c[2]), c[8] - (ONE + c[3]));
}

Test(iforest_delta, or_where_the_forest_says)
{
    static const uint8_t missing_right[] = { 0, 0, 0, 0, 0 };
    struct iforest_forest f = make();
    float x[] = { NAN, NAN };
    int64_t delta[2] = { 0 };
    f.missing_right = missing_right;
    expect_laid_out_equal(&f, x, 1);
    iforest_path_delta(&f, c, 8, x, 1, delta);
    cr_expect_eq(delta[0], ONE + c[3] - (2 * ONE + c[1]));
    cr_expect_eq(delta[1], c[8] - (ONE + c[3]));
}

/* From fewer trees than are walked side by side on; values at thresholds,
 * missing and infinite ones among them. */
Test(iforest_delta, trees_laid_out_give_the_same_for_any_row)
{
    static struct forest_parts p;
    struct rng r = seed_rng(seed_any());
    uint32_t table[17];
    for (uint32_t n = 0; n < 17; n++)
        table[n] = iforest_c(n);
    for (uint32_t round = 0; round < 2000; round++) {
        float x[8];
        forest_random(&r, 1 + round % 8, 16, &p);
        if (round % 3 == 0)
            forest_missing(&r, &p);
        for (uint32_t j = 0; j < p.forest.features; j++) {
            uint64_t node = rng_below(&r, p.forest.node_count);
            const float some[] = { p.threshold[node], NAN, INFINITY, -INFINITY,
                                   -0.0f };
            uint64_t what = rng_below(&r, 12);
            x[j] = what < 5 ? some[what] : (float)rng_unit(&r);
        }
        for (uint32_t n = 0; n < 9; n++)
            c[n] = table[n];
        expect_laid_out_equal(&p.forest, x, 1);
    }
}
