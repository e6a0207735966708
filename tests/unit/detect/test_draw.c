/*
 * Samples and sets of rows against the plain way.
 */
#include "engine/detect/draw.h"
#include "proto/wire/iforest.h"
#include "support.h"

#include <criterion/criterion.h>

static void expect_set(struct draw_set *s, const bool *member,
                       const struct draw_rows *rows, struct arena *a)
{
    float *x = arena_alloc(a, s->used, sizeof *x);
    uint32_t n = 0;
    cr_assert_eq(draw_set_list(s, a), 0);
    draw_set_gather(s, rows, 1, x);
    for (uint32_t i = 0; i < s->rows; i++) {
        if (!member[i])
            continue;
        const struct matrix *m = &rows->recent;
        uint32_t at = i;
        if (at >= m->rows) {
            at -= m->rows;
            m = &rows->rows;
        }
        cr_assert_eq(draw_set_position(s, i), n);
        cr_assert_eq(x[n++], matrix_column(m, 1)[at]);
    }
    cr_assert_eq(n, s->used);
}

Test(draw, sets_number_and_gather_their_members_in_order)
{
    static const uint32_t sizes[] = { 1, 2, 63, 64, 65, 127, 128, 500 };
    uint64_t seed = 4;
    struct rng r;
    rng_init(&r, &seed, 1);
    for (uint32_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        struct arena a;
        struct draw_set s;
        bool member[500] = { false };
        arena_init(&a, SIZE_MAX);
        uint32_t n = sizes[k], border = n / 3;
        struct matrix all = support_matrix(&a, k, n, 2, 0);
        struct draw_rows rows = { matrix_slice(&all, 0, border),
                                  matrix_slice(&all, border, n - border) };
        cr_assert_eq(draw_row_count(&rows), n);
        cr_assert_eq(draw_set_init(&s, n, &a), 0);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t row = (uint32_t)rng_below(&r, n);
            draw_set_add(&s, &row, 1);
            member[row] = true;
        }
        draw_set_rank(&s);
        expect_set(&s, member, &rows, &a);
        for (uint32_t i = 0; i < n; i++)
            member[i] = true;
        draw_set_add_all(&s);
        draw_set_rank(&s);
        expect_set(&s, member, &rows, &a);
        arena_release(&a);
    }
}

/* The two halves must draw the same rows: what the worker does is in
 * proto/wire/iforest.h. */
Test(draw, a_tree_draws_with_its_own_state)
{
    struct rng r;
    struct arena a;
    uint32_t mine[30], theirs[30];
    arena_init(&a, SIZE_MAX);
    uint32_t *scratch = arena_alloc(&a, rng_sample_scratch(30), 4);
    draw_tree(5, 6, 7, 1000, 30, mine, scratch);
    iforest_tree_rng(&r, 5, 6, 7);
    rng_sample(&r, 1000, 30, theirs, scratch);
    cr_assert_arr_eq(mine, theirs, sizeof mine);
    draw_tree(5, 6, 8, 1000, 30, theirs, scratch);
    cr_assert_arr_neq(mine, theirs, sizeof mine);
    arena_release(&a);
}
