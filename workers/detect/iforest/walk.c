/* All rows over all trees of a form: block by block, tree by tree. */
#include "workers/detect/iforest/form.h"

#include <string.h>

#define DEEP_FLOATS 6144u /* 24 KiB: rows at a time stay in the first cache */
#define DEEP_ROWS_MIN 64u

/* Rows [first, first + count) of `rows`, count <= MASK_ROWS. */
struct walk_rows {
    const struct matrix *rows;
    uint32_t first, count;
};

int form_block_init(struct form_block *b, uint32_t cols,
                    const struct form_room *room, struct arena *arena)
{
    uint32_t columns = room->deep_nodes > 0 ? cols : 1;
    size_t slots = (size_t)room->mask_nodes + cols + 1;
    b->x = arena_alloc(arena, (size_t)columns * MASK_ROWS, sizeof *b->x);
    b->sums = arena_alloc(arena, MASK_ROWS, sizeof *b->sums);
    b->bits = arena_alloc(arena, slots, sizeof *b->bits);
    b->space = arena_alloc(arena, 1, sizeof *b->space);
    return b->x && b->sums && b->bits && b->space ? 0 : ERR_NOMEM;
}

static void column_copy(float *to, const struct walk_rows *r, uint32_t col)
{
    memcpy(to, matrix_column(r->rows, col) + r->first, r->count * sizeof *to);
    memset(to + r->count, 0, (MASK_ROWS - r->count) * sizeof *to);
}

static void mask_block(const struct form *form, struct form_block *b,
                       const struct iforest_kernel *kernel,
                       const struct walk_rows *r)
{
    for (uint32_t k = 0; k < form->features; k++) {
        const struct mask_feature *f = &form->feature[k];
        const float *x = matrix_column(r->rows, f->column) + r->first;
        if (r->count < MASK_ROWS) {
            column_copy(b->x, r, f->column);
            x = b->x;
        }
        kernel->fill(f, x, b->bits);
    }
    for (uint32_t t = 0; t < form->mask_trees; t += MASK_TREES) {
        uint32_t trees = form->mask_trees - t;
        kernel->walk(form->mask + t, trees < MASK_TREES ? trees : MASK_TREES,
                     b->bits, b->space, b->sums);
    }
}

static bool has_missing(const float *x, uint32_t n)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < n; i++)
        missing |= x[i] != x[i];
    return missing != 0;
}

static void deep_block(const struct form *form, struct form_block *b,
                       const struct iforest_kernel *kernel,
                       const struct walk_rows *r)
{
    uint32_t rows = (r->count + KERNEL_ROWS - 1) / KERNEL_ROWS * KERNEL_ROWS;
    uint32_t step = DEEP_FLOATS / form->cols / KERNEL_ROWS * KERNEL_ROWS;
    bool missing = false;
    for (uint32_t j = 0; j < form->cols; j++) {
        float *to = b->x + (size_t)j * MASK_ROWS;
        column_copy(to, r, j);
        missing |= has_missing(to, r->count);
    }
    step = step < DEEP_ROWS_MIN ? DEEP_ROWS_MIN : step;
    for (uint32_t at = 0; at < rows; at += step)
        for (uint32_t t = 0; t < form->deep_trees; t++)
            (missing ? kernel->deep_missing : kernel->deep)(
                &form->deep[t], b->x + at, rows - at < step ? rows - at : step,
                b->sums + at);
}

int form_score(const struct form *form, struct form_block *block,
               const struct iforest_kernel *kernel, const struct matrix *rows,
               const struct compute_context *context, uint32_t *sums)
{
    for (uint32_t first = 0; first < rows->rows; first += MASK_ROWS) {
        struct walk_rows r = { rows, first, rows->rows - first };
        if (r.count > MASK_ROWS)
            r.count = MASK_ROWS;
        memset(block->sums, 0, MASK_ROWS * sizeof *block->sums);
        if (form->mask_trees > 0)
            mask_block(form, block, kernel, &r);
        if (form->deep_trees > 0)
            deep_block(form, block, kernel, &r);
        for (uint32_t i = 0; i < r.count; i++)
            sums[first + i] += block->sums[i];
        int err = compute_advance(context, r.count);
        if (err != 0)
            return err;
    }
    return 0;
}
