/*
 * Logarithm and power of two against long double, and golden bits.
 */
#include "proto/base/detmath.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <string.h>

enum { SAMPLES = 2000000 };

static double any_positive(struct rng *r)
{
    uint64_t bits = rng_below(r, 0x7ff0000000000000u - 1) + 1;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double relative_error(double got, long double want)
{
    long double error = fabsl((long double)got - want);
    return (double)(want == 0 ? error : error / fabsl(want));
}

Test(detmath, log_is_within_1e_15_of_the_truth_for_every_magnitude)
{
    struct rng r = seed_rng(1);
    double worst = 0;
    for (int i = 0; i < SAMPLES; i++) {
        double x = any_positive(&r);
        double error = relative_error(det_log(x), logl((long double)x));
        if (error > worst)
            worst = error;
    }
    cr_log_info("worst %g", worst);
    cr_assert_lt(worst, 1e-15);
}

Test(detmath, log_is_within_1e_15_of_the_truth_near_one)
{
    struct rng r = seed_rng(2);
    double worst = 0;
    for (int i = 0; i < SAMPLES; i++) {
        /* 1 +- 2^-53 .. 2^-0, every distance equally likely */
        double away = ldexp(rng_unit(&r) - 0.5, -(int)rng_below(&r, 53));
        double x = 1 + away;
        if (x == 1)
            continue;
        double error = relative_error(det_log(x), logl((long double)x));
        if (error > worst)
            worst = error;
    }
    cr_log_info("worst %g", worst);
    cr_assert_lt(worst, 1e-15);
}

Test(detmath, log_of_special_values)
{
    cr_assert_eq(det_log(1.0), 0.0);
    cr_assert_eq(det_log(2.0), 0x1.62e42fefa39efp-1);
    cr_assert_eq(det_log(0.5), -0x1.62e42fefa39efp-1);
    cr_assert_lt(
        relative_error(det_log(DBL_TRUE_MIN), logl((long double)DBL_TRUE_MIN)),
        1e-15);
    cr_assert_lt(relative_error(det_log(DBL_MAX), logl((long double)DBL_MAX)),
                 1e-15);
}

Test(detmath, exp2_is_within_1e_15_of_the_truth)
{
    struct rng r = seed_rng(3);
    double worst = 0;
    for (int i = 0; i < SAMPLES; i++) {
        double span = i % 2 ? 2000 : 4;
        double x = (rng_unit(&r) - 0.5) * span;
        double error = relative_error(det_exp2(x), exp2l((long double)x));
        if (error > worst)
            worst = error;
    }
    cr_log_info("worst %g", worst);
    cr_assert_lt(worst, 1e-15);
}

Test(detmath, exp2_of_integers_is_exact)
{
    for (int k = -1000; k <= 1000; k++)
        cr_assert_eq(det_exp2(k), ldexp(1.0, k));
}

Test(detmath, exp2_never_falls)
{
    double last = 0;
    for (int i = -300000; i <= 300000; i++) {
        double y = det_exp2(i / 100000.0);
        cr_assert_geq(y, last, "at %d", i);
        last = y;
    }
}

/* Computed once by this code; they pin the bits across compilers and CPUs. */
Test(detmath, the_bits_are_the_same_for_ever)
{
    struct rng r = seed_rng(4);
    uint64_t sum = 0;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits;
        double y = det_log(any_positive(&r));
        memcpy(&bits, &y, sizeof bits);
        sum = sum * 31 + bits;
        y = det_exp2(rng_unit(&r) * 2000 - 1000);
        memcpy(&bits, &y, sizeof bits);
        sum = sum * 31 + bits;
    }
    cr_assert_eq(sum, 0x9f505264325d090eu);
}

Test(detmath, log_of_zero_is_a_programmer_error, .signal = SIGABRT)
{
    (void)det_log(0.0);
}

Test(detmath, exp2_of_nan_is_a_programmer_error, .signal = SIGABRT)
{
    (void)det_exp2((double)NAN);
}
