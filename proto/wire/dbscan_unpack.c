/* Payloads of DBSCAN's tasks to structs, checked once for the worker. */
#include "proto/base/bytes.h"
#include "proto/wire/block.h"
#include "proto/wire/dbscan.h"
#include "proto/wire/dbscan_payload.h"

#include <stdbool.h>

static int unpack_points(const struct wire_block *b, struct arena *arena,
                         struct matrix *ret_m)
{
    return block_matrix(b, 0, DBSCAN_FEATURES_MAX, BLOCK_FINITE, arena, ret_m);
}

/* Within the limits, or 0 where it is yet to be found. */
static int unpack_eps(const struct wire_payload *p, uint32_t index,
                      bool may_be_found, double *ret_eps)
{
    double eps = bytes_load_f64(&p->number[index]);
    bool usable = eps >= DBSCAN_EPS_LEAST && eps <= DBSCAN_EPS_MOST;
    if (!usable && !(may_be_found && eps == 0.0))
        return ERR_PROTO;
    *ret_eps = eps;
    return 0;
}

int dbscan_unpack_whole_task(const struct wire_payload *p, struct arena *arena,
                             struct dbscan_whole_task *ret_t)
{
    struct dbscan_whole_task t;
    int err = block_shape(p, WHOLE_TASK_NUMBERS, WHOLE_TASK_BLOCKS);
    if (err != 0)
        return err;
    t.seed = p->number[WHOLE_TASK_SEED];
    t.batch = p->number[WHOLE_TASK_BATCH];
    err = unpack_eps(p, WHOLE_TASK_EPS, true, &t.eps);
    if (err == 0)
        err = block_number(p, WHOLE_TASK_MIN_POINTS, 1, DBSCAN_MIN_POINTS_MAX,
                           &t.min_points);
    if (err == 0)
        err = unpack_points(&p->block[WHOLE_TASK_POINTS], arena, &t.points);
    if (err == 0)
        err = block_number(p, WHOLE_TASK_CONTEXT, 0, t.points.rows, &t.context);
    if (err == 0)
        *ret_t = t;
    return err;
}

int dbscan_unpack_near_task(const struct wire_payload *p, struct arena *arena,
                            struct dbscan_near_task *ret_t)
{
    struct dbscan_near_task t;
    int err = block_shape(p, NEAR_TASK_NUMBERS, NEAR_TASK_BLOCKS);
    if (err == 0)
        err = block_number(p, NEAR_TASK_K, 1, DBSCAN_MIN_POINTS_MAX, &t.k);
    if (err == 0)
        err = unpack_points(&p->block[NEAR_TASK_QUERIES], arena, &t.queries);
    if (err == 0)
        err = unpack_points(&p->block[NEAR_TASK_POINTS], arena, &t.points);
    if (err != 0)
        return err;
    if (t.queries.cols != t.points.cols)
        return ERR_PROTO;
    if (t.queries.rows > DBSCAN_SAMPLE_MAX)
        return ERR_LIMIT;
    *ret_t = t;
    return 0;
}

int dbscan_unpack_part_task(const struct wire_payload *p, struct arena *arena,
                            struct dbscan_part_task *ret_t)
{
    struct dbscan_part_task t;
    int err = block_shape(p, PART_TASK_NUMBERS, PART_TASK_BLOCKS);
    if (err == 0)
        err = unpack_eps(p, PART_TASK_EPS, false, &t.eps);
    if (err == 0)
        err = block_number(p, PART_TASK_MIN_POINTS, 1, DBSCAN_MIN_POINTS_MAX,
                           &t.min_points);
    if (err == 0)
        err = unpack_points(&p->block[PART_TASK_POINTS], arena, &t.points);
    if (err == 0)
        err = block_number(p, PART_TASK_OWN, 0, t.points.rows, &t.own);
    if (err == 0)
        *ret_t = t;
    return err;
}

int dbscan_unpack_search_task(const struct wire_payload *p, struct arena *arena,
                              struct dbscan_search_task *ret_t)
{
    struct dbscan_search_task t;
    int err = block_shape(p, 0, SEARCH_TASK_BLOCKS);
    if (err == 0)
        err = unpack_points(&p->block[SEARCH_TASK_POINTS], arena, &t.points);
    if (err == 0)
        err = unpack_points(&p->block[SEARCH_TASK_QUERIES], arena, &t.queries);
    if (err != 0)
        return err;
    if (t.queries.cols != t.points.cols)
        return ERR_PROTO;
    *ret_t = t;
    return 0;
}
