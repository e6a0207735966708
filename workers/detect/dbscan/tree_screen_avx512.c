/* Codes and their products in AVX-512 with VNNI: 64 products at a time. */
#include "workers/detect/dbscan/tree_kernel.h"
#include "workers/detect/dbscan/tree_screen.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define AT_ONCE 4u   /* queries side by side */
#define TOP 255.0f   /* codes have 8 bits; a query's are taken less 128 */
#define BIAS_BITS 7u /* to fit the signed side of a product */

/* The units of 16 values of a column. */
INLINE __m512i units_of(const float *x, __m512 low, __m512 scale)
{
    __m512 unit = _mm512_mul_ps(_mm512_sub_ps(_mm512_load_ps(x), low), scale);
    unit = _mm512_max_ps(unit, _mm512_setzero_ps());
    return _mm512_cvtps_epi32(_mm512_min_ps(unit, _mm512_set1_ps(TOP)));
}

static void encode(const float *block, const struct tree_frame *frame,
                   uint32_t cols, struct tree_code *ret_code)
{
    __m512 scale = _mm512_set1_ps(frame->scale);
    __m512i most = _mm512_set1_epi32((int)frame->most + 1);
    for (uint32_t i = 0; i < TREE_LEAF; i += 16) {
        __m512i norm = _mm512_setzero_si512(), sum = norm;
        for (size_t j = 0; j < cols; j += 4) {
            __m512i word = _mm512_setzero_si512();
            for (size_t k = j; k < j + 4 && k < cols; k++) {
                __m512i u = units_of(block + k * TREE_LEAF + i,
                                     _mm512_set1_ps(frame->low[k]), scale);
                __m128i shift = _mm_cvtsi32_si128((int)(k - j) * 8);
                word = _mm512_or_si512(word, _mm512_sll_epi32(u, shift));
                norm = _mm512_add_epi32(norm, _mm512_mullo_epi32(u, u));
                sum = _mm512_add_epi32(sum, u);
            }
            _mm512_store_si512(ret_code->code + j / 4 * TREE_LEAF + i, word);
        }
        __m512i least = _mm512_srai_epi32(_mm512_sub_epi32(norm, most), 1);
        __m512i half = _mm512_sub_epi32(_mm512_srli_epi32(norm, 1),
                                        _mm512_slli_epi32(sum, BIAS_BITS));
        _mm512_store_si512(ret_code->least + i, least);
        _mm512_store_si512(ret_code->half + i, half);
    }
}

INLINE uint32_t screen_groups(const uint32_t *a, const int32_t *least,
                              uint32_t queries, const uint32_t *b,
                              const int32_t *half, uint32_t lanes,
                              uint32_t groups, uint32_t *ret_near)
{
    __m512i zero = _mm512_setzero_si512();
    __m512i start[2] = { _mm512_sub_epi32(zero, _mm512_load_si512(half)),
                         _mm512_sub_epi32(zero, _mm512_load_si512(half + 16)) };
    const __m512i bias = _mm512_set1_epi32((int)0x80808080);
    uint32_t some = 0;
    while (queries != 0) {
        const uint32_t *u[AT_ONCE];
        __m512i sum[AT_ONCE][2];
        /* The last few are done more than once rather than apart. */
        for (uint32_t k = 0; k < AT_ONCE; k++) {
            u[k] = a + __builtin_ctz(queries);
            uint32_t rest = queries & (queries - 1);
            queries = rest != 0 || k == AT_ONCE - 1 ? rest : queries;
            sum[k][0] = start[0];
            sum[k][1] = start[1];
        }
        for (size_t g = 0; g < groups; g++) {
            __m512i low = _mm512_load_si512(b + g * TREE_LEAF);
            __m512i high = _mm512_load_si512(b + g * TREE_LEAF + 16);
            for (uint32_t k = 0; k < AT_ONCE; k++) {
                /* Signed: each code less BIAS. */
                __m512i x = _mm512_xor_si512(
                    _mm512_set1_epi32((int)u[k][g * TREE_LEAF]), bias);
                sum[k][0] = _mm512_dpbusd_epi32(sum[k][0], low, x);
                sum[k][1] = _mm512_dpbusd_epi32(sum[k][1], high, x);
            }
        }
        for (uint32_t k = 0; k < AT_ONCE; k++) {
            uint32_t q = (uint32_t)(u[k] - a);
            __m512i bound = _mm512_set1_epi32(least[q]);
            uint32_t near = _mm512_cmpge_epi32_mask(sum[k][0], bound) |
                            (uint32_t)_mm512_cmpge_epi32_mask(sum[k][1], bound)
                                << 16;
            ret_near[q] = near & lanes;
            some |= (uint32_t)((near & lanes) != 0) << q;
        }
    }
    return some;
}

