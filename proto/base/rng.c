/*
 * xoshiro256** and what is drawn with it.
 */
#include "proto/base/rng.h"

#include "proto/base/check.h"
#include "proto/base/hash.h"

#include <string.h>

#define RNG_EMPTY UINT32_MAX /* no index: n <= 2^32-1 */
#define RNG_SAMPLE_MAX (UINT32_C(1) << 28)

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

/* Slots of the set below, a power of two; three quarters of them stay free. */
static uint32_t rng_set_slots(uint32_t k)
{
    check(k <= RNG_SAMPLE_MAX);
    uint32_t slots = 8;
    while (slots < 4 * k)
        slots *= 2;
    return slots;
}

/* Behind the last slot there is room for all: nothing wraps around. */
uint32_t rng_sample_scratch(uint32_t k)
{
    return rng_set_slots(k) + k;
}

/* Adds `value` to the open-addressing set; false if it was there. The slot
 * where it is sought rises with the value, so that the set is nearly sorted. */
static int rng_set_add(uint32_t *set, uint64_t scale, uint32_t value)
{
    uint64_t at = value * scale >> 32;
    while (set[at] != RNG_EMPTY) {
        if (set[at] == value)
            return 0;
        at++;
    }
    set[at] = value;
    return 1;
}

/* The members in ascending order. */
static void rng_set_sorted(const uint32_t *set, uint32_t k, uint32_t *values)
{
    for (uint32_t i = 0, at = 0; i < k; at++) { /* no branch on a full slot */
        values[i] = set[at];
        i += set[at] != RNG_EMPTY;
    }
    for (uint32_t i = 1; i < k; i++) {
        uint32_t value = values[i], j = i;
        for (; j > 0 && values[j - 1] > value; j--)
            values[j] = values[j - 1];
        values[j] = value;
    }
}

/* Floyd: the i-th number is drawn from [0, n - k + i]; one that was drawn
 * before is replaced by the newest, which cannot have been. */
void rng_sample(struct rng *r, uint32_t n, uint32_t k, uint32_t *ret_indices,
                uint32_t *scratch)
{
    check(k <= n);
    if (k == 0)
        return;
    uint64_t scale = ((uint64_t)rng_set_slots(k) << 32) / n;
    memset(scratch, 0xff, rng_sample_scratch(k) * sizeof *scratch);
    for (uint32_t i = 0; i < k; i++) {
        uint32_t newest = n - k + i;
        uint32_t drawn = (uint32_t)rng_below(r, (uint64_t)newest + 1);
        if (!rng_set_add(scratch, scale, drawn))
            (void)rng_set_add(scratch, scale, newest);
    }
    rng_set_sorted(scratch, k, ret_indices);
}

void rng_sample_set(struct rng *r, uint32_t n, uint32_t k,
                    uint32_t *ret_indices, uint32_t *scratch)
{
    uint32_t words = rng_sample_scratch(k);
    if (n / 32 >= words) { /* more than a bit for each */
        rng_sample(r, n, k, ret_indices, scratch);
        return;
    }
    check(k <= n);
    memset(scratch, 0, ((size_t)n / 32 + 1) * sizeof *scratch);
    for (uint32_t i = 0; i < k; i++) {
        uint32_t newest = n - k + i;
        uint32_t drawn = (uint32_t)rng_below(r, (uint64_t)newest + 1);
        if (scratch[drawn / 32] >> drawn % 32 & 1)
            drawn = newest;
        scratch[drawn / 32] |= UINT32_C(1) << drawn % 32;
        ret_indices[i] = drawn;
    }
}
