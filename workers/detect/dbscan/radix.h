/*
 * Sorting 64-bit words by some of their bits. Internal to the room.
 */
#ifndef FYKE_WORKERS_DBSCAN_RADIX_H
#define FYKE_WORKERS_DBSCAN_RADIX_H

#include <stddef.h>
#include <stdint.h>

/* Bits that hold 0 to `value`. */
static inline uint32_t radix_bits(uint64_t value)
{
    return value == 0 ? 0 : 64u - (uint32_t)__builtin_clzll(value);
}

/* Sorts `words` by the `bits` bits from `low` on, ascending; words equal in
 * them keep their order. Returns which of the two arrays of `count` words
 * holds the result; the other one holds anything. */
uint64_t *radix_sort(uint64_t *words, uint64_t *spare, size_t count,
                     uint32_t low, uint32_t bits);

#endif
