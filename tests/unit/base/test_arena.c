/*
 * Arena: alignment, limits, reuse.
 */
#include "proto/base/arena.h"
#include "proto/base/rng.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(arena, every_allocation_is_aligned_to_64_bytes)
{
    struct arena a;
    arena_init(&a, 1 << 20);
    for (size_t n = 0; n < 200; n++) {
        void *p = arena_alloc(&a, n, 1);
        cr_assert_not_null(p);
        cr_assert_eq((uintptr_t)p % 64, 0);
    }
    arena_release(&a);
}

Test(arena, a_count_of_zero_gives_a_pointer_of_its_own)
{
    struct arena a;
    arena_init(&a, 1 << 20);
    void *p = arena_alloc(&a, 0, 8);
    void *q = arena_zalloc(&a, 0, 8);
    cr_assert_not_null(p);
    cr_assert_not_null(q);
    cr_assert_neq(p, q);
    arena_release(&a);
}

Test(arena, an_overflowing_product_is_refused)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    cr_assert_null(arena_alloc(&a, SIZE_MAX / 2, 3));
    cr_assert_null(arena_alloc(&a, SIZE_MAX, 1));
    cr_assert_null(arena_alloc(&a, SIZE_MAX - 63, 1));
    cr_assert_not_null(arena_alloc(&a, 10, 3));
    arena_release(&a);
}

Test(arena, the_limit_holds_and_the_arena_stays_usable)
{
    struct arena a;
    arena_init(&a, 1000 * 1000);
    size_t carved = 0;
    while (arena_alloc(&a, 10000, 1) != NULL)
        carved += 10000;
    cr_assert_leq(a.bytes_held, a.bytes_max);
    cr_assert_geq(carved, 900 * 1000);
    cr_assert_null(arena_alloc(&a, 2000 * 1000, 1));
    cr_assert_not_null(arena_alloc(&a, 1, 1));
    arena_release(&a);
}

Test(arena, what_is_used_and_held_is_counted)
{
    struct arena a;
    arena_init(&a, 1 << 20);
    cr_assert_eq(a.bytes_held, 0);
    (void)arena_alloc(&a, 1, 1);
    (void)arena_alloc(&a, 65, 2);
    cr_assert_eq(a.bytes_used, 64 + 192);
    cr_assert_geq(a.bytes_held, a.bytes_used);
    arena_release(&a);
    cr_assert_eq(a.bytes_used, 0);
}

Test(arena, a_limit_below_a_header_allows_nothing)
{
    struct arena a;
    arena_init(&a, 63);
    cr_assert_null(arena_alloc(&a, 1, 1));
    arena_release(&a);
    arena_init(&a, 128);
    cr_assert_not_null(arena_alloc(&a, 64, 1));
    cr_assert_null(arena_alloc(&a, 1, 1));
    arena_release(&a);
}

Test(arena, a_reset_keeps_the_memory_and_hands_it_out_again)
{
    struct arena a;
    arena_init(&a, 1 << 24);
    void *first = arena_alloc(&a, 100, 1);
    for (int i = 0; i < 50; i++)
        cr_assert_not_null(arena_alloc(&a, 50000, 1));
    size_t held = a.bytes_held;
    arena_reset(&a);
    cr_assert_eq(a.bytes_used, 0);
    cr_assert_eq(a.bytes_held, held);
    cr_assert_eq(arena_alloc(&a, 100, 1), first);
    for (int i = 0; i < 50; i++)
        cr_assert_not_null(arena_alloc(&a, 50000, 1));
    cr_assert_eq(a.bytes_held, held, "the same work needs no more memory");
    arena_release(&a);
    cr_assert_eq(a.bytes_held, 0);
    cr_assert_null(a.first);
}

Test(arena, empty_blocks_make_way_for_one_large_allocation)
{
    struct arena a;
    arena_init(&a, 1 << 20);
    for (int i = 0; i < 9; i++)
        cr_assert_not_null(arena_alloc(&a, 100000, 1));
    cr_assert_null(arena_alloc(&a, 700000, 1));
    arena_reset(&a);
    char *p = arena_alloc(&a, 900000, 1);
    cr_assert_not_null(p);
    memset(p, 1, 900000);
    cr_assert_leq(a.bytes_held, a.bytes_max);
    arena_release(&a);
}

