/* Least significant digit first: the fewest passes of up to 11 bits. */
#include "workers/detect/dbscan/radix.h"

#include <string.h>

#define DIGIT_BITS 11u

static void radix_pass(const uint64_t *from, uint64_t *to, size_t count,
                       uint32_t low, uint32_t bits)
{
    size_t at[1u << DIGIT_BITS];
    size_t sum = 0, digits = (size_t)1 << bits;
    uint64_t mask = digits - 1;
    memset(at, 0, digits * sizeof at[0]);
    for (size_t i = 0; i < count; i++)
        at[from[i] >> low & mask]++;
    for (size_t k = 0; k < digits; k++) {
        size_t here = at[k];
        at[k] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++)
        to[at[from[i] >> low & mask]++] = from[i];
}

uint64_t *radix_sort(uint64_t *words, uint64_t *spare, size_t count,
                     uint32_t low, uint32_t bits)
{
    uint32_t passes = (bits + DIGIT_BITS - 1) / DIGIT_BITS;
    for (uint32_t left = passes; left > 0; left--) {
        uint32_t digit = (bits + left - 1) / left;
        uint64_t *other = spare;
        radix_pass(words, spare, count, low, digit);
        spare = words;
        words = other;
        low += digit;
        bits -= digit;
    }
    return words;
}
