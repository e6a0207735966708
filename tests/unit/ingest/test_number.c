#include "engine/ingest/number.h"
#include "tests/unit/ingest/support.h"

#include <float.h>
#include <math.h>

struct odd {
    const char *text;
    enum number_kind kind;
    float value;
};

static const struct odd odds[] = {
    { "0", NUMBER_VALUE, 0 },
    { "-0", NUMBER_VALUE, 0 },
    { "-0.0", NUMBER_VALUE, 0 },
    { "-1e-60", NUMBER_VALUE, 0 },
    { " 1.5\t", NUMBER_VALUE, 1.5f },
    { "+1.5", NUMBER_VALUE, 1.5f },
    { ".5", NUMBER_VALUE, 0.5f },
    { "5.", NUMBER_VALUE, 5 },
    { "007", NUMBER_VALUE, 7 },
    { "1E3", NUMBER_VALUE, 1000 },
    { "0.1", NUMBER_VALUE, 0.1f },
    { "16777217", NUMBER_VALUE, 16777216.0f },
    { "123456789012345678901234567890", NUMBER_VALUE, 1.2345679e29f },
    { "3.5e38", NUMBER_VALUE, FLT_MAX },
    { "-3.5e38", NUMBER_VALUE, -FLT_MAX },
    { "1e400", NUMBER_VALUE, FLT_MAX },
    { "-1e400", NUMBER_VALUE, -FLT_MAX },
    { "1e-400", NUMBER_VALUE, 0 },
    { "inf", NUMBER_VALUE, FLT_MAX },
    { "-inf", NUMBER_VALUE, -FLT_MAX },
    { "+Inf", NUMBER_VALUE, FLT_MAX },
    { "Infinity", NUMBER_VALUE, FLT_MAX },
    { "-infinity", NUMBER_VALUE, -FLT_MAX },
    { "nan", NUMBER_MISSING, 0 },
    { "NaN", NUMBER_MISSING, 0 },
    { "-nan", NUMBER_MISSING, 0 },
    { "", NUMBER_NOT, 0 },
    { " ", NUMBER_NOT, 0 },
    { "+", NUMBER_NOT, 0 },
    { "-", NUMBER_NOT, 0 },
    { ".", NUMBER_NOT, 0 },
    { "+-1", NUMBER_NOT, 0 },
    { "--1", NUMBER_NOT, 0 },
    { "1e", NUMBER_NOT, 0 },
    { "1e+", NUMBER_NOT, 0 },
    { "0x10", NUMBER_NOT, 0 },
    { "1,5", NUMBER_NOT, 0 },
    { "1_000", NUMBER_NOT, 0 },
    { "1 000", NUMBER_NOT, 0 },
    { "1f", NUMBER_NOT, 0 },
    { "12abc", NUMBER_NOT, 0 },
    { "true", NUMBER_NOT, 0 },
    { "infinite", NUMBER_NOT, 0 },
};

Test(number, odd_texts_have_one_documented_outcome)
{
    for (size_t i = 0; i < sizeof odds / sizeof *odds; i++) {
        double x = 0;
        enum number_kind kind =
            number_parse(odds[i].text, strlen(odds[i].text), &x);
        cr_expect_eq(kind, odds[i].kind, "'%s'", odds[i].text);
        if (kind == NUMBER_VALUE) {
            float f = number_float(x);
            cr_expect_eq(f, odds[i].value, "'%s': %g", odds[i].text, (double)f);
            cr_expect_not(signbit(f) && f == 0, "'%s' is -0", odds[i].text);
        }
    }
}

/* Every odd text must read the same as a CSV field, as a quoted CSV field and
 * as an NDJSON string. */
Test(number, odd_texts_read_the_same_in_both_formats)
{
    struct schema *csv = infer("a,b\n1.5,2.5\n2.5,1.5\n");
    struct schema *json = infer("{\"a\":1.5,\"b\":2.5}\n{\"a\":2.5,\"b\":1}\n");
    for (size_t i = 0; i < sizeof odds / sizeof *odds; i++) {
        char line[128];
        const char *text = odds[i].text;
        char quote[2] = { strchr(text, ',') != NULL ? '"' : '\0', '\0' };
        snprintf(line, sizeof line, "a,b\n%s%s%s,1\n\"%s\",1\n", quote, text,
                 quote, text);
        struct block *c = parse(csv, line);
        snprintf(line, sizeof line, "{\"a\":\"%s\",\"b\":1}\n",
                 strchr(text, '\t') != NULL ? " 1.5 " : text);
        struct block *j = parse(json, line);
        cr_assert_eq(c->status[0], j->status[0], "'%s'", odds[i].text);
        cr_assert_eq(c->status[1], j->status[0], "'%s'", odds[i].text);
        bool blank = strspn(odds[i].text, " ") == strlen(odds[i].text);
        bool bad = odds[i].kind == NUMBER_NOT && !blank;
        cr_expect_eq(c->status[0], bad ? BAD_NOT_A_NUMBER : BAD_NONE, "'%s'",
                     odds[i].text);
        if (!bad) {
            float x = value(c, 0, 0), y = value(j, 0, 0), z = value(c, 1, 0);
            cr_expect(same_float(x, y), "'%s'", odds[i].text);
            cr_expect(same_float(x, z), "'%s'", odds[i].text);
            cr_expect_eq(isnan(x), odds[i].kind != NUMBER_VALUE, "'%s'",
                         odds[i].text);
        }
        block_unref(c);
        block_unref(j);
    }
    schema_free(csv);
    schema_free(json);
}

Test(number, bool_words_are_words)
{
    cr_expect_eq(number_bool_word("true", 4), 1);
    cr_expect_eq(number_bool_word(" FALSE ", 7), 0);
    cr_expect_eq(number_bool_word("yes", 3), -1);
    cr_expect_eq(number_bool_word("truex", 5), -1);
}

Test(number, a_decimal_comma_is_told_from_other_commas)
{
    static const struct {
        const char *text;
        bool is;
    } cases[] = {
        { "3,14", true },     { "-0,5e3", true }, { ",5", true },
        { "1,234,5", false }, { "3.14", false },  { "a,b", false },
        { ",", false },       { "", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(number_has_comma(cases[i].text, strlen(cases[i].text)),
                     cases[i].is, "%s", cases[i].text);
    cr_expect_not(number_has_comma(NULL, 0));
}
