/* The kd-tree's inner loops in plain C: the reference. */
#include "workers/detect/dbscan/tree_kernel.h"

static void extent(const float *x, uint32_t count, float *ret_low,
                   float *ret_high)
{
    float low = x[0], high = x[0];
    for (uint32_t i = 1; i < count; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    *ret_low = low;
    *ret_high = high;
}

static float apart_of(float low_a, float high_a, float low_b, float high_b)
{
    float right = low_b - high_a, left = low_a - high_b;
    float step = right > left ? right : left;
    return step > 0 ? step : 0;
}

static float gap(const float *a, const float *b, uint32_t pad)
{
    float sum[TREE_PAD] = { 0 }, all = 0;
    for (uint32_t j = 0; j < pad; j += TREE_PAD)
        for (uint32_t k = 0; k < TREE_PAD; k++) {
            float step =
                apart_of(a[j + k], a[pad + j + k], b[j + k], b[pad + j + k]);
            sum[k] += step * step;
        }
    for (uint32_t k = 0; k < TREE_PAD; k++)
        all += sum[k];
    return all;
}

/* Bits of the lanes whose sum is at most the limit. */
static uint32_t lanes_within(const float *sum, float limit)
{
    uint32_t mask = 0, some = 0;
    for (uint32_t i = 0; i < TREE_LEAF; i++)
        some += !(sum[i] > limit);
    if (some == 0)
        return 0;
    for (uint32_t i = 0; i < TREE_LEAF; i++)
        mask |= (uint32_t) !(sum[i] > limit) << i;
    return mask;
}

static uint32_t run(const struct tree *t, const float *box, uint32_t leaf,
                    float out)
{
    float sum[TREE_RUN] = { 0 };
    uint32_t mask = 0;
    for (uint32_t j = 0; j < t->cols; j++) {
        const float *low = t->leaf_low + j * t->leaves_stride + leaf;
        const float *high = t->leaf_high + j * t->leaves_stride + leaf;
        for (uint32_t i = 0; i < TREE_RUN; i++) {
            float step = apart_of(box[j], box[t->pad + j], low[i], high[i]);
            sum[i] += step * step;
        }
    }
    for (uint32_t i = 0; i < TREE_RUN; i++)
        mask |= (uint32_t) !(sum[i] > out) << i;
    return mask;
}

static uint32_t reach(const float *block, const float *box, uint32_t cols,
                      uint32_t pad, float out)
{
    float sum[TREE_LEAF] = { 0 };
    for (uint32_t j = 0; j < cols; j++)
        for (uint32_t i = 0; i < TREE_LEAF; i++) {
            float x = block[j * TREE_LEAF + i];
            float step = apart_of(x, x, box[j], box[pad + j]);
            sum[i] += step * step;
        }
    return lanes_within(sum, out);
}

/* The float32 sums from one point to a block; its values lie `stride` apart. */
static void sums_of(const float *query, size_t stride, const float *block,
                    uint32_t cols, float *sum)
{
    for (uint32_t i = 0; i < TREE_LEAF; i++)
        sum[i] = 0;
    for (uint32_t j = 0; j < cols; j++) {
        float x = query[j * stride];
        for (uint32_t i = 0; i < TREE_LEAF; i++) {
            float step = block[j * TREE_LEAF + i] - x;
            sum[i] += step * step;
        }
    }
}

static uint32_t pair(const struct exact_limit *limit, const float *a,
                     uint32_t queries, const float *b, uint32_t cols,
                     uint32_t *mask)
{
    uint32_t some = 0;
    for (; queries != 0; queries &= queries - 1) {
        uint32_t q = (uint32_t)__builtin_ctz(queries);
        float sum[TREE_LEAF];
        sums_of(a + q, TREE_LEAF, b, cols, sum);
        mask[q] = lanes_within(sum, limit->out);
        if (mask[q] == 0)
            continue;
        uint32_t sure = lanes_within(sum, limit->in);
        mask[q] = sure | tree_unsure(limit, a, q, b, mask[q] & ~sure, cols);
        some |= (uint32_t)(mask[q] != 0) << q;
    }
    return some;
}

static void sums(const float *query, const float *block, uint32_t cols,
                 float *ret_sums)
{
    sums_of(query, 1, block, cols, ret_sums);
}

const struct tree_kernel tree_kernel_c = {
    .name = "c",
    .extent = extent,
    .gap = gap,
    .run = run,
    .reach = reach,
    .pair = pair,
    .sums = sums,
};
