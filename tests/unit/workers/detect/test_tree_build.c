/* The tree as tree.h describes it, on all kinds of points. */
#include "dbscan_points.h"
#include "tests/lib/seed.h"
#include "workers/detect/dbscan/tree.h"

#include <criterion/criterion.h>
#include <string.h>

static void check_boxes(const struct tree *t)
{
    for (uint32_t node = 0; node < t->nodes; node++) {
        const float *low = tree_box(t, node), *high = low + t->pad;
        uint32_t points = 0;
        for (uint32_t leaf = t->node[node].leaf; leaf < tree_leaf_end(t, node);
             leaf++) {
            points += (uint32_t)__builtin_popcount(t->lanes[leaf]);
            for (uint32_t j = 0; j < t->cols; j++)
                for (uint32_t i = 0; i < TREE_LEAF; i++) {
                    float x = tree_block(t, leaf)[j * TREE_LEAF + i];
                    cr_assert(low[j] <= x && x <= high[j], "node %u, col %u",
                              node, j);
                }
        }
        cr_assert_eq(points, t->node[node].points, "node %u", node);
        for (uint32_t j = t->cols; j < t->pad; j++)
            cr_assert(low[j] == 0 && high[j] == 0);
    }
}

static void check_order(const struct tree *t)
{
    for (uint32_t node = 0; node < t->nodes; node++) {
        cr_assert_gt(t->node[node].end, node);
        if (tree_is_leaf(t, node)) {
            cr_assert_eq(t->leaf_node[t->node[node].leaf], node);
            continue;
        }
        uint32_t right = t->node[node + 1].end;
        cr_assert_eq(t->node[right].end, t->node[node].end);
        cr_assert_eq(t->node[node + 1].parent, node);
        cr_assert_eq(t->node[right].parent, node);
    }
}

static void check_points(const struct tree *t, const struct matrix *m,
                         uint8_t *seen)
{
    memset(seen, 0, m->rows);
    for (uint32_t leaf = 0; leaf < t->leaves; leaf++)
        for (uint32_t i = 0; i < TREE_LEAF; i++) {
            uint32_t p = t->point[leaf * TREE_LEAF + i];
            cr_assert_lt(p, m->rows);
            seen[p] = (uint8_t)(seen[p] + (t->lanes[leaf] >> i & 1));
            for (uint32_t j = 0; j < m->cols; j++)
                cr_assert_eq(tree_block(t, leaf)[j * TREE_LEAF + i],
                             matrix_column(m, j)[p]);
        }
    for (uint32_t p = 0; p < m->rows; p++)
        cr_assert_eq(seen[p], 1, "point %u stands %u times", p, seen[p]);
}

static void check_tree(struct arena *a, const struct matrix *m)
{
    struct compute_context context = { .arena = a };
    struct tree t;
    uint8_t *seen = arena_alloc(a, m->rows, 1);
    cr_assert_not_null(seen);
    cr_assert_eq(tree_build(m, &context, &t), 0);
    check_order(&t);
    check_points(&t, m, seen);
    check_boxes(&t);
    cr_assert_leq(t.leaves, (m->rows + TREE_LEAF - 1) / TREE_LEAF * 2 + 64);
}

Test(tree_build, every_point_stands_once_and_within_its_boxes)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 100; round++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        uint32_t rows = 1 + (uint32_t)rng_below(&r, round % 5 ? 300 : 5000);
        uint32_t cols = 1 + (uint32_t)rng_below(&r, 20);
        struct matrix m =
            points_make(&a, &r, round % POINTS_SHAPES, rows, cols);
        check_tree(&a, &m);
        arena_release(&a);
    }
}

Test(tree_build, no_points_give_no_nodes)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    struct matrix m = { NULL, 0, 3, 0 };
    struct compute_context context = { .arena = &a };
    struct tree t;
    cr_assert_eq(tree_build(&m, &context, &t), 0);
    cr_assert(t.nodes == 0 && t.leaves == 0);
    arena_release(&a);
}

/* Each cut would split off one point, forever. */
Test(tree_build, values_that_double_keep_the_tree_shallow)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    enum { ROWS = 20000 };
    float *x = arena_alloc(&a, ROWS, sizeof *x);
    cr_assert_not_null(x);
    for (uint32_t i = 0; i < ROWS; i++)
        x[i] = __builtin_ldexpf(1.0f + (float)i / ROWS, (int)(i % 250) - 125);
    struct matrix m = { x, ROWS, 1, ROWS };
    check_tree(&a, &m);
    arena_release(&a);
}

Test(tree_build, spare_memory_is_handed_out_first)
{
    struct arena a;
    arena_init(&a, SIZE_MAX);
    struct rng r = seed_rng(1);
    struct matrix m = points_make(&a, &r, POINTS_BLOBS, 1000, 2);
    struct compute_context context = { .arena = &a };
    struct tree t;
    cr_assert_eq(tree_build(&m, &context, &t), 0);
    size_t used = a.bytes_used;
    char *first = tree_alloc(&t, &context, 1000, 4);
    char *second = tree_alloc(&t, &context, 1000, 4);
    cr_assert(first != NULL && second >= first + 4000);
    cr_assert_eq(a.bytes_used, used);
    cr_assert_not_null(tree_alloc(&t, &context, 1000000, 4));
    cr_assert_geq(a.bytes_used, used + 4000000);
    cr_assert_null(tree_alloc(&t, &context, SIZE_MAX, 4));
    arena_release(&a);
}
