/*
 * DBSCAN against its definition: cores, clusters and touches of every index at
 * every level, on sets that are ordinary and on sets that are not.
 */
#include "dbscan_brute.h"
#include "tests/lib/seed.h"
#include "workers/detect/dbscan/exact.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { ROWS_MAX = 400, COLS_MAX = 6 };

static uint32_t below(struct rng *r, uint32_t n)
{
    return (uint32_t)rng_below(r, n);
}

/* The shapes of sets; each value of a point is made from the point's own
 * draws, so that all columns go together. */
enum shape {
    BLOBS,
    UNIFORM,
    LATTICE,    /* many distances exactly eps */
    DUPLICATES, /* few different points */
    LINE,       /* along a diagonal */
    COARSE,     /* far from zero, where float32 has few values */
    WIDE,       /* up to FLT_MAX */
    OUTLIER,    /* blobs and one point at 3e38 */
    DENORMAL,
    SAME,
    SHAPES
};

static float value_of(enum shape shape, struct rng *r, uint32_t point,
                      uint32_t blob, double along)
{
    double unit = rng_unit(r);
    switch (shape) {
    case BLOBS:
        return (float)(blob * 3.0 + unit + rng_unit(r) - rng_unit(r));
    case UNIFORM:
        return (float)(unit * 10);
    case LATTICE:
        return (float)floor(unit * 5) * 0.1f;
    case DUPLICATES:
        return (float)(blob * blob) * 0.7f;
    case LINE:
        return (float)(along * 10);
    case COARSE:
        return (float)(1e6 + unit * 4);
    case WIDE:
        return (float)((unit - 0.5) * 6.8e38);
    case OUTLIER:
        return point == 0 ? 3e38f : (float)(blob + unit);
    case DENORMAL:
        return (float)(unit * 2e-44);
    default:
        return 7.5f;
    }
}

static struct matrix points_of(struct arena *a, struct rng *r, enum shape shape,
                               uint32_t rows, uint32_t cols)
{
    float *x = arena_alloc(a, (size_t)rows * cols, sizeof *x);
    cr_assert_not_null(x);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t blob = below(r, 4);
        double along = rng_unit(r);
        for (uint32_t j = 0; j < cols; j++)
            x[(size_t)j * rows + i] = value_of(shape, r, i, blob, along);
    }
    return (struct matrix){ x, rows, cols, rows };
}

/* The distance of two of the points, or its neighbour among doubles; or a
 * fraction of it, so that there are few neighbours. */
static double eps_of(struct rng *r, const struct matrix *m)
{
    uint32_t a = below(r, m->rows), b = below(r, m->rows);
    double eps = sqrt(
        exact_square(m->data + a, m->stride, m->data + b, m->stride, m->cols));
    switch (below(r, 6)) {
    case 0:
        eps = nextafter(eps, 0);
        break;
    case 1:
        eps = nextafter(eps, (double)INFINITY);
        break;
    case 2:
        eps /= 1 + 20 * rng_unit(r);
        break;
    case 3:
        eps /= 4;
        break;
    default:
        break;
    }
    return eps > 0 ? eps : 0.1;
}

static void check_all(const struct dbscan_input *in, struct arena *a,
                      const char *what)
{
    struct dbscan_output want = brute_cluster(in, a);
    struct compute_context context = { .arena = a };
    struct dbscan_output got;
    if (dbscan_grid_suits(in))
        brute_check_levels(&dbscan_grid, in, &want, a, what);
    cr_assert_eq(dbscan_cluster(in, &context, &got), 0);
    brute_compare(in, &want, &got, what);
}

static void check_shape(enum shape shape, const char *what)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 60; round++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        uint32_t rows = 1 + below(&r, round % 2 == 0 ? ROWS_MAX : 40);
        uint32_t cols = 1 + below(&r, COLS_MAX);
        struct dbscan_input in = { points_of(&a, &r, shape, rows, cols), rows,
                                   1, 1 + below(&r, 12) };
        in.eps = eps_of(&r, &in.points);
        if (round % 3 == 0)
            in.own = below(&r, rows + 1);
        check_all(&in, &a, what);
        arena_release(&a);
    }
}

Test(dbscan, blobs_are_clustered_as_by_definition)
{
    check_shape(BLOBS, "blobs");
}

Test(dbscan, uniform_points_are_clustered_as_by_definition)
{
    check_shape(UNIFORM, "uniform");
}

Test(dbscan, lattices_with_distances_of_exactly_eps)
{
    check_shape(LATTICE, "lattice");
}

Test(dbscan, duplicates_count_as_often_as_they_occur)
{
    check_shape(DUPLICATES, "duplicates");
}

