/* All rows over all trees of a form: block by block, tree by tree. */
#include "workers/detect/iforest/form.h"

#include <string.h>

static bool run_has_missing(const float *x, uint32_t n)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < n; i++)
        missing |= x[i] != x[i];
    return missing != 0;
}

static void block_load(struct form_block *b, const struct form *form,
                       const struct matrix *rows, uint32_t first,
                       uint32_t count)
{
    b->rows = (count + KERNEL_ROWS - 1) / KERNEL_ROWS * KERNEL_ROWS;
    b->missing = false;
    memset(b->sums, 0, b->rows * sizeof *b->sums);
    for (uint32_t j = 0; j < form->cols; j++) {
        float *to = b->x + (size_t)j * form->block_rows;
        memcpy(to, matrix_column(rows, j) + first, count * sizeof *to);
        memset(to + count, 0, (b->rows - count) * sizeof *to);
        b->missing |= run_has_missing(to, count);
    }
}

static void block_walk(struct form_block *b, const struct form *form,
                       const struct iforest_kernel *kernel)
{
    for (uint32_t t = 0; t < form->trees; t++) {
        const struct form_tree *tree = &form->tree[t];
        if (tree->is_deep)
            (b->missing ? kernel->deep_missing
                        : kernel->deep)(&tree->deep, b->x, b->rows, b->sums);
        else
            (b->missing ? kernel->heap_missing
                        : kernel->heap)(&tree->heap, b->x, b->rows, b->sums);
    }
}

int form_block_init(struct form_block *b, const struct form *form,
                    struct arena *arena)
{
    *b = (struct form_block){ 0 };
    b->x =
        arena_alloc(arena, (size_t)form->cols * form->block_rows, sizeof *b->x);
    b->sums = arena_alloc(arena, form->block_rows, sizeof *b->sums);
    return b->x != NULL && b->sums != NULL ? 0 : ERR_NOMEM;
}

int form_score(const struct form *form, struct form_block *block,
               const struct iforest_kernel *kernel, const struct matrix *rows,
               const struct compute_context *context, uint32_t *sums)
{
    for (uint32_t first = 0; first < rows->rows; first += form->block_rows) {
        uint32_t count = rows->rows - first;
        if (count > form->block_rows)
            count = form->block_rows;
        block_load(block, form, rows, first, count);
        block_walk(block, form, kernel);
        for (uint32_t i = 0; i < count; i++)
            sums[first + i] += block->sums[i];
        int err = compute_advance(context, count);
        if (err != 0)
            return err;
    }
    return 0;
}
