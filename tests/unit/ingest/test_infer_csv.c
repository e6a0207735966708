#include "tests/unit/ingest/support.h"

Test(infer_csv, delimiters_are_found)
{
    static const struct {
        const char *text;
        char delimiter;
        uint32_t columns;
    } cases[] = {
        { "a,b\n1,2\n3,4\n", ',', 2 },
        { "a;b\n1,5;2\n3,5;4\n5,5;1\n", ';', 2 },
        { "a\tb c\n1\tx, y\n2\tz\n", '\t', 2 },
        { "a|b\n1|2\n3|4\n", '|', 2 },
        { "1.5 2.5 3.5\n4.5 5.5 6.5\n", ' ', 3 },
        { "1:2\n3:4\n", ':', 2 },
        { "v\n1.5\n2.5\n", ',', 1 },
        { "t,v\n2020-01-01 00:00:00,1\n2020-01-01 00:00:01,2\n", ',', 2 },
        { "a,\"b;c;d\"\n1,\"2;3;4\"\n1,\"2;3;4\"\n", ',', 2 },
        { "n;v\n\"x,y\nz\";1.5\n\"u,v\nw\";2.5\n", ';', 2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct schema *s = infer(cases[i].text);
        cr_expect_eq(s->delimiter, cases[i].delimiter, "%s: %c", cases[i].text,
                     s->delimiter);
        cr_expect_eq(s->column_count, cases[i].columns, "%s", cases[i].text);
        schema_free(s);
    }
}

Test(infer_csv, a_header_has_no_numbers_where_the_others_have)
{
    static const struct {
        const char *text;
        bool header;
    } cases[] = {
        { "a,b\n1,2\n", true },
        { "1,2\n3,4\n", false },
        { "x,1\ny,2\nz,3\n", false },
        { "name,v\ny,2\nz,3\n", true },
        { "1.5\n2.5\n", false },
        { ",v\n0,1.5\n1,2.5\n", true },
        { "NA,1\n2,3\n4,5\n", false },
        { "day,2019\nx,2.5\ny,3.5\n", false },
        { "t,v\n2020-01-01,1.5\n", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct schema *s = infer(cases[i].text);
        cr_expect_eq(s->header, cases[i].header, "%s", cases[i].text);
        schema_free(s);
    }
    struct schema_options o = { .header = "no" };
    struct schema *s =
        infer_with("a,7\n1.5,8\n2,9\n3,1\n4,1\n5,1\n6,1\n7,1\n8,1"
                   "\n9,1\n1,2\n1,3\n1,4\n1,5\n1,6\n1,7\n1,8\n1,9"
                   "\n2,1\n2,2\n2,3\n2,4\n",
                   &o);
    cr_expect_not(s->header);
    cr_expect_str_eq(s->column[0].name, "c1");
    schema_free(s);
}

Test(infer_csv, data_begins_behind_header_and_mark)
{
    struct schema *s =
        infer("\xef\xbb\xbf\r\n\"a\nb\",c\r\n1.5,2\r\n2.5,3\r\n");
    cr_expect_eq(s->data_start, 3 + 2 + 9);
    cr_expect_eq(s->data_line, 4);
    cr_expect_str_eq(s->column[0].name, "a b");
    schema_free(s);
    s = infer("\xef\xbb\xbf"
              "1.5,2\n2.5,3\n");
    cr_expect_eq(s->data_start, 3);
    cr_expect_eq(s->data_line, 1);
    schema_free(s);
}

Test(infer_csv, a_header_one_field_shorter_means_row_names)
{
    const char *text =
        "\"d\",\"T\"\n\"1\",2020-01-01,5.5\n\"2\",2020-01-02,6.5\n";
    struct schema *s = infer(text);
    cr_expect(s->row_names);
    cr_expect_eq(s->column_count, 3);
    cr_expect_str_eq(s->column[0].name, "row_name");
    cr_expect_str_eq(s->column[2].name, "T");
    cr_expect_eq(s->feature_count, 1);
    struct block *b = parse(s, text);
    cr_expect_eq(value(b, 1, 0), 6.5f);
    block_unref(b);
    schema_free(s);
}

Test(infer_csv, names_become_unique_without_case)
{
    struct schema *s = infer("a,A,,a_2,\"\",a\n1.5,2.5,3.5,4.5,5.5,6.5\n");
    const char *const names[] = { "a", "A_2", "c3", "a_2_2", "c5", "a_3" };
    for (uint32_t i = 0; i < 6; i++)
        for (uint32_t k = 0; k < i; k++)
            cr_expect_str_neq(s->column[i].name, s->column[k].name);
    cr_expect_str_eq(s->column[0].name, names[0]);
    cr_expect_str_eq(s->column[2].name, names[2]);
    cr_expect_str_eq(s->column[4].name, names[4]);
    schema_free(s);
}

Test(infer_csv, ragged_records_do_not_decide)
{
    struct schema *s = infer("a,b\n1.5\n1.5,2\n1.5,2,3\n2.5,3\n3.5,4\n");
    cr_expect_eq(s->column_count, 2);
    cr_expect_eq(s->sampled, 3);
    schema_free(s);
}

Test(infer_csv, too_many_columns_are_refused)
{
    struct buf b;
    const struct schema_options none = { 0 };
    buf_init(&b, 1u << 20);
    for (int row = 0; row < 2; row++)
        for (int i = 0; i < 2000; i++)
            buf_printf(&b, "%d.5%c", i, i == 1999 ? '\n' : ',');
    cr_expect(strstr(infer_fails(buf_text(&b), &none, ERR_CONTENT), "2000"));
    buf_reset(&b);
    for (int row = 0; row < 2; row++)
        for (int i = 0; i < 1500; i++)
            buf_printf(&b, "%d.5%c", i, i == 1499 ? '\n' : ',');
    struct schema *s = infer(buf_text(&b));
    cr_expect_eq(s->feature_count, SCHEMA_FEATURES_MAX);
    cr_expect(strstr(s->column[1499].reason, "1024"));
    schema_free(s);
    buf_release(&b);
}
