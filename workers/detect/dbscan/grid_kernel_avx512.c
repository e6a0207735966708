/* The grid's kernels with mask registers. */
#include "workers/detect/dbscan/grid_kernel.h"

#include <immintrin.h>

static inline __mmask8 below8(uint32_t count)
{
    return (__mmask8)(count < 8 ? (1u << count) - 1 : 0xffu);
}

static inline __mmask16 below16(uint32_t count)
{
    return (__mmask16)(count < 16 ? (1u << count) - 1 : 0xffffu);
}

static inline uint32_t rows_due(const uint32_t *next, uint32_t rows,
                                uint32_t high)
{
    __mmask16 valid = below16(rows);
    return _mm512_mask_cmple_epu32_mask(valid,
                                        _mm512_maskz_loadu_epi32(valid, next),
                                        _mm512_set1_epi32((int)high));
}

static inline uint32_t row_skip(const uint32_t *last, uint32_t cell,
                                uint32_t stop, uint32_t low)
{
    __m512i limit = _mm512_set1_epi32((int)low);
    for (;;) {
        uint32_t under = _mm512_mask_cmplt_epu32_mask(
            below16(stop - cell), _mm512_loadu_si512(last + cell), limit);
        if (under != 0xffffu)
            return cell + (uint32_t)__builtin_popcount(under);
        cell += 16;
    }
}

static inline uint32_t row_mask(const uint32_t *last, uint32_t cell,
                                uint32_t stop, uint32_t high)
{
    return _mm256_mask_cmple_epu32_mask(below8(stop - cell),
                                        _mm256_loadu_epi32(last + cell),
                                        _mm256_set1_epi32((int)high));
}

static inline uint32_t other_mask(const uint32_t *value, uint32_t but)
{
    return _mm256_cmpneq_epu32_mask(_mm256_loadu_epi32(value),
                                    _mm256_set1_epi32((int)but));
}

#include "workers/detect/dbscan/grid_kernel_body.h"

const struct grid_kernel grid_kernel_avx512 = { "avx512", window_ranges,
                                                window_cells };
