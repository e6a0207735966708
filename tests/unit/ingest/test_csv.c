#include "engine/ingest/csv.h"
#include "tests/unit/ingest/support.h"

#include <math.h>

/* Fields of one record joined with '|'; "!" when it is bad. */
static const char *fields(const char *record)
{
    static struct buf out;
    struct csv_cursor c;
    struct csv_field field;
    struct buf scratch;
    int rc;
    buf_release(&out);
    buf_init(&out, 4096);
    buf_init(&scratch, 4096);
    csv_cursor_init(&c, ',', (const uint8_t *)record, strlen(record), &scratch);
    while ((rc = csv_cursor_next(&c, &field)) == 1) {
        buf_append_char(&out, out.length > 0 ? '|' : '<');
        buf_append(&out, field.text, field.length);
    }
    buf_release(&scratch);
    return rc < 0 ? "!" : buf_text(&out);
}

Test(csv, fields_follow_rfc_4180)
{
    cr_expect_str_eq(fields("a,b"), "<a|b");
    cr_expect_str_eq(fields("a,"), "<a|");
    cr_expect_str_eq(fields(",a"), "<|a");
    cr_expect_str_eq(fields("\"a,b\",c"), "<a,b|c");
    cr_expect_str_eq(fields("\"a\nb\",c"), "<a\nb|c");
    cr_expect_str_eq(fields("\"a\"\"b\""), "<a\"b");
    cr_expect_str_eq(fields("\"\"\"\",\"\""), "<\"|");
    cr_expect_str_eq(fields("a\"b,c\"\"d"), "<a\"b|c\"\"d");
    cr_expect_str_eq(fields("\"a\" ,b"), "<a|b");
    cr_expect_str_eq(fields("\"a\"x,b"), "!");
    cr_expect_str_eq(fields("\"a"), "!");
}

Test(csv, bad_records_say_why_and_the_others_become_rows)
{
    const char *text = "a,b,t\n"
                       "1.5,2,2020-01-01\n"
                       "2,3\n"
                       "2,3,2020-01-01,9\n"
                       "x,3,2020-01-01\n"
                       "2,3,yesterday\n"
                       "2,\"3\"x,2020-01-01\n"
                       "2.5,,\n"
                       "7.5,NA,2020-01-02 00:00:01\n";
    struct schema_options o = { .time = "t" };
    struct schema *s = infer_with("a,b,t\n1.5,2,2020-01-01\n", &o);
    struct block *b = parse(s, text);
    const uint8_t expected[] = { BAD_NONE,        BAD_FIELD_COUNT,
                                 BAD_FIELD_COUNT, BAD_NOT_A_NUMBER,
                                 BAD_TIME,        BAD_QUOTE,
                                 BAD_NONE,        BAD_NONE };
    cr_assert_eq(b->records, 8);
    cr_expect_arr_eq(b->status, expected, sizeof expected);
    cr_assert_eq(b->rows, 3);
    cr_expect_eq(b->row_record[1], 6);
    cr_expect_eq(value(b, 1, 0), 2.5f);
    cr_expect(isnan(value(b, 1, 1)));
    cr_expect_eq(b->time_ns[1], INT64_MIN, "an empty time is no time");
    cr_expect_eq(b->time_ns[2], 1577923201000000000);
    cr_expect(isnan(value(b, 2, 1)));
    block_unref(b);
    schema_free(s);
}

Test(csv, features_side_by_side_may_be_missing_quoted_or_last)
{
    const char *text = "a,b,c,d\n1.5,2,3,4\n,2,,4\n1,\"2\",nan,\n"
                       "1,2,3\n1,2,3,4,\n,,,5\n";
    const float expected[4][4] = { { 1.5f, 2, 3, 4 },
                                   { NAN, 2, NAN, 4 },
                                   { 1, 2, NAN, NAN },
                                   { NAN, NAN, NAN, 5 } };
    struct schema *s = infer("a,b,c,d\n1.5,2,3,4\n2.5,3,4,5\n");
    struct block *b = parse(s, text);
    cr_assert_eq(b->rows, 4);
    cr_expect_eq(b->status[3], BAD_FIELD_COUNT);
    cr_expect_eq(b->status[4], BAD_FIELD_COUNT);
    for (uint32_t row = 0; row < 4; row++)
        for (uint32_t j = 0; j < 4; j++) {
            float x = value(b, row, j), want = expected[row][j];
            cr_expect(x == want || (isnan(x) && isnan(want)),
                      "row %u feature %u: %g", row, j, (double)x);
        }
    block_unref(b);
    schema_free(s);
}

