/* Sorting words by some of their bits. */
#include "tests/lib/seed.h"
#include "workers/detect/dbscan/radix.h"

#include <criterion/criterion.h>

Test(radix, words_are_sorted_by_their_bits_and_equal_ones_keep_their_order)
{
    enum { COUNT = 3000 };
    static uint64_t words[COUNT], spare[COUNT];
    struct rng r = seed_rng(seed_any());
    for (uint32_t bits = 0; bits <= 52; bits++)
        for (uint32_t low = 12; low + bits < 64; low += 13) {
            uint64_t mask = ((uint64_t)1 << bits) - 1;
            for (uint32_t i = 0; i < COUNT; i++) /* below 12 bits: the order */
                words[i] = (rng_next(&r) & mask) << low | i;
            uint64_t *sorted = radix_sort(words, spare, COUNT, low, bits);
            cr_assert(sorted == words || sorted == spare);
            for (uint32_t i = 1; i < COUNT; i++)
                cr_assert_lt(sorted[i - 1], sorted[i], "%u bits from %u on",
                             bits, low);
        }
}

Test(radix, bits_hold_a_value)
{
    cr_assert_eq(radix_bits(0), 0);
    cr_assert_eq(radix_bits(1), 1);
    cr_assert_eq(radix_bits(255), 8);
    cr_assert_eq(radix_bits(256), 9);
    cr_assert_eq(radix_bits(UINT64_MAX), 64);
}
