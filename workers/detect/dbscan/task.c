/* DBSCAN's tasks: a whole batch in one go, or lists of near points, a part of
 * space and a search of nearest core points. */
#include "workers/detect/dbscan/task.h"
#include "proto/wire/dbscan.h"
#include "workers/detect/compute.h"
#include "workers/detect/dbscan/dbscan.h"

#include <math.h>
#include <stdlib.h>

_Static_assert(DBSCAN_NONE == DBSCAN_NO_POINT, "sent as it is");
_Static_assert(DBSCAN_COLS_MAX == DBSCAN_FEATURES_MAX, "checked on arrival");

/* The rows `index` of a matrix. Errors: ERR_NOMEM. */
static int gather(const struct matrix *m, const uint32_t *index, uint32_t count,
                  struct arena *arena, struct matrix *ret_m)
{
    float *x = arena_alloc(arena, (size_t)count * m->cols, sizeof *x);
    if (x == NULL)
        return ERR_NOMEM;
    for (uint32_t j = 0; j < m->cols; j++) {
        const float *column = matrix_column(m, j);
        for (uint32_t i = 0; i < count; i++)
            x[(size_t)j * count + i] = column[index[i]];
    }
    *ret_m = (struct matrix){ x, count, m->cols, count };
    return 0;
}

/* What eps is measured from: k-distances of a sample. */
static int whole_eps(const struct dbscan_whole_task *t,
                     const struct compute_context *context,
                     struct dbscan_eps *e)
{
    struct matrix queries;
    uint32_t *index =
        arena_alloc(context->arena, DBSCAN_SAMPLE_MAX, sizeof *index);
    double *distance =
        arena_alloc(context->arena, DBSCAN_SAMPLE_MAX, sizeof *distance);
    if (index == NULL || distance == NULL)
        return ERR_NOMEM;
    uint32_t count = dbscan_sample(t->seed, t->batch, t->points.rows, index);
    int err = gather(&t->points, index, count, context->arena, &queries);
    if (err == 0)
        err = dbscan_kth_distance(&t->points, &queries, t->min_points, context,
                                  distance);
    if (err == 0)
        dbscan_knee(distance, count, e);
    return err;
}

/* Border points join the smallest cluster that they touch. */
static int whole_cluster(const struct dbscan_whole_task *t,
                         const struct compute_context *context,
                         struct dbscan_whole *r)
{
    struct dbscan_output out;
    struct dbscan_input in = { .points = t->points,
                               .own = t->points.rows,
                               .eps = r->eps.eps,
                               .min_points = t->min_points };
    int err = dbscan_cluster(&in, context, &out);
    if (err != 0)
        return err;
    for (uint32_t i = out.touch_count; i-- > 0;) /* the smallest comes last */
        out.cluster[out.touch[i].point] = out.touch[i].cluster;
    r->core = out.core;
    r->cluster = out.cluster;
    return 0;
}

/* Nothing is near enough to anything. */
static int whole_few(const struct compute_context *context,
                     struct dbscan_whole *r)
{
    uint32_t *cluster = arena_alloc(context->arena, r->points, sizeof *cluster);
    r->core = arena_zalloc(context->arena, r->points, sizeof *r->core);
    if (r->core == NULL || cluster == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < r->points; i++)
        cluster[i] = DBSCAN_NO_POINT;
    r->cluster = cluster;
    return 0;
}

/* The nearest core point of each noise point that has to know. */
static int whole_search(const struct dbscan_whole_task *t,
                        const struct compute_context *context,
                        struct dbscan_whole *r)
{
    struct arena *arena = context->arena;
    struct matrix cores, noise;
    uint32_t *core = arena_alloc(arena, r->points, sizeof *core);
    uint32_t *index = arena_alloc(arena, r->points, sizeof *index);
    uint32_t core_count = 0, count = 0;
    if (core == NULL || index == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < r->points; i++) {
        if (r->core[i] != 0)
            core[core_count++] = i;
        if (i >= t->context && r->cluster[i] == DBSCAN_NO_POINT)
            index[count++] = i;
    }
    int err = gather(&t->points, core, core_count, arena, &cores);
    if (err == 0)
        err = gather(&t->points, index, count, arena, &noise);
    double *square = arena_alloc(arena, count, sizeof *square);
    if (err != 0 || square == NULL)
        return ERR_NOMEM;
    err = dbscan_nearest(&cores, &noise, context, index, square);
    for (uint32_t i = 0; i < count; i++)
        if (index[i] != DBSCAN_NO_POINT)
            index[i] = core[index[i]];
    r->noise = count;
    r->nearest = index;
    r->square = square;
    return err;
}

