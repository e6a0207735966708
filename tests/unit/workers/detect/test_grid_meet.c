/* Cells of very many points that face each other across a gap of eps. */
#include "dbscan_brute.h"

#include "proto/base/rng.h"
#include "tests/lib/seed.h"
#include "workers/detect/dbscan/exact.h"
#include "workers/detect/dbscan/index.h"

#include <criterion/criterion.h>
#include <math.h>

#define TURN 6.283185307179586

enum shape { DISCS, ARC, CLOUDS, GRADED, DUPLICATES, SHAPES };

/* The one side about the origin, the other one nearly 1 away. */
static void place(struct rng *r, enum shape shape, uint32_t side, double *p)
{
    double a = TURN * rng_unit(r), near = 0.3 * sqrt(rng_unit(r));
    double turn = TURN * (0.06 + 0.13 * rng_unit(r));
    switch (shape) {
    case DISCS: /* corners of their boxes are empty */
        p[0] = near * cos(a) + side * 1.131;
        p[1] = near * sin(a) + side * 1.131;
        break;
    case ARC: /* one side around the other, all equally far */
        p[0] = side != 0 ? cos(turn) : 1e-5 * near;
        p[1] = side != 0 ? sin(turn) : 1e-5 * near;
        break;
    case CLOUDS:
        p[0] = side * 1.2 + 0.2 * rng_unit(r);
        p[1] = 0.6 * rng_unit(r);
        break;
    case GRADED: /* closer and closer to 0, where boxes shrink for ever */
        p[0] = side != 0 ? 1 : pow(10, -40 * rng_unit(r));
        p[1] = 0.5 * pow(10, -40 * rng_unit(r));
        break;
    default:
        p[0] = side;
        p[1] = side * 0.5;
        break;
    }
    p[2] = 1e-3 * rng_unit(r);
}

/* Every other point is of the other side. */
static struct matrix points_of(struct arena *a, struct rng *r, enum shape shape,
                               uint32_t rows, uint32_t cols)
{
    float *x = arena_alloc(a, (size_t)rows * cols, sizeof *x);
    cr_assert_not_null(x);
    for (uint32_t i = 0; i < rows; i++) {
        double p[3];
        place(r, shape, i % 2, p);
        for (uint32_t j = 0; j < cols; j++)
            x[(size_t)j * rows + i] = (float)p[j];
    }
    return (struct matrix){ x, rows, cols, rows };
}

static double gap_between(const struct matrix *m)
{
    double nearest = (double)INFINITY;
    for (uint32_t i = 0; i < m->rows; i += 2)
        for (uint32_t k = 1; k < m->rows; k += 2) {
            double d = exact_square(m->data + i, m->stride, m->data + k,
                                    m->stride, m->cols);
            nearest = d < nearest ? d : nearest;
        }
    return sqrt(nearest);
}

static void check_gap(const struct matrix *m, double eps, struct arena *a,
                      const char *what)
{
    struct dbscan_input in = { *m, m->rows, eps, 4 };
    struct compute_context context = { .arena = a };
    struct dbscan_output want;
    cr_assert(dbscan_grid_suits(&in));
    cr_assert_eq(dbscan_cluster_by(&dbscan_tree, &in, &context, &want), 0);
    brute_check_levels(&dbscan_grid, &in, &want, a, what);
}

static void check_shape(enum shape shape, const char *what)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t cols = 2; cols <= 3; cols++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        struct matrix m = points_of(&a, &r, shape, 2400, cols);
        double eps = gap_between(&m);
        for (int step = -2; step <= 2; step++)
            check_gap(&m, eps * (1 + step * 0x1p-52), &a, what);
        check_gap(&m, eps * (1 - 1e-7), &a, what);
        check_gap(&m, eps * 1.01, &a, what);
        arena_release(&a);
    }
}

Test(grid_meet, discs_across_a_gap_of_eps)
{
    check_shape(DISCS, "discs");
}

Test(grid_meet, an_arc_around_a_cloud_where_boxes_tell_little)
{
    check_shape(ARC, "arc");
}

Test(grid_meet, clouds_that_are_facing_each_other)
{
    check_shape(CLOUDS, "clouds");
}

Test(grid_meet, points_graded_down_to_denormals)
{
    check_shape(GRADED, "graded");
}

Test(grid_meet, two_places_with_all_the_points)
{
    check_shape(DUPLICATES, "duplicates");
}

/* Progress is points, four times over, and what was looked at beyond in steps
 * of 2^20: all pairs of the two discs were 10^10, and are no work at all. */
Test(grid_meet, facing_cells_are_not_compared_point_by_point)
{
    enum { ROWS = 200000 };
    struct rng r = seed_rng(seed_any());
    struct arena a;
    arena_init(&a, SIZE_MAX);
    _Atomic uint64_t progress = 0;
    struct compute_context context = { .arena = &a, .progress = &progress };
    struct dbscan_output out;
    struct dbscan_input in = { points_of(&a, &r, DISCS, ROWS, 2), ROWS, 0.999,
                               10 };
    uint32_t clusters = 0;
    cr_assert_eq(dbscan_cluster_by(&dbscan_grid, &in, &context, &out), 0);
    for (uint32_t i = 0; i < ROWS; i++)
        clusters += out.cluster[i] == i;
    cr_assert_eq(clusters, 2);
    cr_assert_leq(progress, 4 * ROWS + 200);
    arena_release(&a);
}
