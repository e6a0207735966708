/*
 * Extended trees: which planes are drawn, that no side of one is empty, what
 * becomes of missing values, and that rows are scored by the definition.
 */
#include "support.h"
#include "workers/detect/iforest/form.h"
#include "workers/detect/iforest/grow.h"
#include "workers/detect/iforest/plane.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

static struct arena arena;

static void arena_up(void)
{
    arena_init(&arena, SIZE_MAX);
}

static void arena_down(void)
{
    arena_release(&arena);
}

TestSuite(plane, .init = arena_up, .fini = arena_down);

/* Columns 0, 2 and 5 vary, each in another unit; 1 and 4 are constant, 3 is
 * all missing. */
static struct matrix matrix_of_units(uint32_t rows)
{
    static const double unit[] = { 1, 0, 1e-9, 0, 0, 1e9 };
    float *x = arena_alloc(&arena, 6 * (size_t)rows, sizeof *x);
    struct rng r;
    rng_init(&r, &(uint64_t){ 77 }, 1);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < 6; j++)
            x[j * rows + i] =
                j == 3 ? NAN
                       : (float)(unit[j] > 0 ? unit[j] * rng_unit(&r) : 5.0);
    return (struct matrix){ x, rows, 6, rows };
}

Test(plane, rows_are_scored_by_the_definition_on_both_roads)
{
    static const uint32_t extension[] = { 1, 2, 5 };
    for (uint32_t k = 0; k < 3; k++) {
        struct matrix m = support_matrix(&arena, k, 700, 6, 0.1);
        struct iforest_forest f =
            support_fit_extended(&arena, &m, 3, 0, 20, 256, extension[k]);
        cr_assert_eq(f.extension, extension[k]);
        const uint32_t *sums = support_score(&arena, &f, &m);
        struct iforest_fit_score_task t = { 3,           1, 20,
                                            256,         m, { .cols = 6 },
                                            extension[k] };
        struct compute_context context = { .arena = &arena };
        struct wire_task task = { .phase = IFOREST_FIT_SCORE };
        struct wire_payload p;
        struct iforest_forest g;
        uint32_t fused[700];
        cr_assert_eq(iforest_pack_fit_score(&t, &arena, &task.payload), 0);
        cr_assert_eq(compute_iforest.run(&task, NULL, &context, &p), 0);
        cr_assert_eq(iforest_unpack_fit_scored(&p, 700, &arena, fused, &g), 0);
        for (uint32_t i = 0; i < 700; i++) {
            cr_assert_eq(sums[i], support_path_sum(&f, &m, i), "row %u", i);
            cr_assert_eq(fused[i], sums[i]);
        }
        size_t wide = (size_t)f.node_count * (f.extension + 1);
        cr_assert_eq(f.node_count, g.node_count);
        cr_assert_arr_eq(f.weight, g.weight, wide * sizeof *f.weight);
        cr_assert_arr_eq(f.axis, g.axis, wide * sizeof *f.axis);
    }
}

/* Of three features that vary, a split over two leaves each of them out
 * equally often. Chi-square, 2 degrees of freedom: 18.4 is 1 in 10 000. */
Test(plane, every_set_of_features_that_vary_is_equally_likely)
{
    enum { TREES = 1500 };
    uint32_t without[6] = { 0 };
    struct matrix m = matrix_of_units(300);
    struct iforest_forest f =
        support_fit_extended(&arena, &m, 9, 0, TREES, 32, 1);
    for (uint32_t t = 0; t < TREES; t++) {
        const uint16_t *axis = f.axis + 2 * (size_t)f.tree_first[t];
        cr_assert_neq(axis[0], axis[1]);
        cr_assert((axis[0] == 0 || axis[0] == 2 || axis[0] == 5) &&
                  (axis[1] == 0 || axis[1] == 2 || axis[1] == 5));
        without[7 - axis[0] - axis[1]]++; /* 0 + 2 + 5 = 7 */
    }
    double chi2 = 0, want = TREES / 3.0;
    for (uint32_t j = 0; j < 6; j++)
        if (j == 0 || j == 2 || j == 5)
            chi2 += (without[j] - want) * (without[j] - want) / want;
    cr_assert_lt(chi2, 18.4, "%u %u %u", without[0], without[2], without[5]);
}

/* With weights that ignore units the column of 1e9 would decide alone. */
Test(plane, the_unit_of_a_column_does_not_matter)
{
    enum { TREES = 1000, ROWS = 300 };
    struct matrix m = matrix_of_units(ROWS);
    struct iforest_forest f =
        support_fit_extended(&arena, &m, 4, 0, TREES, 128, 2);
    static const uint16_t varies[] = { 0, 2, 5 };
    static const double unit[] = { 1, 1e-9, 1e9 };
    double share[6] = { 0 };
    for (uint32_t t = 0; t < TREES; t++) {
        double part[6] = { 0 }, all = 0;
        size_t at = 3 * (size_t)f.tree_first[t];
        for (uint32_t k = 0; k < 3; k++)
            for (uint32_t j = 0; j < 3; j++)
                if (f.axis[at + k] == varies[j]) {
                    part[varies[j]] = fabs((double)f.weight[at + k]) * unit[j];
                    all += part[varies[j]];
                }
        for (uint32_t j = 0; j < 6; j++)
            share[j] += part[j] / all;
    }
    for (uint32_t j = 0; j < 3; j++)
        cr_assert_lt(fabs(share[varies[j]] / TREES - 1.0 / 3), 0.04, "%f",
                     share[varies[j]] / TREES);
}

