/* The shapes of the noise. */
#include "tests/lib/seed.h"
#include "tools/gen/noise.h"

#include <criterion/criterion.h>
#include <math.h>

static struct noise noise;

static void set_up(void)
{
    noise_init(&noise);
}

TestSuite(noise, .init = set_up);

/* A fixed seed: a rare draw must not fail the test. */
Test(noise, normal_values_have_the_moments_and_tails_of_a_normal)
{
    struct rng r = seed_rng(7);
    double sum = 0, squares = 0, fourth = 0;
    uint32_t n = 1000000, beyond_2 = 0, beyond_3 = 0;
    for (uint32_t i = 0; i < n; i++) {
        double x = noise_normal(&noise, &r);
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
        beyond_2 += fabs(x) > 2;
        beyond_3 += fabs(x) > 3;
        cr_assert(fabs(x) < 9);
    }
    cr_expect_float_eq(sum / n, 0, 0.004);
    cr_expect_float_eq(squares / n, 1, 0.006);
    cr_expect_float_eq(fourth / n, 3, 0.05);
    cr_expect_float_eq(beyond_2 / (double)n, 0.0455, 0.001);
    cr_expect_float_eq(beyond_3 / (double)n, 0.0027, 0.0002);
}

Test(noise, exponential_values_have_mean_one)
{
    struct rng r = seed_rng(8);
    double sum = 0;
    uint32_t n = 1000000, beyond_1 = 0;
    for (uint32_t i = 0; i < n; i++) {
        double x = noise_exponential(&r);
        cr_assert(x >= 0 && x < 40);
        sum += x;
        beyond_1 += x > 1;
    }
    cr_expect_float_eq(sum / n, 1, 0.004);
    cr_expect_float_eq(beyond_1 / (double)n, 0.3679, 0.002);
}

Test(noise, the_sine_is_the_sine)
{
    for (uint32_t i = 0; i < 9000; i++) {
        double turns = i * 0.000317;
        cr_assert_float_eq(noise_sine(&noise, turns),
                           sin(2 * 3.14159265358979323846 * turns), 1e-5,
                           "%g turns", turns);
    }
    cr_expect_float_eq(noise_sine(&noise, 0.25), 1, 1e-12);
}

Test(noise, the_exponential_function_is_that)
{
    for (int i = -500; i < 500; i++) {
        double x = i * 0.041;
        cr_assert_float_eq(noise_exp(x) / exp(x), 1, 1e-12, "%g", x);
    }
}
