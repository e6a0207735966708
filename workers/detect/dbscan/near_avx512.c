/* Near points, sixteen at a time. */
#include "workers/detect/dbscan/near.h"

#include <immintrin.h>

#define LANES 16u

#include "workers/detect/dbscan/near_body.h"

/* Where all lanes are above `out` after some columns, the others cannot bring
 * them back. */
NEAR_INLINE uint32_t near_group(const struct exact_limit *limit, const float *x,
                                size_t stride, uint32_t left, uint32_t cols,
                                const float *query)
{
    uint32_t valid = left < LANES ? (1u << left) - 1 : 0xffffu;
    __m512 out = _mm512_set1_ps(limit->out), sum = _mm512_setzero_ps();
    for (uint32_t j = 0; j < cols; j++) {
        __m512 step = _mm512_sub_ps(_mm512_loadu_ps(x + j * stride),
                                    _mm512_set1_ps(query[j]));
        sum = _mm512_fmadd_ps(step, step, sum);
        if (cols > 8 && j % 8 == 7 &&
            _mm512_cmp_ps_mask(sum, out, _CMP_LE_OQ) == 0)
            return 0;
    }
    __m512 sure = _mm512_set1_ps(limit->in);
    uint32_t in = _mm512_cmp_ps_mask(sum, sure, _CMP_LE_OQ) & valid;
    uint32_t maybe = _mm512_cmp_ps_mask(sum, out, _CMP_LE_OQ) & valid;
    if (__builtin_expect(maybe != in, 0))
        in |= near_unsure(limit, x, stride, maybe & ~in, cols, query);
    return in;
}

const struct near_kernel near_kernel_avx512 = { "avx512", near_mask,
                                                near_count };
