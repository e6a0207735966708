/*
 * Growing trees: their shape, their randomness, and the four traps in which a
 * fast and plausible forest is wrong.
 */
#include "support.h"
#include "workers/detect/iforest/grow.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_words(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Trap 1: seed + tree * constant makes neighbours walk the same stream. */
Test(grow, neighbouring_trees_share_no_random_number)
{
    enum { TREES = 100, DRAWS = 50, N = 2 * TREES * (4 + DRAWS) };
    static uint64_t seen[N];
    uint32_t n = 0;
    for (uint32_t t = 0; t < TREES; t++)
        for (uint32_t k = 0; k < 2; k++) {
            struct rng r;
            iforest_tree_rng(&r, 1, 1, k == 0 ? t : t | IFOREST_GROW);
            for (uint32_t i = 0; i < 4; i++) /* nor a word of its state */
                seen[n++] = r.s[i];
            for (uint32_t i = 0; i < DRAWS; i++)
                seen[n++] = rng_next(&r);
        }
    qsort(seen, N, sizeof seen[0], compare_words);
    for (uint32_t i = 1; i < N; i++)
        cr_assert_neq(seen[i], seen[i - 1]);
}

static int compare_rows(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Two samples of 64 out of 1000 share 4.1 rows on average (hypergeometric,
 * variance 3.6); over 500 pairs the mean stays within 5 standard errors. */
Test(grow, samples_of_neighbouring_trees_are_independent)
{
    enum { PSI = 64, ROWS = 1000, PAIRS = 500 };
    struct arena a;
    struct grow_space s;
    uint32_t before[PSI], shared = 0;
    arena_init(&a, SIZE_MAX);
    struct matrix m = support_matrix(&a, 3, ROWS, 1, 0);
    struct grow_rows rows = { .second = m };
    cr_assert_eq(grow_space_init(&s, PSI, 1, 0, &a), 0);
    grow_draw(&s, &rows, 1, 1, 0);
    for (uint32_t t = 1; t <= PAIRS; t++) {
        memcpy(before, s.index, sizeof before);
        qsort(before, PSI, sizeof before[0], compare_rows);
        grow_draw(&s, &rows, 1, 1, t);
        qsort(s.index, PSI, sizeof before[0], compare_rows);
        for (uint32_t i = 0, k = 0; i < PSI; i++) {
            while (k < PSI && before[k] < s.index[i])
                k++;
            shared += k < PSI && before[k] == s.index[i];
        }
    }
    double mean = (double)shared / PAIRS, expected = 64.0 * 64.0 / 1000.0;
    cr_assert_lt(fabs(mean - expected), 5 * sqrt(3.6 / PAIRS), "mean %f", mean);
    arena_release(&a);
}

/* The root of a tree on {0, 1, ...}: one draw picks the only feature, the next
 * one the threshold, both from the state for growing. */
Test(grow, a_tree_grows_with_its_own_random_state)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    const float x[] = { 0, 1, NAN };
    struct matrix m = { x, 3, 1, 3 };
    for (uint32_t t = 0; t < 20; t++) {
        struct rng r;
        struct iforest_forest f = support_fit(&a, &m, 12, t, 1, 3);
        iforest_tree_rng(&r, 12, 1, t | IFOREST_GROW);
        (void)rng_below(&r, 1);
        cr_assert_eq(f.threshold[0], grow_threshold(0, 1, rng_unit(&r)));
        cr_assert_eq(f.count[1], 2, "the missing one goes left when equal");
    }
    arena_release(&a);
}

/* Trap 2. */
Test(grow, the_widest_range_does_not_overflow)
{
    double low = 0;
    for (int i = 0; i < 1000; i++) {
        float t = grow_threshold(-FLT_MAX, FLT_MAX, i / 1000.0);
        cr_assert(isfinite(t) && t >= -FLT_MAX && t < FLT_MAX);
        low += t < 0;
    }
    cr_assert_eq(low, 500);
}

