/*
 * DBSCAN on the kd-tree against its definition: cores, clusters and touches at
 * every level, from 1 to 64 columns.
 */
#include "dbscan_brute.h"
#include "dbscan_points.h"
#include "tests/lib/seed.h"
#include "workers/detect/dbscan/exact.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

static const uint32_t sizes[] = { 1, 2, 31, 32, 33, 65, 200, 700 };

static void check_one(struct rng *r, enum points_shape shape, uint32_t round)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    uint32_t rows = sizes[rng_below(r, sizeof sizes / sizeof sizes[0])];
    uint32_t cols = 1 + (uint32_t)rng_below(r, round % 2 ? 8 : DBSCAN_COLS_MAX);
    struct dbscan_input in = { points_make(&a, r, shape, rows, cols), rows, 1,
                               1 + (uint32_t)rng_below(r, 12) };
    in.eps = points_eps(r, &in.points);
    if (round % 3 == 0)
        in.own = (uint32_t)rng_below(r, rows + 1);
    struct dbscan_output want = brute_cluster(&in, &a);
    brute_check_levels(&dbscan_tree, &in, &want, &a, points_name[shape]);
    arena_release(&a);
}

static void check_shape(enum points_shape shape)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 50; round++)
        check_one(&r, shape, round);
}

Test(tree, blobs_are_clustered_as_by_definition)
{
    check_shape(POINTS_BLOBS);
}

Test(tree, outliers_on_all_scales)
{
    check_shape(POINTS_OUTLIERS);
}

Test(tree, lattices_with_distances_of_exactly_eps)
{
    check_shape(POINTS_LATTICE);
}

Test(tree, duplicates_count_as_often_as_they_occur)
{
    check_shape(POINTS_DUPLICATES);
}

Test(tree, collinear_points)
{
    check_shape(POINTS_LINE);
}

Test(tree, constant_columns)
{
    check_shape(POINTS_CONSTANT);
}

Test(tree, columns_of_very_different_scale)
{
    check_shape(POINTS_MIXED);
}

Test(tree, the_widest_points_that_float32_has)
{
    check_shape(POINTS_WIDE);
}

Test(tree, denormal_points)
{
    check_shape(POINTS_DENORMAL);
}

Test(tree, points_that_are_all_the_same)
{
    check_shape(POINTS_SAME);
}

/* min_points 1, 2 and more than there are points; eps from less than any
 * distance to more than any. */
Test(tree, extremes_of_eps_and_min_points)
{
    static const double eps[] = { 5e-324, 1e-200, 1e-30, 0.3,
                                  1e3,    1e39,   1e300, DBL_MAX };
    static const uint32_t min_points[] = { 1, 2, 100, 301, UINT32_MAX };
    struct rng r = seed_rng(seed_any());
    for (uint32_t e = 0; e < sizeof eps / sizeof eps[0]; e++)
        for (uint32_t k = 0; k < sizeof min_points / sizeof min_points[0];
             k++) {
            struct arena a;
            arena_init(&a, SIZE_MAX);
            uint32_t cols = 1 + (uint32_t)rng_below(&r, DBSCAN_COLS_MAX);
            struct dbscan_input in = { points_make(&a, &r, POINTS_BLOBS, 300,
                                                   cols),
                                       300, eps[e], min_points[k] };
            struct dbscan_output want = brute_cluster(&in, &a);
            brute_check_levels(&dbscan_tree, &in, &want, &a, "extremes");
            arena_release(&a);
        }
}

