/* Median and spread by selecting on the bits of float32 values. */
#include "engine/detect/usual.h"

#include "proto/base/bytes.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MAD_TO_SD 1.4826
#define Q5_95_TO_SD 3.2897
#define MEAN_TO_SD 1.2533
#define SIGN_BIT 0x80000000u

uint32_t usual_key(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

static float value_of(uint32_t key)
{
    uint32_t bits = key & SIGN_BIT ? key & ~SIGN_BIT : ~key;
    return bytes_load_f32(&bits);
}

/* The k-th smallest of n keys: by 11 high, 11 middle and 10 low bits, keeping
 * those that share the bits found so far. */
uint32_t usual_select(const uint32_t *keys, uint32_t n, uint32_t k,
                      uint32_t *scratch)
{
    static const struct {
        uint32_t shift, mask;
    } digit[3] = { { 21, 0x7ff }, { 10, 0x7ff }, { 0, 0x3ff } };
    uint32_t found = 0;
    for (uint32_t d = 0; d < 3; d++) {
        uint32_t count[2048] = { 0 }, value = 0, kept = 0;
        for (uint32_t i = 0; i < n; i++)
            count[keys[i] >> digit[d].shift & digit[d].mask]++;
        while (k >= count[value])
            k -= count[value++];
        for (uint32_t i = 0; i < n; i++) { /* no branch: scratch[n] may be
                                            * written, never kept */
            uint32_t key = keys[i];
            scratch[kept] = key;
            kept += (key >> digit[d].shift & digit[d].mask) == value;
        }
        found |= value << digit[d].shift;
        keys = scratch;
        n = kept;
    }
    return found;
}

static float to_float(double value)
{
    return value < (double)FLT_MAX ? (float)value : FLT_MAX;
}

static double distance(float a, float b)
{
    return fabs((double)a - (double)b);
}

/* The spread where more than half of the values equal the median. */
static float spread_rare(const float *x, const uint32_t *keys, uint32_t n,
                         float usual, uint32_t *scratch)
{
    uint32_t tail = (uint32_t)((uint64_t)n * 5 / 100);
    float low = value_of(usual_select(keys, n, tail, scratch));
    float high = value_of(usual_select(keys, n, n - 1 - tail, scratch));
    float spread = to_float(distance(high, low) / Q5_95_TO_SD);
    if (spread > 0.0f)
        return spread;
    double sum = 0.0;
    for (uint32_t i = 0; i < n; i++)
        sum += distance(x[i], usual);
    return to_float(MEAN_TO_SD * (sum / n));
}

void usual_column(float *x, uint32_t n, uint32_t *scratch, float *ret_usual,
                  float *ret_spread)
{
    uint32_t *keys = scratch, *spare = scratch + n, present = 0;
    for (uint32_t i = 0; i < n; i++) {
        float value = x[i];
        x[present] = value;
        keys[present] = usual_key(value);
        present += value == value;
    }
    *ret_usual = *ret_spread = NAN;
    if (present == 0)
        return;
    float usual = value_of(usual_select(keys, present, (present - 1) / 2, spare));
    for (uint32_t i = 0; i < present; i++)
        keys[i] = usual_key(to_float(distance(x[i], usual)));
    float mad = value_of(usual_select(keys, present, (present - 1) / 2, spare));
    float spread = to_float(MAD_TO_SD * (double)mad);
    if (mad == 0.0f) {
        for (uint32_t i = 0; i < present; i++)
            keys[i] = usual_key(x[i]);
        spread = spread_rare(x, keys, present, usual, spare);
    }
    *ret_usual = usual;
    *ret_spread = spread;
}
