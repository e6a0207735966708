/*
 * Noise by table.
 */
#include "tools/gen/noise.h"

#include "proto/base/detmath.h"

#include <math.h>

#define TAIL_CELLS 8u /* at both ends, where a straight line is too coarse */
#define TAIL_SHARE 0.02425
#define PI 3.14159265358979323846
#define LOG2_E 1.44269504088896340736

/* p < TAIL_SHARE. Acklam's rational approximation (2003), 1.2e-9 relative. */
static double inverse_tail(double p)
{
    double q = sqrt(-2.0 * det_log(p));
    double above = -7.784894002430293e-03;
    double below = 7.784695709041462e-03;
    above = above * q - 3.223964580411365e-01;
    above = above * q - 2.400758277161838e+00;
    above = above * q - 2.549732539343734e+00;
    above = above * q + 4.374664141464968e+00;
    above = above * q + 2.938163982698783e+00;
    below = below * q + 3.224671290700398e-01;
    below = below * q + 2.445134137142996e+00;
    below = below * q + 3.754408661907416e+00;
    return above / (below * q + 1.0);
}

/* The value below which a share p of a normal distribution lies; 0 < p < 1. */
static double inverse_normal(double p)
{
    if (p < TAIL_SHARE)
        return inverse_tail(p);
    if (p > 1.0 - TAIL_SHARE)
        return -inverse_tail(1.0 - p);
    double q = p - 0.5, r = q * q;
    double above = -3.969683028665376e+01;
    double below = -5.447609879822406e+01;
    above = above * r + 2.209460984245205e+02;
    above = above * r - 2.759285104469687e+02;
    above = above * r + 1.383577518672690e+02;
    above = above * r - 3.066479806614716e+01;
    above = above * r + 2.506628277459239e+00;
    below = below * r + 1.615858368580409e+02;
    below = below * r - 1.556989798598866e+02;
    below = below * r + 6.680131188771972e+01;
    below = below * r - 1.328068155288572e+01;
    return above * q / (below * r + 1.0);
}

/* |x| <= pi / 2: Taylor's series, exact to the last digits. */
static double sine_of(double x)
{
    double term = x, sum = x;
    for (unsigned i = 1; i < 12; i++) {
        term *= -x * x / ((2.0 * i) * (2.0 * i + 1.0));
        sum += term;
    }
    return sum;
}

void noise_init(struct noise *n)
{
    n->normal[0] = n->normal[NOISE_CELLS] = 0; /* never used: tails */
    for (uint32_t i = 1; i < NOISE_CELLS; i++)
        n->normal[i] = inverse_normal((double)i / NOISE_CELLS);
    for (uint32_t i = 0; i <= NOISE_CELLS; i++) {
        double turn = (double)i / NOISE_CELLS;
        double folded = turn < 0.25   ? turn
                        : turn < 0.75 ? 0.5 - turn
                                      : turn - 1.0;
        n->sine[i] = sine_of(2.0 * PI * folded);
    }
}

double noise_normal(const struct noise *n, struct rng *r)
{
    uint64_t bits = rng_next(r);
    uint32_t cell = (uint32_t)(bits >> 54);
    double part = (double)(bits & ((UINT64_C(1) << 54) - 1)) * 0x1p-54;
    if (cell < TAIL_CELLS || cell >= NOISE_CELLS - TAIL_CELLS)
        return inverse_normal((cell + part + 0x1p-44) / NOISE_CELLS);
    return n->normal[cell] + part * (n->normal[cell + 1] - n->normal[cell]);
}

double noise_exponential(struct rng *r)
{
    return -det_log(1.0 - rng_unit(r));
}

double noise_sine(const struct noise *n, double turns)
{
    double x = (turns - floor(turns)) * NOISE_CELLS;
    uint32_t cell = (uint32_t)x;
    double part = x - cell;
    return n->sine[cell] + part * (n->sine[cell + 1] - n->sine[cell]);
}

double noise_exp(double x)
{
    return det_exp2(x * LOG2_E);
}
