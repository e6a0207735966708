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
    cr_assert_eq(iforest_pack_forest(&f.forest, &arena, &p), 0);
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

static void expect_equal(const struct iforest_forest *got)
{
    uint32_t n = f.forest.node_count, width = f.forest.extension + 1;
    cr_assert(got->trees == f.forest.trees && got->node_count == n &&
              got->subsample == f.forest.subsample &&
              got->features == f.forest.features &&
              got->extension == f.forest.extension);
    cr_assert_arr_eq(got->tree_first, f.tree_first, (got->trees + 1) * 4);
    cr_assert_arr_eq(got->feature, f.feature, n * sizeof(uint16_t));
    cr_assert_arr_eq(got->threshold, f.threshold, n * sizeof(float));
    cr_assert_arr_eq(got->right, f.right, n * sizeof(uint32_t));
    cr_assert_arr_eq(got->count, f.count, n * sizeof(uint32_t));
    for (uint32_t t = 0; t < got->trees; t++)
        for (uint32_t k = got->tree_first[t]; k < got->tree_first[t + 1]; k++) {
            bool leaf = got->feature[k] == IFOREST_LEAF;
            bool rule =
                !leaf && iforest_heavier_right(
                             got->count, k, got->tree_first[t] + got->right[k]);
            bool was =
                f.forest.missing_right != NULL ? f.missing_right[k] : rule;
            cr_assert_eq(
                got->missing_right != NULL ? got->missing_right[k] : rule, was);
        }
    if (width == 1) {
        cr_assert(got->axis == NULL && got->weight == NULL);
        return;
    }
    cr_assert_arr_eq(got->axis, f.axis, n * width * sizeof(uint16_t));
    cr_assert_arr_eq(got->weight, f.weight, n * width * sizeof(float));
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
        if (round % 2 == 0)
            forest_extend(&r, 1 + (uint32_t)rng_below(&r, 3), &f);
        if (round % 3 == 0)
            forest_missing(&r, &f);
        cr_assert_eq(iforest_pack_forest(&f.forest, &arena, &p), 0);
        p = payload_over_wire(&p, &bytes);
        cr_assert_eq(iforest_unpack_forest(&p, &arena, &got), 0);
        free(bytes);
        expect_equal(&got);
    }
}

Test(iforest_unpack_forest, a_leaf_of_many_rows_comes_back)
{
    const uint32_t rows[] = { 0x7FFF, 0x8000, 0xFFFF, 0x10000, 999990 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct iforest_forest got;
        forest_by_hand(&f);
        f.forest.subsample = IFOREST_PSI_MAX;
        f.count[1] = rows[i];
        f.count[0] = rows[i] + f.count[2];
        f.forest.missing_right = f.missing_right;
        f.missing_right[0] = 1; /* to the lighter one */
        cr_assert_eq(iforest_pack_forest(&f.forest, &arena, &p), 0);
        cr_assert_eq(p.block[0].type, rows[i] < 0x8000 ? WIRE_U16 : WIRE_U32);
        cr_assert_eq(iforest_unpack_forest(&p, &arena, &got), 0);
        expect_equal(&got);
        f.forest.subsample = rows[i];
        cr_assert_eq(pack_unpack(), ERR_PROTO, "more rows than were drawn");
    }
}

/* A wide word is a leaf or a feature, nothing between. */
Test(iforest_unpack_forest, wide_words_are_checked)
{
    forest_by_hand(&f);
    f.forest.subsample = IFOREST_PSI_MAX;
    f.count[1] = 70000;
    f.count[0] = 70000 + f.count[2];
    cr_assert_eq(iforest_pack_forest(&f.forest, &arena, &p), 0);
    uint32_t *word = arena_alloc(&arena, 4, sizeof *word);
    memcpy(word, p.block[0].data, 4 * sizeof *word);
    p.block[0].data = word;
    cr_assert_eq(unpack(), 0);
    const uint32_t wrong[] = { 3,          0x8000,     0xFFFF,    0x10002,
                               0x40000002, 0x80000000, 0x80200000 };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint32_t was = word[0];
        word[0] = wrong[i];
        cr_expect_eq(unpack(), ERR_PROTO, "%x", wrong[i]);
        word[0] = was;
    }
    word[1] = 0x80000000;
    cr_expect_eq(unpack(), ERR_PROTO, "a leaf without rows");
}