Test(csv, a_time_is_not_taken_for_another)
{
    const char *text = "t,a\n2020-01-01,1.5\n2020-01-01,2\n2020-01-02,3\n"
                       ",4\n2020-01-02,5\n2020-01-01,6\n";
    const int64_t day_ns = INT64_C(86400000000000), first = 1577836800000000000;
    const int64_t expected[] = { first,     first,          first + day_ns,
                                 INT64_MIN, first + day_ns, first };
    struct schema_options o = { .time = "t" };
    struct schema *s = infer_with("t,a\n2020-01-01,1.5\n2020-01-02,2\n", &o);
    struct block *b = parse(s, text);
    cr_assert_eq(b->rows, 6);
    cr_expect_arr_eq(b->time_ns, expected, sizeof expected);
    block_unref(b);
    schema_free(s);
}

Test(csv, a_nul_byte_is_binary)
{
    struct schema *s = infer("a,b\n1.5,2\n2.5,3\n");
    const char text[] = "1,2\n3\0,4\n5,6\n";
    struct framer *f;
    struct block *b;
    cr_assert_eq(framer_new(s, RECORD_MAX, 1, 1, &f), 0);
    cr_assert_eq(
        framer_push(f, (const uint8_t *)text, sizeof text - 1, true, &b), 0);
    cr_assert_eq(block_parse(b, s), 0);
    cr_expect_eq(b->status[1], BAD_BINARY);
    cr_expect_eq(b->rows, 2);
    cr_expect_eq(value(b, 1, 1), 6);
    block_unref(b);
    framer_free(f);
    schema_free(s);
}

Test(csv, missing_words_may_look_like_numbers)
{
    const char *words[] = { "-999", "none" };
    struct schema_options o = { .missing = { .items = words, .count = 2 } };
    const char *text = "a,b\n1.5,2\n-999,none\n,7\nNA,7\n";
    struct schema *s = infer_with("a,b\n1.5,2\n-999,none\n2.5,4\n", &o);
    struct block *b = parse(s, text);
    cr_expect(isnan(value(b, 1, 0)));
    cr_expect(isnan(value(b, 1, 1)));
    cr_expect(isnan(value(b, 2, 0)), "empty stays missing");
    cr_expect_eq(b->status[3], BAD_NOT_A_NUMBER,
                 "the usual words are replaced");
    block_unref(b);
    schema_free(s);
}

Test(csv, keys_of_several_columns_are_joined)
{
    const char *items[] = { "name", "pid" };
    struct schema_options o = { .key = { .items = items, .count = 2 } };
    const char *text =
        "pid,name,x\n7,\"a,\"\"b\",1.5\n8,\xff,2.5\nbad\n9,z,3\n";
    struct schema *s = infer_with(text, &o);
    struct block *b = parse(s, text);
    const char *keys = buf_text(&b->key_text);
    cr_assert_eq(b->rows, 3);
    cr_expect_eq(strncmp(keys, "a,\"b/7", 6), 0, "%s", keys);
    cr_expect_eq(strncmp(keys + b->key_offset[1], "\xef\xbf\xbd/8", 5), 0);
    cr_expect_str_eq(keys + b->key_offset[2], "z/9", "bad rows leave no key");
    block_unref(b);
    schema_free(s);
}

Test(csv, a_bad_row_leaves_no_key)
{
    const char *items[] = { "k" };
    struct schema_options o = { .key = { .items = items, .count = 1 } };
    const char *text = "k,x\na,1.5\nb,oops\nc,2.5\n";
    struct schema *s = infer_with("k,x\na,1.5\nc,2.5\n", &o);
    struct block *b = parse(s, text);
    cr_assert_eq(b->rows, 2);
    cr_expect_str_eq(buf_text(&b->key_text), "ac");
    cr_expect_eq(b->key_offset[1], 1);
    cr_expect_eq(b->key_offset[2], 2);
    block_unref(b);
    schema_free(s);
}

Test(csv, any_byte_delimits)
{
    const char *const delimiters[] = { "x", "e", "-", "1", "\x01" };
    for (size_t i = 0; i < 5; i++) {
        struct schema_options o = { .delimiter = delimiters[i],
                                    .header = "yes" };
        char text[64], d = delimiters[i][0];
        snprintf(text, sizeof text, "a%cb\n2.5%c7\n3.5%c8\n", d, d, d);
        struct schema *s = infer_with(text, &o);
        struct block *b = parse(s, text);
        cr_assert_eq(b->rows, 2, "delimiter %s", delimiters[i]);
        cr_expect_eq(value(b, 1, 0), 3.5f);
        cr_expect_eq(value(b, 1, 1), 8);
        block_unref(b);
        schema_free(s);
    }
}
