/* The coordinator's half of the isolation forest: tasks out, results in. */
#include "engine/detect/iforest_plan.h"
#include "engine/detect/iforest_state.h"
#include "engine/detect/model.h"
#include "engine/detect/task.h"

#include "proto/base/check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void iforest_close(struct detect_state *st)
{
    if (st == NULL)
        return;
    arena_release(&st->arena);
    arena_release(&st->task_arena);
    free(st);
}

static size_t iforest_held(const struct detect_state *st)
{
    return sizeof *st + st->arena.bytes_held + st->task_arena.bytes_held;
}

/* The forest that the batch will have, or has: a frozen one. No path is longer
 * than the height limit and a leaf of all rows. */
static void open_forest(struct detect_state *st)
{
    const struct detect_model *model = st->config.model;
    st->draw_psi =
        iforest_subsample(st->config.subsample, draw_row_count(&st->fit));
    if (model != NULL) {
        st->forest = model->forest;
        st->trees = model->forest.trees;
        st->psi = model->forest.subsample;
        st->sum_max = model->sum_max;
        st->model = model->payload;
        st->model_id = model->id;
        st->model_hash = model->hash;
        return;
    }
    st->trees = st->config.trees;
    st->psi = st->draw_psi;
    st->sum_max =
        st->trees * ((uint64_t)iforest_height_max(st->psi) * IFOREST_ONE +
                     iforest_c(st->psi));
    /* Batch 0 is training; on the wire 0 is no model. */
    st->model_id = st->batch > 0 ? st->batch : DETECT_MODEL_KEPT;
}

static int iforest_open(const struct detect_config *config,
                        const struct detect_batch *batch,
                        const struct plan *plan, struct detect_state **ret_st)
{
    struct detect_state *st = calloc(1, sizeof *st);
    if (st == NULL)
        return ERR_NOMEM;
    arena_init(&st->arena, SIZE_MAX);
    arena_init(&st->task_arena, SIZE_MAX);
    uint32_t used =
        iforest_recent_used(config, batch->rows.rows, batch->recent.rows);
    struct matrix none = { .cols = batch->rows.cols };
    st->config = *config;
    st->batch = batch->batch;
    st->plan = *plan;
    st->fit.rows = batch->rows;
    st->fit.recent =
        used > 0 ? matrix_slice(&batch->recent, batch->recent.rows - used, used)
                 : none;
    open_forest(st);
    st->sums = arena_zalloc(&st->arena, batch->rows.rows, sizeof *st->sums);
    st->part_forest =
        arena_zalloc(&st->arena, plan->phase[0].tasks, sizeof *st->part_forest);
    if (st->sums == NULL || st->part_forest == NULL) {
        iforest_close(st);
        return ERR_NOMEM;
    }
    *ret_st = st;
    return 0;
}

/* The rows that the part's trees drew, each once, and where each tree's
 * sample stands among them. */
static int fit_task_fill(struct detect_state *st, struct iforest_fit_task *t,
                         uint32_t *ret_index)
{
    const uint32_t *drawn = st->index + (size_t)t->tree_first * st->psi;
    uint32_t count = t->tree_count * st->psi;
    struct arena *arena = &st->task_arena;
    struct draw_set set;
    int err = draw_set_init(&set, draw_row_count(&st->fit), arena);
    if (err != 0)
        return err;
    draw_set_add(&set, drawn, count);
    draw_set_rank(&set);
    err = draw_set_list(&set, arena);
    if (err != 0)
        return err;
    uint32_t cols = st->fit.rows.cols;
    float *x = arena_alloc(arena, (size_t)set.used * cols, sizeof *x);
    if (x == NULL)
        return ERR_NOMEM;
    for (uint32_t j = 0; j < cols; j++)
        draw_set_gather(&set, &st->fit, j, x + (size_t)j * set.used);
    for (uint32_t i = 0; i < count; i++)
        ret_index[i] = draw_set_position(&set, drawn[i]);
    t->rows = (struct matrix){ x, set.used, cols, set.used };
    return 0;
}