Test(iforest_unpack_forest, a_fused_result_comes_back_whole_or_not_at_all)
{
    const uint32_t sums[] = { 1, UINT32_MAX, 3 };
    uint32_t back[3];
    struct iforest_forest got;
    struct rng r;
    rng_init(&r, &(uint64_t){ 1 }, 1);
    for (uint32_t extension = 0; extension < 3; extension++) {
        forest_random(&r, 4, 9, &f);
        if (extension > 0)
            forest_extend(&r, extension, &f);
        cr_assert_eq(iforest_pack_fit_scored(sums, 3, &f.forest, &arena, &p),
                     0);
        cr_assert_eq(iforest_unpack_fit_scored(&p, 3, &arena, back, &got), 0);
        cr_assert_arr_eq(back, sums, sizeof sums);
        expect_equal(&got);
        cr_expect_eq(iforest_unpack_fit_scored(&p, 2, &arena, back, &got),
                     ERR_PROTO);
        cr_expect_eq(unpack(), ERR_PROTO, "a forest and something else");
        p.block_count--;
        cr_expect_eq(unpack(), 0);
        cr_expect_eq(iforest_unpack_fit_scored(&p, 3, &arena, back, &got),
                     ERR_PROTO);
        p.block_count = 0;
        cr_expect_eq(iforest_unpack_fit_scored(&p, 3, &arena, back, &got),
                     ERR_PROTO);
    }
}

/* A split costs 2 + 4 bytes, a leaf 2; a tree of psi rows has psi - 1 splits
 * at most. */
Test(iforest_unpack_forest, a_forest_is_compact_and_its_bounds_hold)
{
    struct rng r;
    rng_init(&r, &(uint64_t){ 2 }, 1);
    for (uint32_t extension = 0; extension < 4; extension++) {
        forest_chain(15, &f);
        f.forest.features = 4;
        if (extension > 0)
            forest_extend(&r, extension, &f);
        size_t used = arena.bytes_used;
        cr_assert_eq(pack_unpack(), 0);
        used = arena.bytes_used - used;
        uint64_t bytes = wire_payload_bytes(&p);
        cr_expect_eq(bytes, 15 * 6 + 16 * 2 +
                                (extension > 0 ? 15 * (6 * extension + 4) : 0));
        cr_expect_eq(iforest_wire_bytes_max(1, 16, extension), bytes);
        cr_expect_eq(iforest_wire_bytes_max(3, 16, extension), 3 * bytes);
        /* each array takes a multiple of 64 bytes, packed and unpacked */
        cr_expect_leq(used, bytes + 11 * 64 +
                                iforest_memory_bytes_max(1, 16, extension));
    }
}

/* The code of a node in the payload, to be broken. */
static void set_node(uint32_t node, uint16_t code)
{
    uint16_t *to = arena_alloc(&arena, p.block[0].rows, sizeof *to);
    memcpy(to, p.block[0].data, p.block[0].rows * sizeof *to);
    to[node] = code;
    p.block[0].data = to;
}

static void set_float(uint32_t block, uint32_t at, float value)
{
    size_t n = (size_t)p.block[block].rows * p.block[block].cols;
    float *to = arena_alloc(&arena, n, sizeof *to);
    memcpy(to, p.block[block].data, n * sizeof *to);
    to[at] = value;
    p.block[block].data = to;
}

#define LEAF 0x8000u

Test(iforest_unpack_forest, a_preorder_that_is_no_preorder_is_refused)
{
    usual(); /* split, leaf, leaf; leaf */
    set_node(0, LEAF | 1);
    cr_expect_eq(unpack(), ERR_PROTO, "four trees instead of two");
    usual();
    set_node(1, 0);
    cr_expect_eq(unpack(), ERR_PROTO, "more splits than thresholds");
    usual();
    set_node(3, 0);
    cr_expect_eq(unpack(), ERR_PROTO, "the last tree is open");
    usual();
    set_node(0, LEAF | 1);
    set_node(1, 0);
    set_node(3, LEAF | 1);
    cr_expect_eq(unpack(), 0, "the other way round");
    usual();
    set_node(0, LEAF | 1);
    set_node(3, 0);
    cr_expect_eq(unpack(), ERR_PROTO, "as many splits, but open");
}

Test(iforest_unpack_forest, a_split_on_a_feature_that_is_not_there_is_refused)
{
    usual();
    set_node(0, 2);
    cr_expect_eq(unpack(), 0);
    set_node(0, 3);
    cr_expect_eq(unpack(), ERR_PROTO);
    set_node(0, LEAF - 1);
    cr_expect_eq(unpack(), ERR_PROTO);
}

