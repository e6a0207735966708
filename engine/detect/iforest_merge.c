/* The isolation forest's jobs: drawing samples, joining trees, and what a
 * whole batch comes to. */
#include "engine/detect/iforest_state.h"
#include "engine/detect/usual.h"
#include "engine/learn/learn.h"

#include "proto/base/check.h"

#include <string.h>

/* Bin of a path as long as expected: half of the bins for stranger rows. */
#define BIN_USUAL (LEARN_BINS / 2)
/* Usual and spread come from the rows that the first trees drew, as many as
 * are needed for this number of rows. */
#define USUAL_ROWS 32768u

static uint32_t *scratch_for_draws(const struct detect_state *st,
                                   struct arena *arena)
{
    return arena_alloc(arena, rng_sample_scratch(st->draw_psi),
                       sizeof(uint32_t));
}

static int prepare_fit(struct detect_state *st)
{
    uint32_t *scratch = scratch_for_draws(st, &st->arena);
    st->index = arena_alloc(&st->arena, (size_t)st->config.trees * st->psi,
                            sizeof *st->index);
    if (scratch == NULL || st->index == NULL)
        return ERR_NOMEM;
    for (uint32_t t = 0; t < st->config.trees; t++)
        draw_tree(st->config.seed, st->batch, t, draw_row_count(&st->fit),
                  st->psi, st->index + (size_t)t * st->psi, scratch);
    return 0;
}

/* A forest with room for the trees of all parts. */
struct join {
    uint32_t *tree_first, *right, *count;
    uint16_t *feature, *axis;
    float *threshold, *weight;
    uint32_t trees, nodes, width; /* of a plane, 0 without */
};

static int join_init(struct join *j, uint32_t trees, uint32_t nodes,
                     uint32_t extension, struct arena *arena)
{
    *j = (struct join){ .width = extension > 0 ? extension + 1 : 0 };
    size_t wide = (size_t)nodes * j->width;
    j->tree_first = arena_alloc(arena, (size_t)trees + 1, sizeof(uint32_t));
    j->right = arena_alloc(arena, nodes, sizeof *j->right);
    j->count = arena_alloc(arena, nodes, sizeof *j->count);
    j->feature = arena_alloc(arena, nodes, sizeof *j->feature);
    j->threshold = arena_alloc(arena, nodes, sizeof *j->threshold);
    j->axis = arena_alloc(arena, wide, sizeof *j->axis);
    j->weight = arena_alloc(arena, wide, sizeof *j->weight);
    return j->tree_first && j->right && j->count && j->feature &&
                   j->threshold && j->axis && j->weight
               ? 0
               : ERR_NOMEM;
}

static void join_add(struct join *j, const struct iforest_forest *f)
{
    size_t n = f->node_count, wide = n * j->width;
    size_t at = (size_t)j->nodes * j->width;
    memcpy(j->right + j->nodes, f->right, n * sizeof *f->right);
    memcpy(j->count + j->nodes, f->count, n * sizeof *f->count);
    memcpy(j->feature + j->nodes, f->feature, n * sizeof *f->feature);
    memcpy(j->threshold + j->nodes, f->threshold, n * sizeof *f->threshold);
    if (wide > 0) {
        memcpy(j->axis + at, f->axis, wide * sizeof *f->axis);
        memcpy(j->weight + at, f->weight, wide * sizeof *f->weight);
    }
    for (uint32_t t = 0; t < f->trees; t++)
        j->tree_first[j->trees++] = j->nodes + f->tree_first[t];
    j->nodes += f->node_count;
}

static int prepare_score(struct detect_state *st)
{
    struct join j;
    uint32_t parts = st->plan.phase[0].tasks, nodes = 0;
    for (uint32_t p = 0; p < parts; p++) {
        check(st->part_forest[p].trees > 0);
        nodes += st->part_forest[p].node_count;
    }
    int err = join_init(&j, st->config.trees, nodes, st->config.extension,
                        &st->arena);
    if (err != 0)
        return err;
    for (uint32_t p = 0; p < parts; p++)
        join_add(&j, &st->part_forest[p]);
    j.tree_first[j.trees] = nodes;
    st->forest =
        (struct iforest_forest){ .trees = j.trees,
                                 .subsample = st->psi,
                                 .features = st->fit.rows.cols,
                                 .node_count = nodes,
                                 .tree_first = j.tree_first,
                                 .feature = j.feature,
                                 .threshold = j.threshold,
                                 .right = j.right,
                                 .count = j.count,
                                 .extension = st->config.extension,
                                 .axis = j.width > 0 ? j.axis : NULL,
                                 .weight = j.width > 0 ? j.weight : NULL };
    err = iforest_pack_forest(&st->forest, &st->arena, &st->model);
    if (err == 0)
        st->model_hash = wire_payload_hash(&st->model);
    return err;
}

