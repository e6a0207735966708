/* Splits by planes; see grow_plane.h for the rules. */
#include "workers/detect/iforest/grow_plane.h"

#include "proto/base/check.h"

#include <math.h>
#include <stddef.h>

#define BELL_UNIFORMS 12
#define BELL_MEAN 393210 /* BELL_UNIFORMS * 65535 / 2 */
#define BELL_ONE 65536.0

/* Mean 0, variance 1 (less 2^-32): the sum of twelve uniform numbers of 16
 * bits, from three draws. */
static double bell(struct rng *r)
{
    int32_t sum = 0;
    for (int i = 0; i < BELL_UNIFORMS / 4; i++) {
        uint64_t word = rng_next(r);
        for (int k = 0; k < 4; k++, word >>= 16)
            sum += (int32_t)(word & 0xFFFF);
    }
    return (sum - BELL_MEAN) / BELL_ONE;
}

/* Chooses up to extension + 1 features that vary into perm[0..returned), and
 * into t->reach how far each of them reaches in the node. */
static uint32_t plane_choose(const struct grow_rows *rows, struct grow_tree *t)
{
    uint32_t width = t->nodes.extension + 1, chosen = 0;
    while (chosen < width && chosen < t->node.features) {
        uint32_t pick =
            chosen + (uint32_t)rng_below(&t->rng, t->node.features - chosen);
        uint16_t feature = t->perm[pick];
        struct grow_range range = grow_load(rows, t, feature);
        if (!(range.lo < range.hi)) {
            grow_drop(t, pick);
            continue;
        }
        t->perm[pick] = t->perm[chosen];
        t->perm[chosen] = feature;
        t->reach[chosen++] = (double)range.hi - (double)range.lo;
    }
    return chosen;
}

/* Draws the weights of the chosen features, those behind them are 0. They are
 * brought to a sum of 1, so that no row's sum is larger than its values. */
static void plane_weigh(struct grow_tree *t, uint32_t chosen, float *weight)
{
    double total = 0.0;
    for (uint32_t k = 0; k < chosen; k++) {
        t->reach[k] = bell(&t->rng) / t->reach[k];
        total += fabs(t->reach[k]);
    }
    for (uint32_t k = 0; k < chosen; k++)
        weight[k] = total > 0.0 ? (float)(t->reach[k] / total) : 0.0f;
}

/* Every row's sum to t->sum; NaN where a value is missing. */
static void plane_sum(const struct grow_rows *rows, struct grow_tree *t,
                      uint32_t chosen, const float *weight)
{
    uint32_t n = t->node.end - t->node.begin;
    for (uint32_t i = 0; i < n; i++)
        t->sum[i] = 0.0;
    for (uint32_t k = 0; k < chosen; k++) {
        (void)grow_load(rows, t, t->perm[k]);
        for (uint32_t i = 0; i < n; i++)
            t->sum[i] += (double)weight[k] * (double)t->value[i];
    }
}

/* A level in [lo, hi) that float32 can say. False: there is none. */
static bool plane_level(const double *sum, uint32_t n, double unit,
                        float *ret_level)
{
    double lo = HUGE_VAL, hi = -HUGE_VAL;
    for (uint32_t i = 0; i < n; i++) {
        lo = sum[i] < lo ? sum[i] : lo;
        hi = sum[i] > hi ? sum[i] : hi;
    }
    if (!(lo < hi))
        return false;
    float level = (float)(lo * (1.0 - unit) + hi * unit);
    if ((double)level >= hi)
        level = nextafterf(level, -INFINITY);
    if ((double)level < lo)
        level = nextafterf(level, INFINITY);
    *ret_level = level;
    return (double)level >= lo && (double)level < hi;
}

static uint32_t plane_part(struct grow_tree *t, float level)
{
    const struct grow_frame *node = &t->node;
    const uint32_t *from = t->order[node->depth & 1] + node->begin;
    uint32_t *to = t->order[~node->depth & 1] + node->begin;
    uint32_t n = node->end - node->begin, left = 0, *last = to + (n - 1);
    uint32_t below = 0, missing = 0;
    for (uint32_t i = 0; i < n; i++) {
        below += t->sum[i] <= (double)level;
        missing += t->sum[i] != t->sum[i];
    }
    bool missing_left = 2 * below >= n - missing;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t goes_left = (t->sum[i] <= (double)level) |
                             (missing_left & (t->sum[i] != t->sum[i]));
        to[left] = from[i];
        last[(ptrdiff_t)left - (ptrdiff_t)i] = from[i];
        left += goes_left;
    }
    return left;
}

uint32_t grow_plane(const struct grow_rows *rows, struct grow_tree *t)
{
    uint32_t width = t->nodes.extension + 1;
    uint32_t n = t->node.end - t->node.begin;
    uint16_t *axis = t->nodes.axis + (size_t)t->at * width;
    float *weight = t->nodes.weight + (size_t)t->at * width, level = 0.0f;
    uint32_t chosen = plane_choose(rows, t);
    if (chosen == 0)
        return 0;
    plane_weigh(t, chosen, weight);
    plane_sum(rows, t, chosen, weight);
    if (!plane_level(t->sum, n, rng_unit(&t->rng), &level)) {
        for (uint32_t k = 0; k < chosen; k++)
            weight[k] = k == 0 ? 1.0f : 0.0f;
        chosen = 1;
        plane_sum(rows, t, chosen, weight);
        check(plane_level(t->sum, n, rng_unit(&t->rng), &level));
    }
    for (uint32_t k = 0; k < width; k++)
        axis[k] = t->perm[k < chosen ? k : 0];
    t->nodes.feature[t->at] = axis[0];
    t->nodes.threshold[t->at] = level;
    return plane_part(t, level);
}
