/* The isolation forest's tasks: fit trees, score rows, or both in one go. */
#include "workers/detect/compute.h"
#include "workers/detect/iforest/form.h"
#include "workers/detect/iforest/grow.h"
#include "workers/detect/iforest/plane.h"
#include "workers/detect/iforest/selftest.h"

#include <stdlib.h>

#define SCORE_FLOATS 131072u /* of a SCORE task at a time: 512 KiB */

struct compute_model {
    struct arena arena;
    uint32_t cols;
    uint32_t forms; /* groups of trees */
    struct form *form;
    struct form_room room; /* that holds each of them */
    /* Of an extended forest instead of forms; as it came. */
    struct iforest_forest planes;
    struct arena planes_arena;
    const uint32_t *c;
};

static const struct iforest_kernel *
kernel_pick(const struct compute_context *context)
{
    return iforest_kernel_of(context->isa);
}

static uint32_t trees_at_once(uint32_t left)
{
    return left < GROW_TREES ? left : GROW_TREES;
}

static int run_fit(const struct wire_task *task,
                   const struct compute_context *context,
                   struct wire_payload *ret_payload)
{
    struct iforest_fit_task t;
    struct grow_space space;
    struct grow_nodes nodes;
    compute_begin(context, COMPUTE_FIT);
    int err = iforest_unpack_fit(&task->payload, context->arena, &t);
    if (err == 0)
        err = grow_space_init(&space, t.psi, t.rows.cols, t.extension,
                              context->arena);
    if (err == 0)
        err = grow_nodes_init(&nodes, t.tree_count, t.psi, t.extension,
                              context->arena);
    struct grow_rows rows = { .second = t.rows };
    for (uint32_t k = 0; err == 0 && k < t.tree_count; k += GROW_TREES) {
        uint32_t count = trees_at_once(t.tree_count - k);
        grow_trees(&space, &rows, t.index + (size_t)k * t.psi, t.seed, t.batch,
                   t.tree_first + k, count, &nodes);
        err = compute_advance(context, count);
    }
    if (err != 0)
        return err;
    struct iforest_forest forest = grow_forest(&nodes, t.psi, t.rows.cols);
    return iforest_pack_forest(&forest, context->arena, ret_payload);
}

/* Draws and grows all trees of a fused task. */
static int fused_grow(const struct iforest_fit_score_task *t,
                      const struct compute_context *context,
                      struct grow_nodes *nodes)
{
    struct grow_rows rows = { t->recent, t->rows };
    struct grow_space space;
    int err = grow_space_init(&space, t->psi, t->rows.cols, t->extension,
                              context->arena);
    if (err == 0)
        err = grow_nodes_init(nodes, t->trees, t->psi, t->extension,
                              context->arena);
    for (uint32_t k = 0; err == 0 && k < t->trees; k += GROW_TREES) {
        uint32_t count = trees_at_once(t->trees - k);
        grow_trees(&space, &rows, NULL, t->seed, t->batch, k, count, nodes);
        err = compute_advance(context, count);
    }
    return err;
}

/* Scores rows under a forest that is needed once: a group of trees at a time
 * in the same room. */
static int forest_score_axis(const struct iforest_forest *forest,
                             const uint32_t *c, const struct matrix *rows,
                             const struct compute_context *context,
                             uint32_t *sums)
{
    struct form_room room = { 0 }, one;
    struct form form;
    struct form_block block;
    for (uint32_t tree = 0; tree < forest->trees;) {
        tree = form_group(forest, tree, &one);
        form_room_join(&room, &one);
    }
    int err = form_init(&form, rows->cols, &room, c, context->arena);
    if (err == 0)
        err = form_block_init(&block, rows->cols, &room, context->arena);
    for (uint32_t tree = 0; err == 0 && tree < forest->trees;) {
        uint32_t end = form_group(forest, tree, &one);
        form_build(&form, forest, tree, end);
        err = form_score(&form, &block, kernel_pick(context), rows, context,
                         sums);
        tree = end;
    }
    return err;
}

static int forest_score(const struct iforest_forest *forest,
                        const struct matrix *rows,
                        const struct compute_context *context, uint32_t *sums)
{
    const uint32_t *c = form_c_table(forest->subsample, context->arena);
    if (c == NULL)
        return ERR_NOMEM;
    if (forest->extension > 0)
        return plane_score(forest, c, rows, context, sums);
    return forest_score_axis(forest, c, rows, context, sums);
}

static int run_fit_score(const struct wire_task *task,
                         const struct compute_context *context,
                         struct wire_payload *ret_payload)
{
    struct iforest_fit_score_task t;
    struct grow_nodes nodes;
    compute_begin(context, COMPUTE_FIT);
    int err = iforest_unpack_fit_score(&task->payload, context->arena, &t);
    if (err == 0)
        err = fused_grow(&t, context, &nodes);
    if (err != 0)
        return err;
    compute_begin(context, COMPUTE_SCORE);
    struct iforest_forest forest = grow_forest(&nodes, t.psi, t.rows.cols);
    uint32_t *sums = arena_zalloc(context->arena, t.rows.rows, sizeof *sums);
    if (sums == NULL)
        return ERR_NOMEM;
    err = forest_score(&forest, &t.rows, context, sums);
    if (err != 0)
        return err;
    return iforest_pack_fit_scored(sums, t.rows.rows, &forest, context->arena,
                                   ret_payload);
}