int iforest_prepare(struct detect_state *st, uint32_t phase_index)
{
    check(phase_index < st->plan.phase_count);
    switch (st->plan.phase[phase_index].phase) {
    case IFOREST_FIT:
        return prepare_fit(st);
    case IFOREST_SCORE:
        return prepare_score(st);
    default:
        return 0;
    }
}

/* The rows of the fit set that trees drew, from the first tree on until there
 * are enough; with a frozen model those that they would have drawn. */
static int merge_drawn(const struct detect_state *st, struct arena *arena,
                       struct draw_set *ret_set)
{
    uint32_t rows = draw_row_count(&st->fit), psi = st->draw_psi;
    uint32_t *scratch = scratch_for_draws(st, arena);
    uint32_t *index = arena_alloc(arena, psi, sizeof *index);
    int err = draw_set_init(ret_set, rows, arena);
    if (err != 0 || scratch == NULL || index == NULL)
        return ERR_NOMEM;
    if (psi == rows)
        draw_set_add_all(ret_set);
    for (uint32_t t = 0; t < st->config.trees && ret_set->used < rows &&
                         ret_set->used < USUAL_ROWS;
         t++) {
        const uint32_t *drawn = index;
        if (st->index != NULL)
            drawn = st->index + (size_t)t * psi;
        else
            draw_tree(st->config.seed, st->batch, t, rows, psi, index, scratch);
        draw_set_add(ret_set, drawn, psi);
    }
    return draw_set_list(ret_set, arena);
}

/* The usual and the spread of every feature, unless they are known. */
int iforest_meanwhile(struct detect_state *st)
{
    struct arena *arena = &st->task_arena;
    uint32_t cols = st->fit.rows.cols;
    struct draw_set set;
    if (st->usual != NULL)
        return 0;
    float *usual = arena_alloc(&st->arena, 2 * (size_t)cols, sizeof *usual);
    if (usual == NULL)
        return ERR_NOMEM;
    arena_reset(arena);
    int err = merge_drawn(st, arena, &set);
    if (err != 0)
        return err;
    float *x = arena_alloc(arena, set.used, sizeof *x);
    uint32_t *scratch = arena_alloc(arena, 2 * (size_t)set.used, 4);
    if (x == NULL || scratch == NULL)
        return ERR_NOMEM;
    for (uint32_t j = 0; j < cols; j++) {
        draw_set_gather(&set, &st->fit, j, x);
        usual_column(x, set.used, scratch, &usual[j], &usual[cols + j]);
    }
    st->usual = usual;
    return 0;
}

static void merge_bins(const struct detect_state *st, uint32_t *ret_bin)
{
    uint64_t usual = (uint64_t)st->trees * iforest_c(st->psi);
    for (uint32_t i = 0; i < st->fit.rows.rows; i++) {
        uint64_t x =
            usual > 0 ? (uint64_t)st->sums[i] * BIN_USUAL / usual : BIN_USUAL;
        ret_bin[i] = x < LEARN_BINS ? LEARN_BINS - 1 - (uint32_t)x : 0;
    }
}

int iforest_merge(struct detect_state *st, struct detect_result *ret_result)
{
    uint32_t rows = st->fit.rows.rows, cols = st->fit.rows.cols;
    uint32_t *bin = arena_alloc(&st->arena, rows, sizeof *bin);
    if (bin == NULL)
        return ERR_NOMEM;
    int err = iforest_meanwhile(st);
    if (err != 0)
        return err;
    merge_bins(st, bin);
    *ret_result = (struct detect_result){ .rows = rows,
                                          .cols = cols,
                                          .score = st->sums,
                                          .bin = bin,
                                          .trees = st->trees,
                                          .psi = st->psi,
                                          .usual = st->usual,
                                          .spread = st->usual + cols };
    return 0;
}

double iforest_score_of(const struct detect_result *r, uint32_t row)
{
    return iforest_score(r->score[row], r->trees, r->psi);
}