/* Whole leaves that face each other across a gap of eps. */
Test(tree, leaves_at_a_distance_of_eps)
{
    static const uint32_t cols[] = { 1, 2, 3, 5, 8, 13, 21, 34, 64 };
    struct rng r = seed_rng(seed_any());
    for (uint32_t c = 0; c < sizeof cols / sizeof cols[0]; c++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        uint32_t rows = 320;
        struct matrix m = points_make(&a, &r, POINTS_LINE, rows, cols[c]);
        float *x = arena_alloc(&a, (size_t)rows * cols[c], sizeof *x);
        cr_assert_not_null(x);
        memcpy(x, m.data, (size_t)rows * cols[c] * sizeof *x);
        m.data = x;
        for (uint32_t i = 0; i < rows; i += 2)
            x[i] += 300;
        double nearest = (double)INFINITY;
        for (uint32_t i = 0; i < rows; i += 2)
            for (uint32_t k = 1; k < rows; k += 2) {
                double d = exact_square(x + i, rows, x + k, rows, cols[c]);
                nearest = d < nearest ? d : nearest;
            }
        for (int step = -2; step <= 2; step++) {
            struct dbscan_input in = { m, rows,
                                       sqrt(nearest) * (1 + step * 0x1p-52),
                                       5 };
            struct dbscan_output want = brute_cluster(&in, &a);
            brute_check_levels(&dbscan_tree, &in, &want, &a, "gap");
        }
        arena_release(&a);
    }
}

/* Enough points that leaves give up hope, clusters meet late, and levels have
 * long lists: all levels alike, and like the grid. */
Test(tree, levels_and_the_grid_agree_on_many_points)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 6; round++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        uint32_t cols = round < 3 ? 1 + round : 8u << (round - 3);
        struct dbscan_input in = {
            points_make(&a, &r, round < 3 ? POINTS_BLOBS : POINTS_OUTLIERS,
                        20000, cols),
            18000, round < 3 ? 0.05 * (round + 1) : 0.1 * cols, 8
        };
        struct compute_context context = { .arena = &a, .isa = ISA_C };
        struct dbscan_output want;
        cr_assert_eq(dbscan_cluster_by(round < 3 ? &dbscan_grid : &dbscan_tree,
                                       &in, &context, &want),
                     0);
        brute_check_levels(&dbscan_tree, &in, &want, &a, "many");
        arena_release(&a);
    }
}

Test(tree, work_is_counted_and_stops_when_told)
{
    struct arena a;
    struct rng r = seed_rng(3);
    arena_init(&a, SIZE_MAX);
    _Atomic uint64_t progress = 0;
    _Atomic int stop = 0;
    struct compute_context context = { .arena = &a,
                                       .progress = &progress,
                                       .stop = &stop };
    struct dbscan_output out;
    struct dbscan_input in = { points_make(&a, &r, POINTS_BLOBS, 20000, 6),
                               20000, 0.5, 10 };
    cr_assert_eq(dbscan_cluster_by(&dbscan_tree, &in, &context, &out), 0);
    cr_assert_geq(progress, 20000);
    stop = 1;
    cr_assert_eq(dbscan_cluster_by(&dbscan_tree, &in, &context, &out),
                 ERR_CANCELED);
    arena_release(&a);
}

/* The input aside, and the two copies of it that the tree works on. */
Test(tree, memory_is_linear_in_the_points)
{
    enum { ROWS = 100000 };
    for (uint32_t cols = 5; cols <= 20; cols += 5) {
        struct arena input, a;
        struct rng r = seed_rng(cols);
        arena_init(&input, SIZE_MAX);
        arena_init(&a, SIZE_MAX);
        struct compute_context context = { .arena = &a };
        struct dbscan_output out;
        struct dbscan_input in = {
            points_make(&input, &r, POINTS_BLOBS, ROWS, cols), ROWS, 0.3, 10
        };
        cr_assert_eq(dbscan_cluster_by(&dbscan_tree, &in, &context, &out), 0);
        cr_assert_leq(a.bytes_used,
                      (size_t)ROWS * (64 + 8 * cols) +
                          out.touch_count * (size_t)64 + 65536,
                      "%zu bytes a point", a.bytes_used / ROWS);
        arena_release(&a);
        arena_release(&input);
    }
}
