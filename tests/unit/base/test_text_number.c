/*
 * Measurements for people and doubles for machines.
 */
#include "proto/base/text.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct {
    double x;
    const char *text;
} measurements[] = {
    { 762.15, "762.15" },
    { 44.71, "44.71" },
    { 0, "0" },
    { -0.0, "0" },
    { 0.99, "0.99" },
    { 41234567, "41M" },
    { 1234, "1234" },
    { 12345, "12k" },
    { 0.004, "0.004" },
    { 1e-7, "1e-07" },
    { 1.25e-300, "1.25e-300" },
    { 0.0001, "0.0001" },
    { 9999, "9999" },
    { 9999.94, "9999.9" },
    { 9999.96, "10k" },
    { 10000, "10k" },
    { 99499, "99k" },
    { 99501, "100k" },
    { 123456, "123k" },
    { 999499, "999k" },
    { 999501, "1M" },
    { 1234567, "1.2M" },
    { 1e9, "1G" },
    { 9.96e17, "996P" },
    { 1.5e18, "1.5E" },
    { 9.99e20, "999E" },
    { 1e21, "1e+21" },
    { 1.7976931348623157e308, "1.7977e+308" },
    { -762.15, "-762.15" },
    { -41234567, "-41M" },
    { (double)762.15f, "762.15" },
    { (double)0.1f, "0.1" },
    { (double)3.4028235e38f, "3.4028e+38" },
    { 100, "100" },
    { 17, "17" },
    { 0.123456, "0.12346" },
    { (double)INFINITY, "inf" },
    { -(double)INFINITY, "-inf" },
    { (double)NAN, "nan" },
};

Test(text_number, measurements_are_short)
{
    char out[32];
    for (size_t i = 0; i < COUNT(measurements); i++)
        cr_assert_str_eq(text_number(measurements[i].x, out, sizeof out),
                         measurements[i].text);
}

Test(text_number, the_locale_changes_nothing)
{
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8",
                                         "de_DE.utf8", "C.UTF-8" };
    unsigned seen = 0;
    for (size_t i = 0; i < COUNT(names); i++) {
        char out[32];
        double v;
        if (setlocale(LC_ALL, names[i]) == NULL)
            continue;
        seen++;
        cr_assert_str_eq(text_number(762.15, out, sizeof out), "762.15");
        cr_assert_str_eq(text_f64(-0.1, out, sizeof out), "-0.1");
        cr_assert_eq(text_parse_f64("1.5", &v), 0);
        cr_assert_eq(v, 1.5);
        cr_assert_eq(text_parse_f64("1,5", &v), ERR_INVALID);
    }
    cr_log_info("%u locales installed here", seen);
    setlocale(LC_ALL, "C");
}

Test(text_number, small_outputs_are_cut_and_terminated)
{
    char out[4];
    cr_assert_str_eq(text_number(762.15, out, sizeof out), "762");
    cr_assert_str_eq(text_count(1234567, out, sizeof out), "1 2");
    cr_assert_str_eq(text_duration(3600000001, out, sizeof out), "1h0");
    cr_assert_str_eq(text_f64(0.12345, out, sizeof out), "0.1");
}

Test(text_number, doubles_read_back_exactly)
{
    static const struct {
        double x;
        const char *text;
    } cases[] = {
        { 0.1, "0.1" },
        { 1e30, "1e+30" },
        { 100000, "100000" },
        { 99.9, "99.9" },
        { -0.0, "0" },
        { 1.0 / 3, "0.3333333333333333" },
        { 0.00001, "0.00001" },
        { 0.000001, "1e-06" },
        { 1e16, "10000000000000000" },
    };
    char out[32];
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_assert_str_eq(text_f64(cases[i].x, out, sizeof out), cases[i].text);
    struct rng r = seed_rng(32);
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = rng_next(&r);
        double x, back;
        memcpy(&x, &bits, sizeof x);
        if (i % 2)
            x = (double)(int64_t)bits / 1e9;
        if (!isfinite(x))
            continue;
        cr_assert_lt(strlen(text_f64(x, out, sizeof out)), sizeof out - 1);
        cr_assert_eq(text_parse_f64(out, &back), 0, "%s", out);
        cr_assert_eq(back, x, "%s", out);
    }
}
