/*
 * Against scikit-learn: its trees give its scores. tests/golden says how the
 * numbers were made.
 */
#include "support.h"

#include "tests/golden/iforest_sklearn.inc"

#include <criterion/criterion.h>
#include <math.h>

#define TOLERANCE 2e-6

static void expect_sklearn(const struct iforest_forest *f, const float *x,
                           uint32_t rows, const double *want)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    struct matrix m = { x, rows, f->features, rows };
    const uint32_t *sums = support_score(&a, f, &m);
    for (uint32_t i = 0; i < rows; i++) {
        double score = iforest_score(sums[i], f->trees, f->subsample);
        cr_assert_lt(fabs(score - want[i]), TOLERANCE, "row %u: %.9f, not %.9f",
                     i, score, want[i]);
    }
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t k = 0; k < i; k++)
            if (want[i] > want[k] + TOLERANCE)
                cr_assert_lt(sums[i], sums[k], "rows %u and %u", i, k);
    arena_release(&a);
}

Test(golden, trees_of_32_rows_score_as_in_scikit_learn)
{
    struct iforest_forest f = { SMALL_TREES,
                                SMALL_SUBSAMPLE,
                                3,
                                small_first[SMALL_TREES],
                                small_first,
                                small_feature,
                                small_threshold,
                                small_right,
                                small_count };
    expect_sklearn(&f, small_x, SMALL_ROWS, small_score);
}

Test(golden, trees_of_101_rows_score_as_in_scikit_learn)
{
    struct iforest_forest f = { ODD_TREES,
                                ODD_SUBSAMPLE,
                                3,
                                odd_first[ODD_TREES],
                                odd_first,
                                odd_feature,
                                odd_threshold,
                                odd_right,
                                odd_count };
    expect_sklearn(&f, odd_x, ODD_ROWS, odd_score);
}
