#include "tools/fyke/pool.h"

#include <criterion/criterion.h>

#include <stdatomic.h>
#include <stdlib.h>

#define PIECES 1000u

struct counting {
    _Atomic uint32_t *done; /* per piece */
    uint32_t threads;
    uint32_t bad; /* this piece fails, and all behind it */
};

static int count_piece(void *context, uint32_t index, uint32_t thread)
{
    struct counting *c = context;
    cr_assert_lt(thread, c->threads);
    atomic_fetch_add(&c->done[index], 1);
    return index >= c->bad ? ERR_RANGE - (int)(index - c->bad) % 2 : 0;
}

static struct counting counting_make(uint32_t threads)
{
    struct counting c = { .threads = threads, .bad = PIECES };
    c.done = calloc(PIECES, sizeof *c.done);
    cr_assert_not_null(c.done);
    return c;
}

static void every_piece_once(uint32_t threads, struct pool *pool)
{
    struct counting c = counting_make(threads);
    for (uint32_t round = 1; round <= 20; round++) {
        cr_assert_eq(pool_run(pool, PIECES, count_piece, &c), 0);
        for (uint32_t i = 0; i < PIECES; i++)
            cr_assert_eq(c.done[i], round, "piece %u", i);
    }
    cr_assert_eq(pool_run(pool, 0, count_piece, &c), 0);
    free(c.done);
}

Test(pool, every_piece_is_done_once)
{
    const uint32_t threads[] = { 1, 2, 7 };
    for (size_t i = 0; i < 3; i++) {
        struct pool *pool;
        struct fault fault = { 0 };
        cr_assert_eq(pool_new(threads[i], &pool, &fault), 0);
        cr_expect_eq(pool_threads(pool), threads[i]);
        every_piece_once(threads[i], pool);
        pool_free(pool);
    }
}

Test(pool, without_a_pool_the_caller_does_it_all)
{
    cr_expect_eq(pool_threads(NULL), 1);
    every_piece_once(1, NULL);
}

Test(pool, behind_an_error_nothing_is_begun_and_the_lowest_piece_is_told)
{
    struct pool *pool;
    struct fault fault = { 0 };
    cr_assert_eq(pool_new(4, &pool, &fault), 0);
    struct counting c = counting_make(4);
    c.bad = 100;
    cr_expect_eq(pool_run(pool, PIECES, count_piece, &c), ERR_RANGE);
    uint32_t begun = 0;
    for (uint32_t i = 0; i < PIECES; i++) {
        begun += c.done[i];
        if (i < 100)
            cr_expect_eq(c.done[i], 1);
    }
    cr_expect_leq(begun, 104);
    c.bad = PIECES;
    cr_expect_eq(pool_run(pool, PIECES, count_piece, &c), 0);
    free(c.done);
    pool_free(pool);
}
