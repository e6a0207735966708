/*
 * Randomness: golden values, uniformity, samples, independence of seeds.
 */
#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* The step against a second formulation of the published algorithm, worked
 * by hand for the state (1, 2, 3, 4): 2*5=10, rotl 7 = 1280, *9 = 11520. */
Test(rng, the_step_is_xoshiro256_starstar)
{
    struct rng r = { { 1, 2, 3, 4 } };
    cr_assert_eq(rng_next(&r), 11520);
    cr_assert_eq(r.s[0], 7);
    cr_assert_eq(r.s[1], 0);
    cr_assert_eq(r.s[2], 262146);
    cr_assert_eq(r.s[3], 6u * (UINT64_C(1) << 45));
    cr_assert_eq(rng_next(&r), 0);
    cr_assert_eq(rng_next(&r), 1509978240);
}

/* Made by a second implementation (Python integers); they pin the file
 * format. */
Test(rng, golden_values_never_change)
{
    static const uint64_t words[] = { 1, 42, 7, 3 };
    static const uint64_t want[] = { 0xb83b85dffbb999e3u, 0xde50c08ad6ba7747u,
                                     0xab8855859fb08e9au };
    struct rng r;
    rng_init(&r, words, 4);
    for (unsigned i = 0; i < 3; i++)
        cr_assert_eq(rng_next(&r), want[i]);
}

Test(rng, every_identity_word_and_their_number_matter)
{
    struct rng a, b;
    uint64_t words[4] = { 5, 6, 7, 0 };
    rng_init(&a, words, 3);
    rng_init(&b, words, 4);
    cr_assert_neq(a.s[0], b.s[0]);
    for (unsigned i = 0; i < 3; i++) {
        words[i]++;
        rng_init(&b, words, 3);
        cr_assert_neq(
            rng_next(&(struct rng){ { a.s[0], a.s[1], a.s[2], a.s[3] } }),
            rng_next(&b));
        words[i]--;
    }
    rng_init(&a, NULL, 0);
    cr_assert_neq(a.s[0] | a.s[1] | a.s[2] | a.s[3], 0);
}

/*
 * Bits that two neighbouring streams share: binomial, 64 x 1000 coins, so
 * 32000 +- 126; six sd are 759. And the n-th numbers over 4096 neighbouring
 * seeds must themselves look uniform.
 */
Test(rng, neighbouring_seeds_share_nothing)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rng a, b;
        uint64_t next = seed + 1;
        unsigned same = 0;
        rng_init(&a, &seed, 1);
        rng_init(&b, &next, 1);
        for (int i = 0; i < 1000; i++)
            same +=
                (unsigned)__builtin_popcountll(~(rng_next(&a) ^ rng_next(&b)));
        cr_assert_lt(abs((int)same - 32000), 759, "seed %llu: %u",
                     (unsigned long long)seed, same);
    }
    for (int skip = 0; skip < 4; skip++) {
        double sum = 0, products = 0, last = 0.5;
        for (uint64_t seed = 0; seed < 4096; seed++) {
            struct rng r;
            rng_init(&r, &seed, 1);
            for (int i = 0; i < skip; i++)
                (void)rng_next(&r);
            double u = rng_unit(&r);
            sum += u - 0.5;
            products += (u - 0.5) * (last - 0.5);
            last = u;
        }
        /* sd .2887 and 1/12 a term, over 64 = sqrt 4096; six of each. */
        cr_assert_lt(fabs(sum) / 64, 6 * 0.2887);
        cr_assert_lt(fabs(products) / 64, 6.0 / 12);
    }
}

/* Chi-square with 9 degrees of freedom: 40 is beyond one in 100 000. */
static void assert_uniform(struct rng *r, uint64_t n)
{
    enum { DRAWS = 100000, BINS = 10 };
    unsigned bins[BINS] = { 0 };
    for (int i = 0; i < DRAWS; i++) {
        uint64_t x = rng_below(r, n);
        cr_assert_lt(x, n);
        __extension__ typedef unsigned __int128 u128;
        bins[(u128)x * BINS / n]++;
    }
    double chi = 0;
    for (int i = 0; i < BINS; i++) {
        double off = bins[i] - DRAWS / (double)BINS;
        chi += off * off / (DRAWS / (double)BINS);
    }
    cr_assert_lt(chi, 40, "n %llu: chi-square %g", (unsigned long long)n, chi);
}

Test(rng, below_is_uniform_for_small_and_huge_ranges)
{
    struct rng r = seed_rng(5);
    assert_uniform(&r, 10);
    assert_uniform(&r, 1000);
    assert_uniform(&r, UINT64_C(10) << 32);
    assert_uniform(&r, UINT64_MAX / 3 * 2); /* half of the draws repeat */
    assert_uniform(&r, UINT64_MAX);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(rng_below(&r, 1), 0);
}

/* 3 * 2^62 numbers: without the repeat the values 0, 4, 8, ... are twice as
 * likely, which x % 3 shows: 1/3 each against 1/2, 1/4, 1/4. */
