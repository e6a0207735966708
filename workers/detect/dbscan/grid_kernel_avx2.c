/* The grid's kernels on eight cells at a time. */
#include "workers/detect/dbscan/grid_kernel.h"

#include <immintrin.h>

static inline __m256i load(const uint32_t *values)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)values);
}

static inline uint32_t bits(__m256i lanes)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(lanes));
}

static inline uint32_t below(uint32_t count)
{
    return count < 8 ? (1u << count) - 1 : 0xffu;
}

/* GRID_KERNEL_END is -1 here: an unsigned comparison by way of the minimum. */
static inline uint32_t rows_due(const uint32_t *next, uint32_t rows,
                                uint32_t high)
{
    __m256i limit = _mm256_set1_epi32((int)high), v = load(next);
    uint32_t due =
        bits(_mm256_cmpeq_epi32(_mm256_min_epu32(v, limit), v)) & below(rows);
    if (rows > 8) {
        v = load(next + 8);
        due |= (bits(_mm256_cmpeq_epi32(_mm256_min_epu32(v, limit), v)) &
                below(rows - 8))
               << 8;
    }
    return due;
}

static inline uint32_t row_skip(const uint32_t *last, uint32_t cell,
                                uint32_t stop, uint32_t low)
{
    __m256i limit = _mm256_set1_epi32((int)low);
    for (;;) {
        uint32_t under = bits(_mm256_cmpgt_epi32(limit, load(last + cell))) &
                         below(stop - cell);
        if (under != 0xffu)
            return cell + (uint32_t)__builtin_popcount(under);
        cell += 8;
    }
}

static inline uint32_t row_mask(const uint32_t *last, uint32_t cell,
                                uint32_t stop, uint32_t high)
{
    __m256i limit = _mm256_set1_epi32((int)high);
    return ~bits(_mm256_cmpgt_epi32(load(last + cell), limit)) &
           below(stop - cell);
}

static inline uint32_t other_mask(const uint32_t *value, uint32_t but)
{
    return ~bits(_mm256_cmpeq_epi32(load(value), _mm256_set1_epi32((int)but)));
}

#include "workers/detect/dbscan/grid_kernel_body.h"

const struct grid_kernel grid_kernel_avx2 = { "avx2", window_ranges,
                                              window_cells };
