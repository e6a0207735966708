/* The isolation forest's tasks: fit trees, score rows, or both in one go. */
#include "workers/detect/compute.h"
#include "workers/detect/iforest/form.h"
#include "workers/detect/iforest/grow.h"
#include "workers/detect/iforest/selftest.h"

#include <stdlib.h>

#define GROUP_BYTES (1u << 20) /* trees in scoring form at a time */

struct compute_model {
    struct arena arena;
    struct form form;
};

static const struct iforest_kernel *kernel_pick(void)
{
    return iforest_kernel_table[0];
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
        err = grow_space_init(&space, t.psi, t.rows.cols, context->arena);
    if (err == 0)
        err = grow_nodes_init(&nodes, t.tree_count, t.psi, context->arena);
    if (err != 0)
        return err;
    struct grow_rows rows = { .second = t.rows };
    for (uint32_t k = 0; k < t.tree_count; k++) {
        grow_tree(&space, &rows, t.index + (size_t)k * t.psi, t.seed, t.batch,
                  t.tree_first + k, &nodes);
        err = compute_advance(context, 1);
        if (err != 0)
            return err;
    }
    struct iforest_forest forest = grow_forest(&nodes, t.psi, t.rows.cols);
    return iforest_pack_forest(&forest, context->arena, ret_payload);
}

/* What a fused task needs, tree after tree. */
struct fused {
    struct iforest_fit_score_task task;
    struct grow_rows rows;
    struct grow_space space;
    struct grow_nodes nodes;
    struct form form; /* of one group of trees */
    struct form_block block;
    uint32_t *sums;
};

static int fused_init(struct fused *f, struct arena *arena)
{
    const struct iforest_fit_score_task *t = &f->task;
    size_t tree_bytes =
        form_tree_bytes(iforest_height_max(t->psi), grow_nodes_max(t->psi));
    uint32_t group = (uint32_t)(GROUP_BYTES / tree_bytes);
    group = group < 1 ? 1 : group < t->trees ? group : t->trees;
    f->rows = (struct grow_rows){ t->recent, t->rows };
    const uint32_t *c = form_c_table(t->psi, arena);
    f->sums = arena_zalloc(arena, t->rows.rows, sizeof *f->sums);
    if (c == NULL || f->sums == NULL)
        return ERR_NOMEM;
    int err = grow_space_init(&f->space, t->psi, t->rows.cols, arena);
    if (err == 0)
        err = grow_nodes_init(&f->nodes, t->trees, t->psi, arena);
    if (err == 0)
        err = form_init(&f->form, t->rows.cols, group, group * tree_bytes, c,
                        arena);
    if (err == 0)
        err = form_block_init(&f->block, &f->form, arena);
    return err;
}

/* Grows the trees [first, first + count) into the form. */
static int fused_grow(struct fused *f, uint32_t first, uint32_t count,
                      const struct compute_context *context)
{
    const struct iforest_fit_score_task *t = &f->task;
    const struct grow_nodes *n = &f->nodes;
    form_reset(&f->form);
    for (uint32_t tree = first; tree < first + count; tree++) {
        uint32_t at = n->used;
        grow_draw(&f->space, &f->rows, t->seed, t->batch, tree);
        grow_tree(&f->space, &f->rows, f->space.index, t->seed, t->batch, tree,
                  &f->nodes);
        form_add(&f->form, n->used - at, n->feature + at, n->threshold + at,
                 n->right + at, n->count + at, NULL);
        int err = compute_advance(context, 1);
        if (err != 0)
            return err;
    }
    return 0;
}

static int run_fit_score(const struct wire_task *task,
                         const struct compute_context *context,
                         struct wire_payload *ret_payload)
{
    struct fused f;
    compute_begin(context, COMPUTE_FIT);
    int err = iforest_unpack_fit_score(&task->payload, context->arena, &f.task);
    if (err == 0)
        err = fused_init(&f, context->arena);
    if (err != 0)
        return err;
    for (uint32_t tree = 0; tree < f.task.trees; tree += f.form.trees_max) {
        uint32_t count = f.task.trees - tree;
        if (count > f.form.trees_max)
            count = f.form.trees_max;
        compute_begin(context, COMPUTE_FIT);
        err = fused_grow(&f, tree, count, context);
        compute_begin(context, COMPUTE_SCORE);
        if (err == 0)
            err = form_score(&f.form, &f.block, kernel_pick(), &f.task.rows,
                             context, f.sums);
        if (err != 0)
            return err;
    }
    struct iforest_forest forest =
        grow_forest(&f.nodes, f.task.psi, f.task.rows.cols);
    return iforest_pack_fit_scored(f.sums, f.task.rows.rows, &forest,
                                   context->arena, ret_payload);
}

static int run_score(const struct wire_task *task,
                     const struct compute_model *model,
                     const struct compute_context *context,
                     struct wire_payload *ret_payload)
{
    struct iforest_score_task t;
    struct form_block block;
    compute_begin(context, COMPUTE_SCORE);
    int err = iforest_unpack_score(&task->payload, context->arena, &t);
    if (err != 0)
        return err;
    if (model == NULL || model->form.cols != t.rows.cols)
        return ERR_PROTO;
    uint32_t *sums = arena_zalloc(context->arena, t.rows.rows, sizeof *sums);
    if (sums == NULL)
        return ERR_NOMEM;
    err = form_block_init(&block, &model->form, context->arena);
    if (err == 0)
        err = form_score(&model->form, &block, kernel_pick(), &t.rows, context,
                         sums);
    return err != 0 ? err : iforest_pack_sums(sums, t.rows.rows, ret_payload);
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
    if (c == NULL)
        return ERR_NOMEM;
    int err = form_init(&m->form, forest->features, forest->trees,
                        form_forest_bytes(forest), c, &m->arena);
    if (err != 0)
        return err;
    for (uint32_t t = 0; t < forest->trees; t++) {
        uint32_t first = forest->tree_first[t];
        const uint8_t *missing = forest->missing_right;
        form_add(&m->form, forest->tree_first[t + 1] - first,
                 forest->feature + first, forest->threshold + first,
                 forest->right + first, forest->count + first,
                 missing != NULL ? missing + first : NULL);
    }
    return 0;
}

static void iforest_model_free(struct compute_model *m)
{
    if (m == NULL)
        return;
    arena_release(&m->arena);
    free(m);
}

static int iforest_model_new(const struct wire_payload *payload,
                             struct compute_model **ret_m)
{
    struct arena scratch;
    struct iforest_forest forest;
    struct compute_model *m = calloc(1, sizeof *m);
    if (m == NULL)
        return ERR_NOMEM;
    arena_init(&m->arena, SIZE_MAX);
    arena_init(&scratch, SIZE_MAX);
    int err = iforest_unpack_forest(payload, &scratch, &forest);
    if (err == 0)
        err = model_build(m, &forest);
    arena_release(&scratch);
    if (err != 0) {
        iforest_model_free(m);
        return err;
    }
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
