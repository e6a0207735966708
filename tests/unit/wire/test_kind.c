#include "tests/unit/wire/samples.h"

#include <criterion/criterion.h>
#include <string.h>

Test(kind, every_kind_with_a_layout_has_its_own_name)
{
    for (uint32_t i = 0; i < sample_kind_count; i++) {
        const char *name = wire_kind_name(sample_kinds[i]);
        cr_expect_str_neq(name, "?");
        for (uint32_t j = 0; j < i; j++)
            cr_expect_str_neq(name, wire_kind_name(sample_kinds[j]));
    }
    cr_expect_str_eq(wire_kind_name(WIRE_HELLO), "HELLO");
    cr_expect_str_eq(wire_kind_name(WIRE_TASK), "TASK");
    cr_expect_str_eq(wire_kind_name(WIRE_CANCEL), "CANCEL");
}

Test(kind, an_unknown_kind_is_a_question_mark)
{
    cr_expect_str_eq(wire_kind_name(0), "?");
    cr_expect_str_eq(wire_kind_name(7), "?");
    cr_expect_str_eq(wire_kind_name(UINT32_MAX), "?");
}

Test(kind, types_have_the_size_of_their_numbers)
{
    cr_expect_eq(wire_type_bytes(WIRE_F32), sizeof(float));
    cr_expect_eq(wire_type_bytes(WIRE_F64), sizeof(double));
    cr_expect_eq(wire_type_bytes(WIRE_U8), 1u);
    cr_expect_eq(wire_type_bytes(WIRE_U16), 2u);
    cr_expect_eq(wire_type_bytes(WIRE_U32), 4u);
    cr_expect_eq(wire_type_bytes(WIRE_U64), 8u);
    cr_expect_eq(wire_type_bytes(0), 0u);
    cr_expect_eq(wire_type_bytes(7), 0u);
}
