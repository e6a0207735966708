#include "tests/unit/ingest/support.h"

static const char payments[] = "ID,AT,CUSTOMER_ID,AMOUNT\n"
                               "1,2020-01-01 00:00:01,7,1.5\n"
                               "2,2020-01-01 00:00:02,7,2.5\n";

static const char *compare_fails(const struct schema *a, const struct schema *b)
{
    static struct fault fault;
    fault = (struct fault){ 0 };
    cr_assert_eq(schema_compare(a, b, &fault), ERR_DIFFERENT);
    return fault.text;
}

Test(schema, equal_schemas_compare_equal)
{
    struct schema *a = infer(payments);
    struct schema *b = infer(payments);
    cr_expect_eq(schema_compare(a, b, NULL), 0);
    schema_free(a);
    schema_free(b);
}

Test(schema, the_first_difference_is_named)
{
    static const char *const others[][2] = {
        { "{\"AMOUNT\":1.5}\n", "format" },
        { "ID;AT;CUSTOMER_ID;AMOUNT\n1;2020-01-01;7;1.5\n", "delimiter" },
        { "ID,AT,AMOUNT\n1,2020-01-01,1.5\n", "columns" },
        { "ID,AT,CLIENT_ID,AMOUNT\n1,2020-01-01,7,1.5\n", "CLIENT_ID" },
        { "ID,AT,CUSTOMER_ID,AMOUNT\n1,x,7,1.5\n", "time column" },
        { "ID,AT,CUSTOMER_ID,AMOUNT\n1,1577836800,7,1.5\n", "form" },
    };
    struct schema *a = infer(payments);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct schema *b = infer(others[i][0]);
        cr_expect(strstr(compare_fails(a, b), others[i][1]), "%s: %s",
                  others[i][1], compare_fails(a, b));
        schema_free(b);
    }
    const char *key[] = { "customer_id" };
    struct schema_options o = { .key = { .items = key, .count = 1 } };
    struct schema *b = infer_with(payments, &o);
    cr_expect(strstr(compare_fails(a, b), "key"));
    schema_free(b);
    o = (struct schema_options){ .also = { .items = key, .count = 1 } };
    b = infer_with(payments, &o);
    cr_expect(strstr(compare_fails(a, b), "CUSTOMER_ID"));
    cr_expect(strstr(compare_fails(b, a), "CUSTOMER_ID"));
    schema_free(b);
    schema_free(a);
}

Test(schema, types_and_roles_have_names)
{
    cr_expect_str_eq(column_type_name(COLUMN_BINARY), "0/1");
    cr_expect_str_eq(column_type_name(COLUMN_EMPTY), "empty");
    cr_expect_str_eq(column_role_name(COLUMN_TIME_OF_ROW), "time");
    cr_expect_str_eq(column_role_name(COLUMN_OUT), "out");
}
