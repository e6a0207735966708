/*
 * DBSCAN over one set of points, exactly.
 *
 * Points   float32, column-major, all finite. The first `own` ones are what
 *          this call answers for; the others (the halo) are their neighbours'
 *          points within eps. Alone: own = all. Own points ascend by the
 *          caller's numbers, and so do halo points.
 * Near     a and b are neighbours when the sum over the columns, in order, of
 *          (a_j - b_j)^2 in double is <= eps * eps in double; a point is its
 *          own neighbour. Kernels may decide by float32 outside of a band
 *          that covers its rounding, inside of it they compute that sum.
 * Core     an own point with at least min_points neighbours, halo included.
 * Cluster  own core points that are connected by steps between neighbouring
 *          own core points. Named by its smallest core point (an own index).
 * Repeat   equal inputs give equal bytes on every CPU, level and index.
 * Memory   from the arena: linear in the points (about 64 bytes a point
 *          beyond the input, with many columns three times the input);
 *          neighbourhoods are never stored.
 * Source   Ester, Kriegel, Sander, Xu 1996; the conventions of scikit-learn.
 */
#ifndef FYKE_WORKERS_DBSCAN_DBSCAN_H
#define FYKE_WORKERS_DBSCAN_DBSCAN_H

#include "proto/base/matrix.h"
#include "workers/detect/compute.h"

#include <stdbool.h>
#include <stdint.h>

#define DBSCAN_COLS_MAX 64u
#define DBSCAN_NONE UINT32_MAX /* no cluster, no core point */

struct dbscan_input {
    struct matrix points;
    uint32_t own;        /* <= points.rows */
    double eps;          /* > 0, finite */
    uint32_t min_points; /* >= 1 */
};

/* A point that is no own core point, and a cluster one of whose core points
 * is its neighbour. */
struct dbscan_touch {
    uint32_t point;   /* index in points: an own one, or of the halo */
    uint32_t cluster; /* its smallest core point */
};

struct dbscan_output {
    uint8_t *core;     /* own: 1 = core point */
    uint32_t *cluster; /* own: of core points the cluster, else DBSCAN_NONE */
    /* Own border points and halo points with every cluster that they touch:
     * by point, then by cluster, each pair once. */
    struct dbscan_touch *touch;
    uint32_t touch_count;
};

/* Errors: ERR_NOMEM, ERR_CANCELED. */
FYKE_MUST_USE int dbscan_cluster(const struct dbscan_input *in,
                                 const struct compute_context *context,
                                 struct dbscan_output *ret_out);

/* For each of the `query_count` points (columns as in `points`): the nearest
 * of `points` by the exact sum above, ties to the lower index, and that sum.
 * DBSCAN_NONE and INFINITY when `points` is empty. Errors: as above. */
FYKE_MUST_USE int dbscan_nearest(const struct matrix *points,
                                 const struct matrix *queries,
                                 const struct compute_context *context,
                                 uint32_t *ret_nearest, double *ret_square);

/* For each query the distance to its k-th nearest of `points`, k >= 1 and
 * <= points->rows; a query that is itself one of them counts. Errors: as
 * above. */
FYKE_MUST_USE int dbscan_kth_distance(const struct matrix *points,
                                      const struct matrix *queries, uint32_t k,
                                      const struct compute_context *context,
                                      double *ret_distance);

/* For each query the `k` smallest exact sums to points, k >= 1, ascending, one
 * query after the other; INFINITY where there are fewer points. Errors: as
 * above. */
FYKE_MUST_USE int dbscan_near_squares(const struct matrix *points,
                                      const struct matrix *queries, uint32_t k,
                                      const struct compute_context *context,
                                      double *ret_square);

#endif
