/*
 * DBSCAN over the caller's memory: one part that holds all rows, and its
 * clusters numbered as people count them.
 */
#include "tools/lib/library.h"

#include "workers/detect/dbscan/dbscan.h"

#include <float.h>
#include <math.h>

#define MIN_POINTS_DEFAULT 10u
/* Beside the points themselves: about 64 bytes a point for the index, as much
 * again for border points, and room for what does not grow with them. */
#define POINT_BYTES 160u
#define FIXED_BYTES ((size_t)4 << 20)

void fyke_dbscan_defaults(struct fyke_dbscan_options *options)
{
    *options = (struct fyke_dbscan_options){ .size = sizeof *options,
                                             .min_points = MIN_POINTS_DEFAULT };
}

static bool options_fit(const struct fyke_dbscan_options *o, uint32_t cols)
{
    return o != NULL && o->size == sizeof *o && o->eps > 0 &&
           isfinite(o->eps) && o->min_points >= 1 && cols >= 1 &&
           cols <= FYKE_DBSCAN_COLS_MAX;
}

size_t fyke_dbscan_workspace(const struct fyke_dbscan_options *options,
                             uint32_t rows, uint32_t cols)
{
    if (!options_fit(options, cols))
        return 0;
    return FIXED_BYTES + rows * (POINT_BYTES + 4 * sizeof(float) * cols);
}

static bool all_finite(const struct matrix *m)
{
    for (uint32_t j = 0; j < m->cols; j++) {
        const float *x = matrix_column(m, j);
        uint32_t odd = 0;
        for (uint32_t i = 0; i < m->rows; i++)
            odd |= (uint32_t) !(fabsf(x[i]) <= FLT_MAX);
        if (odd != 0)
            return false;
    }
    return true;
}

/* Clusters are named by their smallest core row: in ascending order these get
 * the numbers. */
static void number_clusters(const struct dbscan_output *out, uint32_t rows,
                            int32_t *ret_cluster)
{
    int32_t next = 0;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t name = out->cluster[i];
        if (name == DBSCAN_NONE)
            ret_cluster[i] = FYKE_DBSCAN_NOISE;
        else
            ret_cluster[i] = name == i ? next++ : ret_cluster[name];
    }
    /* By point, then by cluster: the first is the smallest. */
    for (uint32_t k = out->touch_count; k > 0; k--) {
        const struct dbscan_touch *t = &out->touch[k - 1];
        ret_cluster[t->point] = ret_cluster[t->cluster];
    }
}

/* Copies the `count` rows that are picked. */
static bool rows_pick(const struct matrix *points, const uint8_t *pick,
                      uint32_t count, struct arena *arena, struct matrix *ret_m)
{
    float *x = arena_alloc(arena, (size_t)count * points->cols, sizeof *x);
    *ret_m = (struct matrix){ x, count, points->cols, count };
    for (uint32_t j = 0; x != NULL && j < points->cols; j++) {
        const float *from = matrix_column(points, j);
        for (uint32_t i = 0; i < points->rows; i++)
            if (pick[i])
                *x++ = from[i];
    }
    return x != NULL;
}

static uint32_t count_ones(const uint8_t *pick, uint32_t rows)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows; i++)
        count += pick[i];
    return count;
}

static int noise_distances(const struct matrix *points, double eps,
                           const uint8_t *core, const int32_t *cluster,
                           const struct compute_context *context,
                           double *ret_distance)
{
    struct arena *arena = context->arena;
    struct matrix cores, noise;
    uint8_t *is_noise = arena_alloc(arena, points->rows, 1);
    if (is_noise == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < points->rows; i++)
        is_noise[i] = cluster[i] == FYKE_DBSCAN_NOISE;
    uint32_t count = count_ones(is_noise, points->rows);
    uint32_t *nearest = arena_alloc(arena, count, sizeof *nearest);
    double *square = arena_alloc(arena, count, sizeof *square);
    if (nearest == NULL || square == NULL ||
        !rows_pick(points, core, count_ones(core, points->rows), arena,
                   &cores) ||
        !rows_pick(points, is_noise, count, arena, &noise))
        return ERR_NOMEM;
    int err = dbscan_nearest(&cores, &noise, context, nearest, square);
    for (uint32_t i = 0, k = 0; i < points->rows && err == 0; i++)
        ret_distance[i] = is_noise[i] ? sqrt(square[k++]) / eps : 0;
    return err;
}

int fyke_dbscan(const struct fyke_dbscan_options *options,
                const struct fyke_matrix *rows, int32_t *ret_cluster,
                uint8_t *ret_core, double *ret_distance, void *workspace,
                size_t workspace_bytes)
{
    struct arena arena;
    struct dbscan_output out;
    struct dbscan_input in = { 0 };
    struct compute_context context = { .arena = &arena };
    if (!library_matrix(rows, &in.points) ||
        !options_fit(options, in.points.cols) || in.points.rows > INT32_MAX)
        return FYKE_ERROR_OPTION;
    int err = library_isa(options->isa, &context.isa);
    if (err != 0)
        return err;
    if (!all_finite(&in.points))
        return FYKE_ERROR_VALUE;
    in.own = in.points.rows;
    in.eps = options->eps;
    in.min_points = options->min_points;
    arena_init_fixed(&arena, workspace, workspace_bytes);
    err = dbscan_cluster(&in, &context, &out);
    if (err != 0)
        return err == ERR_NOMEM ? FYKE_ERROR_WORKSPACE : FYKE_ERROR_UNSUPPORTED;
    number_clusters(&out, in.own, ret_cluster);
    if (ret_distance != NULL &&
        noise_distances(&in.points, in.eps, out.core, ret_cluster, &context,
                        ret_distance) != 0)
        return FYKE_ERROR_WORKSPACE;
    for (uint32_t i = 0; i < in.own && ret_core != NULL; i++)
        ret_core[i] = out.core[i];
    return FYKE_OK;
}