static int task_fit(struct detect_state *st, const struct plan_phase *phase,
                    uint32_t part, struct wire_payload *ret_payload)
{
    struct iforest_fit_task t = { .seed = st->config.seed,
                                  .batch = st->batch,
                                  .tree_first = plan_task_first(phase, part),
                                  .tree_count = plan_task_count(phase, part),
                                  .psi = st->psi,
                                  .extension = st->config.extension };
    uint32_t *index = arena_alloc(&st->task_arena, (size_t)t.tree_count * t.psi,
                                  sizeof *index);
    if (index == NULL)
        return ERR_NOMEM;
    t.index = index;
    int err = fit_task_fill(st, &t, index);
    return err != 0 ? err : iforest_pack_fit(&t, &st->task_arena, ret_payload);
}

static int task_fit_score(struct detect_state *st,
                          struct wire_payload *ret_payload)
{
    struct iforest_fit_score_task t = { .seed = st->config.seed,
                                        .batch = st->batch,
                                        .trees = st->config.trees,
                                        .psi = st->psi,
                                        .rows = st->fit.rows,
                                        .recent = st->fit.recent,
                                        .extension = st->config.extension };
    return iforest_pack_fit_score(&t, &st->task_arena, ret_payload);
}

static int task_score(struct detect_state *st, const struct plan_phase *phase,
                      uint32_t part, struct wire_payload *ret_payload)
{
    struct iforest_score_task t = { matrix_slice(
        &st->fit.rows, plan_task_first(phase, part),
        plan_task_count(phase, part)) };
    return iforest_pack_score(&t, &st->task_arena, ret_payload);
}

static int iforest_task(struct detect_state *st, uint32_t phase_index,
                        uint32_t part, struct wire_task *ret_task)
{
    const struct plan_phase *phase = task_begin(
        &st->plan, phase_index, part, st->batch, IFOREST_NAME, ret_task);
    arena_reset(&st->task_arena);
    switch (phase->phase) {
    case IFOREST_FIT_SCORE:
        return task_fit_score(st, &ret_task->payload);
    case IFOREST_FIT:
        return task_fit(st, phase, part, &ret_task->payload);
    default:
        ret_task->model_id = st->model_id;
        ret_task->model_hash = st->model_hash;
        return task_score(st, phase, part, &ret_task->payload);
    }
}

static int check_sums(const struct detect_state *st, const uint32_t *sums,
                      uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        if (sums[i] > st->sum_max)
            return ERR_PROTO;
    return 0;
}

/* The forest that `trees` trees of this batch must look like. */
static int check_forest(const struct detect_state *st, uint32_t trees,
                        const struct iforest_forest *f)
{
    for (uint32_t t = 0; t < trees && t < f->trees; t++)
        if (f->count[f->tree_first[t]] != st->psi)
            return ERR_PROTO;
    return f->trees == trees && f->subsample == st->psi &&
                   f->features == st->fit.rows.cols &&
                   f->extension == st->config.extension
               ? 0
               : ERR_PROTO;
}

/* A result: sums, a forest or both, as the phase wants it. */
static int unpack_result(const struct detect_state *st, uint32_t phase,
                         uint32_t units, const struct wire_payload *payload,
                         struct arena *arena, uint32_t *ret_sums,
                         struct iforest_forest *ret_f)
{
    uint32_t trees = units;
    int err;
    switch (phase) {
    case IFOREST_FIT:
        err = iforest_unpack_forest(payload, arena, ret_f);
        break;
    case IFOREST_FIT_SCORE:
        trees = st->config.trees;
        err = iforest_unpack_fit_scored(payload, units, arena, ret_sums, ret_f);
        break;
    default:
        err = iforest_unpack_sums(payload, units, ret_sums);
        break;
    }
    if (err == 0 && phase != IFOREST_FIT)
        err = check_sums(st, ret_sums, units);
    if (err == 0 && phase != IFOREST_SCORE)
        err = check_forest(st, trees, ret_f);
    return err == 0 || err == ERR_NOMEM ? err : ERR_PROTO;
}