/* Known numbers of groups become straight code. */
static uint32_t screen(const uint32_t *a, const int32_t *least,
                       uint32_t queries, const uint32_t *b, const int32_t *half,
                       uint32_t lanes, uint32_t groups, uint32_t *near)
{
    switch (groups) {
    case 4:
        return screen_groups(a, least, queries, b, half, lanes, 4, near);
    case 5:
        return screen_groups(a, least, queries, b, half, lanes, 5, near);
    case 6:
        return screen_groups(a, least, queries, b, half, lanes, 6, near);
    case 7:
        return screen_groups(a, least, queries, b, half, lanes, 7, near);
    case 8:
        return screen_groups(a, least, queries, b, half, lanes, 8, near);
    default:
        return screen_groups(a, least, queries, b, half, lanes, groups, near);
    }
}

/* The sums from the value at `a` and on to 16 lanes: halves of the columns,
 * since each addition waits for the one before. */
INLINE __m512 sums_of(const float *a, const float *b, uint32_t cols)
{
    __m512 sum = _mm512_setzero_ps(), other = _mm512_setzero_ps();
    uint32_t j = 0;
    for (; j + 2 <= cols;
         j += 2, a += (size_t)2 * TREE_LEAF, b += (size_t)2 * TREE_LEAF) {
        __m512 step = _mm512_sub_ps(_mm512_load_ps(b), _mm512_set1_ps(*a));
        sum = _mm512_fmadd_ps(step, step, sum);
        step = _mm512_sub_ps(_mm512_load_ps(b + TREE_LEAF),
                             _mm512_set1_ps(a[TREE_LEAF]));
        other = _mm512_fmadd_ps(step, step, other);
    }
    if (j < cols) {
        __m512 step = _mm512_sub_ps(_mm512_load_ps(b), _mm512_set1_ps(*a));
        sum = _mm512_fmadd_ps(step, step, sum);
    }
    return _mm512_add_ps(sum, other);
}

static uint32_t check(const struct exact_limit *limit, const float *a,
                      uint32_t queries, const float *b, uint32_t cols,
                      uint32_t *near)
{
    __m512 out = _mm512_set1_ps(limit->out), in = _mm512_set1_ps(limit->in);
    uint32_t some = 0;
    for (; queries != 0; queries &= queries - 1) {
        uint32_t q = (uint32_t)__builtin_ctz(queries), sure = 0, maybe = 0;
        for (uint32_t i = 0; i < TREE_LEAF; i += 16) {
            if ((near[q] >> i & 0xffff) == 0)
                continue;
            __m512 sum = sums_of(a + q, b + i, cols);
            maybe |= (uint32_t)_mm512_cmp_ps_mask(sum, out, _CMP_NGT_UQ) << i;
            sure |= (uint32_t)_mm512_cmp_ps_mask(sum, in, _CMP_NGT_UQ) << i;
        }
        maybe &= near[q] & ~sure;
        near[q] = (near[q] & sure) | tree_unsure(limit, a, q, b, maybe, cols);
        some |= (uint32_t)(near[q] != 0) << q;
    }
    return some;
}

const struct tree_screen_kernel tree_screen_avx512 = { TOP, encode, screen,
                                                       check };
