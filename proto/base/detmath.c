/*
 * Logarithm and power of two from +, -, *, / and exponent bits alone.
 *
 * IEEE 754 fixes each of those operations to the last bit, so the results are
 * the same everywhere as long as nothing is contracted or reordered.
 */
#include "proto/base/detmath.h"

#include "proto/base/check.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

_Static_assert(FLT_EVAL_METHOD == 0, "doubles are computed as doubles");

/* ln 2 in two pieces: the first has 20 trailing zero bits, so that its
 * product with an exponent is exact. */
#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LN2 0x1.62e42fefa39efp-1
#define MANTISSA_SQRT2 0x6a09e667f3bcdu /* mantissa bits of sqrt 2 */
#define MANTISSA_MASK 0xfffffffffffffu

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/*
 * x = 2^k m with m in [sqrt 1/2, sqrt 2); f = m - 1; s = f / (2 + f):
 * ln m = 2 atanh s = f - s (f - r), r = sum over n >= 1 of 2 s^2n / (2n+1).
 * s^2 < 0.0295, so that eleven terms reach beyond the last bit.
 */
double det_log(double x)
{
    check(x > 0 && x <= DBL_MAX);
    int exponent = 0;
    if (x < DBL_MIN) {
        x *= 0x1p54;
        exponent = -54;
    }
    uint64_t bits = bits_of(x);
    exponent += (int)(bits >> 52) - 1023;
    uint64_t mantissa = bits & MANTISSA_MASK;
    uint64_t half = mantissa >= MANTISSA_SQRT2;
    exponent += (int)half;
    double f = from_bits(mantissa | (1023 - half) << 52) - 1.0;

    static const double series[] = {
        2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
        2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3,
    };
    double s = f / (2.0 + f);
    double z = s * s;
    double r = 0;
    for (unsigned i = 0; i < sizeof series / sizeof series[0]; i++)
        r = (r + series[i]) * z;
    double k = exponent;
    return k * LN2_HIGH + (f - (s * (f - r) - k * LN2_LOW));
}

/* 2^x = 2^k e^t, k the nearest integer, t = (x - k) ln 2 within 0.3466: the
 * exponential series needs 13 terms. */
double det_exp2(double x)
{
    check(x >= -1000 && x <= 1000);
    int k = (int)(x + (x < 0 ? -0.5 : 0.5));
    double t = (x - k) * LN2;
    static const double series[] = {
        1.0 / 6227020800,
        1.0 / 479001600,
        1.0 / 39916800,
        1.0 / 3628800,
        1.0 / 362880,
        1.0 / 40320,
        1.0 / 5040,
        1.0 / 720,
        1.0 / 120,
        1.0 / 24,
        1.0 / 6,
        1.0 / 2,
        1.0,
    };
    double e = 0;
    for (unsigned i = 0; i < sizeof series / sizeof series[0]; i++)
        e = (e + series[i]) * t;
    return (1.0 + e) * from_bits((uint64_t)(1023 + k) << 52);
}
