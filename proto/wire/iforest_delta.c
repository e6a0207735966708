/* One row down every tree, counting what each step was worth. */
#include "proto/wire/iforest_delta.h"

#include <stdbool.h>

#define PATHS 32u /* trees that a row goes down at a time */

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

/* A tree that the row has not left yet. */
struct path {
    uint32_t first, node;
    int64_t expected;
};

/* One step down, the same for both children: which one it is nobody can
 * foresee. */
static void path_step(const struct walk *w, struct path *p, uint32_t feature,
                      int64_t depth_one)
{
    const struct iforest_forest *f = w->f;
    float value = w->x[feature * w->stride];
    uint32_t left = p->node + 1, right = p->first + f->right[p->node];
    bool goes_right = value > f->threshold[p->node];
    if (value != value)
        goes_right = missing_goes_right(f, p->first, p->node);
    p->node = left + (right - left) * goes_right;
    int64_t below = depth_one + c_of(w, p->node);
    w->delta[feature] += p->expected - below;
    p->expected = below;
}

/* Several trees level by level: each step waits for memory, and so they wait
 * together. */
static void trees_delta(const struct walk *w, uint32_t tree, uint32_t count)
{
    const struct iforest_forest *f = w->f;
    struct path path[PATHS];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = f->tree_first[tree + i];
        path[i] = (struct path){ first, first, c_of(w, first) };
    }
    for (int64_t depth = 1; count > 0; depth++) {
        uint32_t left = 0;
        for (uint32_t i = 0; i < count; i++) {
            struct path p = path[i];
            uint32_t feature = f->feature[p.node];
            if (feature == IFOREST_LEAF)
                continue;
            path_step(w, &p, feature, depth * IFOREST_ONE);
            path[left++] = p;
        }
        count = left;
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
    if (forest->extension > 0) {
        for (uint32_t tree = 0; tree < forest->trees; tree++)
            plane_delta(&w, tree);
        return;
    }
    for (uint32_t tree = 0; tree < forest->trees; tree += PATHS) {
        uint32_t left = forest->trees - tree;
        trees_delta(&w, tree, left < PATHS ? left : PATHS);
    }
}
