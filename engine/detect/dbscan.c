/* The coordinator's half of DBSCAN: tasks out, results in. */
#include "engine/detect/dbscan_state.h"
#include "engine/detect/task.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static void dbscan_close(struct detect_state *st)
{
    if (st == NULL)
        return;
    arena_release(&st->arena);
    arena_release(&st->task_arena);
    free(st);
}

static size_t dbscan_held(const struct detect_state *st)
{
    return sizeof *st + st->arena.bytes_held + st->task_arena.bytes_held;
}

static int dbscan_open(const struct detect_config *config,
                       const struct detect_batch *batch,
                       const struct plan *plan, struct detect_state **ret_st)
{
    struct detect_state *st = calloc(1, sizeof *st);
    if (st == NULL)
        return ERR_NOMEM;
    arena_init(&st->arena, SIZE_MAX);
    arena_init(&st->task_arena, SIZE_MAX);
    uint32_t used =
        dbscan_context_used(config, batch->rows.rows, batch->recent.rows);
    struct draw_rows fit = { .rows = batch->rows,
                             .recent = { .cols = batch->rows.cols } };
    if (used > 0)
        fit.recent =
            matrix_slice(&batch->recent, batch->recent.rows - used, used);
    st->config = *config;
    st->batch = batch->batch;
    st->plan = *plan;
    st->parts = plan->phase[0].tasks;
    st->share = arena_zalloc(&st->arena, st->parts, sizeof *st->share);
    int err =
        st->share == NULL
            ? ERR_NOMEM
            : dbscan_points_make(&fit, dbscan_scale_of(config), &st->arena,
                                 &st->task_arena, &st->points);
    if (err != 0) {
        dbscan_close(st);
        return err;
    }
    arena_release(&st->task_arena); /* scratch that no task needs again */
    st->eps = (struct dbscan_eps){ .eps = config->eps,
                                   .why = DBSCAN_EPS_GIVEN,
                                   .k = config->min_points,
                                   .points = st->points.count };
    *ret_st = st;
    return 0;
}

static int task_whole(struct detect_state *st, struct wire_payload *ret_payload)
{
    struct dbscan_whole_task t = { .seed = st->config.seed,
                                   .batch = st->batch,
                                   .eps = st->config.eps,
                                   .min_points = st->config.min_points,
                                   .context = st->points.context,
                                   .points = st->points.scaled };
    return dbscan_pack_whole_task(&t, &st->task_arena, ret_payload);
}

/* The part's run of points: of equal lengths, rows in order. */
static struct matrix near_points(const struct detect_state *st, uint32_t part)
{
    uint64_t count = st->points.count;
    uint32_t first = (uint32_t)(count * part / st->parts);
    uint32_t end = (uint32_t)(count * (part + 1) / st->parts);
    return matrix_slice(&st->points.scaled, first, end - first);
}

static int task_near(struct detect_state *st, uint32_t part,
                     struct wire_payload *ret_payload)
{
    struct dbscan_near_task t = { st->config.min_points, st->query_points,
                                  near_points(st, part) };
    return dbscan_pack_near_task(&t, &st->task_arena, ret_payload);
}

static int task_part(struct detect_state *st, uint32_t part,
                     struct wire_payload *ret_payload)
{
    const struct dbscan_region *r = &st->share[part].region;
    struct dbscan_part_task t = { .eps = st->eps.eps,
                                  .min_points = st->config.min_points,
                                  .own = r->own };
    if (st->eps.why == DBSCAN_EPS_FEW)
        t.eps = 1.0; /* of points too few for any */
    int err = dbscan_gather(&st->points, r->point, r->own + r->halo,
                            &st->task_arena, &t.points);
    return err != 0 ? err
                    : dbscan_pack_part_task(&t, &st->task_arena, ret_payload);
}

static int task_search(struct detect_state *st, uint32_t part,
                       struct wire_payload *ret_payload)
{
    const struct dbscan_share *s = &st->share[part];
    struct dbscan_search_task t;
    int err = dbscan_gather(&st->points, s->core, s->cores, &st->task_arena,
                            &t.points);
    if (err == 0)
        err = dbscan_gather(&st->points, st->noise_point, st->noise,
                            &st->task_arena, &t.queries);
    return err != 0 ? err
                    : dbscan_pack_search_task(&t, &st->task_arena, ret_payload);
}

static int dbscan_task(struct detect_state *st, uint32_t phase_index,
                       uint32_t part, struct wire_task *ret_task)
{
    const struct plan_phase *phase = task_begin(
        &st->plan, phase_index, part, st->batch, DBSCAN_NAME, ret_task);
    arena_reset(&st->task_arena);
    switch (phase->phase) {
    case DBSCAN_WHOLE:
        return task_whole(st, &ret_task->payload);
    case DBSCAN_NEAR:
        return task_near(st, part, &ret_task->payload);
    case DBSCAN_PART:
        return task_part(st, part, &ret_task->payload);
    default:
        return task_search(st, part, &ret_task->payload);
    }
}

