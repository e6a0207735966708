/* Near points, eight at a time. */
#include "workers/detect/dbscan/near.h"

#include <immintrin.h>

#define LANES 8u

#include "workers/detect/dbscan/near_body.h"

/* Where all lanes are above `out` after some columns, the others cannot bring
 * them back. */
NEAR_INLINE uint32_t near_group(const struct exact_limit *limit, const float *x,
                                size_t stride, uint32_t left, uint32_t cols,
                                const float *query)
{
    uint32_t valid = left < LANES ? (1u << left) - 1 : 0xffu;
    __m256 out = _mm256_set1_ps(limit->out), sum = _mm256_setzero_ps();
    for (uint32_t j = 0; j < cols; j++) {
        __m256 step = _mm256_sub_ps(_mm256_loadu_ps(x + j * stride),
                                    _mm256_set1_ps(query[j]));
        sum = _mm256_add_ps(sum, _mm256_mul_ps(step, step));
        if (cols > 8 && j % 8 == 7 &&
            _mm256_movemask_ps(_mm256_cmp_ps(sum, out, _CMP_LE_OQ)) == 0)
            return 0;
    }
    __m256 sure = _mm256_cmp_ps(sum, _mm256_set1_ps(limit->in), _CMP_LE_OQ);
    __m256 near = _mm256_cmp_ps(sum, out, _CMP_LE_OQ);
    uint32_t in = (uint32_t)_mm256_movemask_ps(sure) & valid;
    uint32_t maybe = (uint32_t)_mm256_movemask_ps(near) & valid;
    if (__builtin_expect(maybe != in, 0))
        in |= near_unsure(limit, x, stride, maybe & ~in, cols, query);
    return in;
}

const struct near_kernel near_kernel_avx2 = { "avx2", near_mask, near_count };