/* Column 1 is constant: nothing to add to the only feature. */
Test(plane, where_one_feature_varies_the_plane_looks_at_that_one)
{
    float x[2][64];
    for (uint32_t i = 0; i < 64; i++) {
        x[0][i] = 3.5f;
        x[1][i] = (float)i;
    }
    struct matrix m = { &x[0][0], 64, 2, 64 };
    struct iforest_forest f = support_fit_extended(&arena, &m, 1, 0, 10, 64, 1);
    cr_assert_gt(f.node_count, 10u * 60);
    for (uint32_t k = 0; k < f.node_count; k++) {
        if (f.feature[k] == IFOREST_LEAF) {
            cr_assert(f.weight[2 * k] == 0 && f.weight[2 * k + 1] == 0);
            continue;
        }
        cr_assert(f.axis[2 * k] == 1 && f.axis[2 * k + 1] == 1);
        cr_assert(fabsf(f.weight[2 * k]) == 1.0f && f.weight[2 * k + 1] == 0);
    }
}

Test(plane, constant_rows_are_one_leaf)
{
    float x[3][40];
    for (uint32_t i = 0; i < 40; i++) {
        x[0][i] = -FLT_MAX;
        x[1][i] = NAN;
        x[2][i] = 0.0f;
    }
    struct matrix m = { &x[0][0], 40, 3, 40 };
    struct iforest_forest f = support_fit_extended(&arena, &m, 1, 0, 10, 32, 2);
    cr_assert_eq(f.node_count, 10);
}

/* Wide ranges, ties, neighbours in float32, and rows that mostly lack a value:
 * whatever is drawn, both children get rows, and each node's count is what
 * scoring the sample gives. */
static void expect_counts(const struct matrix *m, uint32_t extension)
{
    struct iforest_forest f =
        support_fit_extended(&arena, m, 4, 0, 20, m->rows, extension);
    uint32_t *reached = arena_alloc(&arena, f.node_count, sizeof *reached);
    for (uint32_t t = 0; t < f.trees; t++) {
        uint32_t first = f.tree_first[t], end = f.tree_first[t + 1];
        for (uint32_t k = first; k < end; k++)
            reached[k] = 0;
        for (uint32_t i = 0; i < m->rows; i++) {
            uint32_t k = first;
            for (reached[k]++; f.feature[k] != IFOREST_LEAF; reached[k]++) {
                double value = support_value(&f, k, m, i);
                uint32_t right = first + f.right[k];
                bool left = isnan(value) ? f.count[k + 1] >= f.count[right]
                                         : value <= (double)f.threshold[k];
                k = left ? k + 1 : right;
            }
        }
        for (uint32_t k = first; k < end; k++)
            cr_assert_eq(reached[k], f.count[k], "tree %u node %u", t,
                         k - first);
    }
}

Test(plane, counts_are_what_scoring_the_sample_gives)
{
    enum { ROWS = 200 };
    static float close[3][ROWS];
    struct rng r;
    rng_init(&r, &(uint64_t){ 5 }, 1);
    for (uint32_t i = 0; i < ROWS; i++)
        for (uint32_t j = 0; j < 3; j++) { /* a few neighbours of 1e6 */
            float value = 1e6f;
            for (uint64_t up = rng_below(&r, 4); up > 0; up--)
                value = nextafterf(value, INFINITY);
            close[j][i] = value;
        }
    struct matrix neighbours = { &close[0][0], ROWS, 3, ROWS };
    struct matrix mixed = support_matrix(&arena, 6, ROWS, 4, 0.0);
    struct matrix holes = support_matrix(&arena, 6, ROWS, 4, 0.5);
    for (uint32_t extension = 1; extension < 3; extension++) {
        expect_counts(&neighbours, extension);
        expect_counts(&mixed, extension);
        expect_counts(&holes, extension);
        struct matrix units = matrix_of_units(ROWS);
        expect_counts(&units, extension + 2);
    }
}

Test(plane, task_boundaries_do_not_change_a_tree)
{
    struct matrix m = support_matrix(&arena, 8, 400, 3, 0.05);
    struct iforest_forest all =
        support_fit_extended(&arena, &m, 2, 0, 30, 64, 1);
    for (uint32_t t = 0; t < 30; t++) {
        struct iforest_forest one =
            support_fit_extended(&arena, &m, 2, t, 1, 64, 1);
        uint32_t first = all.tree_first[t];
        size_t n = one.node_count;
        cr_assert_eq(n, all.tree_first[t + 1] - first);
        cr_assert_arr_eq(one.axis, all.axis + 2 * first, n * 4);
        cr_assert_arr_eq(one.weight, all.weight + 2 * first, n * 8);
        cr_assert_arr_eq(one.threshold, all.threshold + first, n * 4);
    }
}

Test(plane, scoring_stops_behind_any_tree)
{
    struct matrix m = support_matrix(&arena, 1, 700, 6, 0.0);
    struct iforest_forest f =
        support_fit_extended(&arena, &m, 3, 0, 20, 256, 5);
    const uint32_t *c = form_c_table(f.subsample, &arena);
    uint32_t *sums = arena_zalloc(&arena, 700, sizeof *sums);
    cr_assert(c != NULL && sums != NULL);
    _Atomic int stop = 1;
    struct compute_context context = { .arena = &arena, .stop = &stop };
    cr_assert_eq(plane_score(&f, c, &m, &context, sums), ERR_CANCELED);
    uint32_t first = sums[0];
    sums[0] = 0;
    stop = 0;
    cr_assert_eq(plane_score(&f, c, &m, &context, sums), 0);
    cr_assert(first > 0 && first < sums[0] / 4, "more than one of 20 trees");
}
