/* The grid's kernels on eight cells at a time. Coordinates are below 2^31. */
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

static inline uint32_t window_skip(const struct grid_window *w, uint32_t cell,
                                   uint32_t stop)
{
    __m256i low = _mm256_set1_epi32((int)w->low);
    for (;;) {
        uint32_t under = bits(_mm256_cmpgt_epi32(low, load(w->last + cell))) &
                         below(stop - cell);
        if (under != 0xffu)
            return cell + (uint32_t)__builtin_popcount(under);
        cell += 8;
    }
}

static inline uint32_t window_mask(const struct grid_window *w, uint32_t cell,
                                   uint32_t stop)
{
    __m256i high = _mm256_set1_epi32((int)w->high);
    return ~bits(_mm256_cmpgt_epi32(load(w->last + cell), high)) &
           below(stop - cell);
}

static inline uint32_t window_other(const uint32_t *value, uint32_t a,
                                    uint32_t b)
{
    __m256i v = load(value);
    return ~bits(
        _mm256_or_si256(_mm256_cmpeq_epi32(v, _mm256_set1_epi32((int)a)),
                        _mm256_cmpeq_epi32(v, _mm256_set1_epi32((int)b))));
}

#include "workers/detect/dbscan/grid_kernel_body.h"

const struct grid_kernel grid_kernel_avx2 = { "avx2", window_ranges,
                                              window_cells };
