/*
 * Hashing: golden values, avalanche, collisions.
 */
#include "proto/base/hash.h"
#include "proto/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Made by a second implementation (Python integers); they pin the file
 * format. */
Test(hash, golden_values_never_change)
{
    unsigned char bytes[100];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7 + 1);
    static const struct {
        size_t n;
        uint64_t seed, want;
    } cases[] = {
        { 0, 0, 0x62719f8bf3cdc3efu },  { 0, 1, 0x5758ae0142f15af0u },
        { 1, 0, 0xe90d7733f773aa97u },  { 7, 0, 0x6fc9ce52a8b887c7u },
        { 8, 0, 0x789f685876b0f5b6u },  { 15, 0, 0xc590a8f054c3db72u },
        { 16, 0, 0x4aeda698553d0c62u }, { 17, 0, 0x49e2e5a5f6bbdcfau },
        { 31, 5, 0xfa9abdd82524f38du }, { 32, 5, 0xc7852c9a97f83e0bu },
        { 33, 5, 0xb772724ed5880966u }, { 100, 5, 0xfb79151431f61fdeu },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(hash_bytes(cases[i].seed, bytes, cases[i].n),
                     cases[i].want, "%zu bytes", cases[i].n);
    cr_assert_eq(hash_u64(0), 0xe9e0033e3badaf36u);
    cr_assert_eq(hash_u64(1), 0xeab29de408aa52fdu);
    cr_assert_eq(hash_fold(0, 0), 0x3e86ff93e66830f9u);
    cr_assert_eq(hash_fold(1, 2), 0x865c47682fa611d0u);
}

Test(hash, the_address_of_the_bytes_does_not_matter)
{
    char raw[80];
    const char text[] = "what does not belong stays in the net";
    for (unsigned at = 0; at < 16; at++) {
        memcpy(raw + at, text, sizeof text);
        cr_assert_eq(hash_bytes(3, raw + at, sizeof text),
                     hash_bytes(3, text, sizeof text));
    }
    cr_assert_eq(hash_bytes(3, NULL, 0), hash_bytes(3, text, 0));
}

Test(hash, trailing_zeros_and_length_matter)
{
    static const char zeros[64];
    for (size_t a = 0; a <= sizeof zeros; a++)
        for (size_t b = 0; b < a; b++)
            cr_assert_neq(hash_bytes(0, zeros, a), hash_bytes(0, zeros, b));
}

/*
 * Flips each input bit of random messages: each output bit must change in
 * half of the cases. 400 trials: sd of a share is .025, six sd are .15.
 */
static void assert_avalanche(size_t n, uint64_t seed)
{
    enum { TRIALS = 400 };
    struct rng r;
    unsigned char bytes[48];
    rng_init(&r, &seed, 1);
    for (size_t bit = 0; bit < n * 8; bit++) {
        unsigned flips[64] = { 0 };
        for (int t = 0; t < TRIALS; t++) {
            for (size_t i = 0; i < n; i++)
                bytes[i] = (unsigned char)rng_next(&r);
            uint64_t before = hash_bytes(0, bytes, n);
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
            uint64_t change = before ^ hash_bytes(0, bytes, n);
            for (unsigned out = 0; out < 64; out++)
                flips[out] += (unsigned)(change >> out & 1);
        }
        for (unsigned out = 0; out < 64; out++)
            cr_assert_lt(fabs(flips[out] / (double)TRIALS - 0.5), 0.15,
                         "length %zu, input bit %zu, output bit %u: %u", n, bit,
                         out, flips[out]);
    }
}

Test(hash, every_input_bit_moves_every_output_bit)
{
    static const size_t lengths[] = { 1, 3, 8, 11, 16, 21, 32, 48 };
    cr_log_info("seeds 100..107");
    for (unsigned i = 0; i < 8; i++)
        assert_avalanche(lengths[i], 100 + i);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* Equal neighbours after sorting, on the bits that `shift` leaves. */
static unsigned collisions(uint64_t *values, size_t n, unsigned shift)
{
    unsigned count = 0;
    for (size_t i = 0; i < n; i++)
        values[i] >>= shift;
    qsort(values, n, sizeof *values, by_value);
    for (size_t i = 1; i < n; i++)
        count += values[i] == values[i - 1];
    return count;
}

enum { KEYS = 300000 };

/* n^2/2 pairs over 2^64 values: no collision is expected; over the upper 32
 * bits 10.5 are. */
static void assert_few_collisions(uint64_t *values)
{
    cr_assert_eq(collisions(values, KEYS, 0), 0);
    unsigned upper = collisions(values, KEYS, 32);
    cr_assert_leq(upper, 30, "%u", upper);
}

Test(hash, short_similar_strings_do_not_collide)
{
    uint64_t *values = malloc(KEYS * sizeof *values);
    char key[64];
    for (unsigned i = 0; i < KEYS; i++) {
        int n = snprintf(key, sizeof key, "name/%u", i);
        values[i] = hash_bytes(0, key, (size_t)n);
    }
    assert_few_collisions(values);
    for (unsigned i = 0; i < KEYS; i++) {
        int n = snprintf(key, sizeof key, "%u,%u,0.%u", i % 600, i / 600, i);
        values[i] = hash_bytes(7, key, (size_t)n);
    }
    assert_few_collisions(values);
    free(values);
}

Test(hash, neighbouring_numbers_and_seeds_do_not_collide)
{
    uint64_t *values = malloc(KEYS * sizeof *values);
    for (uint64_t i = 0; i < KEYS; i++) {
        uint64_t word[2] = { i % 500, i / 500 };
        values[i] = hash_bytes(0, word, sizeof word);
    }
    assert_few_collisions(values);
    for (uint64_t i = 0; i < KEYS; i++)
        values[i] = hash_bytes(i, "same", 4);
    assert_few_collisions(values);
    for (uint64_t i = 0; i < KEYS; i++)
        values[i] = hash_fold(hash_fold(1, i % 500), i / 500);
    assert_few_collisions(values);
    for (uint64_t i = 0; i < KEYS; i++)
        values[i] = hash_fold(i % 500, i / 500);
    assert_few_collisions(values);
    free(values);
}

Test(hash, the_order_of_folding_matters)
{
    for (uint64_t a = 0; a < 100; a++)
        for (uint64_t b = 0; b < a; b++)
            cr_assert_neq(hash_fold(hash_fold(9, a), b),
                          hash_fold(hash_fold(9, b), a));
}

Test(hash, swapped_words_and_swapped_blocks_differ)
{
    uint64_t seed = 11, w[4], swapped[4];
    struct rng r;
    cr_log_info("seed %llu", (unsigned long long)seed);
    rng_init(&r, &seed, 1);
    for (int i = 0; i < 10000; i++) {
        for (int j = 0; j < 4; j++)
            w[j] = rng_below(&r, 4);
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < a; b++) {
                memcpy(swapped, w, sizeof w);
                swapped[a] = w[b];
                swapped[b] = w[a];
                if (w[a] != w[b])
                    cr_assert_neq(hash_bytes(0, w, sizeof w),
                                  hash_bytes(0, swapped, sizeof w));
            }
    }
}
