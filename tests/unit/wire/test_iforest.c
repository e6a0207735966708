#include "proto/wire/iforest.h"

#include <criterion/criterion.h>
#include <math.h>

/* scikit-learn's formulas, in double with libm. */
static double c_double(uint32_t n)
{
    if (n <= 1)
        return 0;
    if (n == 2)
        return 1;
    return 2.0 * (log(n - 1.0) + 0.57721566490153286) - 2.0 * (n - 1.0) / n;
}

Test(iforest, c_is_lius_equation_one_to_the_last_bit_of_the_fixed_point)
{
    cr_expect_eq(iforest_c(0), 0u);
    cr_expect_eq(iforest_c(1), 0u);
    cr_expect_eq(iforest_c(2), IFOREST_ONE);
    for (uint32_t n = 3; n <= IFOREST_SUBSAMPLE_MAX; n++)
        cr_assert_eq(iforest_c(n), (uint32_t)lround(c_double(n) * 65536), "%u",
                     n);
    cr_expect_eq(iforest_c(256), 671401u, "10.24477 for the usual sample");
    cr_expect_gt(iforest_c(UINT32_MAX), iforest_c(1u << 30));
}

Test(iforest, the_height_limit_is_the_logarithm_rounded_up)
{
    const uint32_t want[][2] = { { 0, 0 },    { 1, 0 },   { 2, 1 },
                                 { 3, 2 },    { 4, 2 },   { 5, 3 },
                                 { 255, 8 },  { 256, 8 }, { 257, 9 },
                                 { 4096, 12 } };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        cr_expect_eq(iforest_height_max(want[i][0]), want[i][1], "%u",
                     want[i][0]);
}

Test(iforest, the_sample_is_never_larger_than_what_there_is)
{
    cr_expect_eq(iforest_subsample(256, 1000), 256u);
    cr_expect_eq(iforest_subsample(256, 100), 100u);
    cr_expect_eq(iforest_subsample(256, 0), 0u);
}

/* Every path of one tree: a leaf of n rows at depth d. The mean over trees
 * lies between them, so the extremes bound every score. */
Test(iforest, the_score_is_scikit_learns_within_two_millionths)
{
    double worst = 0;
    for (uint32_t psi = 2; psi <= IFOREST_SUBSAMPLE_MAX;
         psi += psi < 512 ? 1 : 61) {
        for (uint32_t d = 0; d <= iforest_height_max(psi); d++) {
            for (uint32_t n = 1; n + d <= psi; n++) {
                double want = exp2(-(d + c_double(n)) / c_double(psi));
                double got =
                    iforest_score(d * IFOREST_ONE + iforest_c(n), 1, psi);
                if (fabs(got - want) > worst)
                    worst = fabs(got - want);
            }
        }
    }
    cr_expect_lt(worst, 2e-6, "worst %g", worst);
}

Test(iforest, a_row_as_long_as_the_average_scores_exactly_one_half)
{
    for (uint32_t psi = 2; psi < 600; psi++)
        cr_assert_eq(iforest_score(100 * iforest_c(psi), 100, psi), 0.5);
}

Test(iforest, a_longer_path_never_scores_higher)
{
    double last = 2;
    for (uint32_t sum = 0; sum < 300u * IFOREST_ONE; sum += 997) {
        double score = iforest_score(sum, 10, 256);
        cr_assert(score > 0 && score <= 1 && score < last);
        last = score;
    }
}

Test(iforest, the_edges_have_scores)
{
    cr_expect_eq(iforest_score(0, 100, 256), 1.0);
    cr_expect_eq(iforest_score(0, 100, 1), 0.5, "one row is ordinary");
    cr_expect_eq(iforest_score(5, 100, 0), 0.5);
    cr_expect_eq(iforest_score(5, 0, 256), 0.5);
    double least = iforest_score(UINT32_MAX, 1, 2);
    cr_expect(least > 0 && least < 1e-300);
}

Test(iforest, every_part_of_a_trees_identity_moves_its_stream)
{
    struct rng base, other;
    iforest_tree_rng(&base, 1, 2, 3);
    uint64_t first = rng_next(&base);
    iforest_tree_rng(&other, 1, 2, 3);
    cr_expect_eq(first, rng_next(&other), "the same identity, the same tree");
    iforest_tree_rng(&other, 2, 2, 3);
    cr_expect_neq(first, rng_next(&other));
    iforest_tree_rng(&other, 1, 3, 3);
    cr_expect_neq(first, rng_next(&other));
    iforest_tree_rng(&other, 1, 2, 4);
    cr_expect_neq(first, rng_next(&other));
    iforest_tree_rng(&other, 2, 1, 3);
    cr_expect_neq(first, rng_next(&other), "seed and batch do not swap");
}
