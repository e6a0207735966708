/*
 * The plain C kernel: eight rows walk down a tree side by side, so that eight
 * chains of loads overlap; no branch depends on data.
 */
#include "workers/detect/iforest/kernel.h"

#include <stdbool.h>
#include <stddef.h>

#define EACH(j) for (uint32_t j = 0; j < KERNEL_ROWS; j++)

static bool is_missing(float value)
{
    return value != value;
}

static void heap_plain(const struct heap_tree *tree, const float *x,
                       uint32_t rows, uint32_t *sums)
{
    const size_t leaves = (size_t)1 << tree->height;
    for (uint32_t r = 0; r < rows; r += KERNEL_ROWS, x += KERNEL_ROWS) {
        size_t at[KERNEL_ROWS];
        EACH(j) at[j] = 1;
        for (uint32_t depth = 0; depth < tree->height; depth++)
            EACH(j)
            {
                const struct heap_node *node = &tree->node[at[j]];
                float value = x[(size_t)node->offset + j];
                at[j] = 2 * at[j] + (value > node->threshold);
            }
        EACH(j) sums[r + j] += tree->leaf[at[j] - leaves];
    }
}

static void heap_missing(const struct heap_tree *tree, const float *x,
                         uint32_t rows, uint32_t *sums)
{
    const size_t leaves = (size_t)1 << tree->height;
    for (uint32_t r = 0; r < rows; r += KERNEL_ROWS, x += KERNEL_ROWS) {
        size_t at[KERNEL_ROWS];
        EACH(j) at[j] = 1;
        for (uint32_t depth = 0; depth < tree->height; depth++)
            EACH(j)
            {
                const struct heap_node *node = &tree->node[at[j]];
                float value = x[(size_t)node->offset + j];
                size_t right = value > node->threshold;
                right |= is_missing(value) & tree->missing_right[at[j]];
                at[j] = 2 * at[j] + right;
            }
        EACH(j) sums[r + j] += tree->leaf[at[j] - leaves];
    }
}

static void deep_plain(const struct deep_tree *tree, const float *x,
                       uint32_t rows, uint32_t *sums)
{
    for (uint32_t r = 0; r < rows; r += KERNEL_ROWS, x += KERNEL_ROWS) {
        size_t at[KERNEL_ROWS] = { 0 };
        for (uint32_t depth = 0; depth < tree->height; depth++)
            EACH(j)
            {
                const struct deep_node *node = &tree->node[at[j]];
                float value = x[(size_t)node->offset + j];
                at[j] = node->child[value > node->threshold];
            }
        EACH(j) sums[r + j] += tree->leaf[at[j]];
    }
}

static void deep_missing(const struct deep_tree *tree, const float *x,
                         uint32_t rows, uint32_t *sums)
{
    for (uint32_t r = 0; r < rows; r += KERNEL_ROWS, x += KERNEL_ROWS) {
        size_t at[KERNEL_ROWS] = { 0 };
        for (uint32_t depth = 0; depth < tree->height; depth++)
            EACH(j)
            {
                const struct deep_node *node = &tree->node[at[j]];
                float value = x[(size_t)node->offset + j];
                size_t right = value > node->threshold;
                right |= is_missing(value) & tree->missing_right[at[j]];
                at[j] = node->child[right];
            }
        EACH(j) sums[r + j] += tree->leaf[at[j]];
    }
}

const struct iforest_kernel iforest_kernel_c = {
    .name = "c",
    .heap = heap_plain,
    .heap_missing = heap_missing,
    .deep = deep_plain,
    .deep_missing = deep_missing,
};

const struct iforest_kernel *const iforest_kernel_table[] = {
    &iforest_kernel_c,
    NULL,
};
