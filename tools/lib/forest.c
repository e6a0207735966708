/*
 * The isolation forest over the caller's memory: the trees of the first batch
 * of a run, laid out for the kernels once, when they are fitted.
 */
#include "tools/lib/library.h"

#include "engine/detect/usual.h"
#include "proto/wire/iforest_delta.h"
#include "workers/detect/iforest/bytes.h"
#include "workers/detect/iforest/grow.h"
#include "workers/detect/iforest/plane.h"

#include <math.h>
#include <string.h>

#define FIRST_BATCH 1u     /* in the trees' seeds */
#define SCORE_ROWS 4096u   /* at a time */
#define TREES_DEFAULT 200u /* as the program */
#define SUBSAMPLE_DEFAULT 256u

struct fyke_forest {
    struct iforest_forest trees;
    const uint32_t *c; /* c(0) to c(psi) */
    enum isa isa;
    uint32_t forms;
    struct form *form;
    struct form_room room; /* that holds each of them */
    struct iforest_delta delta;
};

void fyke_forest_defaults(struct fyke_forest_options *options)
{
    *options = (struct fyke_forest_options){
        .size = sizeof *options,
        .seed = 1,
        .trees = TREES_DEFAULT,
        .subsample = SUBSAMPLE_DEFAULT,
    };
}

static bool options_fit(const struct fyke_forest_options *o, uint32_t rows,
                        uint32_t cols)
{
    return o != NULL && o->size == sizeof *o && o->trees >= 1 &&
           o->trees <= FYKE_FOREST_TREES_MAX && o->subsample >= 2 &&
           o->subsample <= FYKE_FOREST_SUBSAMPLE_MAX && rows >= 1 &&
           cols >= 1 && cols <= FYKE_FOREST_COLS_MAX && o->extension < cols;
}

/* Extended trees are walked as they are. */
static size_t bytes_delta(const struct fyke_forest_options *o, uint32_t psi)
{
    size_t nodes = (size_t)o->trees * (2 * (size_t)psi - 1);
    return o->extension > 0 ? 0
                            : ARENA_BYTES((nodes + IFOREST_DELTA_LANES) *
                                          sizeof(struct iforest_delta_node));
}

size_t fyke_forest_bytes(const struct fyke_forest_options *options,
                         uint32_t rows, uint32_t cols)
{
    if (!options_fit(options, rows, cols))
        return 0;
    uint32_t psi = iforest_subsample(options->subsample, rows);
    return ARENA_FIXED_BYTES + ARENA_BYTES(sizeof(struct fyke_forest)) +
           bytes_grow_nodes(options->trees, psi, options->extension) +
           bytes_c_table(psi) + bytes_forms(options->trees, psi, cols) +
           bytes_delta(options, psi);
}

size_t fyke_forest_fit_workspace(const struct fyke_forest_options *options,
                                 uint32_t rows, uint32_t cols)
{
    if (!options_fit(options, rows, cols))
        return 0;
    return ARENA_FIXED_BYTES +
           bytes_grow_space(iforest_subsample(options->subsample, rows), cols,
                            options->extension);
}

static bool has_infinite(const struct matrix *m)
{
    for (uint32_t j = 0; j < m->cols; j++) {
        const float *x = matrix_column(m, j);
        uint32_t found = 0;
        for (uint32_t i = 0; i < m->rows; i++)
            found |= (uint32_t)(fabsf(x[i]) == INFINITY);
        if (found != 0)
            return true;
    }
    return false;
}

static int grow(const struct fyke_forest_options *o, const struct matrix *rows,
                struct arena *memory, struct arena *workspace,
                struct fyke_forest *f)
{
    struct grow_rows all = { .second = *rows };
    struct grow_space space;
    struct grow_nodes nodes;
    uint32_t psi = iforest_subsample(o->subsample, rows->rows);
    int err = grow_nodes_init(&nodes, o->trees, psi, o->extension, memory);
    if (err == 0)
        err = grow_space_init(&space, psi, rows->cols, o->extension, workspace);
    if (err != 0)
        return err;
    for (uint32_t tree = 0; tree < o->trees; tree += GROW_TREES) {
        uint32_t left = o->trees - tree;
        grow_trees(&space, &all, NULL, o->seed, FIRST_BATCH, tree,
                   left < GROW_TREES ? left : GROW_TREES, &nodes);
    }
    f->trees = grow_forest(&nodes, psi, rows->cols);
    return ERR_OK;
}

static int lay_out(struct fyke_forest *f, struct arena *memory)
{
    const struct iforest_forest *trees = &f->trees;
    f->c = form_c_table(trees->subsample, memory);
    f->form = arena_alloc(memory, trees->trees, sizeof *f->form);
    if (f->c == NULL || f->form == NULL)
        return ERR_NOMEM;
    if (trees->extension > 0)
        return ERR_OK; /* walked as they are */
    for (uint32_t tree = 0; tree < trees->trees;) {
        struct form_room room;
        struct form *form = &f->form[f->forms++];
        uint32_t end = form_group(trees, tree, &room);
        int err = form_init(form, trees->features, &room, f->c, memory);
        if (err != 0)
            return err;
        form_build(form, trees, tree, end);
        form_room_join(&f->room, &room);
        tree = end;
    }
    return iforest_delta_init(&f->delta, trees, f->c, trees->subsample, memory);
}

