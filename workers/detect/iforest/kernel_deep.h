/*
 * Trees that do not fit masks: eight rows walk down side by side, so that
 * eight chains of loads overlap; no branch depends on data. Internal to the
 * kernels.
 */
#ifndef FYKE_WORKERS_IFOREST_KERNEL_DEEP_H
#define FYKE_WORKERS_IFOREST_KERNEL_DEEP_H

#include "workers/detect/iforest/kernel.h"

#include <stdbool.h>
#include <stddef.h>

#define EACH(j) for (uint32_t j = 0; j < KERNEL_ROWS; j++)

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
                right |= (value != value) & tree->missing_right[at[j]];
                at[j] = node->child[right];
            }
        EACH(j) sums[r + j] += tree->leaf[at[j]];
    }
}

#endif
