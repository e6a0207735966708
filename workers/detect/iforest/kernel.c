/* Which kernels run at which level. */
#include "workers/detect/iforest/kernel.h"

const struct iforest_kernel *iforest_kernel_of(enum isa isa)
{
    switch (isa_resolve(isa)) {
#if defined(__x86_64__)
    case ISA_AVX512:
        return &iforest_kernel_avx512;
    case ISA_AVX2:
        return &iforest_kernel_avx2;
#endif
    default:
        return &iforest_kernel_c;
    }
}