static int run_whole(const struct wire_payload *payload,
                     const struct compute_context *context,
                     struct wire_payload *ret_payload)
{
    struct dbscan_whole_task t;
    struct dbscan_whole r = { 0 };
    int err = dbscan_unpack_whole_task(payload, context->arena, &t);
    if (err != 0)
        return err;
    r.points = t.points.rows;
    r.eps = (struct dbscan_eps){ .eps = t.eps,
                                 .why = DBSCAN_EPS_GIVEN,
                                 .k = t.min_points };
    compute_begin(context, COMPUTE_FIT);
    if (r.points < t.min_points && t.eps == 0.0)
        r.eps.why = DBSCAN_EPS_FEW;
    else if (t.eps == 0.0)
        err = whole_eps(&t, context, &r.eps);
    if (err == 0)
        err = r.points < t.min_points ? whole_few(context, &r)
                                      : whole_cluster(&t, context, &r);
    compute_begin(context, COMPUTE_SCORE);
    if (err == 0)
        err = whole_search(&t, context, &r);
    if (err == 0)
        dbscan_pack_whole(&r, ret_payload);
    return err;
}

static int run_near(const struct wire_payload *payload,
                    const struct compute_context *context,
                    struct wire_payload *ret_payload)
{
    struct dbscan_near_task t;
    int err = dbscan_unpack_near_task(payload, context->arena, &t);
    if (err != 0)
        return err;
    compute_begin(context, COMPUTE_FIT);
    double *square = arena_alloc(context->arena, (size_t)t.queries.rows * t.k,
                                 sizeof *square);
    if (square == NULL)
        return ERR_NOMEM;
    err = dbscan_near_squares(&t.points, &t.queries, t.k, context, square);
    if (err == 0)
        dbscan_pack_near(square, t.k, t.queries.rows, ret_payload);
    return err;
}

static int part_pack(const struct dbscan_output *out, uint32_t own,
                     struct arena *arena, struct wire_payload *ret_payload)
{
    uint32_t *point = arena_alloc(arena, out->touch_count, sizeof *point);
    uint32_t *cluster = arena_alloc(arena, out->touch_count, sizeof *cluster);
    if (point == NULL || cluster == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < out->touch_count; i++) {
        point[i] = out->touch[i].point;
        cluster[i] = out->touch[i].cluster;
    }
    struct dbscan_part r = { own,   out->touch_count, out->core, out->cluster,
                             point, cluster };
    dbscan_pack_part(&r, ret_payload);
    return 0;
}

static int run_part(const struct wire_payload *payload,
                    const struct compute_context *context,
                    struct wire_payload *ret_payload)
{
    struct dbscan_part_task t;
    struct dbscan_output out = { 0 };
    int err = dbscan_unpack_part_task(payload, context->arena, &t);
    if (err != 0)
        return err;
    compute_begin(context, COMPUTE_FIT);
    struct dbscan_input in = { t.points, t.own, t.eps, t.min_points };
    err = dbscan_cluster(&in, context, &out);
    return err != 0 ? err : part_pack(&out, t.own, context->arena, ret_payload);
}

static int run_search(const struct wire_payload *payload,
                      const struct compute_context *context,
                      struct wire_payload *ret_payload)
{
    struct dbscan_search_task t;
    int err = dbscan_unpack_search_task(payload, context->arena, &t);
    if (err != 0)
        return err;
    compute_begin(context, COMPUTE_SCORE);
    uint32_t count = t.queries.rows;
    uint32_t *nearest = arena_alloc(context->arena, count, sizeof *nearest);
    double *square = arena_alloc(context->arena, count, sizeof *square);
    if (nearest == NULL || square == NULL)
        return ERR_NOMEM;
    err = dbscan_nearest(&t.points, &t.queries, context, nearest, square);
    if (err == 0)
        dbscan_pack_search(nearest, square, count, ret_payload);
    return err;
}

static int dbscan_run(const struct wire_task *task,
                      const struct compute_model *model,
                      const struct compute_context *context,
                      struct wire_payload *ret_payload)
{
    (void)model; /* it has none */
    switch (task->phase) {
    case DBSCAN_WHOLE:
        return run_whole(&task->payload, context, ret_payload);
    case DBSCAN_NEAR:
        return run_near(&task->payload, context, ret_payload);
    case DBSCAN_PART:
        return run_part(&task->payload, context, ret_payload);
    case DBSCAN_SEARCH:
        return run_search(&task->payload, context, ret_payload);
    default:
        return ERR_PROTO;
    }
}

/* No task names a model. */
static int dbscan_model_new(const struct wire_payload *payload,
                            struct compute_model **ret_m)
{
    (void)payload;
    (void)ret_m;
    return ERR_PROTO;
}

static void dbscan_model_free(struct compute_model *m)
{
    (void)m;
}

const struct compute_ops compute_dbscan = {
    .name = DBSCAN_NAME,
    .algorithm = DBSCAN_ALGORITHM,
    .selftest = dbscan_selftest,
    .run = dbscan_run,
    .model_new = dbscan_model_new,
    .model_free = dbscan_model_free,
};
