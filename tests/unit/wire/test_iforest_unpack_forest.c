#include "tests/unit/wire/forests.h"
#include "tests/unit/wire/samples.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct forest_parts f;
static struct wire_payload p;

static void open_arena(void)
{
    arena_init(&arena, 1u << 24);
}

static void close_arena(void)
{
    arena_release(&arena);
}

TestSuite(iforest_unpack_forest, .init = open_arena, .fini = close_arena);

/* Packs `f` as it is now and unpacks it. */
static int pack_unpack(void)
{
    struct iforest_forest got;
    cr_assert_eq(iforest_pack_forest(&f.forest, &p), 0);
    return iforest_unpack_forest(&p, &arena, &got);
}

static int unpack(void)
{
    struct iforest_forest got;
    return iforest_unpack_forest(&p, &arena, &got);
}

static void usual(void)
{
    forest_by_hand(&f);
    cr_assert_eq(pack_unpack(), 0);
}

Test(iforest_unpack_forest, a_forest_comes_back)
{
    struct rng r;
    uint64_t seed = seed_any();
    rng_init(&r, &seed, 1);
    for (uint32_t round = 0; round < 500; round++) {
        struct iforest_forest got;
        uint8_t *bytes;
        arena_reset(&arena);
        forest_random(&r, 1 + (uint32_t)rng_below(&r, 8),
                      1 + (uint32_t)rng_below(&r, 16), &f);
        cr_assert_eq(iforest_pack_forest(&f.forest, &p), 0);
        p = payload_over_wire(&p, &bytes);
        cr_assert_eq(iforest_unpack_forest(&p, &arena, &got), 0);
        free(bytes);
        uint32_t n = f.forest.node_count;
        cr_assert(got.trees == f.forest.trees && got.node_count == n &&
                  got.subsample == f.forest.subsample &&
                  got.features == f.forest.features);
        cr_assert_eq(memcmp(got.tree_first, f.tree_first,
                            (got.trees + 1) * sizeof(uint32_t)),
                     0);
        cr_assert_eq(memcmp(got.feature, f.feature, n * sizeof(uint16_t)), 0);
        cr_assert_eq(memcmp(got.threshold, f.threshold, n * sizeof(float)), 0);
        cr_assert_eq(memcmp(got.right, f.right, n * sizeof(uint32_t)), 0);
        cr_assert_eq(memcmp(got.count, f.count, n * sizeof(uint32_t)), 0);
    }
}

Test(iforest_unpack_forest, a_child_outside_its_subtree_is_refused)
{
    /* behind the tree, behind the forest, itself, its left child, nowhere */
    const uint32_t bad[] = { 3, 4, 0, 1, UINT32_MAX };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        usual();
        f.right[0] = bad[i];
        cr_expect_eq(pack_unpack(), ERR_PROTO, "%u", bad[i]);
    }
}

Test(iforest_unpack_forest, a_cycle_is_refused)
{
    forest_chain(3, &f);
    cr_assert_eq(pack_unpack(), 0);
    f.right[4] = 2;
    cr_expect_eq(pack_unpack(), ERR_PROTO);
    forest_chain(3, &f);
    f.right[2] = 6; /* two parents for one node, one without */
    cr_expect_eq(pack_unpack(), ERR_PROTO);
}

Test(iforest_unpack_forest, a_split_on_a_feature_that_is_not_there_is_refused)
{
    usual();
    f.feature[0] = 3;
    cr_expect_eq(pack_unpack(), ERR_PROTO);
    f.feature[0] = IFOREST_LEAF - 1;
    cr_expect_eq(pack_unpack(), ERR_PROTO);
}

Test(iforest_unpack_forest, a_threshold_is_a_finite_number)
{
    const float bad[] = { NAN, INFINITY, -INFINITY };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        usual();
        f.threshold[0] = bad[i];
        cr_expect_eq(pack_unpack(), ERR_PROTO);
    }
    usual();
    f.threshold[1] = NAN;
    cr_expect_eq(pack_unpack(), ERR_PROTO, "at a leaf too");
}

Test(iforest_unpack_forest, counts_add_up)
{
    usual();
    f.count[2] = 2;
    cr_expect_eq(pack_unpack(), ERR_PROTO);
    usual();
    f.count[1] = 0;
    f.count[2] = 4;
    cr_expect_eq(pack_unpack(), ERR_PROTO, "an empty leaf");
    usual();
    f.count[1] = UINT32_MAX;
    f.count[2] = 5;
    cr_expect_eq(pack_unpack(), ERR_PROTO, "a sum that wraps to 4");
    usual();
    f.count[3] = 5;
    cr_expect_eq(pack_unpack(), ERR_PROTO, "more than the sample");
}

Test(iforest_unpack_forest, trees_lie_one_behind_the_other)
{
    usual();
    f.tree_first[0] = 1;
    cr_expect_eq(pack_unpack(), ERR_PROTO);
    usual();
    f.tree_first[1] = 4;
    cr_expect_eq(pack_unpack(), ERR_PROTO, "the last tree is empty");
    usual();
    f.forest.trees = 3;
    f.tree_first[2] = 3;
    f.tree_first[3] = 4;
    cr_expect_eq(pack_unpack(), ERR_PROTO, "a tree between is empty");
    usual();
    f.tree_first[1] = 2;
    cr_expect_eq(pack_unpack(), ERR_PROTO);
    usual();
    f.tree_first[1] = UINT32_MAX;
    cr_expect_eq(pack_unpack(), ERR_PROTO);
    usual();
    f.tree_first[2] = 3;
    cr_expect_eq(pack_unpack(), ERR_PROTO, "nodes left over");
}