/* Is it the eps that was asked for, or was it found where it had to be? */
static int whole_eps_check(const struct detect_state *st,
                           const struct dbscan_eps *e)
{
    bool given = st->config.eps != 0.0;
    bool few = st->points.count < st->config.min_points;
    if (e->k != st->config.min_points ||
        given != (e->why == DBSCAN_EPS_GIVEN) ||
        (given && e->eps != st->config.eps) ||
        (!given && few != (e->why == DBSCAN_EPS_FEW)))
        return ERR_PROTO;
    return 0;
}

static int unpack_whole(const struct detect_state *st,
                        const struct wire_payload *payload, struct arena *arena,
                        struct dbscan_whole *ret_r)
{
    int err = dbscan_unpack_whole(payload, st->points.count, st->points.context,
                                  arena, ret_r);
    return err != 0 ? err : whole_eps_check(st, &ret_r->eps);
}

static int accept_whole(struct detect_state *st,
                        const struct wire_payload *payload)
{
    struct dbscan_whole r;
    int err = unpack_whole(st, payload, &st->arena, &r);
    if (err != 0)
        return err;
    st->eps = r.eps;
    st->core = r.core;
    st->cluster = r.cluster;
    st->nearest = r.nearest;
    st->square = r.square;
    return dbscan_noise_find(st);
}

/* A distance for each point that there is, of a size that eps may have: else
 * no part could be computed with the eps that comes of it. */
static bool near_is_usable(const struct detect_state *st, const double *square,
                           uint32_t points)
{
    const double least = DBSCAN_EPS_LEAST * DBSCAN_EPS_LEAST;
    const double most = DBSCAN_EPS_MOST * DBSCAN_EPS_MOST;
    uint32_t k = st->config.min_points;
    for (uint32_t q = 0; q < st->queries; q++, square += k)
        for (uint32_t i = 0; i < k; i++)
            if (i < points
                    ? square[i] > most || (square[i] > 0.0 && square[i] < least)
                    : !isinf(square[i]))
                return false;
    return true;
}

static int unpack_near(const struct detect_state *st, uint32_t part,
                       const struct wire_payload *payload, struct arena *arena,
                       struct dbscan_share *s)
{
    int err = dbscan_unpack_near(payload, st->config.min_points, st->queries,
                                 arena, &s->near);
    if (err == 0 && !near_is_usable(st, s->near, near_points(st, part).rows))
        err = ERR_PROTO;
    return err;
}

/* A payload of a part into `s`, with memory from `arena`. */
static int unpack_share(const struct detect_state *st, uint32_t phase,
                        uint32_t part, const struct wire_payload *payload,
                        struct arena *arena, struct dbscan_share *s)
{
    switch (phase) {
    case DBSCAN_NEAR:
        return unpack_near(st, part, payload, arena, s);
    case DBSCAN_PART:
        return dbscan_unpack_part(payload, s->region.own, s->region.halo, arena,
                                  &s->part);
    default:
        return dbscan_unpack_search(payload, s->cores, st->noise, arena,
                                    &s->nearest, &s->square);
    }
}

static int dbscan_validate(const struct detect_state *st, uint32_t phase_index,
                           uint32_t part, const struct wire_payload *payload)
{
    const struct plan_phase *phase = &st->plan.phase[phase_index];
    if (phase_index >= st->plan.phase_count || part >= phase->tasks)
        return ERR_PROTO;
    struct arena arena;
    struct dbscan_whole whole;
    struct dbscan_share share = st->share[part];
    arena_init(&arena, SIZE_MAX);
    int err =
        phase->phase == DBSCAN_WHOLE
            ? unpack_whole(st, payload, &arena, &whole)
            : unpack_share(st, phase->phase, part, payload, &arena, &share);
    arena_release(&arena);
    return err == 0 || err == ERR_NOMEM ? err : ERR_PROTO;
}

static int dbscan_accept(struct detect_state *st, uint32_t phase_index,
                         uint32_t part, const struct wire_payload *payload)
{
    const struct plan_phase *phase = &st->plan.phase[phase_index];
    if (phase_index >= st->plan.phase_count || part >= phase->tasks)
        return ERR_PROTO;
    if (phase->phase == DBSCAN_WHOLE)
        return accept_whole(st, payload);
    return unpack_share(st, phase->phase, part, payload, &st->arena,
                        &st->share[part]);
}

/* No task of it names a model. */
static int dbscan_model(struct detect_state *st, struct wire_model *ret_model)
{
    (void)st;
    (void)ret_model;
    return ERR_NOTFOUND;
}

/* Everything that merging needs comes back from workers. */
static int dbscan_meanwhile(struct detect_state *st)
{
    (void)st;
    return 0;
}

const struct detect_ops detect_dbscan = {
    .name = DBSCAN_NAME,
    .id = DBSCAN_DETECTOR_ID,
    .algorithm = DBSCAN_ALGORITHM,
    .check = dbscan_check,
    .recent_rows = dbscan_recent_rows,
    .plan = dbscan_plan,
    .open = dbscan_open,
    .prepare = dbscan_prepare,
    .task = dbscan_task,
    .validate = dbscan_validate,
    .accept = dbscan_accept,
    .model = dbscan_model,
    .meanwhile = dbscan_meanwhile,
    .merge = dbscan_merge,
    .score = dbscan_score_of,
    .explain = dbscan_explain,
    .held = dbscan_held,
    .close = dbscan_close,
};
