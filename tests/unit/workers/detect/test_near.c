/*
 * Neighbours in a block: every level gives the answers of the double sum in
 * column order, also where float32 rounds, overflows or underflows.
 */
#include "proto/base/arena.h"
#include "tests/lib/seed.h"
#include "workers/detect/dbscan/near.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

enum { COLS_MAX = 64, STRIDE = NEAR_BLOCK + NEAR_LANES };

struct block {
    float x[COLS_MAX * STRIDE];
    float query[COLS_MAX];
    uint32_t cols, count;
};

static const struct near_kernel *kernel_at(enum isa isa)
{
    return isa <= isa_detect() ? near_kernel_of(isa) : NULL;
}

static uint32_t below(struct rng *r, uint32_t n)
{
    return (uint32_t)rng_below(r, n);
}

static uint64_t expected(const struct block *b, double eps)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        double sum = 0;
        for (uint32_t j = 0; j < b->cols; j++) {
            double step = (double)b->x[j * STRIDE + i] - (double)b->query[j];
            sum += step * step;
        }
        mask |= (uint64_t)(sum <= eps * eps) << i;
    }
    return mask;
}

static void block_check(const struct block *b, double eps)
{
    struct exact_limit limit = exact_limit_of(eps, b->cols);
    uint64_t want = expected(b, eps);
    uint32_t want_count = (uint32_t)__builtin_popcountll(want);
    struct near_range range[] = { { 0, b->count / 3 },
                                  { b->count / 3, b->count - b->count / 3 } };
    for (enum isa isa = ISA_C; isa <= ISA_AVX512; isa++) {
        const struct near_kernel *k = kernel_at(isa);
        if (k == NULL)
            continue;
        uint64_t mask =
            k->mask(&limit, b->x, STRIDE, b->count, b->cols, b->query);
        uint32_t count = k->count(&limit, b->x, STRIDE, range, 2, b->cols,
                                  b->query, UINT32_MAX);
        uint32_t some =
            k->count(&limit, b->x, STRIDE, range, 2, b->cols, b->query, 2);
        cr_assert_eq(mask, want, "%s, %u columns, eps %a", k->name, b->cols,
                     eps);
        cr_assert_eq(count, want_count, "%s", k->name);
        cr_assert_eq(some >= 2, want_count >= 2, "%s", k->name);
        cr_assert_leq(some, want_count, "%s", k->name);
    }
}

static void block_fill(struct block *b, struct rng *r, double scale,
                       uint32_t cols, uint32_t count)
{
    b->cols = cols;
    b->count = count;
    for (uint32_t i = 0; i < COLS_MAX * STRIDE; i++)
        b->x[i] = i % STRIDE < count ? (float)((rng_unit(r) - 0.5) * scale)
                                     : NAN; /* read, never counted */
    for (uint32_t j = 0; j < COLS_MAX; j++)
        b->query[j] = (float)((rng_unit(r) - 0.5) * scale);
}

static double distance_of(const struct block *b, uint32_t i)
{
    return sqrt(exact_square(b->x + i, STRIDE, b->query, 1, b->cols));
}

/* eps is the distance of one of the points, or its neighbour among doubles:
 * within float32's rounding of it, at any scale that float32 has. */
Test(near, every_level_decides_as_the_double_sum_does)
{
    static struct block b;
    static const double scales[] = { 1.0,   1e-3,  1e19,  6e38, 1e-19,
                                     1e-22, 1e-38, 1e-44, 1e-30 };
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 4000; round++) {
        uint32_t cols = 1 + below(&r, round % 4 == 0 ? COLS_MAX : 5);
        uint32_t count = 1 + below(&r, NEAR_BLOCK);
        block_fill(&b, &r, scales[round % 9], cols, count);
        double eps = distance_of(&b, below(&r, count));
        block_check(&b, eps);
        block_check(&b, nextafter(eps, 0));
        block_check(&b, nextafter(eps, (double)INFINITY));
    }
}

Test(near, lattice_points_at_exactly_eps_are_neighbours)
{
    static struct block b;
    for (uint32_t cols = 1; cols <= 5; cols++) {
        b.cols = cols;
        b.count = NEAR_BLOCK;
        for (uint32_t i = 0; i < b.count; i++)
            for (uint32_t j = 0; j < cols; j++)
                b.x[j * STRIDE + i] = (float)((i >> (2 * j)) % 4) * 0.1f;
        for (uint32_t j = 0; j < cols; j++)
            b.query[j] = 0.1f;
        block_check(&b, (double)0.1f);
        block_check(&b, 0.1);
        block_check(&b, (double)0.1f * sqrt(2));
        block_check(&b, (double)(0.2f - 0.1f));
    }
}

Test(near, an_eps_beyond_all_numbers_or_below_them_is_decided_too)
{
    static struct block b;
    struct rng r = seed_rng(1);
    block_fill(&b, &r, 6e38, 3, 40);
    for (uint32_t j = 0; j < 3; j++)
        b.x[j * STRIDE + 7] = b.query[j];
    block_check(&b, 1e300);
    block_check(&b, (double)FLT_MAX);
    block_check(&b, 1.8446743e19);
    block_check(&b, 1e-200);
    block_check(&b, 1e-30);
}

/* The points a float32 sum settles are those far from eps; were it all of
 * them the band would be missing, were it none the kernels would be slow. */
Test(near, the_band_is_narrow_and_holds_float32s_rounding)
{
    for (uint32_t cols = 1; cols <= COLS_MAX; cols++) {
        struct exact_limit limit = exact_limit_of(1.0, cols);
        double step = (cols + 2) * 0x1p-24;
        cr_assert_lt(limit.in, 1 - step);
        cr_assert_gt(limit.out, 1 + step);
        cr_assert_gt(limit.in, 1 - 4 * step);
        cr_assert_lt(limit.out, 1 + 4 * step);
    }
}
