/* Kernels of the kd-tree by level. */
#include "workers/detect/dbscan/tree_kernel.h"

const struct tree_kernel *tree_kernel_of(enum isa isa)
{
#if defined(__x86_64__)
    switch (isa_resolve(isa)) {
    case ISA_AVX512:
        return &tree_kernel_avx512;
    case ISA_AVX2:
        return &tree_kernel_avx2;
    case ISA_BEST:
    case ISA_C:
        break;
    }
#else
    (void)isa;
#endif
    return &tree_kernel_c;
}

uint32_t tree_unsure(const struct exact_limit *limit, const float *a,
                     uint32_t lane, const float *b, uint32_t lanes,
                     uint32_t cols)
{
    uint32_t mask = 0;
    for (; lanes != 0; lanes &= lanes - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(lanes);
        double sum = exact_square(a + lane, TREE_LEAF, b + i, TREE_LEAF, cols);
        mask |= (uint32_t)(sum <= limit->square) << i;
    }
    return mask;
}
