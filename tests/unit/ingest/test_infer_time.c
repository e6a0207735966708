#include "tests/unit/ingest/support.h"

static const char *time_of(const struct schema *s)
{
    return s->time_column == SCHEMA_NO_COLUMN ? "none"
                                              : s->column[s->time_column].name;
}

Test(infer_time, the_first_column_that_reads_as_time_is_the_time)
{
    struct schema *s = infer("x,ts,when\n1.5,2020-01-01T00:00:00Z,2020-01-01\n"
                             "2.5,2020-01-01T00:00:01Z,2020-01-01\n");
    cr_expect_str_eq(time_of(s), "ts");
    cr_expect_eq(s->time_kind, TIME_ISO);
    cr_expect_str_eq(column_named(s, "ts")->reason, "ISO, with a zone");
    cr_expect_str_eq(column_named(s, "when")->reason, "parses as time");
    schema_free(s);
}

Test(infer_time, epochs_count_between_2000_and_2100)
{
    static const struct {
        const char *value;
        enum time_kind kind;
    } cases[] = {
        { "1446249499", TIME_EPOCH_S },
        { "1446249499.25", TIME_EPOCH_S },
        { "1446249499322", TIME_EPOCH_MS },
        { "1446249499322001", TIME_EPOCH_US },
        { "1446249499322001002", TIME_EPOCH_NS },
        { "946684799", TIME_NONE },
        { "4102444800", TIME_NONE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, "time,x\n%s,1.5\n%s,2.5\n", cases[i].value,
                 cases[i].value);
        struct schema *s = infer(text);
        cr_expect_eq(s->time_kind, cases[i].kind, "%s", cases[i].value);
        schema_free(s);
    }
}

Test(infer_time, sizes_in_that_range_are_no_times)
{
    struct schema *s = infer("v,memory,sent\n1.5,2000000000,1500000000\n"
                             "2.5,1900000000,1500000001\n"
                             "2.5,2100000000,1500000007\n");
    cr_expect_str_eq(time_of(s), "none");
    cr_expect_eq(s->feature_count, 3);
    schema_free(s);
}

Test(infer_time, a_time_that_stands_still_is_the_last_choice)
{
    struct schema *s = infer("{\"load_timestamp\":1445680800424,\"timestamp\":"
                             "1446249499322,\"x\":1}\n"
                             "{\"load_timestamp\":1445680800424,\"timestamp\":"
                             "1446249499422,\"x\":5}\n");
    cr_expect_str_eq(time_of(s), "timestamp");
    schema_free(s);
    s = infer("{\"timestamp\":1445680800424,\"x\":7}\n"
              "{\"timestamp\":1445680800424,\"x\":5}\n");
    cr_expect_str_eq(time_of(s), "timestamp");
    schema_free(s);
}

Test(infer_time, other_forms_need_a_word)
{
    const char *text = "D,x\n04/07/16 00,1.5\n04/07/16 01,2.5\n";
    struct schema *s = infer(text);
    cr_expect_str_eq(time_of(s), "none");
    cr_expect(strstr(s->hint, "--time-format"), "%s", s->hint);
    schema_free(s);

    struct schema_options o = { .time = "d" };
    cr_expect(strstr(infer_fails(text, &o, ERR_USAGE), "--time-format"));
    o.time_format = "%d/%m/%y %H";
    s = infer_with(text, &o);
    cr_expect_str_eq(time_of(s), "D");
    struct block *b = parse(s, text);
    cr_expect_eq(b->time_ns[1], 1467594000000000000);
    block_unref(b);
    schema_free(s);
    o.time = NULL;
    s = infer_with(text, &o);
    cr_expect_str_eq(time_of(s), "D", "found by its form");
    schema_free(s);
    o.time_format = "%Y";
    cr_expect(strstr(infer_fails(text, &o, ERR_USAGE), "no column"));
    o.time_format = "%Q";
    infer_fails(text, &o, ERR_USAGE);
}

Test(infer_time, none_is_an_answer)
{
    struct schema_options o = { .time = "none" };
    struct schema *s = infer_with("ts,x\n2020-01-01,1.5\n", &o);
    cr_expect_str_eq(time_of(s), "none");
    schema_free(s);
    const char *ignore[] = { "ts" };
    o = (struct schema_options){ .ignore = { .items = ignore, .count = 1 } };
    s = infer_with("ts,x\n2020-01-01,1.5\n", &o);
    cr_expect_str_eq(time_of(s), "none");
    schema_free(s);
}
