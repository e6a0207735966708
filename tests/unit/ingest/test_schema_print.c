#include "tests/unit/ingest/support.h"

static const char *print(const char *text, const struct schema_options *o,
                         uint64_t bytes)
{
    static struct buf out;
    struct schema *s = infer_with(text, o);
    buf_init(&out, 1u << 20);
    cr_assert_eq(schema_print(s, "payments.csv", bytes, &out), 0);
    schema_free(s);
    return buf_text(&out);
}

Test(schema_print, shows_the_table_that_people_know)
{
    struct buf text;
    const struct schema_options none = { 0 };
    buf_init(&text, 1u << 20);
    buf_append_text(&text, "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TX_AMOUNT,"
                           "TX_TIME_SECONDS,label\n");
    for (int i = 0; i < 30; i++)
        buf_printf(&text, "%d,2018-06-04 00:01:%02d,%d,%d.25,%d,%d\n",
                   613897 + i, i, 500 + i * 7 % 9, i, 5529694 + i * i + i,
                   i == 9);
    const char *shown = print(buf_text(&text), &none, 2200000);
    cr_expect_str_eq(
        shown,
        "payments.csv: CSV, comma, header, UTF-8, 2.2 MB\n"
        "  column             type     role     why\n"
        "  TRANSACTION_ID     integer  out      rises by 1: a row number\n"
        "  TX_DATETIME        time     time     ISO, no zone: read as UTC\n"
        "  CUSTOMER_ID        integer  out      named like an id   "
        "(--key CUSTOMER_ID?)\n"
        "  TX_AMOUNT          number   feature  0 % missing, "
        "0.25 .. 14.75 .. 29.25\n"
        "  TX_TIME_SECONDS    integer  out      rises: a clock\n"
        "  label              0/1      out      looks like a label\n"
        "One feature only: results will follow TX_AMOUNT. Change with --also, "
        "--features, --ignore.\n");
    buf_release(&text);
}

Test(schema_print, no_key_is_suggested_when_there_is_one)
{
    const char *key[] = { "k" };
    struct schema_options o = { .key = { .items = key, .count = 1 } };
    const char *shown = print("k,user_id,x\na,7,1.5\nb,7,2.5\n", &o, 0);
    cr_expect_null(strstr(shown, "?)"), "%s", shown);
    cr_expect(strstr(shown, "named by --key"));
}

Test(schema_print, wide_names_and_hints_line_up)
{
    const struct schema_options none = { 0 };
    const char *shown =
        print("\xc3\xa9t\xc3\xa9;x\n1,5;2.5\n2,5;3.5\n", &none, 0);
    cr_expect(strstr(shown, "semicolon"), "%s", shown);
    cr_expect(strstr(shown, "  \xc3\xa9t\xc3\xa9       text     out"), "%s",
              shown);
    cr_expect(strstr(shown, "decimal commas"), "%s", shown);
}
