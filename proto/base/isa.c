/* Levels by name, and what this CPU has. */
#include "proto/base/isa.h"

#include <string.h>

static const char *const isa_names[] = { "best", "c", "avx2", "avx512" };

enum isa isa_detect(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2"))
        return ISA_C;
    if (__builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("gfni"))
        return ISA_AVX512;
    return ISA_AVX2;
#else
    return ISA_C;
#endif
}

enum isa isa_resolve(enum isa isa)
{
    return isa == ISA_BEST ? isa_detect() : isa;
}

bool isa_has_vnni(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return isa_detect() == ISA_AVX512 && __builtin_cpu_supports("avx512vnni");
#else
    return false;
#endif
}

const char *isa_name(enum isa isa)
{
    return isa_names[isa];
}

int isa_from_name(const char *name, enum isa *ret_isa, struct fault *fault)
{
    for (enum isa isa = ISA_BEST; isa <= ISA_AVX512; isa++) {
        if (strcmp(name, isa_names[isa]) != 0)
            continue;
        if (isa > isa_detect())
            return fault_set(fault, ERR_UNSUPPORTED,
                             "FYKE_ISA=%s: this CPU goes up to %s", name,
                             isa_name(isa_detect()));
        *ret_isa = isa;
        return 0;
    }
    return fault_set(fault, ERR_INVALID,
                     "FYKE_ISA=%s: choose c, avx2, avx512 or best", name);
}
