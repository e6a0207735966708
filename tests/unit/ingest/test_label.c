#include "engine/ingest/label.h"
#include "tests/unit/ingest/support.h"

static void expect_read(const struct schema *s, const char *text, int want)
{
    cr_expect_eq(label_read(s, text, strlen(text)), want, "'%s'", text);
}

Test(label, zero_and_words_for_ordinary_are_ordinary_anything_else_is_not)
{
    static const char *const ordinary[] = { "0",     "0.0",    "-0",
                                            "false", "FALSE",  "normal",
                                            "no",    "Benign", "OK",
                                            "none",  "normal." };
    static const char *const anomalies[] = {
        "1",       "-1",  "0.5", "true", "yes", "dos",
        "anomaly", "inf", "not", "nop.", ".",   "outlier"
    };
    static const char *const missing[] = { "", "NA", "nan", "NaN", "?" };
    struct schema *s = infer("a,b\n1,2\n3,4\n");
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
        expect_read(s, ordinary[i], LABEL_ORDINARY);
    for (size_t i = 0; i < sizeof anomalies / sizeof *anomalies; i++)
        expect_read(s, anomalies[i], LABEL_ANOMALY);
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        expect_read(s, missing[i], LABEL_MISSING);
    schema_free(s);
}

static void expect_labels(const char *text, const int8_t *want, uint32_t rows)
{
    const struct schema_options o = { .label = "truth" };
    struct schema *s = infer_with(text, &o);
    struct block *block = parse(s, text);
    struct batch_input b;
    cr_assert_eq(s->feature_count, 1, "%u features", s->feature_count);
    cr_expect_str_eq(column_named(s, "truth")->reason, "named by --label");
    cr_assert_eq(block->rows, rows);
    cr_assert_arr_eq(block->label, want, rows);
    batch_input_init(&b);
    cr_assert_eq(batch_input_add(&b, block, 1, block->records - 1), 0);
    cr_assert_eq(batch_assemble(&b, 1), 0);
    cr_assert_eq(b.rows, rows - 1);
    cr_expect_arr_eq(b.label, want + 1, rows - 1);
    batch_input_release(&b);
    block_unref(block);
    schema_free(s);
}

Test(label, csv_rows_carry_their_labels)
{
    const int8_t want[] = { 0, 1, -1, 0, 1 };
    expect_labels("x,truth\n1.5,0\n2.5,2\n3.5,\n4,1,5\n4.5,no\n9.5,\"a,b\"\n",
                  want, 5);
}

Test(label, json_rows_carry_their_labels)
{
    const int8_t want[] = { 0, 1, -1, 1, -1 };
    expect_labels("{\"x\":1.5,\"truth\":false}\n{\"truth\":true,\"x\":2}\n"
                  "{\"x\":3}\n{\"x\":4,\"truth\":\"attack\"}\n"
                  "{\"x\":5,\"truth\":null}\n",
                  want, 5);
}

Test(label, without_a_label_nothing_is_kept)
{
    struct schema *s = infer("x,truth\n1.5,0\n2.5,2\n");
    struct block *block = parse(s, "x,truth\n1.5,0\n2.5,2\n");
    cr_expect_null(block->label);
    cr_expect_eq(s->label_column, SCHEMA_NO_COLUMN);
    block_unref(block);
    schema_free(s);
}

Test(label, a_label_is_never_a_feature)
{
    const char *text = "x,y,when\n1.5,2.5,2026-01-01 00:00:00\n"
                       "2.5,1.5,2026-01-01 00:00:01\n";
    const char *also[] = { "y" };
    struct schema_options o = { .label = "y" };
    struct schema *s = infer_with(text, &o);
    cr_expect_eq(s->feature_count, 1);
    schema_free(s);
    o.also = (struct option_list){ .items = also, .count = 1 };
    cr_expect_str_eq(infer_fails(text, &o, ERR_USAGE),
                     "--also y: this is the label (--label), which is never a "
                     "feature");
    o = (struct schema_options){ .label = "wheen" };
    cr_expect_str_eq(
        infer_fails(text, &o, ERR_USAGE),
        "--label wheen: there is no such column; did you mean when?");
    o.label = "when";
    cr_expect(strstr(infer_fails(text, &o, ERR_USAGE), "time column") != NULL);
}

Test(label, a_stored_schema_takes_a_label_that_is_no_feature_of_it)
{
    const char *text = "x,class\n1.5,1\n2.5,0\n";
    struct schema *s = infer(text), *stored;
    struct buf json;
    struct fault fault = { 0 };
    buf_init(&json, 1u << 16);
    cr_assert_eq(schema_to_json(s, &json), 0);
    cr_assert_eq(
        schema_from_json(buf_text(&json), json.length, &stored, &fault), 0);
    cr_expect_eq(stored->label_column, SCHEMA_NO_COLUMN);
    cr_expect_eq(schema_label_set(stored, "Class", &fault), 0);
    cr_expect_eq(stored->label_column, 1);
    cr_expect_eq(schema_label_set(stored, "x", &fault), ERR_USAGE);
    cr_expect(strstr(fault.text, "--fresh") != NULL, "%s", fault.text);
    cr_expect_eq(schema_label_set(stored, NULL, &fault), 0);
    cr_expect_eq(stored->label_column, SCHEMA_NO_COLUMN);
    buf_release(&json);
    schema_free(stored);
    schema_free(s);
}
