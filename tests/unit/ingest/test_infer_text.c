#include "tests/unit/ingest/support.h"

static int infer_bytes(const char *bytes, size_t n, bool complete,
                       struct fault *fault)
{
    const struct schema_options none = { 0 };
    struct schema *s;
    *fault = (struct fault){ 0 };
    int rc =
        schema_infer(&none, (const uint8_t *)bytes, n, complete, &s, fault);
    if (rc == 0)
        schema_free(s);
    return rc;
}

Test(infer_text, what_is_not_text_is_refused_with_the_way_out)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *word;
    } cases[] = {
        { "\x1f\x8b\x08\x00", 4, "zcat" },
        { "\x28\xb5\x2f\xfd\x00", 5, "zstd" },
        { "PK\x03\x04....", 8, "zip" },
        { "SQLite format 3\0", 16, "SQLite" },
        { "\xff\xfe"
          "a\0,\0",
          6, "UTF-16" },
        { "PAR1....", 8, "Parquet" },
        { "a,b\n1,\0\0\0", 9, "not text" },
        { "\x7f"
          "ELF\x02\x01\x01\0",
          8, "not text" },
        { "[\n {\"a\":1}]", 11, "jq" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault fault;
        cr_expect_eq(infer_bytes(cases[i].bytes, cases[i].n, true, &fault),
                     ERR_CONTENT);
        cr_expect(strstr(fault.text, cases[i].word) != NULL, "%s: %s",
                  cases[i].word, fault.text);
    }
}

Test(infer_text, latin_1_is_text)
{
    struct schema *s = infer("caf\xe9,x\nl\xe0,1.5\nici,2.5\n");
    cr_expect_not(s->utf8);
    cr_expect_str_eq(s->column[0].name, "caf\xef\xbf\xbd");
    schema_free(s);
}

Test(infer_text, an_empty_input_is_refused_a_short_one_awaited)
{
    struct fault fault;
    cr_expect_eq(infer_bytes("", 0, true, &fault), ERR_CONTENT);
    cr_expect_eq(infer_bytes("\n\r\n  \n", 6, true, &fault), ERR_CONTENT);
    cr_expect_eq(infer_bytes("a,b\n", 4, true, &fault), ERR_CONTENT);
    cr_expect_eq(infer_bytes("", 0, false, &fault), ERR_AGAIN);
    cr_expect_eq(infer_bytes("a,b", 3, false, &fault), ERR_AGAIN);
    cr_expect_eq(infer_bytes("a,b\n1,", 6, false, &fault), ERR_AGAIN);
    cr_expect_eq(infer_bytes("a,b\n1.5,2\n3", 11, false, &fault), 0);
    cr_expect_eq(infer_bytes("1.5", 3, true, &fault), 0);
}

Test(infer_text, when_all_is_bad_the_first_three_are_shown)
{
    const struct schema_options none = { 0 };
    const char *fault = infer_fails("{\"a\":1,\n{\"b\":tru}\n{]\n{\"c\"}\n",
                                    &none, ERR_CONTENT);
    cr_expect(strstr(fault, "line 1: "), "%s", fault);
    cr_expect(strstr(fault, "line 3: "), "%s", fault);
    cr_expect_null(strstr(fault, "line 4: "));
}

Test(infer_text, one_bad_line_does_not_hide_the_format)
{
    struct schema *s = infer("# started\n{\"a\":1.5}\n{\"a\":2.5}\n");
    cr_expect_eq(s->format, SCHEMA_NDJSON);
    schema_free(s);
    const struct schema_options csv = { .format = "csv" };
    s = infer_with("{a,b\n{x,1.5\n{y,2.5\n", &csv);
    cr_expect_eq(s->format, SCHEMA_CSV);
    schema_free(s);
}
