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
#define SAMPLE 64u        /* keys that say where a window may lie */
#define SAMPLE_MARGIN 10u /* 2.5 standard deviations of a rank among them */
#define SMALL 64u         /* keys that are sorted */

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

static void keys_sort(uint32_t *key, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        uint32_t moving = key[i], at = i;
        for (; at > 0 && key[at - 1] > moving; at--)
            key[at] = key[at - 1];
        key[at] = moving;
    }
}

/* By 11 high, 11 middle and 10 low bits, keeping those that share the bits
 * found so far. `keys` and `scratch` may be the same. */
static uint32_t select_by_digits(const uint32_t *keys, uint32_t n, uint32_t k,
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

/* Keys between two of a sample's, about a third of all, with the wanted one
 * nearly always among them. */
struct window {
    uint32_t low, high;
    uint32_t below, kept; /* keys below it; in it, which are at `to` */
};

static struct window window_keep(const uint32_t *keys, uint32_t n, uint32_t k,
                                 uint32_t *to)
{
    uint32_t sample[SAMPLE];
    for (uint32_t i = 0; i < SAMPLE; i++)
        sample[i] = keys[(uint64_t)i * n / SAMPLE];
    keys_sort(sample, SAMPLE);
    uint32_t rank = (uint32_t)((uint64_t)k * SAMPLE / n);
    uint32_t first = rank < SAMPLE_MARGIN ? 0 : rank - SAMPLE_MARGIN;
    uint32_t last = rank + SAMPLE_MARGIN;
    struct window w = { .low = rank < SAMPLE_MARGIN ? 0 : sample[first],
                        .high = last < SAMPLE ? sample[last] : UINT32_MAX };
    uint32_t width = w.high - w.low;
    for (uint32_t i = 0; i < n; i++) { /* no branch, as above */
        uint32_t key = keys[i];
        to[w.kept] = key;
        w.below += key < w.low;
        w.kept += key - w.low <= width;
    }
    return w;
}

/* Windows within windows, by turns in two halves of the scratch, each at most
 * half of the one before. What they do not make small (many equal keys, keys
 * in an unlucky order) is done by digits. */
uint32_t usual_select(const uint32_t *keys, uint32_t n, uint32_t k,
                      uint32_t *scratch)
{
    uint32_t *half[2] = { scratch, scratch }, *own = scratch;
    for (uint32_t level = 0; n > SMALL; level++) {
        uint32_t *to = half[level % 2];
        struct window w = window_keep(keys, n, k, to);
        if (k < w.below || k - w.below >= w.kept)
            break;
        if (w.low == w.high)
            return w.low;
        if (w.kept > n / 2)
            break;
        if (level == 0)
            half[1] = scratch + w.kept;
        keys = own = to;
        k -= w.below;
        n = w.kept;
    }
    if (n > SMALL)
        return select_by_digits(keys, n, k, own);
    if (keys != own)
        memcpy(own, keys, n * sizeof *own);
    keys_sort(own, n);
    return own[k];
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
    float usual =
        value_of(usual_select(keys, present, (present - 1) / 2, spare));
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
