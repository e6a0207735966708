#include "proto/base/isa.h"

#include <criterion/criterion.h>
#include <string.h>

Test(isa, every_level_up_to_the_detected_one_is_taken_by_its_name)
{
    for (enum isa want = ISA_BEST; want <= isa_detect(); want++) {
        struct fault fault = { 0 };
        enum isa got = ISA_AVX512;
        cr_assert_eq(isa_from_name(isa_name(want), &got, &fault), 0);
        cr_assert_eq(got, want);
    }
}

Test(isa, a_level_that_this_cpu_lacks_is_refused_by_name)
{
    for (enum isa isa = isa_detect() + 1; isa <= ISA_AVX512; isa++) {
        struct fault fault = { 0 };
        enum isa got = ISA_C;
        cr_assert_eq(isa_from_name(isa_name(isa), &got, &fault),
                     ERR_UNSUPPORTED);
        cr_assert_not_null(strstr(fault.text, isa_name(isa)));
        cr_assert_eq(got, ISA_C);
    }
}

Test(isa, an_unknown_level_is_refused_with_the_choices)
{
    struct fault fault = { 0 };
    enum isa got = ISA_C;
    cr_assert_eq(isa_from_name("sse9", &got, &fault), ERR_INVALID);
    cr_assert_not_null(strstr(fault.text, "c, avx2, avx512"));
}

Test(isa, best_is_what_the_cpu_has_and_others_stay)
{
    cr_assert_eq(isa_resolve(ISA_BEST), isa_detect());
    cr_assert_neq(isa_detect(), ISA_BEST);
    cr_assert_eq(isa_resolve(ISA_C), ISA_C);
}
