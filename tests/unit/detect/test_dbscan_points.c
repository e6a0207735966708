/* What distances are measured between. */
#include "dbscan_support.h"
#include "engine/detect/dbscan_points.h"
#include "proto/wire/dbscan.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

static struct arena arena, scratch;

static void arenas_up(void)
{
    arena_init(&arena, SIZE_MAX);
    arena_init(&scratch, SIZE_MAX);
}

static void arenas_down(void)
{
    arena_release(&arena);
    arena_release(&scratch);
}

TestSuite(dbscan_points, .init = arenas_up, .fini = arenas_down);

static struct dbscan_points points_of(struct matrix recent, struct matrix rows,
                                      enum detect_scale scale)
{
    struct draw_rows fit = { .recent = recent, .rows = rows };
    struct dbscan_points p;
    cr_assert_eq(dbscan_points_make(&fit, scale, &arena, &scratch, &p), 0);
    return p;
}

static const struct matrix nothing = { .cols = 2 };

Test(dbscan_points, complete_rows_without_a_scale_are_used_where_they_are)
{
    static const float x[8] = { 1, 2, 3, 0, 4, 5, 6, 0 };
    struct matrix rows = { x, 3, 2, 4 };
    struct dbscan_points p = points_of(nothing, rows, DETECT_SCALE_NONE);
    cr_expect_eq(p.scaled.data, x);
    cr_expect(p.count == 3 && p.context == 0);
}

Test(dbscan_points, incomplete_rows_are_left_out_and_found_by_row)
{
    float x[2][5] = { { 1, NAN, 3, 4, 5 }, { 1, 2, 3, NAN, 5 } };
    float y[2][3] = { { 7, 8, NAN }, { 7, 8, 9 } };
    struct dbscan_points p =
        points_of((struct matrix){ &y[0][0], 3, 2, 3 },
                  (struct matrix){ &x[0][0], 5, 2, 5 }, DETECT_SCALE_NONE);
    static const uint32_t row[] = { 0, 1, 3, 5, 7 };
    static const float value[] = { 7, 8, 1, 3, 5 };
    cr_assert(p.count == 5 && p.context == 2);
    for (uint32_t i = 0; i < 5; i++) {
        cr_expect_eq(p.row[i], row[i]);
        cr_expect_eq(p.scaled.data[i], value[i]);
        cr_expect_eq(dbscan_value(&p, i, 1), value[i]);
    }
    static const uint32_t point[] = { 2, DBSCAN_NO_POINT, 3, DBSCAN_NO_POINT,
                                      4 };
    for (uint32_t i = 0; i < 5; i++)
        cr_expect_eq(dbscan_point_of(&p, i), point[i]);
}

Test(dbscan_points, standard_is_mean_and_deviation_in_double)
{
    struct rng g = seed_rng(seed_any());
    float *x = arena_alloc(&arena, 2000, sizeof *x);
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        x[i] = (float)(1e6 + rng_unit(&g));
        x[1000 + i] = 0.1f; /* constant: every distance is 0 */
        sum += (double)x[i];
    }
    for (uint32_t i = 0; i < 1000; i++)
        squares += pow((double)x[i] - sum / 1000, 2);
    struct dbscan_points p = points_of(
        nothing, (struct matrix){ x, 1000, 2, 1000 }, DETECT_SCALE_STANDARD);
    double deviation = sqrt(squares / 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        cr_assert_eq(p.scaled.data[i],
                     (float)(((double)x[i] - sum / 1000) / deviation));
        cr_assert_eq(p.scaled.data[1000 + i], p.scaled.data[1000]);
    }
}

Test(dbscan_points, robust_is_median_and_spread)
{
    float x[2][101];
    for (uint32_t i = 0; i < 101; i++) {
        x[0][i] = 10.0f * (float)i;
        x[1][i] = -3.0f;
    }
    x[0][100] = 1e30f; /* moves neither */
    struct dbscan_points p = points_of(
        nothing, (struct matrix){ &x[0][0], 101, 2, 101 }, DETECT_SCALE_ROBUST);
    float spread = (float)(1.4826 * 250.0);
    for (uint32_t i = 0; i < 100; i++)
        cr_expect_eq(p.scaled.data[i],
                     (float)((10.0 * i - 500.0) / (double)spread));
    cr_expect_eq(p.scaled.data[101 + 7], 0.0f, "a constant column is 0");
}

Test(dbscan_points, what_does_not_fit_float32_is_its_largest_number)
{
    float x[2][101];
    for (uint32_t i = 0; i < 101; i++) {
        x[0][i] = 1e-30f * (float)i;
        x[1][i] = (float)i;
    }
    x[0][0] = -FLT_MAX;
    x[0][100] = FLT_MAX;
    struct dbscan_points p = points_of(
        nothing, (struct matrix){ &x[0][0], 101, 2, 101 }, DETECT_SCALE_ROBUST);
    cr_expect_eq(p.scaled.data[0], -FLT_MAX);
    cr_expect_eq(p.scaled.data[100], FLT_MAX);
}

Test(dbscan_points, the_scale_follows_eps_unless_it_is_set)
{
    struct detect_config c = detect_config_default();
    cr_expect_eq(dbscan_scale_of(&c), DETECT_SCALE_ROBUST);
    c.eps = 0.5;
    cr_expect_eq(dbscan_scale_of(&c), DETECT_SCALE_NONE);
    c.scale = DETECT_SCALE_STANDARD;
    cr_expect_eq(dbscan_scale_of(&c), DETECT_SCALE_STANDARD);
}
