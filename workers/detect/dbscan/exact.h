/*
 * Who is a neighbour: the one decision that everything rests on. Internal to
 * the room.
 *
 * The answer is that of exact_square in double, compared with eps * eps in
 * double. Kernels add up in float32, in any order, fused or not, and know by
 * `in` and `out` when that settles it; in between they ask exact_square.
 *
 * Why that holds: with u = 2^-24 a float32 sum of d squares of differences is
 * within (d + 2) u (1 + small) of the true one, plus at most d * 2^-126 where
 * squares underflow (flushed to zero or not). The double sum is within
 * (d + 2) 2^-53 of it. Where float32 overflows, the sum is INFINITY, which no
 * `in` reaches and which lies above `out` only when eps * eps is clearly below
 * FLT_MAX. Differences of finite numbers are never NaN.
 */
#ifndef FYKE_WORKERS_DBSCAN_EXACT_H
#define FYKE_WORKERS_DBSCAN_EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exact_limit {
    double square; /* eps * eps */
    float in;      /* a float32 sum <= in: neighbours; negative: never sure */
    float out;     /* a float32 sum > out: none; INFINITY: never sure */
};

/* For sums over `cols` columns, 1 to 64. eps >= 0, not NaN. */
struct exact_limit exact_limit_of(double eps, uint32_t cols);

/* The same for a bound on the sum that is no square of an eps, as the distance
 * to the best neighbour so far. square >= 0, not NaN. */
struct exact_limit exact_limit_square(double square, uint32_t cols);

/* The sum over the columns, in order, of (a_j - b_j)^2 in double. Values of a
 * point lie `stride` floats apart. */
static inline double exact_square(const float *a, size_t a_stride,
                                  const float *b, size_t b_stride,
                                  uint32_t cols)
{
    double sum = 0;
    for (uint32_t j = 0; j < cols; j++) {
        double step = (double)a[j * a_stride] - (double)b[j * b_stride];
        sum += step * step;
    }
    return sum;
}

#endif
