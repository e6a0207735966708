#include "tests/unit/ingest/support.h"

Test(block, every_reason_has_its_own_phrase)
{
    for (int i = 0; i <= BAD_EXCLUDED; i++)
        for (int k = 0; k < i; k++)
            cr_expect_str_neq(bad_reason_text((enum bad_reason)i),
                              bad_reason_text((enum bad_reason)k));
    cr_expect_str_eq(bad_reason_text((enum bad_reason)99), "unknown reason");
}

Test(block, a_block_without_good_records_has_no_rows)
{
    struct schema *s = infer("a,b\n1.5,2\n2.5,3\n");
    struct block *b = parse(s, "a,b\nx,1\n1\n");
    cr_expect_eq(b->rows, 0);
    cr_expect_eq(b->records, 2);
    cr_expect_eq(b->key_offset[0], 0);
    block_unref(b);
    schema_free(s);
}

Test(block, records_marked_bad_before_parsing_stay_bad)
{
    struct schema *s = infer("a,b\n1.5,2\n2.5,3\n");
    struct block *b = frame(s, "a,b\n1,1\n2,2\n3,3\n", RECORD_MAX);
    b->status[1] = BAD_EXCLUDED;
    cr_assert_eq(block_parse(b, s), 0);
    cr_expect_eq(b->status[1], BAD_EXCLUDED);
    cr_expect_eq(b->rows, 2);
    cr_expect_eq(b->row_record[1], 2);
    block_unref(b);
    schema_free(s);
}

Test(block, what_a_block_holds_is_counted)
{
    struct schema *s = infer("a,b\n1.5,2\n2.5,3\n");
    struct block *b = frame(s, "a,b\n1,1\n2,2\n3,3\n", RECORD_MAX);
    size_t framed = b->bytes_held;
    cr_expect_geq(framed, b->text_bytes);
    cr_assert_eq(block_parse(b, s), 0);
    cr_expect_geq(b->bytes_held - framed, 3 * (2 * 4 + 4 + 8 + 4));
    block_unref(b);
    schema_free(s);
}

Test(block, a_counter_holds_what_blocks_hold_until_they_are_freed)
{
    struct schema *s = infer("a,b\n1.5,2\n2.5,3\n");
    struct block *b = frame(s, "a,b\n1,1\n2,2\n3,3\n", RECORD_MAX);
    uint64_t counter = 1000;
    block_count(b, &counter);
    cr_expect_eq(counter, 1000 + b->bytes_held);
    cr_assert_eq(block_parse(b, s), 0);
    block_count(b, &counter);
    cr_expect_eq(counter, 1000 + b->bytes_held);
    block_unref(b);
    cr_expect_eq(counter, 1000);
    schema_free(s);
}

Test(block, room_that_is_not_used_is_given_back)
{
    struct schema *s = infer("a,b\n1.5,2\n2.5,3\n");
    struct framer *f;
    struct block *b = NULL;
    char text[4096];
    memset(text, ' ', sizeof text);
    for (size_t i = 0; i < 4; i++)
        text[i] = "1,2\n"[i];
    cr_assert_eq(framer_new(s, RECORD_MAX, 0, 1, &f), 0);
    cr_assert_eq(framer_push(f, (const uint8_t *)text, sizeof text, false, &b),
                 0);
    cr_assert_eq(b->records, 1);
    cr_expect_lt(b->bytes_held, sizeof *b + 4 + BLOCK_PADDING_BYTES + 17 + 64);
    block_unref(b);
    framer_free(f);
    schema_free(s);
}
