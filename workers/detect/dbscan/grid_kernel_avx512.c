/* The grid's kernels with mask registers. */
#include "workers/detect/dbscan/grid_kernel.h"

#include <immintrin.h>

static inline __mmask8 below(uint32_t count)
{
    return (__mmask8)(count < 8 ? (1u << count) - 1 : 0xffu);
}

static inline uint32_t window_skip(const struct grid_window *w, uint32_t cell,
                                   uint32_t stop)
{
    __m512i low = _mm512_set1_epi32((int)w->low);
    for (;;) {
        uint32_t left = stop - cell;
        __mmask16 valid = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xffffu);
        uint32_t under = _mm512_mask_cmplt_epu32_mask(
            valid, _mm512_loadu_si512(w->last + cell), low);
        if (under != 0xffffu)
            return cell + (uint32_t)__builtin_popcount(under);
        cell += 16;
    }
}

static inline uint32_t window_mask(const struct grid_window *w, uint32_t cell,
                                   uint32_t stop)
{
    return _mm256_mask_cmple_epu32_mask(below(stop - cell),
                                        _mm256_loadu_epi32(w->last + cell),
                                        _mm256_set1_epi32((int)w->high));
}

static inline uint32_t window_other(const uint32_t *value, uint32_t a,
                                    uint32_t b)
{
    __m256i v = _mm256_loadu_epi32(value);
    return _mm256_mask_cmpneq_epu32_mask(
        _mm256_cmpneq_epu32_mask(v, _mm256_set1_epi32((int)a)), v,
        _mm256_set1_epi32((int)b));
}

#include "workers/detect/dbscan/grid_kernel_body.h"

const struct grid_kernel grid_kernel_avx512 = { "avx512", window_ranges,
                                                window_cells };
