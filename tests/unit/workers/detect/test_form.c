/*
 * The scoring form and its kernels against the forest's definition.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <math.h>

static void expect_definition(struct arena *a, const struct iforest_forest *f,
                              const struct matrix *m)
{
    const uint32_t *sums = support_score(a, f, m);
    for (uint32_t i = 0; i < m->rows; i++)
        cr_assert_eq(sums[i], support_path_sum(f, m, i), "row %u of %u", i,
                     m->rows);
}

Test(form, shallow_and_deep_trees_score_by_the_definition)
{
    static const uint32_t psi[] = { 1, 2, 3, 17, 256, 1024, 1025, 2048, 4096 };
    for (uint32_t k = 0; k < sizeof psi / sizeof psi[0]; k++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        struct matrix plain = support_matrix(&a, k, 4100, 6, 0);
        struct matrix holes = support_matrix(&a, k, 300, 6, 0.2);
        struct iforest_forest f = support_fit(&a, &plain, 3, 0, 4, psi[k]);
        struct matrix some = matrix_slice(&plain, 100, 700);
        expect_definition(&a, &f, &some);
        expect_definition(&a, &f, &holes);
        arena_release(&a);
    }
}

Test(form, any_number_of_features_and_rows)
{
    static const uint32_t cols[] = { 1, 2, 7, 33, 300 };
    for (uint32_t k = 0; k < sizeof cols / sizeof cols[0]; k++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        struct matrix m = support_matrix(&a, k, 1100, cols[k], 0.01);
        struct iforest_forest f = support_fit(&a, &m, 3, 0, 6, 100);
        expect_definition(&a, &f, &m);
        for (uint32_t rows = 1; rows < 20; rows++) {
            struct matrix some = matrix_slice(&m, rows, rows);
            expect_definition(&a, &f, &some);
        }
        arena_release(&a);
    }
}

/* Missing values to the right and to the left, ties to the left. */
Test(form, missing_values_follow_the_heavier_child)
{
    static const uint32_t counts[3][2] = { { 5, 3 }, { 3, 5 }, { 4, 4 } };
    for (uint32_t k = 0; k < 3; k++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        const uint32_t first[] = { 0, 3 }, right[] = { 2, 0, 0 };
        const uint16_t feature[] = { 0, IFOREST_LEAF, IFOREST_LEAF };
        const float threshold[] = { 1.5f, 0, 0 }, x[] = { NAN, 1.5f, 2 };
        const uint32_t count[] = { 8, counts[k][0], counts[k][1] };
        struct iforest_forest f = { 1,       8,         1,     3,    first,
                                    feature, threshold, right, count };
        struct matrix m = { x, 3, 1, 3 };
        const uint32_t *sums = support_score(&a, &f, &m);
        cr_assert_eq(sums[0], sums[counts[k][1] > counts[k][0] ? 2 : 1]);
        cr_assert_eq(sums[1], IFOREST_ONE + iforest_c(counts[k][0]));
        cr_assert_eq(sums[2], IFOREST_ONE + iforest_c(counts[k][1]));
        for (uint8_t to_right = 0; to_right < 2; to_right++) {
            const uint8_t missing_right[] = { to_right, 0, 0 };
            f.missing_right = missing_right;
            sums = support_score(&a, &f, &m);
            cr_assert_eq(sums[0], sums[to_right ? 2 : 1]);
        }
        arena_release(&a);
    }
}

/* A chain of splits, one level deeper than heaps go and as deep as a forest
 * may be. */
Test(form, a_chain_as_deep_as_a_forest_may_be)
{
    static const uint32_t heights[] = { 10, 11, 63, 64 };
    for (uint32_t k = 0; k < 4; k++) {
        enum { MOST = 64 };
        struct arena a;
        uint32_t h = heights[k], first[] = { 0, 2 * h + 1 };
        uint32_t right[2 * MOST + 1] = { 0 }, count[2 * MOST + 1];
        uint16_t feature[2 * MOST + 1];
        float threshold[2 * MOST + 1] = { 0 }, x[MOST + 2];
        arena_init(&a, SIZE_MAX);
        for (uint32_t d = 0; d < h; d++) { /* one row goes left per level */
            feature[2 * d] = 0;
            threshold[2 * d] = (float)d;
            right[2 * d] = 2 * d + 2;
            count[2 * d] = h + 1 - d;
            feature[2 * d + 1] = IFOREST_LEAF;
            count[2 * d + 1] = 1;
        }
        feature[2 * h] = IFOREST_LEAF;
        count[2 * h] = 1;
        for (uint32_t i = 0; i <= h; i++)
            x[i] = (float)i;
        struct iforest_forest f = { 1,       h + 1,     1,     2 * h + 1, first,
                                    feature, threshold, right, count };
        struct matrix m = { x, h + 1, 1, h + 1 };
        expect_definition(&a, &f, &m);
        arena_release(&a);
    }
}

/* Whatever this CPU has: the same sums as the definition. */
Test(form, every_level_gives_the_same_sums)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    struct matrix m = support_matrix(&a, 11, 1500, 5, 0.05);
    struct iforest_forest f = support_fit(&a, &m, 3, 0, 10, 300);
    for (enum isa isa = ISA_C; isa <= isa_detect(); isa++) {
        const uint32_t *sums = support_score_at(&a, isa, &f, &m);
        for (uint32_t i = 0; i < m.rows; i++)
            cr_assert_eq(sums[i], support_path_sum(&f, &m, i), "%s row %u",
                         isa_name(isa), i);
    }
    arena_release(&a);
}
