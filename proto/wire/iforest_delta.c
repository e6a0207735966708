/* One row down every tree, counting what each step was worth. */
#include "proto/wire/iforest_delta.h"

#include "proto/base/check.h"

#include <stdbool.h>

static bool goes_right(const struct iforest_forest *f, uint32_t first,
                       uint32_t node, float value)
{
    if (value == value)
        return value > f->threshold[node];
    if (f->missing_right != NULL)
        return f->missing_right[node] != 0;
    return iforest_heavier_right(f->count, node, first + f->right[node]) != 0;
}

static void tree_delta(const struct iforest_forest *f, uint32_t tree,
                       const uint32_t *c, const float *x, size_t stride,
                       int64_t *ret_delta)
{
    uint32_t first = f->tree_first[tree], node = first;
    int64_t expected = c[f->count[node]];
    for (int64_t depth = 1; f->feature[node] != IFOREST_LEAF; depth++) {
        uint32_t feature = f->feature[node];
        float value = x[feature * stride];
        node = goes_right(f, first, node, value) ? first + f->right[node]
                                                 : node + 1;
        int64_t below = depth * IFOREST_ONE + c[f->count[node]];
        ret_delta[feature] += expected - below;
        expected = below;
    }
}

void iforest_path_delta(const struct iforest_forest *forest, const uint32_t *c,
                        const float *x, size_t stride, int64_t *ret_delta)
{
    check(forest->extension == 0);
    for (uint32_t tree = 0; tree < forest->trees; tree++)
        tree_delta(forest, tree, c, x, stride, ret_delta);
}