Test(dbscan, collinear_points)
{
    check_shape(LINE, "line");
}

Test(dbscan, points_where_float32_is_coarse)
{
    check_shape(COARSE, "coarse");
}

Test(dbscan, the_widest_points_that_float32_has)
{
    check_shape(WIDE, "wide");
}

Test(dbscan, one_point_very_far_away)
{
    check_shape(OUTLIER, "outlier");
}

Test(dbscan, denormal_points)
{
    check_shape(DENORMAL, "denormal");
}

Test(dbscan, points_that_are_all_the_same)
{
    check_shape(SAME, "same");
}

/* min_points 1, 2 and more than there are points; eps from less than any
 * distance to more than any. */
Test(dbscan, extremes_of_eps_and_min_points)
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
            uint32_t cols = 1 + below(&r, 4);
            struct dbscan_input in = { points_of(&a, &r, BLOBS, 300, cols), 300,
                                       eps[e], min_points[k] };
            check_all(&in, &a, "extremes");
            in.points = points_of(&a, &r, SAME, 300, cols);
            check_all(&in, &a, "extremes of one point");
            arena_release(&a);
        }
}

/* Cells with hundreds of points that face each other across a gap of eps: the
 * way over boxes, and pairs that just do or do not reach. */
Test(dbscan, dense_cells_at_a_distance_of_eps)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 12; round++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        uint32_t rows = 600, cols = 1 + round % 4;
        struct matrix m = points_of(&a, &r, UNIFORM, rows, cols);
        float *x = arena_alloc(&a, (size_t)rows * cols, sizeof *x);
        cr_assert_not_null(x);
        memcpy(x, m.data, (size_t)rows * cols * sizeof *x);
        m.data = x;
        for (uint32_t i = 0; i < rows; i++)
            if (i % 2 == 0)
                x[i] += 20;
        /* The gap, as wide as it is between the nearest two. */
        double nearest = (double)INFINITY;
        for (uint32_t i = 0; i < rows; i += 2)
            for (uint32_t k = 1; k < rows; k += 2) {
                double d = exact_square(x + i, rows, x + k, rows, cols);
                nearest = d < nearest ? d : nearest;
            }
        double eps = sqrt(nearest);
        for (int step = -2; step <= 2; step++) {
            double near = eps * (1 + step * 0x1p-52);
            struct dbscan_input in = { m, rows, near, 5 };
            check_all(&in, &a, "gap");
        }
        arena_release(&a);
    }
}

Test(dbscan, no_own_point_or_no_point_at_all)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    const float x[] = { 0, 1, 2 };
    struct compute_context context = { .arena = &a };
    struct dbscan_output out;
    struct dbscan_input in = { { x, 3, 1, 3 }, 0, 1.0, 1 };
    cr_assert_eq(dbscan_cluster(&in, &context, &out), 0);
    cr_assert_eq(out.touch_count, 0);
    in.points.rows = 0;
    cr_assert_eq(dbscan_cluster(&in, &context, &out), 0);
    cr_assert_eq(out.touch_count, 0);
    arena_release(&a);
}

Test(dbscan, work_is_counted_and_stops_when_told)
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
    struct dbscan_input in = { points_of(&a, &r, BLOBS, 20000, 2), 20000, 0.05,
                               10 };
    cr_assert_eq(dbscan_cluster(&in, &context, &out), 0);
    cr_assert_geq(progress, 20000);
    stop = 1;
    cr_assert_eq(dbscan_cluster(&in, &context, &out), ERR_CANCELED);
    arena_release(&a);
}

/* The input aside, and the touches, which are as many as there are: about 64
 * bytes a point (the arena's last block may be half empty). */
Test(dbscan, memory_is_linear_in_the_points)
{
    enum { ROWS = 180000 };
    for (uint32_t cols = 1; cols <= 3; cols++) {
        struct arena input, a;
        struct rng r = seed_rng(cols);
        arena_init(&input, SIZE_MAX);
        arena_init(&a, SIZE_MAX);
        struct compute_context context = { .arena = &a };
        struct dbscan_output out;
        struct dbscan_input in = { points_of(&input, &r, UNIFORM, ROWS, cols),
                                   ROWS, cols == 1 ? 1e-4 : 0.05 * cols, 10 };
        cr_assert_eq(dbscan_cluster(&in, &context, &out), 0);
        cr_assert_leq(a.bytes_used,
                      (size_t)ROWS * (64 + 4 * cols) +
                          out.touch_count * (size_t)64 + 65536,
                      "%zu bytes a point", a.bytes_used / ROWS);
        arena_release(&a);
        arena_release(&input);
    }
}
