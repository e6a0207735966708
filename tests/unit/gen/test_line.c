/* Numbers and times as text, against printf and civil time. */
#include "proto/base/civil.h"
#include "tests/lib/seed.h"
#include "tools/gen/line.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *number(double x, unsigned decimals)
{
    static char text[LINE_NUMBER_BYTES + 1];
    *line_number(text, x, decimals) = '\0';
    return text;
}

Test(line, numbers_have_their_decimals)
{
    cr_expect_str_eq(number(0, 0), "0");
    cr_expect_str_eq(number(7, 2), "7.00");
    cr_expect_str_eq(number(0.05, 1), "0.1");
    cr_expect_str_eq(number(12.345678, 3), "12.346");
    cr_expect_str_eq(number(99.99999, 4), "100.0000");
    cr_expect_str_eq(number(-0.5, 1), "-0.5");
    cr_expect_str_eq(number(1234567890123.0 / 10, 1), "123456789012.3");
}

Test(line, what_rounds_to_zero_has_no_sign)
{
    cr_expect_str_eq(number(-0.004, 2), "0.00");
    cr_expect_str_eq(number(-0.006, 2), "-0.01");
    cr_expect_str_eq(number(-0.0, 3), "0.000");
}

Test(line, numbers_read_back_within_half_a_digit)
{
    static const double half[] = { 0.5, 0.05, 0.005, 0.0005, 0.00005 };
    struct rng r = seed_rng(seed_any());
    for (uint32_t i = 0; i < 200000; i++) {
        unsigned decimals = i % 5;
        double size = (double)(UINT64_C(1) << rng_below(&r, 24));
        double x = (rng_unit(&r) - 0.5) * size;
        const char *text = number(x, decimals);
        double back = strtod(text, NULL);
        double error = back > x ? back - x : x - back;
        cr_assert_leq(error, half[decimals] * 1.0001, "%.17g as %s", x, text);
        const char *point = strchr(text, '.');
        cr_assert_eq(decimals == 0 ? 0 : strlen(point + 1), decimals, "%s",
                     text);
    }
}

Test(line, padded_numbers_keep_their_width)
{
    char text[32];
    *line_padded(text, 7, 3) = '\0';
    cr_expect_str_eq(text, "007");
    *line_padded(text, 1234, 3) = '\0';
    cr_expect_str_eq(text, "1234");
    *line_padded(text, 100, 3) = '\0';
    cr_expect_str_eq(text, "100");
}

Test(line, times_are_those_of_civil)
{
    struct rng r = seed_rng(seed_any());
    struct line_time t;
    line_time_init(&t);
    int64_t ns = -5000 * INT64_C(1000000000);
    for (uint32_t i = 0; i < 200000; i++) {
        char want[24], got[24];
        ns += i % 1000 == 0 ? (int64_t)rng_below(&r, 1000000000000000)
                            : (int64_t)rng_below(&r, 3000000000);
        if (i % 777 == 0)
            ns -= (int64_t)rng_below(&r, 100000000000); /* back in time */
        (void)civil_format_ms(ns, want, sizeof want);
        *line_stamp(&t, got, ns, true) = '\0';
        cr_assert_str_eq(got, want, "%lld", (long long)ns);
        *line_stamp(&t, got, ns, false) = '\0';
        cr_assert_eq(strlen(got), 19);
        cr_assert_eq(memcmp(got, want, 19), 0);
    }
}
