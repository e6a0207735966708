#include "engine/detect/figure.h"

#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *figure(float number, struct buf *out)
{
    buf_reset(out);
    cr_assert_eq(figure_put(out, number), 0);
    return buf_text(out);
}

static void expect_as_printf(float number, struct buf *out)
{
    char want[32];
    (void)snprintf(want, sizeof want, "%.5g", (double)number);
    cr_assert_str_eq(figure(number, out), want, "%a", (double)number);
}

Test(figure, five_digits_are_those_of_printf)
{
    struct buf out;
    struct rng r = seed_rng(seed_any());
    buf_init(&out, 64);
    for (int i = 0; i < 1000000; i++) {
        float size =
            ldexpf((float)(1.0 + rng_unit(&r)), (int)rng_below(&r, 31) - 14);
        if (size >= 1e-4f && size < 99999.5f)
            expect_as_printf(rng_below(&r, 2) ? size : -size, &out);
    }
    buf_release(&out);
}

Test(figure, halves_limits_and_round_numbers_are_those_of_printf)
{
    static const float numbers[] = {
        0.5f,     1.0f,      9.99995f,    9.99994f,    12345.5f,  12346.5f,
        99999.0f, 99999.49f, 10000.0f,    9999.9f,     9999.95f,  1.00005f,
        0.001f,   0.0001f,   0.00010001f, 0.00012345f, 1234.25f,  1234.75f,
        0.5625f,  100.125f,  1024.0f,     65536.0f,    0.015625f, 2.5f
    };
    struct buf out;
    buf_init(&out, 64);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if ((double)numbers[i] >= 1e-4)
            expect_as_printf(numbers[i], &out);
    buf_release(&out);
}

Test(figure, what_is_out_of_five_digits_has_a_letter_or_an_exponent)
{
    struct buf out;
    buf_init(&out, 64);
    cr_expect_str_eq(figure(0.0f, &out), "0");
    cr_expect_str_eq(figure(123456.0f, &out), "123456");
    cr_expect_str_eq(figure(41200000.0f, &out), "41.2M");
    cr_expect_str_eq(figure(-2.5e9f, &out), "-2.5G");
    cr_expect_str_eq(figure(7e12f, &out), "7T");
    cr_expect_str_eq(figure(1.3e20f, &out), "1.30e+20");
    cr_expect_str_eq(figure(3e-7f, &out), "3.00e-07");
    buf_release(&out);
}