static int iforest_validate(const struct detect_state *st, uint32_t phase_index,
                            uint32_t part, const struct wire_payload *payload)
{
    const struct plan_phase *phase = &st->plan.phase[phase_index];
    if (phase_index >= st->plan.phase_count || part >= phase->tasks)
        return ERR_PROTO;
    uint32_t units = plan_task_count(phase, part);
    struct arena arena;
    struct iforest_forest forest;
    arena_init(&arena, SIZE_MAX);
    uint32_t *sums = arena_alloc(&arena, units, sizeof *sums);
    int err = sums == NULL ? ERR_NOMEM
                           : unpack_result(st, phase->phase, units, payload,
                                           &arena, sums, &forest);
    arena_release(&arena);
    return err;
}

/* Sums at once; the forest as it is, for iforest_forest_of. */
static int accept_fused(struct detect_state *st, uint32_t rows,
                        const struct wire_payload *payload)
{
    struct wire_payload forest, sums;
    int err = iforest_split_fit_scored(payload, &forest, &sums);
    if (err == 0)
        err = iforest_unpack_sums(&sums, rows, st->sums);
    return err != 0 ? err : wire_payload_copy(&forest, &st->arena, &st->fused);
}

int iforest_forest_of(struct detect_state *st,
                      const struct iforest_forest **ret_f)
{
    int err = 0;
    if (st->forest.trees == 0)
        err = iforest_unpack_forest(&st->fused, &st->arena, &st->forest);
    check(err == 0 || err == ERR_NOMEM); /* it was validated */
    if (err == 0)
        *ret_f = &st->forest;
    return err;
}

static int iforest_accept(struct detect_state *st, uint32_t phase_index,
                          uint32_t part, const struct wire_payload *payload)
{
    const struct plan_phase *phase = &st->plan.phase[phase_index];
    if (phase_index >= st->plan.phase_count || part >= phase->tasks)
        return ERR_PROTO;
    if (phase->phase == IFOREST_FIT_SCORE)
        return accept_fused(st, phase->units, payload);
    bool is_fit = phase->phase == IFOREST_FIT;
    return unpack_result(st, phase->phase, plan_task_count(phase, part),
                         payload, &st->arena,
                         st->sums + (is_fit ? 0 : plan_task_first(phase, part)),
                         is_fit ? &st->part_forest[part] : NULL);
}

static int iforest_model(struct detect_state *st, struct wire_model *ret_model)
{
    check(st->model.block_count > 0);
    memset(ret_model, 0, sizeof *ret_model);
    ret_model->model_id = st->model_id;
    ret_model->model_hash = st->model_hash;
    ret_model->detector =
        (struct wire_text){ IFOREST_NAME, sizeof IFOREST_NAME - 1 };
    ret_model->payload = st->model;
    return 0;
}

static uint32_t iforest_recent_rows(const struct detect_config *c)
{
    return c->fit_rows;
}

const struct detect_ops detect_iforest = {
    .name = IFOREST_NAME,
    .id = IFOREST_DETECTOR_ID,
    .algorithm = IFOREST_ALGORITHM,
    .check = iforest_check,
    .recent_rows = iforest_recent_rows,
    .plan = iforest_plan,
    .open = iforest_open,
    .prepare = iforest_prepare,
    .task = iforest_task,
    .validate = iforest_validate,
    .accept = iforest_accept,
    .model = iforest_model,
    .meanwhile = iforest_meanwhile,
    .merge = iforest_merge,
    .score = iforest_score_of,
    .explain = iforest_explain,
    .held = iforest_held,
    .close = iforest_close,
};
