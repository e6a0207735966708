/* The kernels by level. */
#include "workers/detect/dbscan/near.h"

const struct near_kernel *near_kernel_of(enum isa isa)
{
#if defined(__x86_64__)
    switch (isa_resolve(isa)) {
    case ISA_AVX512:
        return &near_kernel_avx512;
    case ISA_AVX2:
        return &near_kernel_avx2;
    default:
        break;
    }
#else
    (void)isa;
#endif
    return &near_kernel_c;
}
