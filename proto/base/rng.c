/*
 * xoshiro256** and what is drawn with it.
 */
#include "proto/base/rng.h"

#include "proto/base/check.h"
#include "proto/base/hash.h"

#include <string.h>

#define RNG_EMPTY UINT32_MAX /* no index: n <= 2^32-1 */
#define RNG_INSERTION_MAX 32u
#define RNG_SAMPLE_MAX (UINT32_C(1) << 30)

static uint64_t rng_rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

void rng_init(struct rng *r, const uint64_t *words, uint32_t count)
{
    uint64_t state = hash_u64(count);
    for (uint32_t i = 0; i < count; i++)
        state = hash_fold(state, words[i]);
    /* Four different words through a bijection: never all zero. */
    for (uint64_t i = 0; i < 4; i++)
        r->s[i] = hash_u64(state + i);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rng_rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rng_rotate(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    __extension__ typedef unsigned __int128 u128;
    check(n >= 1);
    u128 product = (u128)rng_next(r) * n;
    if ((uint64_t)product < n) {
        uint64_t threshold = -n % n; /* 2^64 mod n */
        while ((uint64_t)product < threshold)
            product = (u128)rng_next(r) * n;
    }
    return (uint64_t)(product >> 64);
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

uint32_t rng_sample_scratch(uint32_t k)
{
    check(k <= RNG_SAMPLE_MAX);
    uint32_t words = 8;
    while (words < 2 * k)
        words *= 2;
    return words;
}

/* Adds `value` to the open-addressing set; false if it was there. */
static int rng_set_add(uint32_t *set, uint32_t mask, uint32_t value)
{
    uint32_t at = (uint32_t)(hash_u64(value) & mask);
    while (set[at] != RNG_EMPTY) {
        if (set[at] == value)
            return 0;
        at = (at + 1) & mask;
    }
    set[at] = value;
    return 1;
}

static void rng_sort_insertion(uint32_t *values, uint32_t k)
{
    for (uint32_t i = 1; i < k; i++) {
        uint32_t value = values[i], j = i;
        for (; j > 0 && values[j - 1] > value; j--)
            values[j] = values[j - 1];
        values[j] = value;
    }
}

/* Radix sort by bytes, lowest first; as many passes as `n` has bytes. */
static void rng_sort_radix(uint32_t *values, uint32_t k, uint32_t *spare,
                           uint32_t n)
{
    uint32_t *from = values, *to = spare;
    for (unsigned shift = 0; shift < 32 && n >> shift != 0; shift += 8) {
        uint32_t start[257] = { 0 };
        for (uint32_t i = 0; i < k; i++)
            start[(from[i] >> shift & 255) + 1]++;
        for (unsigned i = 0; i < 256; i++)
            start[i + 1] += start[i];
        for (uint32_t i = 0; i < k; i++)
            to[start[from[i] >> shift & 255]++] = from[i];
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != values)
        memcpy(values, from, (size_t)k * sizeof *values);
}

void rng_sample(struct rng *r, uint32_t n, uint32_t k, uint32_t *ret_indices,
                uint32_t *scratch)
{
    check(k <= n);
    uint32_t words = rng_sample_scratch(k);
    memset(scratch, 0xff, (size_t)words * sizeof *scratch);
    uint32_t mask = words - 1;
    for (uint32_t i = 0; i < k; i++) {
        uint32_t newest = n - k + i; /* Floyd: draw from [0, newest] */
        uint32_t drawn = (uint32_t)rng_below(r, (uint64_t)newest + 1);
        if (!rng_set_add(scratch, mask, drawn)) {
            drawn = newest;
            (void)rng_set_add(scratch, mask, drawn);
        }
        ret_indices[i] = drawn;
    }
    if (k <= RNG_INSERTION_MAX)
        rng_sort_insertion(ret_indices, k);
    else
        rng_sort_radix(ret_indices, k, scratch, n);
}