Test(grow, a_threshold_stays_below_the_highest_value)
{
    const double last = 1.0 - 0x1p-53;
    float next = nextafterf(1.0f, 2.0f);
    for (int i = 0; i < 8; i++)
        cr_assert_eq(grow_threshold(1.0f, next, i / 8.0), 1.0f);
    cr_assert_eq(grow_threshold(1.0f, next, last), 1.0f);
    cr_assert_lt(grow_threshold(0.0f, 3.0f, last), 3.0f);
    cr_assert_lt(grow_threshold(-3.0f, FLT_TRUE_MIN, last), FLT_TRUE_MIN);
    cr_assert_eq(grow_threshold(-2.0f, 2.0f, 0.0), -2.0f);
    cr_assert_eq(grow_threshold(-2.0f, 2.0f, 0.75), 1.0f);
}

/* Trap 3: columns 0, 2, 5 vary, 1 and 4 are constant, 3 is all missing. */
static struct matrix matrix_with_dead_columns(struct arena *a, uint32_t rows)
{
    float *x = arena_alloc(a, 6 * (size_t)rows, sizeof *x);
    struct rng r;
    rng_init(&r, &(uint64_t){ 77 }, 1);
    for (uint32_t i = 0; i < rows; i++) {
        x[i] = (float)rng_unit(&r);
        x[rows + i] = 5.0f;
        x[2 * rows + i] = (float)(rng_unit(&r) * 1e30);
        x[3 * rows + i] = NAN;
        x[4 * rows + i] = -FLT_MAX;
        x[5 * rows + i] = rng_unit(&r) < 0.5 ? 0.0f : 1.0f;
    }
    return (struct matrix){ x, rows, 6, rows };
}

Test(grow, the_split_feature_is_uniform_among_those_that_vary)
{
    enum { TREES = 1500 };
    struct arena a;
    uint32_t root[6] = { 0 };
    arena_init(&a, SIZE_MAX);
    struct matrix m = matrix_with_dead_columns(&a, 300);
    struct iforest_forest f = support_fit(&a, &m, 9, 0, TREES, 32);
    for (uint32_t t = 0; t < TREES; t++)
        root[f.feature[f.tree_first[t]]]++;
    for (uint32_t k = 0; k < f.node_count; k++)
        cr_assert(f.feature[k] == IFOREST_LEAF || f.feature[k] == 0 ||
                  f.feature[k] == 2 || f.feature[k] == 5);
    cr_assert_eq(root[0] + root[2] + root[5], TREES);
    double chi2 = 0, want = TREES / 3.0;
    for (uint32_t j = 0; j < 6; j++)
        if (j == 0 || j == 2 || j == 5)
            chi2 += (root[j] - want) * (root[j] - want) / want;
    /* 2 degrees of freedom: above 18.4 in 1 of 10 000 */
    cr_assert_lt(chi2, 18.4, "%u %u %u", root[0], root[2], root[5]);
    arena_release(&a);
}

/* Below a split on the two-valued column it is constant; the other two then
 * share the splits evenly, in left and in right children alike. */
Test(grow, a_feature_used_up_in_one_branch_still_counts_in_the_other)
{
    enum { TREES = 1500 };
    struct arena a;
    uint32_t left[6] = { 0 }, right[6] = { 0 };
    arena_init(&a, SIZE_MAX);
    struct matrix m = matrix_with_dead_columns(&a, 300);
    struct iforest_forest f = support_fit(&a, &m, 10, 0, TREES, 64);
    for (uint32_t t = 0; t < TREES; t++) {
        uint32_t root = f.tree_first[t];
        uint32_t l = root + 1, r = root + f.right[root];
        if (f.feature[root] != 5) {
            if (f.count[r] >= 16 && f.feature[r] != IFOREST_LEAF)
                right[f.feature[r]]++;
            continue;
        }
        left[f.feature[l]]++;
        cr_assert_neq(f.feature[l], 5);
        cr_assert_neq(f.feature[r], 5);
    }
    double half = (left[0] + left[2]) / 2.0;
    cr_assert_lt(fabs(left[0] - half), 4 * sqrt(half / 2));
    double third = (right[0] + right[2] + right[5]) / 3.0;
    cr_assert_gt(third, 100);
    cr_assert_lt(fabs(right[5] - third), 4 * sqrt(third));
    arena_release(&a);
}

