/* The kd-tree's inner loops in AVX-512. */
#include "workers/detect/dbscan/tree_kernel.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define AT_ONCE 4u /* queries whose sums are added up side by side */

static void extent(const float *x, uint32_t count, float *ret_low,
                   float *ret_high)
{
    __m512 low[2] = { _mm512_set1_ps(x[0]), _mm512_set1_ps(x[0]) };
    __m512 high[2] = { low[0], low[0] };
    uint32_t i = 0;
    for (; i + 2 * 16 <= count; i += 2 * 16)
        for (size_t k = 0; k < 2; k++) {
            __m512 value = _mm512_loadu_ps(x + i + k * 16);
            low[k] = _mm512_min_ps(low[k], value);
            high[k] = _mm512_max_ps(high[k], value);
        }
    *ret_low = _mm512_reduce_min_ps(_mm512_min_ps(low[0], low[1]));
    *ret_high = _mm512_reduce_max_ps(_mm512_max_ps(high[0], high[1]));
    for (; i < count; i++) {
        *ret_low = x[i] < *ret_low ? x[i] : *ret_low;
        *ret_high = x[i] > *ret_high ? x[i] : *ret_high;
    }
}

INLINE __m512 apart_of(__m512 low_a, __m512 high_a, __m512 low_b, __m512 high_b)
{
    __m512 step = _mm512_max_ps(_mm512_sub_ps(low_b, high_a),
                                _mm512_sub_ps(low_a, high_b));
    return _mm512_max_ps(step, _mm512_setzero_ps());
}

static float gap(const float *a, const float *b, uint32_t pad)
{
    __m512 sum = _mm512_setzero_ps();
    for (uint32_t j = 0; j < pad; j += TREE_PAD) {
        __m512 step =
            apart_of(_mm512_load_ps(a + j), _mm512_load_ps(a + pad + j),
                     _mm512_load_ps(b + j), _mm512_load_ps(b + pad + j));
        sum = _mm512_fmadd_ps(step, step, sum);
    }
    return _mm512_reduce_add_ps(sum);
}

/* Bits of the lanes whose sum is not above the limit. */
INLINE uint32_t lanes_within(const __m512 *sum, __m512 limit)
{
    uint32_t low = _mm512_cmp_ps_mask(sum[0], limit, _CMP_NGT_UQ);
    uint32_t high = _mm512_cmp_ps_mask(sum[1], limit, _CMP_NGT_UQ);
    return low | high << 16;
}

static uint32_t run(const struct tree *t, const float *box, uint32_t leaf,
                    float out)
{
    const float *low = t->leaf_low + leaf, *high = t->leaf_high + leaf;
    __m512 sum = _mm512_setzero_ps();
    for (uint32_t j = 0; j < t->cols; j++) {
        __m512 step =
            apart_of(_mm512_set1_ps(box[j]), _mm512_set1_ps(box[t->pad + j]),
                     _mm512_loadu_ps(low), _mm512_loadu_ps(high));
        sum = _mm512_fmadd_ps(step, step, sum);
        low += t->leaves_stride;
        high += t->leaves_stride;
    }
    return _mm512_cmp_ps_mask(sum, _mm512_set1_ps(out), _CMP_NGT_UQ);
}

static uint32_t reach(const float *block, const float *box, uint32_t cols,
                      uint32_t pad, float out)
{
    __m512 sum[2] = { _mm512_setzero_ps(), _mm512_setzero_ps() };
    for (size_t j = 0; j < cols; j++) {
        __m512 low = _mm512_set1_ps(box[j]),
               high = _mm512_set1_ps(box[pad + j]);
        for (size_t h = 0; h < 2; h++) {
            __m512 x = _mm512_load_ps(block + j * TREE_LEAF + h * 16);
            __m512 step = apart_of(x, x, low, high);
            sum[h] = _mm512_fmadd_ps(step, step, sum[h]);
        }
    }
    return lanes_within(sum, _mm512_set1_ps(out));
}

