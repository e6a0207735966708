/*
 * Instruction-set levels of kernels. Which level runs changes the speed and
 * never a bit of the answer: plain C is the reference, the others equal it.
 */
#ifndef FYKE_BASE_ISA_H
#define FYKE_BASE_ISA_H

#include "proto/base/err.h"

#include <stdbool.h>

/* In order: a CPU that has a level has those below it. ISA_BEST, the zero,
 * stands for the highest one that this CPU has. */
enum isa { ISA_BEST = 0, ISA_C, ISA_AVX2, ISA_AVX512 };

/* The highest level of this CPU (and its operating system); never ISA_BEST. */
enum isa isa_detect(void);

/* ISA_BEST becomes isa_detect(), others stay. */
enum isa isa_resolve(enum isa isa);

/* Whether a CPU at ISA_AVX512 has VNNI too; some have not. */
bool isa_has_vnni(void);

/* "c", "avx2", "avx512", and "best" for ISA_BEST. */
const char *isa_name(enum isa isa);

/* From its name, as FYKE_ISA has it. Errors, with a fault that names the
 * choices: ERR_INVALID (no such level), ERR_UNSUPPORTED (this CPU lacks it). */
FYKE_MUST_USE int isa_from_name(const char *name, enum isa *ret_isa,
                                struct fault *fault);

#endif
