/*
 * The ring of recent rows against a plain list.
 */
#include "engine/learn/recent.h"
#include "proto/base/rng.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void expect_last(const struct recent *r, uint32_t total)
{
    uint32_t rows = total < r->rows_max ? total : r->rows_max;
    float *x = malloc(sizeof(float) * (r->rows_max + 1) * r->cols);
    cr_assert_eq(r->rows, rows);
    recent_copy(r, x);
    for (uint32_t j = 0; j < r->cols; j++)
        for (uint32_t i = 0; i < rows; i++)
            cr_assert_eq(x[(size_t)j * rows + i],
                         (float)(total - rows + i) + 0.25f * (float)j);
    free(x);
}

/* Rows are numbered through; column j adds j / 4. */
static int add_rows(struct recent *r, uint32_t first, uint32_t rows)
{
    float x[4 * 700];
    struct matrix m = { x, rows, r->cols, 700 };
    for (uint32_t j = 0; j < r->cols; j++)
        for (uint32_t i = 0; i < rows; i++)
            x[j * 700 + i] = (float)(first + i) + 0.25f * (float)j;
    return recent_add(r, &m);
}

Test(recent, always_the_last_rows_in_order)
{
    static const uint32_t maxima[] = { 0, 1, 2, 63, 64, 65, 200, 1000 };
    uint64_t seed = 42;
    struct rng random;
    cr_log_info("seed %llu", (unsigned long long)seed);
    rng_init(&random, &seed, 1);
    for (uint32_t k = 0; k < sizeof maxima / sizeof maxima[0]; k++) {
        struct recent r;
        uint32_t total = 0;
        recent_init(&r, 1 + k % 4, maxima[k]);
        for (uint32_t step = 0; step < 60; step++) {
            uint32_t rows = (uint32_t)rng_below(&random, step % 7 ? 40 : 700);
            cr_assert_eq(add_rows(&r, total, rows), 0);
            total += rows;
            expect_last(&r, total);
        }
        recent_release(&r);
    }
}

Test(recent, room_grows_with_the_rows_and_not_before)
{
    struct recent r;
    recent_init(&r, 2, 1u << 24);
    cr_assert_eq(add_rows(&r, 0, 10), 0);
    cr_assert_leq(r.capacity, 64);
    cr_assert_eq(add_rows(&r, 10, 600), 0);
    cr_assert_leq(r.capacity, 1024);
    recent_release(&r);
}

Test(recent, another_maximum_keeps_the_newest)
{
    struct recent r;
    recent_init(&r, 3, 100);
    cr_assert_eq(recent_resize(&r, 80), 0);
    cr_assert_eq(add_rows(&r, 0, 130), 0);
    expect_last(&r, 130);
    cr_assert_eq(recent_resize(&r, 50), 0);
    expect_last(&r, 130);
    cr_assert_eq(recent_resize(&r, 90), 0);
    cr_assert_eq(r.rows, 50);
    cr_assert_eq(add_rows(&r, 130, 39), 0);
    cr_assert_eq(r.rows, 89);
    cr_assert_eq(add_rows(&r, 169, 300), 0);
    expect_last(&r, 469);
    cr_assert_eq(recent_resize(&r, 0), 0);
    expect_last(&r, 469);
    recent_release(&r);
}
