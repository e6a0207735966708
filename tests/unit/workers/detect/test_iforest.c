/*
 * Whole tasks: the fused road and the two-step road are one, and odd data has
 * defined results.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

static struct arena arena;

static void arena_up(void)
{
    arena_init(&arena, SIZE_MAX);
}

static void arena_down(void)
{
    arena_release(&arena);
}

TestSuite(iforest, .init = arena_up, .fini = arena_down);

Test(iforest, fused_equals_fit_then_score)
{
    static const uint32_t psi[] = { 16, 256, 2000 };
    for (uint32_t k = 0; k < 3; k++) {
        struct matrix m = support_matrix(&arena, k, 2500, 4, 0.02);
        struct iforest_forest f = support_fit(&arena, &m, 5, 0, 40, psi[k]);
        const uint32_t *fused =
            support_fit_score(&arena, &m, NULL, 5, 40, psi[k]);
        const uint32_t *split = support_score(&arena, &f, &m);
        cr_assert_arr_eq(fused, split, m.rows * sizeof *fused);
    }
}

/* 60 trees of 4096 rows are more than one group of the fused road. */
Test(iforest, groups_of_trees_do_not_show)
{
    struct matrix m = support_matrix(&arena, 4, 5000, 3, 0);
    struct iforest_forest f = support_fit(&arena, &m, 5, 0, 60, 4096);
    const uint32_t *fused = support_fit_score(&arena, &m, NULL, 5, 60, 4096);
    const uint32_t *split = support_score(&arena, &f, &m);
    cr_assert_arr_eq(fused, split, m.rows * sizeof *fused);
}

Test(iforest, recent_rows_are_fitted_and_not_scored)
{
    struct matrix all = support_matrix(&arena, 5, 600, 3, 0.02);
    struct matrix recent = matrix_slice(&all, 0, 560);
    struct matrix rows = matrix_slice(&all, 560, 40);
    const uint32_t *sums =
        support_fit_score(&arena, &rows, &recent, 6, 50, 128);
    struct iforest_forest f = support_fit(&arena, &all, 6, 0, 50, 128);
    const uint32_t *want = support_score(&arena, &f, &rows);
    cr_assert_arr_eq(sums, want, 40 * sizeof *sums);
}

Test(iforest, one_row_scores_a_half)
{
    struct matrix m = support_matrix(&arena, 5, 1, 3, 0);
    const uint32_t *sums = support_fit_score(&arena, &m, NULL, 1, 100, 1);
    cr_assert_eq(sums[0], 0);
    cr_assert_eq(iforest_score(sums[0], 100, 1), 0.5);
}

Test(iforest, equal_rows_score_a_half)
{
    float x[2][50];
    for (uint32_t i = 0; i < 50; i++)
        x[0][i] = x[1][i] = FLT_MAX;
    struct matrix m = { &x[0][0], 50, 2, 50 };
    const uint32_t *sums = support_fit_score(&arena, &m, NULL, 1, 100, 50);
    for (uint32_t i = 0; i < 50; i++) {
        cr_assert_eq(sums[i], 100 * iforest_c(50));
        cr_assert_eq(iforest_score(sums[i], 100, 50), 0.5);
    }
}

Test(iforest, duplicates_score_alike_and_the_odd_one_out_is_strangest)
{
    float x[100];
    for (uint32_t i = 0; i < 100; i++)
        x[i] = (float)(i % 3);
    x[57] = 40.0f;
    struct matrix m = { x, 100, 1, 100 };
    const uint32_t *sums = support_fit_score(&arena, &m, NULL, 1, 100, 64);
    for (uint32_t i = 0; i < 100; i++) {
        if (i == 57)
            continue;
        cr_assert_eq(sums[i], sums[i % 3]);
        cr_assert_lt(sums[57], sums[i]);
    }
}

Test(iforest, the_largest_numbers_are_ordinary_numbers)
{
    float x[64];
    for (uint32_t i = 0; i < 64; i++)
        x[i] = i % 2 ? FLT_MAX : -FLT_MAX;
    x[5] = 0.0f;
    struct matrix m = { x, 64, 1, 64 };
    const uint32_t *sums = support_fit_score(&arena, &m, NULL, 1, 100, 64);
    for (uint32_t i = 0; i < 64; i++)
        cr_assert(i == 5 || sums[5] < sums[i]);
}

Test(iforest, a_row_with_nothing_is_scored_and_a_missing_column_never_split)
{
    struct matrix m = support_matrix(&arena, 9, 200, 2, 0);
    float x[3][200];
    for (uint32_t i = 0; i < 200; i++) {
        x[0][i] = i == 7 ? NAN : matrix_column(&m, 0)[i];
        x[1][i] = NAN;
        x[2][i] = i == 7 ? NAN : matrix_column(&m, 1)[i];
    }
    struct matrix holes = { &x[0][0], 200, 3, 200 };
    struct iforest_forest f = support_fit(&arena, &holes, 1, 0, 50, 100);
    for (uint32_t k = 0; k < f.node_count; k++)
        cr_assert_neq(f.feature[k], 1);
    const uint32_t *sums = support_fit_score(&arena, &holes, NULL, 1, 50, 100);
    uint32_t stranger = 0;
    for (uint32_t i = 0; i < 200; i++)
        stranger += sums[i] < sums[7];
    cr_assert_gt(stranger, 100, "it follows the crowd: %u stranger", stranger);
}