Test(rng, below_has_no_bias)
{
    struct rng r = seed_rng(6);
    unsigned third[3] = { 0 };
    for (int i = 0; i < 90000; i++)
        third[rng_below(&r, UINT64_C(3) << 62) % 3]++;
    for (int i = 0; i < 3; i++)
        cr_assert_lt(abs((int)third[i] - 30000), 900, "%u", third[i]);
}

Test(rng, below_zero_is_a_programmer_error, .signal = SIGABRT)
{
    struct rng r = { { 1, 2, 3, 4 } };
    (void)rng_below(&r, 0);
}

Test(rng, unit_is_uniform_in_0_to_1)
{
    struct rng r = seed_rng(7);
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        double u = rng_unit(&r);
        cr_assert(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    cr_assert_lt(fabs(sum / 100000 - 0.5), 6 * 0.2887 / 316);
    cr_assert_lt(fabs(squares / 100000 - 1.0 / 3), 6 * 0.2981 / 316);
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void assert_same_set(struct rng *r, uint32_t n, uint32_t k,
                            const uint32_t *want, uint32_t *scratch)
{
    uint32_t *set = malloc((k + 1) * sizeof *set);
    set[k] = 0x12345678;
    rng_sample_set(r, n, k, set, scratch);
    cr_assert_eq(set[k], 0x12345678);
    qsort(set, k, sizeof *set, compare_u32);
    for (uint32_t i = 0; i < k; i++)
        cr_assert_eq(set[i], want[i], "n %u k %u at %u", n, k, i);
    free(set);
}

static void assert_sample(struct rng *r, uint32_t n, uint32_t k)
{
    uint32_t words = rng_sample_scratch(k);
    uint32_t *scratch = malloc((words + 1) * sizeof *scratch);
    uint32_t *out = malloc((k + 1) * sizeof *out);
    scratch[words] = 0xabcdef01;
    out[k] = 0x12345678;
    struct rng before = *r;
    rng_sample(r, n, k, out, scratch);
    for (uint32_t i = 0; i < k; i++) {
        cr_assert_lt(out[i], n);
        if (i > 0)
            cr_assert_lt(out[i - 1], out[i], "n %u k %u at %u", n, k, i);
    }
    cr_assert_eq(scratch[words], 0xabcdef01);
    cr_assert_eq(out[k], 0x12345678);
    assert_same_set(&before, n, k, out, scratch);
    cr_assert_eq(scratch[words], 0xabcdef01);
    free(scratch);
    free(out);
}

Test(rng, a_sample_is_distinct_ascending_and_in_range)
{
    struct rng r = seed_rng(8);
    for (uint32_t n = 0; n < 80; n++)
        for (uint32_t k = 0; k <= n; k++)
            assert_sample(&r, n, k);
    for (int i = 0; i < 200; i++) {
        uint32_t n = (uint32_t)rng_below(&r, 100000) + 1;
        assert_sample(&r, n, (uint32_t)rng_below(&r, n < 999 ? n : 999) + 1);
    }
    assert_sample(&r, 100000, 100000);
    assert_sample(&r, 70000, 256);
    assert_sample(&r, 20000000, 33);
    assert_sample(&r, UINT32_MAX, 5000);
    assert_sample(&r, UINT32_MAX, 3);
}

/* 20000 samples of 3 from 10: each index is in 3/10 of them, each pair in
 * 1/15; sd 65 and 35, six of each. */
Test(rng, every_index_and_every_pair_is_equally_likely)
{
    struct rng r = seed_rng(9);
    uint32_t out[3], scratch[19];
    unsigned single[10] = { 0 }, pair[10][10] = { { 0 } };
    cr_assert_eq(rng_sample_scratch(3), 19);
    for (int i = 0; i < 20000; i++) {
        rng_sample(&r, 10, 3, out, scratch);
        for (int a = 0; a < 3; a++) {
            single[out[a]]++;
            for (int b = a + 1; b < 3; b++)
                pair[out[a]][out[b]]++;
        }
    }
    for (int a = 0; a < 10; a++) {
        cr_assert_lt(abs((int)single[a] - 6000), 390);
        for (int b = a + 1; b < 10; b++)
            cr_assert_lt(abs((int)pair[a][b] - 1333), 212);
    }
}

/* From the same second implementation, with a set and a sort. */
Test(rng, golden_samples_never_change)
{
    uint64_t words[] = { 1, 1, 0 };
    struct rng r;
    uint32_t out[40], *scratch;
    uint64_t sum = 0;
    rng_init(&r, words, 3);
    scratch = malloc(rng_sample_scratch(40) * sizeof *scratch);
    rng_sample(&r, 1000000, 40, out, scratch);
    for (int i = 0; i < 40; i++)
        sum = sum * 1000003 + out[i];
    rng_sample(&r, 50, 5, out, scratch);
    for (int i = 0; i < 5; i++)
        sum = sum * 1000003 + out[i];
    free(scratch);
    cr_assert_eq(sum, 0x228fbd129de9dc27u);
}
