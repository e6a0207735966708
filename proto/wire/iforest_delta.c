/* One row down every tree, counting what each step was worth. */
#include "proto/wire/iforest_delta.h"

#include <stdbool.h>

/* A row on its way down. */
struct walk {
    const struct iforest_forest *f;
    const uint32_t *c;
    uint32_t c_max;
    const float *x;
    size_t stride;
    int64_t *delta;
};

/* c() of a node's rows; the table ends before the largest ones of forests
 * that were grown on very many. */
static int64_t c_of(const struct walk *w, uint32_t node)
{
    uint32_t n = w->f->count[node];
    return n <= w->c_max ? w->c[n] : iforest_c(n);
}

static bool missing_goes_right(const struct iforest_forest *f, uint32_t first,
                               uint32_t node)
{
    if (f->missing_right != NULL)
        return f->missing_right[node] != 0;
    return iforest_heavier_right(f->count, node, first + f->right[node]) != 0;
}

static void tree_delta(const struct walk *w, uint32_t tree)
{
    const struct iforest_forest *f = w->f;
    uint32_t first = f->tree_first[tree], node = first;
    int64_t expected = c_of(w, node), depth_one = 0;
    for (uint32_t feature; (feature = f->feature[node]) != IFOREST_LEAF;) {
        float value = w->x[feature * w->stride];
        uint32_t right = first + f->right[node];
        bool goes_right = value > f->threshold[node];
        if (value != value)
            goes_right = missing_goes_right(f, first, node);
        node = goes_right ? right : node + 1;
        depth_one += IFOREST_ONE;
        int64_t below = depth_one + c_of(w, node);
        w->delta[feature] += expected - below;
        expected = below;
    }
}

static bool plane_goes_right(const struct walk *w, uint32_t first,
                             uint32_t node)
{
    const struct iforest_forest *f = w->f;
    size_t at = (size_t)node * (f->extension + 1);
    double sum = 0.0;
    for (uint32_t k = 0; k <= f->extension; k++) {
        float value = w->x[f->axis[at + k] * w->stride];
        if (value != value)
            return missing_goes_right(f, first, node);
        sum += (double)f->weight[at + k] * (double)value;
    }
    return sum > (double)f->threshold[node];
}

/* A split's worth goes to its features in equal shares, the rest that does not
 * divide to the first. */
static void plane_share(const struct walk *w, uint32_t node, int64_t worth)
{
    const struct iforest_forest *f = w->f;
    size_t at = (size_t)node * (f->extension + 1);
    int64_t used = 0, share;
    for (uint32_t k = 0; k <= f->extension; k++)
        used += f->weight[at + k] != 0.0f;
    if (used == 0)
        used = 1;
    share = worth / used;
    for (uint32_t k = 0; k <= f->extension; k++)
        if (f->weight[at + k] != 0.0f) {
            w->delta[f->axis[at + k]] += share;
            worth -= share;
        }
    w->delta[f->axis[at]] += worth;
}

static void plane_delta(const struct walk *w, uint32_t tree)
{
    const struct iforest_forest *f = w->f;
    uint32_t first = f->tree_first[tree], node = first;
    int64_t expected = c_of(w, node);
    for (int64_t depth = 1; f->feature[node] != IFOREST_LEAF; depth++) {
        uint32_t below_node = plane_goes_right(w, first, node)
                                  ? first + f->right[node]
                                  : node + 1;
        int64_t below = depth * IFOREST_ONE + c_of(w, below_node);
        plane_share(w, node, expected - below);
        expected = below;
        node = below_node;
    }
}

void iforest_path_delta(const struct iforest_forest *forest, const uint32_t *c,
                        uint32_t c_max, const float *x, size_t stride,
                        int64_t *ret_delta)
{
    struct walk w = { forest, c, c_max, x, stride, ret_delta };
    for (uint32_t tree = 0; tree < forest->trees; tree++)
        if (forest->extension > 0)
            plane_delta(&w, tree);
        else
            tree_delta(&w, tree);
}
