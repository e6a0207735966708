#include "tests/unit/wire/samples.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const float values[6] = { 1, 2, 3, 4, 5, 6 };

static struct wire_payload usual(void)
{
    struct wire_payload p = { 0 };
    p.number_count = 2;
    p.number[0] = 7;
    p.number[1] = 8;
    p.block_count = 1;
    p.block[0] = (struct wire_block){ WIRE_F32, 3, 2, values };
    return p;
}

Test(payload, sizes_are_products)
{
    struct wire_payload p = usual();
    cr_expect_eq(wire_block_bytes(&p.block[0]), 24u);
    p.block_count = 2;
    p.block[1] = (struct wire_block){ WIRE_U16, 5, 1, values };
    cr_expect_eq(wire_payload_bytes(&p), 34u);
    p.block_count = 0;
    cr_expect_eq(wire_payload_bytes(&p), 0u);
}

Test(payload, a_size_that_does_not_fit_is_the_largest_there_is)
{
    struct wire_payload p = usual();
    p.block[0] = (struct wire_block){ WIRE_U64, UINT32_MAX, UINT32_MAX, "" };
    cr_expect_eq(wire_block_bytes(&p.block[0]), SIZE_MAX);
    p.block_count = 2;
    p.block[1] = (struct wire_block){ WIRE_U8, 1, 1, "" };
    cr_expect_eq(wire_payload_bytes(&p), UINT64_MAX);
}

Test(payload, the_hash_sees_every_part_of_the_meaning)
{
    struct wire_payload p = usual();
    uint64_t h = wire_payload_hash(&p);
    cr_expect_eq(h, wire_payload_hash(&p));

    p.number[1]++;
    cr_expect_neq(h, wire_payload_hash(&p), "a number");
    p = usual();
    p.number_count = 1;
    cr_expect_neq(h, wire_payload_hash(&p), "the count of numbers");
    p = usual();
    p.block[0].rows = 2;
    p.block[0].cols = 3;
    cr_expect_neq(h, wire_payload_hash(&p), "the shape");
    p = usual();
    p.block[0].rows = 0;
    uint64_t empty = wire_payload_hash(&p);
    p.block[0].cols = 3;
    cr_expect_neq(empty, wire_payload_hash(&p), "the shape of nothing");
    p = usual();
    p.block[0].type = WIRE_U32;
    cr_expect_neq(h, wire_payload_hash(&p), "the type");
    p = usual();
    p.block_count = 0;
    cr_expect_neq(h, wire_payload_hash(&p), "the count of blocks");
    float other[6];
    memcpy(other, values, sizeof other);
    other[5] = 7;
    p = usual();
    p.block[0].data = other;
    cr_expect_neq(h, wire_payload_hash(&p), "a value");
}

Test(payload, the_hash_is_the_same_wherever_the_bytes_lie)
{
    struct wire_payload p = usual();
    uint64_t h = wire_payload_hash(&p);
    char shifted[sizeof values + 1];
    memcpy(shifted + 1, values, sizeof values);
    p.block[0].data = shifted + 1;
    cr_expect_eq(h, wire_payload_hash(&p));
}

Test(payload, a_hash_survives_the_wire)
{
    struct wire_message sent = { .envelope = { .kind = WIRE_MODEL } }, got;
    sent.body.model.payload = usual();
    size_t n;
    uint8_t *bytes = sample_encode(&sent, &n);
    cr_assert_eq(wire_decode(bytes, n, &got), 0);
    cr_expect_eq(wire_payload_hash(&got.body.model.payload),
                 wire_payload_hash(&sent.body.model.payload));
    free(bytes);
}

Test(payload, types_have_the_size_of_their_numbers)
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