static int model_score(const struct compute_model *model,
                       struct form_block *block, const struct matrix *rows,
                       const struct compute_context *context, uint32_t *sums)
{
    int err = 0;
    if (model->planes.trees > 0)
        return plane_score(&model->planes, model->c, rows, context, sums);
    for (uint32_t k = 0; err == 0 && k < model->forms; k++)
        err = form_score(&model->form[k], block, kernel_pick(context), rows,
                         context, sums);
    return err;
}

/* As many rows as stay in the second cache, in whole blocks; long runs of each
 * column, since a CPU is slow to notice that it should read ahead. */
static uint32_t rows_at_once(const struct iforest_packed_rows *rows)
{
    uint32_t count = SCORE_FLOATS / rows->cols / MASK_ROWS * MASK_ROWS;
    count = count < MASK_ROWS ? MASK_ROWS : count;
    return count < rows->rows ? count : rows->rows;
}

/* From the message to sums, some rows at a time: the rows of a whole task are
 * read from memory once and never written back. */
static int packed_score(const struct compute_model *model,
                        const struct iforest_packed_rows *rows,
                        const struct compute_context *context, uint32_t *sums)
{
    struct form_block block;
    uint32_t step = rows_at_once(rows);
    float *x =
        arena_alloc(context->arena, (size_t)step * rows->cols, sizeof *x);
    int err = form_block_init(&block, rows->cols, &model->room, context->arena);
    if (x == NULL)
        err = ERR_NOMEM;
    for (uint32_t first = 0; err == 0 && first < rows->rows; first += step) {
        uint32_t left = rows->rows - first, count = left < step ? left : step;
        struct matrix some = { x, count, rows->cols, count };
        err = iforest_unpack_rows(rows, first, count, x);
        if (err == 0)
            err = model_score(model, &block, &some, context, sums + first);
    }
    return err;
}

static int run_score(const struct wire_task *task,
                     const struct compute_model *model,
                     const struct compute_context *context,
                     struct wire_payload *ret_payload)
{
    struct iforest_packed_rows rows;
    compute_begin(context, COMPUTE_SCORE);
    int err = iforest_unpack_score(&task->payload, &rows);
    if (err != 0)
        return err;
    if (model == NULL || model->cols != rows.cols)
        return ERR_PROTO;
    uint32_t *sums = arena_zalloc(context->arena, rows.rows, sizeof *sums);
    if (sums == NULL)
        return ERR_NOMEM;
    err = packed_score(model, &rows, context, sums);
    return err != 0 ? err : iforest_pack_sums(sums, rows.rows, ret_payload);
}

static int iforest_run(const struct wire_task *task,
                       const struct compute_model *model,
                       const struct compute_context *context,
                       struct wire_payload *ret_payload)
{
    switch (task->phase) {
    case IFOREST_FIT_SCORE:
        return run_fit_score(task, context, ret_payload);
    case IFOREST_FIT:
        return run_fit(task, context, ret_payload);
    case IFOREST_SCORE:
        return run_score(task, model, context, ret_payload);
    default:
        return ERR_PROTO;
    }
}

static int model_build(struct compute_model *m,
                       const struct iforest_forest *forest)
{
    const uint32_t *c = form_c_table(forest->subsample, &m->arena);
    m->form = arena_alloc(&m->arena, forest->trees, sizeof *m->form);
    if (c == NULL || m->form == NULL)
        return ERR_NOMEM;
    m->cols = forest->features;
    if (forest->extension > 0) {
        m->planes = *forest;
        m->c = c;
        return 0;
    }
    for (uint32_t tree = 0; tree < forest->trees;) {
        struct form_room room;
        struct form *form = &m->form[m->forms++];
        uint32_t end = form_group(forest, tree, &room);
        int err = form_init(form, m->cols, &room, c, &m->arena);
        if (err != 0)
            return err;
        form_build(form, forest, tree, end);
        form_room_join(&m->room, &room);
        tree = end;
    }
    return 0;
}

static void iforest_model_free(struct compute_model *m)
{
    if (m == NULL)
        return;
    arena_release(&m->arena);
    arena_release(&m->planes_arena);
    free(m);
}

static int iforest_model_new(const struct wire_payload *payload,
                             struct compute_model **ret_m)
{
    struct iforest_forest forest;
    struct compute_model *m = calloc(1, sizeof *m);
    if (m == NULL)
        return ERR_NOMEM;
    arena_init(&m->arena, SIZE_MAX);
    arena_init(&m->planes_arena, SIZE_MAX);
    int err = iforest_unpack_forest(payload, &m->planes_arena, &forest);
    if (err == 0)
        err = model_build(m, &forest);
    if (err != 0) {
        iforest_model_free(m);
        return err;
    }
    if (m->planes.trees == 0)
        arena_release(&m->planes_arena);
    *ret_m = m;
    return 0;
}

const struct compute_ops compute_iforest = {
    .name = IFOREST_NAME,
    .algorithm = IFOREST_ALGORITHM,
    .selftest = iforest_selftest,
    .run = iforest_run,
    .model_new = iforest_model_new,
    .model_free = iforest_model_free,
};
