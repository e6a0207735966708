/* One row down every tree, counting what each step was worth. */
#include "proto/wire/iforest_delta.h"

#include <stdbool.h>
#include <string.h>

#define LANES IFOREST_DELTA_LANES
#define ROUNDS 4u /* between two looks at who is at the end */

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

/* ---- laid out ---- */

/* A step goes on by 1, or by 1 + right when the value is above the threshold.
 * At a leaf the value is 0 (it has the slot behind the last feature), so that
 * the step goes to the next tree's root; at the end of a lane it stays. */
#define ALWAYS_RIGHT -1.0f
#define STAY UINT32_MAX

static struct iforest_delta_node laid_out(const struct walk *w, uint32_t tree,
                                          uint32_t node)
{
    const struct iforest_forest *f = w->f;
    uint32_t first = f->tree_first[tree], feature = f->feature[node];
    struct iforest_delta_node n = { .c = (uint32_t)c_of(w, node) };
    if (feature == IFOREST_LEAF) {
        n.slot = (uint16_t)f->features;
        n.threshold = ALWAYS_RIGHT;
        n.right = f->tree_first[tree + 1] - node - 1;
    } else {
        n.slot = (uint16_t)feature;
        n.threshold = f->threshold[node];
        n.right = first + f->right[node] - node - 1;
        n.missing_right = missing_goes_right(f, first, node);
    }
    return n;
}

int iforest_delta_init(struct iforest_delta *d,
                       const struct iforest_forest *forest, const uint32_t *c,
                       uint32_t c_max, struct arena *arena)
{
    struct walk w = { .f = forest, .c = c, .c_max = c_max };
    struct iforest_delta_node *n =
        arena_alloc(arena, (size_t)forest->node_count + LANES, sizeof *n);
    if (n == NULL)
        return ERR_NOMEM;
    d->features = forest->features;
    for (uint32_t k = 0, tree = 0; k < LANES; k++) {
        uint32_t end = (uint32_t)((uint64_t)forest->trees * (k + 1) / LANES);
        d->lane[k] = n;
        for (; tree < end; tree++)
            for (uint32_t node = forest->tree_first[tree];
                 node < forest->tree_first[tree + 1]; node++)
                *n++ = laid_out(&w, tree, node);
        *n++ = (struct iforest_delta_node){ .threshold = ALWAYS_RIGHT,
                                            .right = STAY,
                                            .slot = (uint16_t)d->features };
    }
    return 0;
}

/* The row that is walked: its values, and what they did; the last of each is
 * for steps that count for no feature. */
struct lanes_row {
    float x[IFOREST_FEATURES_MAX + 1];
    int64_t delta[IFOREST_FEATURES_MAX + 1];
};

/* Without a branch that depends on the value: every second guess would be
 * wrong, and each costs more than the step. */
static inline const struct iforest_delta_node *
lane_step(const struct iforest_delta_node *n, struct lanes_row *row,
          bool has_missing)
{
    float value = row->x[n->slot];
    bool goes_right = value > n->threshold;
    if (has_missing && value != value)
        goes_right = n->missing_right;
    const struct iforest_delta_node *below =
        n + (uint32_t)(1 + (-(uint32_t)goes_right & n->right));
    row->delta[n->slot] += (int64_t)n->c - below->c - (int64_t)IFOREST_ONE;
    return below;
}

/* Lanes wait for memory together. Who is at the end stays there. */
static inline void lanes_walk(const struct iforest_delta *d,
                              struct lanes_row *row, bool has_missing)
{
    const struct iforest_delta_node *at[LANES];
    bool goes_on = true;
    memcpy(at, d->lane, sizeof at);
    while (goes_on) {
        goes_on = false;
        for (uint32_t round = 0; round < ROUNDS; round++)
            for (uint32_t k = 0; k < LANES; k++)
                at[k] = lane_step(at[k], row, has_missing);
        for (uint32_t k = 0; k < LANES; k++)
            goes_on |= at[k]->right != STAY;
    }
}

void iforest_delta_row(const struct iforest_delta *d, const float *x,
                       size_t stride, int64_t *ret_delta)
{
    struct lanes_row row;
    bool has_missing = false;
    for (uint32_t j = 0; j < d->features; j++) {
        row.x[j] = x[j * stride];
        has_missing |= row.x[j] != row.x[j];
    }
    row.x[d->features] = 0.0f;
    memset(row.delta, 0, (d->features + 1) * sizeof *row.delta);
    if (has_missing)
        lanes_walk(d, &row, true);
    else
        lanes_walk(d, &row, false);
    for (uint32_t j = 0; j < d->features; j++)
        ret_delta[j] += row.delta[j];
}
