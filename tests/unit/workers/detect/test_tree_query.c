/* Nearest points and distances to the k-th, against looking at all. */
#include "dbscan_points.h"
#include "tests/lib/seed.h"
#include "workers/detect/dbscan/dbscan.h"
#include "workers/detect/dbscan/exact.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double square(const struct matrix *points, uint32_t p,
                     const struct matrix *queries, uint32_t q)
{
    return exact_square(queries->data + q, queries->stride, points->data + p,
                        points->stride, points->cols);
}

static void check_nearest(const struct matrix *points,
                          const struct matrix *queries, struct arena *a,
                          const char *what)
{
    uint32_t *nearest = arena_alloc(a, queries->rows, sizeof *nearest);
    double *least = arena_alloc(a, queries->rows, sizeof *least);
    cr_assert(nearest != NULL && least != NULL);
    for (enum isa isa = ISA_C; isa <= isa_detect(); isa++) {
        struct compute_context context = { .arena = a, .isa = isa };
        cr_assert_eq(dbscan_nearest(points, queries, &context, nearest, least),
                     0);
        for (uint32_t q = 0; q < queries->rows; q++) {
            uint32_t want = 0;
            for (uint32_t p = 1; p < points->rows; p++)
                if (square(points, p, queries, q) <
                    square(points, want, queries, q))
                    want = p;
            cr_assert_eq(nearest[q], want,
                         "%s, %s: nearest of %u is %u, not %u (%u points, %u "
                         "columns)",
                         what, isa_name(isa), q, nearest[q], want, points->rows,
                         points->cols);
            cr_assert_eq(least[q], square(points, want, queries, q));
        }
    }
}

static void check_kth(const struct matrix *points, const struct matrix *queries,
                      uint32_t k, struct arena *a, const char *what)
{
    double *got = arena_alloc(a, queries->rows, sizeof *got);
    double *all = arena_alloc(a, points->rows, sizeof *all);
    double *list =
        arena_alloc(a, (size_t)queries->rows * (k + 1), sizeof *list);
    cr_assert(got != NULL && all != NULL && list != NULL);
    for (enum isa isa = ISA_C; isa <= isa_detect(); isa++) {
        struct compute_context context = { .arena = a, .isa = isa };
        cr_assert_eq(dbscan_kth_distance(points, queries, k, &context, got), 0);
        cr_assert_eq(
            dbscan_near_squares(points, queries, k + 1, &context, list), 0);
        for (uint32_t q = 0; q < queries->rows; q++) {
            for (uint32_t p = 0; p < points->rows; p++)
                all[p] = square(points, p, queries, q);
            qsort(all, points->rows, sizeof *all, by_value);
            cr_assert_eq(got[q], sqrt(all[k - 1]),
                         "%s, %s: %u-th distance of %u is %a, not %a", what,
                         isa_name(isa), k, q, got[q], sqrt(all[k - 1]));
            const double *own = list + (size_t)q * (k + 1);
            for (uint32_t i = 0; i < k; i++)
                cr_assert_eq(own[i], all[i], "%s: %u of %u", what, i, k);
            cr_assert_eq(own[k], k < points->rows ? all[k] : (double)INFINITY);
        }
    }
}

/* The k smallest, also where k is more than there are points. */
static void check_squares(const struct matrix *points,
                          const struct matrix *queries, uint32_t k,
                          struct arena *a, const char *what)
{
    double *got = arena_alloc(a, (size_t)queries->rows * k, sizeof *got);
    double *all = arena_alloc(a, points->rows, sizeof *all);
    cr_assert(got != NULL && all != NULL);
    for (enum isa isa = ISA_C; isa <= isa_detect(); isa++) {
        struct compute_context context = { .arena = a, .isa = isa };
        cr_assert_eq(dbscan_near_squares(points, queries, k, &context, got), 0);
        for (uint32_t q = 0; q < queries->rows; q++) {
            for (uint32_t p = 0; p < points->rows; p++)
                all[p] = square(points, p, queries, q);
            qsort(all, points->rows, sizeof *all, by_value);
            for (uint32_t i = 0; i < k; i++) {
                double want = i < points->rows ? all[i] : (double)INFINITY;
                cr_assert_eq(got[(size_t)q * k + i], want,
                             "%s, %s: square %u of %u is %a, not %a", what,
                             isa_name(isa), i, q, got[(size_t)q * k + i], want);
            }
        }
    }
}

enum asked { NEAREST, KTH, SQUARES };

static void check_rounds(enum asked asked)
{
    static const uint32_t sizes[] = { 1, 2, 32, 33, 100, 600 };
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 20 * POINTS_SHAPES; round++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        enum points_shape shape = round % POINTS_SHAPES;
        uint32_t rows = sizes[rng_below(&r, sizeof sizes / sizeof sizes[0])];
        uint32_t cols =
            1 + (uint32_t)rng_below(&r, round % 2 ? 6 : DBSCAN_COLS_MAX);
        struct matrix points = points_make(&a, &r, shape, rows, cols);
        struct matrix queries = points_make(&a, &r, shape, 20, cols);
        if (round % 3 == 0) /* some of the points themselves */
            queries = matrix_slice(&points, rows / 2, rows - rows / 2);
        if (asked == SQUARES)
            check_squares(&points, &queries, 1 + (uint32_t)rng_below(&r, 40),
                          &a, points_name[shape]);
        else if (asked == KTH)
            check_kth(&points, &queries, 1 + (uint32_t)rng_below(&r, rows), &a,
                      points_name[shape]);
        else
            check_nearest(&points, &queries, &a, points_name[shape]);
        arena_release(&a);
    }
}

Test(tree_query, the_nearest_point_is_the_first_of_the_nearest)
{
    check_rounds(NEAREST);
}

Test(tree_query, the_kth_distance_counts_equal_points_and_the_query)
{
    check_rounds(KTH);
}

Test(tree_query, the_smallest_squares_ascend)
{
    check_rounds(SQUARES);
}

Test(tree_query, nothing_is_nearest_where_there_are_no_points)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    const float x[] = { 1, 2 };
    struct matrix none = { NULL, 0, 1, 0 }, queries = { x, 2, 1, 2 };
    struct compute_context context = { .arena = &a };
    uint32_t nearest[2];
    double least[2];
    cr_assert_eq(dbscan_nearest(&none, &queries, &context, nearest, least), 0);
    for (uint32_t q = 0; q < 2; q++)
        cr_assert(nearest[q] == DBSCAN_NONE && isinf(least[q]));
    arena_release(&a);
}

Test(tree_query, work_stops_when_told)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    struct rng r = seed_rng(5);
    _Atomic int stop = 1;
    struct compute_context context = { .arena = &a, .stop = &stop };
    struct matrix m = points_make(&a, &r, POINTS_BLOBS, 1000, 4);
    uint32_t *nearest = arena_alloc(&a, 1000, sizeof *nearest);
    double *least = arena_alloc(&a, 1000, sizeof *least);
    cr_assert_eq(dbscan_nearest(&m, &m, &context, nearest, least),
                 ERR_CANCELED);
    cr_assert_eq(dbscan_kth_distance(&m, &m, 3, &context, least), ERR_CANCELED);
    arena_release(&a);
}
