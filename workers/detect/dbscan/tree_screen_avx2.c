/* Codes and their products in AVX2: 32 products in three steps. */
#include "workers/detect/dbscan/tree_kernel.h"
#include "workers/detect/dbscan/tree_screen.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define TOP 127.0f /* two products of 7 bits fit into 16 */
#define PARTS (TREE_LEAF / 8)

/* The units of 8 values of a column. */
INLINE __m256i units_of(const float *x, __m256 low, __m256 scale)
{
    __m256 unit = _mm256_mul_ps(_mm256_sub_ps(_mm256_load_ps(x), low), scale);
    unit = _mm256_max_ps(unit, _mm256_setzero_ps());
    return _mm256_cvtps_epi32(_mm256_min_ps(unit, _mm256_set1_ps(TOP)));
}

static void encode(const float *block, const struct tree_frame *frame,
                   uint32_t cols, struct tree_code *ret_code)
{
    __m256 scale = _mm256_set1_ps(frame->scale);
    __m256i most = _mm256_set1_epi32((int)frame->most + 1);
    for (uint32_t i = 0; i < TREE_LEAF; i += 8) {
        __m256i norm = _mm256_setzero_si256();
        for (size_t j = 0; j < cols; j += 4) {
            __m256i word = _mm256_setzero_si256();
            for (size_t k = j; k < j + 4 && k < cols; k++) {
                __m256i u = units_of(block + k * TREE_LEAF + i,
                                     _mm256_set1_ps(frame->low[k]), scale);
                __m128i shift = _mm_cvtsi32_si128((int)(k - j) * 8);
                word = _mm256_or_si256(word, _mm256_sll_epi32(u, shift));
                norm = _mm256_add_epi32(norm, _mm256_mullo_epi32(u, u));
            }
            uint32_t *code = ret_code->code + j / 4 * TREE_LEAF + i;
            _mm256_store_si256((__m256i *)code, word);
        }
        __m256i least = _mm256_srai_epi32(_mm256_sub_epi32(norm, most), 1);
        _mm256_store_si256((__m256i *)(ret_code->least + i), least);
        _mm256_store_si256((__m256i *)(ret_code->half + i),
                           _mm256_srli_epi32(norm, 1));
    }
}

static uint32_t screen(const uint32_t *a, const int32_t *least,
                       uint32_t queries, const uint32_t *b, const int32_t *half,
                       uint32_t lanes, uint32_t groups, uint32_t *near)
{
    const __m256i one = _mm256_set1_epi16(1);
    uint32_t some = 0;
    for (; queries != 0; queries &= queries - 1) {
        uint32_t q = (uint32_t)__builtin_ctz(queries);
        __m256i sum[PARTS];
        for (size_t h = 0; h < PARTS; h++)
            sum[h] = _mm256_sub_epi32(
                _mm256_setzero_si256(),
                _mm256_load_si256((const __m256i *)(half + h * 8)));
        for (size_t g = 0; g < groups; g++) {
            __m256i x = _mm256_set1_epi32((int)a[g * TREE_LEAF + q]);
            const uint32_t *v = b + g * TREE_LEAF;
            for (size_t h = 0; h < PARTS; h++) {
                __m256i two = _mm256_maddubs_epi16(
                    _mm256_load_si256((const __m256i *)(v + h * 8)), x);
                sum[h] = _mm256_add_epi32(sum[h], _mm256_madd_epi16(two, one));
            }
        }
        __m256i bound = _mm256_set1_epi32(least[q]);
        uint32_t below = 0;
        for (size_t h = 0; h < PARTS; h++) {
            __m256i out = _mm256_cmpgt_epi32(bound, sum[h]);
            below |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(out))
                     << h * 8;
        }
        near[q] = lanes & ~below;
        some |= (uint32_t)(near[q] != 0) << q;
    }
    return some;
}

/* The sums from the value at `a` and on to 8 lanes. */
INLINE __m256 sums_of(const float *a, const float *b, uint32_t cols)
{
    __m256 sum = _mm256_setzero_ps();
    for (uint32_t j = 0; j < cols; j++, a += TREE_LEAF, b += TREE_LEAF) {
        __m256 step = _mm256_sub_ps(_mm256_load_ps(b), _mm256_set1_ps(*a));
        sum = _mm256_add_ps(sum, _mm256_mul_ps(step, step));
    }
    return sum;
}

/* Bits of the lanes whose sum is not above the limit. */
INLINE uint32_t lanes_within(__m256 sum, float limit)
{
    __m256 within = _mm256_cmp_ps(sum, _mm256_set1_ps(limit), _CMP_NGT_UQ);
    return (uint32_t)_mm256_movemask_ps(within);
}

static uint32_t check(const struct exact_limit *limit, const float *a,
                      uint32_t queries, const float *b, uint32_t cols,
                      uint32_t *near)
{
    uint32_t some = 0;
    for (; queries != 0; queries &= queries - 1) {
        uint32_t q = (uint32_t)__builtin_ctz(queries), sure = 0, maybe = 0;
        for (uint32_t i = 0; i < TREE_LEAF; i += 8) {
            if ((near[q] >> i & 0xff) == 0)
                continue;
            __m256 sum = sums_of(a + q, b + i, cols);
            maybe |= lanes_within(sum, limit->out) << i;
            sure |= lanes_within(sum, limit->in) << i;
        }
        maybe &= near[q] & ~sure;
        near[q] = (near[q] & sure) | tree_unsure(limit, a, q, b, maybe, cols);
        some |= (uint32_t)(near[q] != 0) << q;
    }
    return some;
}

const struct tree_screen_kernel tree_screen_avx2 = { TOP, encode, screen,
                                                     check };