Test(iforest_unpack_forest, thresholds_and_weights_are_finite_numbers)
{
    const float bad[] = { NAN, INFINITY, -INFINITY };
    struct rng r;
    rng_init(&r, &(uint64_t){ 3 }, 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        usual();
        set_float(1, 0, bad[i]);
        cr_expect_eq(unpack(), ERR_PROTO);
        for (uint32_t at = 0; at < 3; at++) {
            forest_by_hand(&f);
            forest_extend(&r, 2, &f);
            cr_assert_eq(pack_unpack(), 0);
            set_float(3, at, bad[i]);
            cr_expect_eq(unpack(), ERR_PROTO);
        }
    }
}

Test(iforest_unpack_forest, every_feature_of_an_extended_split_is_there)
{
    struct rng r;
    rng_init(&r, &(uint64_t){ 3 }, 1);
    forest_by_hand(&f);
    forest_extend(&r, 2, &f);
    for (uint32_t j = 1; j < 3; j++) {
        f.axis[j] = 3;
        cr_expect_eq(pack_unpack(), ERR_PROTO);
        f.axis[j] = 2;
        cr_expect_eq(pack_unpack(), 0);
    }
}

Test(iforest_unpack_forest, leaves_hold_rows_and_no_more_than_the_sample)
{
    usual();
    set_node(1, LEAF);
    cr_expect_eq(unpack(), ERR_PROTO, "an empty leaf");
    usual();
    set_node(2, LEAF | 4);
    cr_expect_eq(unpack(), ERR_PROTO, "five rows of four");
    usual();
    set_node(3, LEAF | 5);
    cr_expect_eq(unpack(), ERR_PROTO, "a single leaf with five");
    usual();
    set_node(1, 0xFFFF);
    cr_expect_eq(unpack(), ERR_PROTO);
    usual();
    set_node(2, LEAF | 1);
    cr_expect_eq(unpack(), 0, "fewer than the sample may be");
}

Test(iforest_unpack_forest, numbers_and_sizes_are_checked)
{
    enum { TREES, SUBSAMPLE, FEATURES, NODES, EXTENSION };
    const uint64_t over[] = { IFOREST_TREES_MAX, IFOREST_PSI_MAX,
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
    usual();
    p.number[EXTENSION] = 1;
    cr_expect_eq(unpack(), ERR_PROTO, "no planes");
    p.number[EXTENSION] = 3;
    cr_expect_eq(unpack(), ERR_LIMIT, "more than there are features");
    p.number[EXTENSION] = UINT64_MAX;
    cr_expect_eq(unpack(), ERR_LIMIT);
    usual();
    p.number[NODES] = 1;
    cr_expect_eq(unpack(), ERR_PROTO, "fewer nodes than trees");
    p.number_count--;
    cr_expect_eq(unpack(), ERR_PROTO);
}

Test(iforest_unpack_forest, blocks_have_their_type_and_size)
{
    struct rng r;
    rng_init(&r, &(uint64_t){ 3 }, 1);
    forest_by_hand(&f);
    for (uint32_t extension = 0; extension < 3; extension += 2) {
        if (extension > 0)
            forest_extend(&r, extension, &f);
        cr_assert_eq(pack_unpack(), 0);
        const struct wire_payload good = p;
        for (uint32_t i = 0; i < good.block_count; i++) {
            p.block[i].rows--;
            cr_expect_eq(unpack(), ERR_PROTO, "block %u is short", i);
            p = good;
            p.block[i].type = WIRE_U8;
            cr_expect_eq(unpack(), ERR_PROTO);
            p = good;
            p.block[i].cols++;
            cr_expect_eq(unpack(), ERR_PROTO);
            p = good;
        }
        p.block_count--;
        cr_expect_eq(unpack(), ERR_PROTO);
    }
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
        if (round % 2 == 0)
            forest_extend(&r, 2, &f);
        cr_assert_eq(iforest_pack_forest(&f.forest, &arena, &p), 0);
        for (uint64_t damage = rng_below(&r, 3); damage > 0; damage--) {
            uint32_t node = (uint32_t)rng_below(&r, f.forest.node_count);
            uint16_t rows = (uint16_t)(LEAF | rng_below(&r, 5));
            set_node(node,
                     rng_below(&r, 2) ? (uint16_t)rng_below(&r, 6) : rows);
        }
        if (iforest_unpack_forest(&p, &arena, &got) != 0)
            continue;
        accepted++;
        for (uint32_t k = 0; k < got.trees; k++) {
            uint32_t at = got.tree_first[k], steps = 0;
            while (got.feature[at] != IFOREST_LEAF) {
                cr_assert_lt(got.feature[at], got.features);
                cr_assert_eq(got.count[at],
                             got.count[at + 1] +
                                 got.count[got.tree_first[k] + got.right[at]]);
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
