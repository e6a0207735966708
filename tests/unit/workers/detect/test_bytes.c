/*
 * What is told beforehand, beside what the steps carve.
 */
#include "support.h"

#include "workers/detect/iforest/bytes.h"
#include "workers/detect/iforest/grow.h"

#include <criterion/criterion.h>

static void expect_enough(size_t used, size_t told, const char *what)
{
    cr_expect_leq(used, told, "%s: %zu bytes used, %zu told", what, used, told);
    cr_expect_leq(told, 4 * used + 65536, "%s: %zu bytes used, %zu told", what,
                  used, told);
}

static void expect_grow(uint32_t psi, uint32_t cols, uint32_t extension)
{
    struct grow_space space;
    struct grow_nodes nodes;
    struct arena a;
    arena_init(&a, SIZE_MAX);
    cr_assert_eq(grow_space_init(&space, psi, cols, extension, &a), 0);
    expect_enough(a.bytes_used, bytes_grow_space(psi, cols, extension),
                  "grow_space");
    arena_reset(&a);
    cr_assert_eq(grow_nodes_init(&nodes, 7, psi, extension, &a), 0);
    expect_enough(a.bytes_used, bytes_grow_nodes(7, psi, extension),
                  "grow_nodes");
    arena_reset(&a);
    cr_assert_not_null(form_c_table(psi, &a));
    expect_enough(a.bytes_used, bytes_c_table(psi), "c_table");
    arena_release(&a);
}

Test(bytes, of_growing)
{
    static const uint32_t psi[] = { 1, 2, 3, 200, 256, 257, 4096 };
    static const uint32_t cols[] = { 1, 2, 31, 1024 };
    for (size_t i = 0; i < sizeof psi / sizeof *psi; i++)
        for (size_t j = 0; j < sizeof cols / sizeof *cols; j++)
            for (uint32_t extension = 0; extension < 3; extension++)
                expect_grow(psi[i], cols[j], extension);
}

static void expect_forms(uint32_t trees, uint32_t psi, uint32_t cols)
{
    struct arena a, forms, block_arena;
    struct form_room all = { 0 };
    struct form_block block;
    arena_init(&a, SIZE_MAX);
    arena_init(&forms, SIZE_MAX);
    arena_init(&block_arena, SIZE_MAX);
    struct matrix m = support_matrix(&a, psi, 5000, cols, 0.01);
    struct iforest_forest f = support_fit(&a, &m, 3, 0, trees, psi);
    const uint32_t *c = form_c_table(psi, &a);
    struct form *form = arena_alloc(&forms, trees, sizeof *form);
    cr_assert(c != NULL && form != NULL);
    for (uint32_t tree = 0; tree < trees; form++) {
        struct form_room room;
        uint32_t end = form_group(&f, tree, &room);
        cr_assert_eq(form_init(form, cols, &room, c, &forms), 0);
        form_room_join(&all, &room);
        tree = end;
    }
    cr_expect_leq(forms.bytes_used, bytes_forms(trees, psi, cols),
                  "%u trees of %u rows and %u columns: %zu bytes", trees, psi,
                  cols, forms.bytes_used);
    cr_assert_eq(form_block_init(&block, cols, &all, &block_arena), 0);
    expect_enough(block_arena.bytes_used, bytes_form_block(cols, &all),
                  "form_block");
    arena_release(&block_arena);
    arena_release(&forms);
    arena_release(&a);
}

Test(bytes, of_forms)
{
    static const uint32_t psi[] = { 1, 2, 200, 256, 257, 1000, 4096 };
    static const uint32_t cols[] = { 1, 2, 31, 300 };
    for (size_t i = 0; i < sizeof psi / sizeof *psi; i++)
        for (size_t j = 0; j < sizeof cols / sizeof *cols; j++)
            expect_forms(psi[i] < 1000 ? 150 : 40, psi[i], cols[j]);
    expect_forms(1, 4096, 3);
    expect_forms(1, 1, 1);
}
