/* The kd-tree's inner loops in AVX2. */
#include "workers/detect/dbscan/tree_kernel.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define PARTS (TREE_LEAF / 8) /* vectors of a block's column */
#define AT_ONCE 2u            /* queries whose sums are added up side by side */

INLINE __m256 add_square(__m256 sum, __m256 step)
{
    return _mm256_add_ps(sum, _mm256_mul_ps(step, step));
}

static void extent(const float *x, uint32_t count, float *ret_low,
                   float *ret_high)
{
    __m256 low[2] = { _mm256_set1_ps(x[0]), _mm256_set1_ps(x[0]) };
    __m256 high[2] = { low[0], low[0] };
    float lane[2][8];
    uint32_t i = 0;
    for (; i + 2 * 8 <= count; i += 2 * 8)
        for (size_t k = 0; k < 2; k++) {
            __m256 value = _mm256_loadu_ps(x + i + k * 8);
            low[k] = _mm256_min_ps(low[k], value);
            high[k] = _mm256_max_ps(high[k], value);
        }
    _mm256_storeu_ps(lane[0], _mm256_min_ps(low[0], low[1]));
    _mm256_storeu_ps(lane[1], _mm256_max_ps(high[0], high[1]));
    for (; i < count; i++) {
        lane[0][0] = x[i] < lane[0][0] ? x[i] : lane[0][0];
        lane[1][0] = x[i] > lane[1][0] ? x[i] : lane[1][0];
    }
    *ret_low = lane[0][0];
    *ret_high = lane[1][0];
    for (uint32_t k = 1; k < 8; k++) {
        *ret_low = lane[0][k] < *ret_low ? lane[0][k] : *ret_low;
        *ret_high = lane[1][k] > *ret_high ? lane[1][k] : *ret_high;
    }
}

INLINE __m256 apart_of(__m256 low_a, __m256 high_a, __m256 low_b, __m256 high_b)
{
    __m256 step = _mm256_max_ps(_mm256_sub_ps(low_b, high_a),
                                _mm256_sub_ps(low_a, high_b));
    return _mm256_max_ps(step, _mm256_setzero_ps());
}

static float gap(const float *a, const float *b, uint32_t pad)
{
    __m256 sum = _mm256_setzero_ps();
    for (uint32_t j = 0; j < pad; j += 8)
        sum = add_square(
            sum, apart_of(_mm256_load_ps(a + j), _mm256_load_ps(a + pad + j),
                          _mm256_load_ps(b + j), _mm256_load_ps(b + pad + j)));
    __m128 half =
        _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    half = _mm_add_ss(half, _mm_shuffle_ps(half, half, 1));
    return _mm_cvtss_f32(half);
}

/* Bits of the lanes whose sum is not above the limit. */
INLINE uint32_t lanes_within(const __m256 *sum, __m256 limit)
{
    uint32_t mask = 0;
    for (size_t h = 0; h < PARTS; h++) {
        __m256 within = _mm256_cmp_ps(sum[h], limit, _CMP_NGT_UQ);
        mask |= (uint32_t)_mm256_movemask_ps(within) << h * 8;
    }
    return mask;
}

static uint32_t run(const struct tree *t, const float *box, uint32_t leaf,
                    float out)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < TREE_RUN; i += 8) {
        const float *low = t->leaf_low + leaf + i;
        const float *high = t->leaf_high + leaf + i;
        __m256 sum = _mm256_setzero_ps();
        for (uint32_t j = 0; j < t->cols; j++) {
            sum = add_square(sum, apart_of(_mm256_set1_ps(box[j]),
                                           _mm256_set1_ps(box[t->pad + j]),
                                           _mm256_loadu_ps(low),
                                           _mm256_loadu_ps(high)));
            low += t->leaves_stride;
            high += t->leaves_stride;
        }
        __m256 within = _mm256_cmp_ps(sum, _mm256_set1_ps(out), _CMP_NGT_UQ);
        mask |= (uint32_t)_mm256_movemask_ps(within) << i;
    }
    return mask;
}

static uint32_t reach(const float *block, const float *box, uint32_t cols,
                      uint32_t pad, float out)
{
    __m256 sum[PARTS];
    for (size_t h = 0; h < PARTS; h++)
        sum[h] = _mm256_setzero_ps();
    for (size_t j = 0; j < cols; j++) {
        __m256 low = _mm256_set1_ps(box[j]),
               high = _mm256_set1_ps(box[pad + j]);
        for (size_t h = 0; h < PARTS; h++) {
            __m256 x = _mm256_load_ps(block + j * TREE_LEAF + h * 8);
            sum[h] = add_square(sum[h], apart_of(x, x, low, high));
        }
    }
    return lanes_within(sum, _mm256_set1_ps(out));
}

/* The sums of `count` queries, at[k] their first values. */
INLINE void sums_of(const float *const *at, size_t stride, uint32_t count,
                    const float *b, uint32_t cols, __m256 (*sum)[PARTS])
{
    for (uint32_t k = 0; k < count; k++)
        for (size_t h = 0; h < PARTS; h++)
            sum[k][h] = _mm256_setzero_ps();
    for (size_t j = 0; j < cols; j++)
        for (uint32_t k = 0; k < count; k++) {
            __m256 x = _mm256_set1_ps(at[k][j * stride]);
            for (size_t h = 0; h < PARTS; h++) {
                __m256 y = _mm256_load_ps(b + j * TREE_LEAF + h * 8);
                sum[k][h] = add_square(sum[k][h], _mm256_sub_ps(y, x));
            }
        }
}

static uint32_t pair(const struct exact_limit *limit, const float *a,
                     uint32_t queries, const float *b, uint32_t cols,
                     uint32_t *mask)
{
    __m256 out = _mm256_set1_ps(limit->out), in = _mm256_set1_ps(limit->in);
    uint32_t some = 0;
    while (queries != 0) {
        uint32_t rest = queries & (queries - 1);
        uint32_t q[AT_ONCE] = { (uint32_t)__builtin_ctz(queries),
                                (uint32_t)__builtin_ctz(rest != 0 ? rest
                                                                  : queries) };
        const float *at[AT_ONCE] = { a + q[0], a + q[1] };
        __m256 sum[AT_ONCE][PARTS];
        sums_of(at, TREE_LEAF, AT_ONCE, b, cols, sum);
        queries = rest & (rest - 1);
        for (uint32_t k = 0; k < AT_ONCE; k++) {
            uint32_t near = lanes_within(sum[k], out);
            if (near != 0) {
                uint32_t sure = lanes_within(sum[k], in);
                near =
                    sure | tree_unsure(limit, a, q[k], b, near & ~sure, cols);
            }
            mask[q[k]] = near;
            some |= (uint32_t)(near != 0) << q[k];
        }
    }
    return some;
}

static void sums(const float *query, const float *block, uint32_t cols,
                 float *ret_sums)
{
    __m256 sum[1][PARTS];
    sums_of(&query, 1, 1, block, cols, sum);
    for (size_t h = 0; h < PARTS; h++)
        _mm256_storeu_ps(ret_sums + h * 8, sum[0][h]);
}

const struct tree_kernel tree_kernel_avx2 = {
    .name = "avx2",
    .extent = extent,
    .gap = gap,
    .run = run,
    .reach = reach,
    .pair = pair,
    .sums = sums,
};