/* Trap 4. */
Test(grow, a_constant_sample_is_one_leaf)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    float x[2][64];
    for (uint32_t i = 0; i < 64; i++) {
        x[0][i] = 3.5f;
        x[1][i] = NAN;
    }
    struct matrix m = { &x[0][0], 64, 2, 64 };
    struct iforest_forest f = support_fit(&a, &m, 1, 0, 10, 32);
    cr_assert_eq(f.node_count, 10);
    for (uint32_t t = 0; t < 10; t++)
        cr_assert_eq(f.count[t], 32);
    arena_release(&a);
}

Test(grow, trees_end_at_the_height_limit_and_count_their_rows)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    struct matrix m = support_matrix(&a, 5, 900, 5, 0.1);
    for (uint32_t psi = 1; psi <= 900; psi = psi * 3 / 2 + 1) {
        struct iforest_forest f = support_fit(&a, &m, psi, 0, 7, psi);
        for (uint32_t t = 0; t < 7; t++) {
            uint32_t nodes = f.tree_first[t + 1] - f.tree_first[t];
            cr_assert_eq(f.count[f.tree_first[t]], psi);
            cr_assert_leq(nodes, grow_nodes_max(psi));
        }
    }
    arena_release(&a);
}

static uint32_t next_node(const struct iforest_forest *f, uint32_t first,
                          uint32_t k, const struct matrix *m, uint32_t row)
{
    uint32_t at = first + k, right = f->right[at];
    float v = matrix_column(m, f->feature[at])[row];
    bool left = isnan(v) ? f->count[at + 1] >= f->count[first + right]
                         : v <= f->threshold[at];
    return left ? k + 1 : right;
}

/* Every split sends its sample as scoring will: each node's count is the
 * number of sample rows that reach it. */
Test(grow, counts_are_what_scoring_the_sample_gives)
{
    enum { ROWS = 200 };
    struct arena a;
    arena_init(&a, SIZE_MAX);
    struct matrix m = support_matrix(&a, 6, ROWS, 4, 0.3);
    struct iforest_forest f = support_fit(&a, &m, 4, 0, 20, ROWS);
    for (uint32_t t = 0; t < f.trees; t++) {
        uint32_t first = f.tree_first[t], reached[2 * ROWS] = { 0 };
        for (uint32_t i = 0; i < ROWS; i++) {
            uint32_t k = 0;
            reached[k]++;
            while (f.feature[first + k] != IFOREST_LEAF) {
                k = next_node(&f, first, k, &m, i);
                reached[k]++;
            }
        }
        for (uint32_t k = first; k < f.tree_first[t + 1]; k++)
            cr_assert_eq(reached[k - first], f.count[k], "tree %u node %u", t,
                         k - first);
    }
    arena_release(&a);
}

Test(grow, task_boundaries_do_not_change_a_tree)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    struct matrix m = support_matrix(&a, 8, 400, 3, 0.05);
    struct iforest_forest all = support_fit(&a, &m, 2, 0, 30, 64);
    for (uint32_t t = 0; t < 30; t++) {
        struct iforest_forest one = support_fit(&a, &m, 2, t, 1, 64);
        uint32_t first = all.tree_first[t];
        size_t n = one.node_count;
        cr_assert_eq(n, all.tree_first[t + 1] - first);
        cr_assert_arr_eq(one.feature, all.feature + first, n * 2);
        cr_assert_arr_eq(one.threshold, all.threshold + first, n * 4);
        cr_assert_arr_eq(one.right, all.right + first, n * 4);
        cr_assert_arr_eq(one.count, all.count + first, n * 4);
    }
    arena_release(&a);
}