int fyke_forest_fit(const struct fyke_forest_options *options,
                    const struct fyke_matrix *rows, void *memory,
                    size_t memory_bytes, void *workspace,
                    size_t workspace_bytes,
                    const struct fyke_forest **ret_forest)
{
    struct arena own, work;
    struct matrix m;
    enum isa isa;
    if (!library_matrix(rows, &m) || !options_fit(options, m.rows, m.cols))
        return FYKE_ERROR_OPTION;
    int err = library_isa(options->isa, &isa);
    if (err != 0)
        return err;
    if (has_infinite(&m))
        return FYKE_ERROR_VALUE;
    arena_init_fixed(&own, memory, memory_bytes);
    arena_init_fixed(&work, workspace, workspace_bytes);
    struct fyke_forest *f = arena_zalloc(&own, 1, sizeof *f);
    if (f == NULL)
        return FYKE_ERROR_WORKSPACE;
    f->isa = isa;
    if (grow(options, &m, &own, &work, f) != 0 || lay_out(f, &own) != 0)
        return FYKE_ERROR_WORKSPACE;
    *ret_forest = f;
    return FYKE_OK;
}

size_t fyke_forest_workspace(const struct fyke_forest *forest)
{
    return ARENA_FIXED_BYTES + ARENA_BYTES(SCORE_ROWS * sizeof(uint32_t)) +
           ARENA_BYTES(forest->trees.features * sizeof(int64_t)) +
           bytes_form_block(forest->trees.features, &forest->room);
}

static int score_some(const struct fyke_forest *f, struct form_block *block,
                      const struct matrix *rows, uint32_t *sums,
                      double *ret_score)
{
    struct compute_context context = { .isa = f->isa };
    memset(sums, 0, rows->rows * sizeof *sums);
    if (f->trees.extension > 0 &&
        plane_score(&f->trees, f->c, rows, &context, sums) != 0)
        return ERR_CANCELED;
    for (uint32_t k = 0; k < f->forms; k++) {
        int err = form_score(&f->form[k], block, iforest_kernel_of(f->isa),
                             rows, &context, sums);
        if (err != 0)
            return err;
    }
    for (uint32_t i = 0; i < rows->rows; i++)
        ret_score[i] =
            iforest_score(sums[i], f->trees.trees, f->trees.subsample);
    return ERR_OK;
}

int fyke_forest_score(const struct fyke_forest *forest,
                      const struct fyke_matrix *rows, double *ret_score,
                      void *workspace, size_t workspace_bytes)
{
    struct arena arena;
    struct form_block block;
    struct matrix m;
    if (!library_matrix(rows, &m) || m.cols != forest->trees.features)
        return FYKE_ERROR_OPTION;
    arena_init_fixed(&arena, workspace, workspace_bytes);
    uint32_t *sums = arena_alloc(&arena, SCORE_ROWS, sizeof *sums);
    if (sums == NULL ||
        form_block_init(&block, m.cols, &forest->room, &arena) != 0)
        return FYKE_ERROR_WORKSPACE;
    for (uint32_t first = 0; first < m.rows; first += SCORE_ROWS) {
        uint32_t left = m.rows - first;
        struct matrix some =
            matrix_slice(&m, first, left < SCORE_ROWS ? left : SCORE_ROWS);
        if (score_some(forest, &block, &some, sums, ret_score + first) != 0)
            return FYKE_ERROR_WORKSPACE;
    }
    return FYKE_OK;
}

int fyke_forest_explain(const struct fyke_forest *forest,
                        const struct fyke_matrix *rows,
                        double *ret_contribution, double *ret_expected,
                        void *workspace, size_t workspace_bytes)
{
    struct arena arena;
    struct matrix m;
    if (!library_matrix(rows, &m) || m.cols != forest->trees.features)
        return FYKE_ERROR_OPTION;
    arena_init_fixed(&arena, workspace, workspace_bytes);
    int64_t *delta = arena_alloc(&arena, m.cols, sizeof *delta);
    if (delta == NULL)
        return FYKE_ERROR_WORKSPACE;
    for (uint32_t i = 0; i < m.rows; i++) {
        memset(delta, 0, m.cols * sizeof *delta);
        if (forest->trees.extension > 0)
            iforest_path_delta(&forest->trees, forest->c,
                               forest->trees.subsample, m.data + i, m.stride,
                               delta);
        else
            iforest_delta_row(&forest->delta, m.data + i, m.stride, delta);
        for (uint32_t j = 0; j < m.cols; j++)
            ret_contribution[(size_t)j * m.rows + i] =
                (double)delta[j] / IFOREST_ONE;
    }
    if (ret_expected != NULL)
        *ret_expected = (double)forest->trees.trees *
                        forest->c[forest->trees.subsample] / IFOREST_ONE;
    return FYKE_OK;
}

size_t fyke_usual_workspace(uint32_t rows)
{
    return ARENA_FIXED_BYTES + ARENA_BYTES((size_t)rows * sizeof(float)) +
           ARENA_BYTES(2 * (size_t)rows * sizeof(uint32_t));
}

int fyke_usual(const struct fyke_matrix *rows, float *ret_usual,
               float *ret_spread, void *workspace, size_t workspace_bytes)
{
    struct arena arena;
    struct matrix m;
    if (!library_matrix(rows, &m))
        return FYKE_ERROR_OPTION;
    arena_init_fixed(&arena, workspace, workspace_bytes);
    float *x = arena_alloc(&arena, m.rows, sizeof *x);
    uint32_t *scratch = arena_alloc(&arena, m.rows, 2 * sizeof *scratch);
    if (x == NULL || scratch == NULL)
        return FYKE_ERROR_WORKSPACE;
    for (uint32_t j = 0; j < m.cols; j++) {
        memcpy(x, matrix_column(&m, j), m.rows * sizeof *x);
        usual_column(x, m.rows, scratch, &ret_usual[j], &ret_spread[j]);
    }
    return FYKE_OK;
}
