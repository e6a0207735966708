#include "engine/ingest/infer.h"
#include "tests/unit/ingest/support.h"

Test(infer_column, types_follow_the_values)
{
    struct schema *s = infer("num,int,bin,word,iso,text,empty,half,mix\n"
                             "1.0,7,0,True,2020-01-01,a,,0.5,true\n"
                             "2,-3,1,false,2020-01-02,b,NA,0.25,1\n");
    static const enum column_type types[] = { COLUMN_NUMBER, COLUMN_INTEGER,
                                              COLUMN_BINARY, COLUMN_BINARY,
                                              COLUMN_TIME,   COLUMN_TEXT,
                                              COLUMN_EMPTY,  COLUMN_NUMBER,
                                              COLUMN_BINARY };
    for (uint32_t i = 0; i < s->column_count; i++)
        cr_expect_eq(s->column[i].type, types[i], "%s is %s", s->column[i].name,
                     column_type_name(s->column[i].type));
    schema_free(s);
}

Test(infer_column, true_and_false_are_numbers_where_nothing_else_is)
{
    const char *text = "w,x\nTrue,1.5\nfalse,2.5\nTRUE,3.5\n";
    struct schema *s = infer(text);
    struct block *b = parse(s, text);
    cr_assert_eq(s->feature_count, 2);
    cr_assert_eq(b->rows, 3);
    cr_expect_eq(value(b, 0, 0), 1);
    cr_expect_eq(value(b, 1, 0), 0);
    block_unref(b);
    b = parse(s, "w,x\nTrue,true\n2,5\n");
    cr_expect_eq(b->status[0], BAD_NOT_A_NUMBER, "x is no 0/1 column");
    cr_expect_eq(b->status[1], BAD_NONE);
    block_unref(b);
    schema_free(s);
}

Test(infer_column, figures_are_those_of_the_sample)
{
    struct schema *s = infer("x,y\n1.5,1\n,2\n0.5,5\n7.5,9\n2.5,7\n");
    const struct column *c = column_named(s, "x");
    cr_expect_eq(c->seen, 5);
    cr_expect_eq(c->missing, 1);
    cr_expect_eq(c->min, 0.5);
    cr_expect_eq(c->median, 2.0);
    cr_expect_eq(c->max, 7.5);
    cr_expect_eq(s->sampled, 5);
    schema_free(s);
}

Test(infer_column, the_sample_ends_after_1000_records)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    buf_append_text(&b, "x\n");
    for (int i = 0; i < 1500; i++)
        buf_printf(&b, "%s\n", i < 1000 ? "1.5" : "text");
    struct schema *s = infer(buf_text(&b));
    cr_expect_eq(s->sampled, SCHEMA_INFER_RECORDS);
    cr_expect_eq(s->feature_count, 1);
    schema_free(s);
    buf_release(&b);
}

Test(infer_column, names_are_read_without_case_and_path)
{
    cr_expect(infer_name_is_id("user.id"));
    cr_expect(infer_name_is_id("USER_ID"));
    cr_expect(infer_name_is_id("userID"));
    cr_expect_not(infer_name_is_id("valid"));
    cr_expect_not(infer_name_is_id("GRID"));
    cr_expect(infer_name_is_label("Label_2"));
    cr_expect(infer_name_is_label("meta.is_anomaly_x"));
    cr_expect_not(infer_name_is_label("classes"));
    cr_expect(infer_name_is_time("Update"));
    cr_expect_not(infer_name_is_time("tim"));
}
