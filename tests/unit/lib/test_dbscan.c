#include "guarded.h"

#include "proto/base/rng.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>

#define ROWS_MAX 400u

static double square_distance(const struct fyke_matrix *m, uint32_t a,
                              uint32_t b)
{
    double sum = 0;
    for (uint32_t j = 0; j < m->cols; j++) {
        const float *x = m->data + j * m->stride;
        double d = (double)x[a] - (double)x[b];
        sum += d * d;
    }
    return sum;
}

/* scikit-learn's order: each cluster from its smallest core row on, border
 * rows to the first that reaches them. */
static void brute(const struct fyke_matrix *m, double eps, uint32_t min_points,
                  int32_t *cluster, uint8_t *core)
{
    uint32_t stack[ROWS_MAX * 2], n = m->rows;
    int32_t next = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t near = 0;
        for (uint32_t k = 0; k < n; k++)
            near += square_distance(m, i, k) <= eps * eps;
        core[i] = near >= min_points;
        cluster[i] = FYKE_DBSCAN_NOISE;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t waiting = 0;
        if (cluster[i] != FYKE_DBSCAN_NOISE || !core[i])
            continue;
        cluster[i] = next;
        stack[waiting++] = i;
        while (waiting > 0) {
            uint32_t at = stack[--waiting];
            for (uint32_t k = 0; k < n; k++) {
                if (cluster[k] != FYKE_DBSCAN_NOISE ||
                    square_distance(m, at, k) > eps * eps)
                    continue;
                cluster[k] = next;
                if (core[k])
                    stack[waiting++] = k;
            }
        }
        next++;
    }
}

/* In eps, to the nearest core row. */
static double brute_distance(const struct fyke_matrix *m, uint32_t row,
                             const struct fyke_dbscan_options *o,
                             const int32_t *cluster, const uint8_t *core)
{
    double least = (double)INFINITY;
    if (cluster[row] != FYKE_DBSCAN_NOISE)
        return 0;
    for (uint32_t k = 0; k < m->rows; k++) {
        double square = square_distance(m, row, k);
        if (core[k] && square < least)
            least = square;
    }
    return sqrt(least) / o->eps;
}

static struct fyke_matrix points_make(struct rng *r, uint32_t rows,
                                      uint32_t cols)
{
    struct fyke_matrix m = { .rows = rows, .cols = cols, .stride = rows };
    float *x = malloc((size_t)rows * cols * sizeof *x + 1);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t centre = (uint32_t)rng_below(r, 4);
        for (uint32_t j = 0; j < cols; j++)
            x[(size_t)j * rows + i] =
                (float)(centre + rng_unit(r) + rng_unit(r));
    }
    m.data = x;
    return m;
}

static void expect_brute(struct rng *r, uint32_t rows, uint32_t cols)
{
    struct fyke_matrix m = points_make(r, rows, cols);
    struct fyke_dbscan_options o;
    int32_t want[ROWS_MAX] = { 0 }, got[ROWS_MAX];
    uint8_t want_core[ROWS_MAX] = { 0 }, got_core[ROWS_MAX];
    double distance[ROWS_MAX];
    fyke_dbscan_defaults(&o);
    o.eps = 0.05 + 0.3 * rng_unit(r) * sqrt((double)cols);
    o.min_points = 1 + (uint32_t)rng_below(r, 8);
    struct guarded work =
        guarded_make(fyke_dbscan_workspace(&o, rows, cols), rows);
    cr_assert_eq(
        fyke_dbscan(&o, &m, got, got_core, distance, work.bytes, work.count),
        FYKE_OK);
    brute(&m, o.eps, o.min_points, want, want_core);
    for (uint32_t i = 0; i < rows; i++)
        cr_assert(got[i] == want[i] && got_core[i] == want_core[i],
                  "row %u of %u x %u, eps %g, min_points %u: %d, not %d", i,
                  rows, cols, o.eps, o.min_points, got[i], want[i]);
    for (uint32_t i = 0; i < rows; i++)
        cr_assert_eq(distance[i], brute_distance(&m, i, &o, want, want_core));
    guarded_free(&work);
    free((void *)(uintptr_t)m.data);
}

Test(dbscan, labels_are_those_of_the_definition)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 60; round++)
        expect_brute(&r, 1 + (uint32_t)rng_below(&r, ROWS_MAX),
                     1 + (uint32_t)rng_below(&r, 12));
    expect_brute(&r, 0, 2);
}

Test(dbscan, a_larger_set_stays_within_what_was_told)
{
    struct rng r = seed_rng(5);
    for (uint32_t cols = 1; cols <= 8; cols++) {
        uint32_t rows = 20000;
        struct fyke_matrix m = points_make(&r, rows, cols);
        struct fyke_dbscan_options o;
        int32_t *cluster = calloc(rows, sizeof *cluster);
        double *distance = calloc(rows, sizeof *distance);
        fyke_dbscan_defaults(&o);
        o.eps = 1e-4;
        for (uint32_t step = 0; step < 8; step++) {
            struct guarded work =
                guarded_make(fyke_dbscan_workspace(&o, rows, cols), cols);
            cr_expect_eq(fyke_dbscan(&o, &m, cluster, NULL, distance,
                                     work.bytes, work.count),
                         FYKE_OK, "%u columns, eps %g", cols, o.eps);
            guarded_free(&work);
            o.eps *= 5;
        }
        free(cluster);
        free(distance);
        free((void *)(uintptr_t)m.data);
    }
}

Test(dbscan, what_cannot_be_clustered_is_an_error)
{
    float x[] = { 1, 2, 3, 4 };
    struct fyke_matrix m = { x, 4, 1, 4 };
    struct fyke_dbscan_options o;
    struct guarded small = guarded_make(300, 1);
    int32_t cluster[4];
    fyke_dbscan_defaults(&o);
    cr_expect_eq(fyke_dbscan_workspace(&o, 4, 1), 0, "eps is not set");
    cr_expect_eq(fyke_dbscan(&o, &m, cluster, NULL, NULL, NULL, 0),
                 FYKE_ERROR_OPTION);
    o.eps = 1.5;
    cr_expect_eq(
        fyke_dbscan(&o, &m, cluster, NULL, NULL, small.bytes, small.count),
        FYKE_ERROR_WORKSPACE);
    x[2] = NAN;
    cr_expect_eq(
        fyke_dbscan(&o, &m, cluster, NULL, NULL, small.bytes, small.count),
        FYKE_ERROR_VALUE);
    x[2] = INFINITY;
    cr_expect_eq(
        fyke_dbscan(&o, &m, cluster, NULL, NULL, small.bytes, small.count),
        FYKE_ERROR_VALUE);
    o.min_points = 0;
    cr_expect_eq(fyke_dbscan_workspace(&o, 4, 1), 0);
    o.min_points = 2;
    cr_expect_eq(fyke_dbscan_workspace(&o, 4, FYKE_DBSCAN_COLS_MAX + 1), 0);
    guarded_free(&small);
}
