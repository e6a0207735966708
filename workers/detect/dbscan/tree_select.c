/*
 * Selecting by digits: values become whole numbers in the same order, those
 * of the bucket that holds the place are looked at again, closer. Each round
 * settles some bits, so there are few of them for any values.
 */
#include "workers/detect/dbscan/tree_select.h"

#include <string.h>

#define SELECT_BITS 8u
#define SELECT_BITS_FEW 6u /* for few values, whose buckets must be few too */
#define SELECT_FEW 512u

/* Whole numbers in the order of the floats. */
static inline uint32_t select_key(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static inline float select_float(uint32_t key)
{
    uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t select_bits(uint32_t range)
{
    return range == 0 ? 0 : 32u - (uint32_t)__builtin_clz(range);
}

/* One round: of the `count` keys, all less than 2^bits, keeps those in the
 * bucket with the place, less the bucket's start. Returns how many. */
static uint32_t select_round(uint32_t *key, uint32_t count, uint32_t shift,
                             uint32_t *place, uint32_t *base)
{
    uint32_t size[1u << SELECT_BITS] = { 0 };
    for (uint32_t i = 0; i < count; i++)
        size[key[i] >> shift]++;
    uint32_t bucket = 0, kept = 0;
    while (*place >= size[bucket])
        *place -= size[bucket++];
    uint32_t start = bucket << shift;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = key[i];
        key[kept] = k - start;
        kept += k >> shift == bucket;
    }
    *base += start;
    return kept;
}

float select_value(const float *x, uint32_t count, uint32_t place, float low,
                   float high, uint32_t *scratch)
{
    uint32_t base = select_key(low);
    uint32_t bits = select_bits(select_key(high) - base);
    for (uint32_t i = 0; i < count; i++)
        scratch[i] = select_key(x[i]) - base;
    while (bits > 0) {
        uint32_t step = count > SELECT_FEW ? SELECT_BITS : SELECT_BITS_FEW;
        uint32_t shift = bits > step ? bits - step : 0;
        count = select_round(scratch, count, shift, &place, &base);
        bits = shift;
    }
    return select_float(base);
}
