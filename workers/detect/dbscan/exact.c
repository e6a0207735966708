/* Where float32 sums are sure. */
#include "workers/detect/dbscan/exact.h"

#include <float.h>
#include <math.h>

/* (d + 2) u for the float32 sum, twice that to spare, and the least float32
 * square that is not lost, per column. */
#define EXACT_UNIT 0x1p-23
#define EXACT_TINY 0x1p-126

struct exact_limit exact_limit_square(double square, uint32_t cols)
{
    double band = (cols + 2.0) * EXACT_UNIT, tiny = cols * EXACT_TINY;
    double low = square * (1.0 - band) - tiny;
    double high = square * (1.0 + band) + tiny;
    struct exact_limit limit = { square, -1.0f, INFINITY };
    if (low >= (double)FLT_MAX)
        limit.in = FLT_MAX;
    else if (low >= 0)
        limit.in = nextafterf((float)low, -1.0f);
    if (high < (double)FLT_MAX)
        limit.out = nextafterf((float)high, INFINITY);
    return limit;
}

struct exact_limit exact_limit_of(double eps, uint32_t cols)
{
    return exact_limit_square(eps * eps, cols);
}