Test(arena, zalloc_clears_memory_that_was_used_before)
{
    struct arena a;
    arena_init(&a, 1 << 20);
    memset(arena_alloc(&a, 5000, 1), 0xaa, 5000);
    arena_reset(&a);
    unsigned char *p = arena_zalloc(&a, 1250, 4);
    for (int i = 0; i < 5000; i++)
        cr_assert_eq(p[i], 0);
    arena_release(&a);
}

/* Fills every piece with its number and looks for overlaps at the end. */
Test(arena, pieces_never_overlap)
{
    enum { PIECES = 500 };
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    uint64_t seed = 42;
    struct rng r;
    struct arena a;
    cr_log_info("seed %llu", (unsigned long long)seed);
    rng_init(&r, &seed, 1);
    arena_init(&a, 64 << 20);
    for (int round = 0; round < 20; round++) {
        int count = 0;
        for (; count < PIECES; count++) {
            sizes[count] = rng_below(&r, rng_below(&r, 20) == 0 ? 300000 : 900);
            pieces[count] = arena_alloc(&a, sizes[count], 1);
            if (pieces[count] == NULL)
                break;
            memset(pieces[count], count % 251, sizes[count]);
        }
        cr_assert_gt(count, 100);
        for (int i = 0; i < count; i++)
            for (size_t j = 0; j < sizes[i]; j += 1 + sizes[i] / 64)
                cr_assert_eq(pieces[i][j], i % 251, "round %d", round);
        arena_reset(&a);
    }
    arena_release(&a);
}

Test(arena, a_text_is_copied_with_its_end_and_nothing_is_an_empty_one)
{
    struct arena a;
    arena_init(&a, 1 << 16);
    const char *copy = arena_text(&a, "abcdef", 3);
    cr_expect_str_eq(copy, "abc");
    cr_expect_str_eq(arena_text(&a, NULL, 0), "");
    cr_expect_null(arena_text(&a, "x", SIZE_MAX));
    cr_expect_null(arena_text(&a, "x", 1 << 20), "over the limit");
    arena_release(&a);
}

Test(arena, a_fixed_one_carves_the_memory_it_is_given_and_no_other)
{
    static unsigned char memory[4096 + 2];
    for (size_t skew = 0; skew < 70; skew += 23) {
        struct arena a;
        memset(memory, 7, sizeof memory);
        arena_init_fixed(&a, memory + 1 + skew, sizeof memory - 2 - skew);
        unsigned char *first = arena_alloc(&a, 100, 1), *last = first;
        cr_assert_not_null(first);
        for (unsigned char *p = first; p != NULL; p = arena_alloc(&a, 100, 1)) {
            cr_assert_eq((uintptr_t)p % 64, 0);
            cr_assert(p > memory + skew && p + 100 <= memory + 4096 + 1);
            memset(p, 1, 100);
            last = p;
        }
        cr_expect_gt(last - first, 3500);
        cr_expect_eq(memory[skew], 7);
        cr_expect_eq(memory[sizeof memory - 1], 7);
        arena_reset(&a);
        cr_expect_eq((void *)arena_alloc(&a, 100, 1), (void *)first);
        arena_release(&a);
        cr_expect_null(arena_alloc(&a, 1, 1));
    }
}

Test(arena, the_bytes_of_a_fixed_one_can_be_told_beforehand)
{
    static const size_t sizes[] = { 0, 1, 63, 64, 65, 1000, 4096 };
    static unsigned char memory[ARENA_FIXED_BYTES + 16384];
    size_t need = ARENA_FIXED_BYTES;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        need += ARENA_BYTES(sizes[i]);
    cr_assert_leq(need, sizeof memory - 63);
    for (size_t skew = 0; skew < 64; skew++) {
        struct arena a;
        arena_init_fixed(&a, memory + skew, need);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            cr_assert_not_null(arena_alloc(&a, sizes[i], 1));
    }
}

Test(arena, a_fixed_one_without_room_holds_nothing)
{
    char memory[100];
    struct arena a;
    arena_init_fixed(&a, memory, 60);
    cr_expect_null(arena_alloc(&a, 1, 1));
    arena_init_fixed(&a, NULL, 0);
    cr_expect_null(arena_alloc(&a, 1, 1));
}
