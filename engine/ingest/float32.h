/*
 * The float32 that detectors see of a number: beyond its range +-FLT_MAX, -0
 * is +0. For C and for the C++ seam.
 */
#ifndef FYKE_INGEST_FLOAT32_H
#define FYKE_INGEST_FLOAT32_H

#include <float.h>

/* `x` is not NaN. */
static inline float number_float(double x)
{
    if (x > (double)FLT_MAX)
        return FLT_MAX;
    if (x < -(double)FLT_MAX)
        return -FLT_MAX;
    return (float)x + 0.0f;
}

#endif