Test(iforest_unpack_forest, numbers_and_sizes_are_checked)
{
    enum { TREES, SUBSAMPLE, FEATURES, NODES };
    const uint64_t over[] = { IFOREST_TREES_MAX, IFOREST_SUBSAMPLE_MAX,
                              IFOREST_FEATURES_MAX, 2 * (2 * 4 - 1) };
    for (uint32_t i = TREES; i <= NODES; i++) {
        usual();
        p.number[i] = 0;
        cr_expect_eq(unpack(), ERR_PROTO);
        p.number[i] = over[i] + 1;
        cr_expect_eq(unpack(), ERR_LIMIT);
        p.number[i] = UINT64_MAX;
        cr_expect_eq(unpack(), ERR_LIMIT);
    }
    for (uint32_t i = 0; i < 5; i++) {
        usual();
        p.block[i].rows--;
        cr_expect_eq(unpack(), ERR_PROTO, "block %u is short", i);
        usual();
        p.block[i].type = WIRE_U8;
        cr_expect_eq(unpack(), ERR_PROTO);
        usual();
        p.block[i].cols = 2;
        cr_expect_eq(unpack(), ERR_PROTO);
    }
    usual();
    p.block_count--;
    cr_expect_eq(unpack(), ERR_PROTO);
    usual();
    p.number_count--;
    cr_expect_eq(unpack(), ERR_PROTO);
}

Test(iforest_unpack_forest, a_tree_has_at_most_64_levels)
{
    forest_chain(64, &f);
    cr_expect_eq(pack_unpack(), 0);
    forest_chain(65, &f);
    cr_expect_eq(pack_unpack(), ERR_LIMIT);
}

Test(iforest_unpack_forest, a_path_sum_that_could_overflow_is_refused)
{
    /* 2000 trees of 40 levels: 40 * 2^16 * 2000 is over 2^32 */
    enum { SPLITS = 40, NODES = 2 * SPLITS + 1, TREES = IFOREST_TREES_MAX };
    forest_chain(SPLITS, &f);
    uint32_t *first = arena_alloc(&arena, TREES + 1, sizeof *first);
    uint16_t *feature = arena_alloc(&arena, TREES * NODES, sizeof *feature);
    float *threshold = arena_alloc(&arena, TREES * NODES, sizeof *threshold);
    uint32_t *right = arena_alloc(&arena, TREES * NODES, sizeof *right);
    uint32_t *count = arena_alloc(&arena, TREES * NODES, sizeof *count);
    cr_assert(first && feature && threshold && right && count);
    for (uint32_t k = 0; k < TREES; k++) {
        first[k] = k * NODES;
        memcpy(feature + first[k], f.feature, NODES * sizeof *feature);
        memcpy(threshold + first[k], f.threshold, NODES * sizeof *threshold);
        memcpy(right + first[k], f.right, NODES * sizeof *right);
        memcpy(count + first[k], f.count, NODES * sizeof *count);
    }
    first[TREES] = TREES * NODES;
    f.forest = (struct iforest_forest){ TREES,         SPLITS + 1, 1,
                                        TREES * NODES, first,      feature,
                                        threshold,     right,      count };
    cr_expect_eq(pack_unpack(), ERR_LIMIT);
    f.forest.trees = 1000;
    f.forest.node_count = first[1000];
    cr_expect_eq(pack_unpack(), 0);
}

/* Random damage: whatever is accepted, walking it stays inside each tree. */
Test(iforest_unpack_forest, an_accepted_forest_can_be_walked_without_checks)
{
    struct rng r;
    uint64_t seed = seed_any();
    uint32_t accepted = 0;
    rng_init(&r, &seed, 1);
    for (uint32_t round = 0; round < 20000; round++) {
        struct iforest_forest got;
        arena_reset(&arena);
        forest_random(&r, 2, 6, &f);
        uint32_t node = (uint32_t)rng_below(&r, f.forest.node_count);
        uint64_t what = rng_below(&r, 4);
        if (what == 0)
            f.right[node] = (uint32_t)rng_below(&r, 12);
        else if (what == 1)
            f.feature[node] = (uint16_t)rng_below(&r, 7);
        else if (what == 2)
            f.tree_first[1] = (uint32_t)rng_below(&r, 12);
        cr_assert_eq(iforest_pack_forest(&f.forest, &p), 0);
        if (iforest_unpack_forest(&p, &arena, &got) != 0)
            continue;
        accepted++;
        for (uint32_t k = 0; k < got.trees; k++) {
            uint32_t at = got.tree_first[k], steps = 0;
            while (got.feature[at] != IFOREST_LEAF) {
                cr_assert_lt(got.feature[at], got.features);
                cr_assert_leq(++steps, 64u);
                at = rng_below(&r, 2) ? at + 1
                                      : got.tree_first[k] + got.right[at];
                cr_assert_lt(at, got.tree_first[k + 1]);
            }
        }
    }
    cr_expect_gt(accepted, 1000u);
    cr_expect_lt(accepted, 19000u);
}
