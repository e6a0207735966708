/*
 * What the kernels of near.h have in common. Included once by each near_*.c,
 * behind `LANES` and
 *
 *   static inline uint32_t near_group(limit, x, stride, left, cols, query);
 *
 * the neighbours among the next LANES points, of which `left` (or all) count.
 * Everything is inlined, so that few columns become straight code.
 */

#define NEAR_INLINE static inline __attribute__((always_inline))

NEAR_INLINE uint32_t near_group(const struct exact_limit *limit, const float *x,
                                size_t stride, uint32_t left, uint32_t cols,
                                const float *query);

/* Points in the band, decided one by one. */
static __attribute__((noinline)) uint32_t
near_unsure(const struct exact_limit *limit, const float *x, size_t stride,
            uint32_t lanes, uint32_t cols, const float *query)
{
    uint32_t mask = 0;
    for (; lanes != 0; lanes &= lanes - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(lanes);
        double sum = exact_square(x + i, stride, query, 1, cols);
        mask |= (uint32_t)(sum <= limit->square) << i;
    }
    return mask;
}

NEAR_INLINE uint64_t near_mask_of(const struct exact_limit *limit,
                                  const float *x, size_t stride, uint32_t count,
                                  uint32_t cols, const float *query)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < count; i += LANES)
        mask |=
            (uint64_t)near_group(limit, x + i, stride, count - i, cols, query)
            << i;
    return mask;
}

NEAR_INLINE uint32_t near_count_of(const struct exact_limit *limit,
                                   const float *x, size_t stride,
                                   const struct near_range *range,
                                   uint32_t ranges, uint32_t cols,
                                   const float *query, uint32_t need)
{
    uint32_t found = 0;
    for (uint32_t r = 0; r < ranges && found < need; r++) {
        const float *at = x + range[r].first;
        for (uint32_t i = 0; i < range[r].count && found < need; i += LANES)
            found += (uint32_t)__builtin_popcount(near_group(
                limit, at + i, stride, range[r].count - i, cols, query));
    }
    return found;
}

static uint64_t near_mask(const struct exact_limit *limit, const float *x,
                          size_t stride, uint32_t count, uint32_t cols,
                          const float *query)
{
    switch (cols) {
    case 1:
        return near_mask_of(limit, x, stride, count, 1, query);
    case 2:
        return near_mask_of(limit, x, stride, count, 2, query);
    case 3:
        return near_mask_of(limit, x, stride, count, 3, query);
    case 4:
        return near_mask_of(limit, x, stride, count, 4, query);
    default:
        return near_mask_of(limit, x, stride, count, cols, query);
    }
}

static uint32_t near_count(const struct exact_limit *limit, const float *x,
                           size_t stride, const struct near_range *range,
                           uint32_t ranges, uint32_t cols, const float *query,
                           uint32_t need)
{
    switch (cols) {
    case 1:
        return near_count_of(limit, x, stride, range, ranges, 1, query, need);
    case 2:
        return near_count_of(limit, x, stride, range, ranges, 2, query, need);
    case 3:
        return near_count_of(limit, x, stride, range, ranges, 3, query, need);
    case 4:
        return near_count_of(limit, x, stride, range, ranges, 4, query, need);
    default:
        return near_count_of(limit, x, stride, range, ranges, cols, query,
                             need);
    }
}
