/* Near points in plain C, the reference: a few points side by side, which
 * compilers turn into what vectors the platform always has. */
#include "workers/detect/dbscan/near.h"

#define LANES 8u

#include "workers/detect/dbscan/near_body.h"

NEAR_INLINE uint32_t near_group(const struct exact_limit *limit, const float *x,
                                size_t stride, uint32_t left, uint32_t cols,
                                const float *query)
{
    float sum[LANES] = { 0 };
    uint32_t in = 0, maybe = 0, valid = left < LANES ? (1u << left) - 1 : 0xffu;
    for (uint32_t j = 0; j < cols; j++)
        for (uint32_t i = 0; i < LANES; i++) {
            float step = x[j * stride + i] - query[j];
            sum[i] += step * step;
        }
    for (uint32_t i = 0; i < LANES; i++) {
        in |= (uint32_t)(sum[i] <= limit->in) << i;
        maybe |= (uint32_t)(sum[i] <= limit->out) << i;
    }
    in &= valid;
    maybe &= valid;
    if (__builtin_expect(maybe != in, 0))
        in |= near_unsure(limit, x, stride, maybe & ~in, cols, query);
    return in;
}

const struct near_kernel near_kernel_c = { "c", near_mask, near_count };