/* The sums of `count` queries, at[k] their first values. */
INLINE void sums_of(const float *const *at, size_t stride, uint32_t count,
                    const float *b, uint32_t cols, __m512 (*sum)[2])
{
    for (uint32_t k = 0; k < count; k++)
        sum[k][0] = sum[k][1] = _mm512_setzero_ps();
    for (size_t j = 0; j < cols; j++) {
        __m512 low = _mm512_load_ps(b + j * TREE_LEAF);
        __m512 high = _mm512_load_ps(b + j * TREE_LEAF + 16);
        for (uint32_t k = 0; k < count; k++) {
            __m512 x = _mm512_set1_ps(at[k][j * stride]);
            __m512 step = _mm512_sub_ps(low, x);
            sum[k][0] = _mm512_fmadd_ps(step, step, sum[k][0]);
            step = _mm512_sub_ps(high, x);
            sum[k][1] = _mm512_fmadd_ps(step, step, sum[k][1]);
        }
    }
}

/* The sums of one query: two halves of the columns, since each addition waits
 * for the one before. */
INLINE void sums_one(const float *a, const float *b, uint32_t cols, __m512 *sum)
{
    __m512 other[2] = { _mm512_setzero_ps(), _mm512_setzero_ps() };
    uint32_t j = 0;
    sum[0] = sum[1] = _mm512_setzero_ps();
    for (; j + 2 <= cols;
         j += 2, a += (size_t)2 * TREE_LEAF, b += (size_t)2 * TREE_LEAF) {
        __m512 x = _mm512_set1_ps(a[0]), y = _mm512_set1_ps(a[TREE_LEAF]);
        for (size_t h = 0; h < 2; h++) {
            __m512 step = _mm512_sub_ps(_mm512_load_ps(b + h * 16), x);
            sum[h] = _mm512_fmadd_ps(step, step, sum[h]);
            step = _mm512_sub_ps(_mm512_load_ps(b + TREE_LEAF + h * 16), y);
            other[h] = _mm512_fmadd_ps(step, step, other[h]);
        }
    }
    for (size_t h = 0; h < 2; h++) {
        if (j < cols) {
            __m512 step =
                _mm512_sub_ps(_mm512_load_ps(b + h * 16), _mm512_set1_ps(*a));
            sum[h] = _mm512_fmadd_ps(step, step, sum[h]);
        }
        sum[h] = _mm512_add_ps(sum[h], other[h]);
    }
}

/* The lanes of b that are neighbours of lane q, by their sums. */
INLINE uint32_t pair_lanes(const struct exact_limit *limit, const __m512 *sum,
                           const float *a, uint32_t q, const float *b,
                           uint32_t cols)
{
    uint32_t near = lanes_within(sum, _mm512_set1_ps(limit->out));
    if (near == 0)
        return 0;
    uint32_t sure = lanes_within(sum, _mm512_set1_ps(limit->in));
    return sure | tree_unsure(limit, a, q, b, near & ~sure, cols);
}

static uint32_t pair(const struct exact_limit *limit, const float *a,
                     uint32_t queries, const float *b, uint32_t cols,
                     uint32_t *mask)
{
    uint32_t some = 0, left = (uint32_t)__builtin_popcount(queries);
    for (; left >= AT_ONCE; left -= AT_ONCE) {
        uint32_t q[AT_ONCE];
        const float *at[AT_ONCE];
        __m512 sum[AT_ONCE][2];
        for (uint32_t k = 0; k < AT_ONCE; k++, queries &= queries - 1) {
            q[k] = (uint32_t)__builtin_ctz(queries);
            at[k] = a + q[k];
        }
        sums_of(at, TREE_LEAF, AT_ONCE, b, cols, sum);
        for (uint32_t k = 0; k < AT_ONCE; k++) {
            mask[q[k]] = pair_lanes(limit, sum[k], a, q[k], b, cols);
            some |= (uint32_t)(mask[q[k]] != 0) << q[k];
        }
    }
    for (; queries != 0; queries &= queries - 1) {
        uint32_t q = (uint32_t)__builtin_ctz(queries);
        __m512 sum[2];
        sums_one(a + q, b, cols, sum);
        mask[q] = pair_lanes(limit, sum, a, q, b, cols);
        some |= (uint32_t)(mask[q] != 0) << q;
    }
    return some;
}

static void sums(const float *query, const float *block, uint32_t cols,
                 float *ret_sums)
{
    __m512 sum[1][2];
    sums_of(&query, 1, 1, block, cols, sum);
    _mm512_storeu_ps(ret_sums, sum[0][0]);
    _mm512_storeu_ps(ret_sums + 16, sum[0][1]);
}

const struct tree_kernel tree_kernel_avx512 = {
    .name = "avx512",
    .extent = extent,
    .gap = gap,
    .run = run,
    .reach = reach,
    .pair = pair,
    .sums = sums,
};
