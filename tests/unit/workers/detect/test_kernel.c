/*
 * The scoring kernels of every level that this CPU has, against a walk of the
 * forest node by node: random forests and rows made of values that floats are
 * proud of.
 */
#include "proto/base/arena.h"
#include "tests/lib/seed.h"
#include "workers/detect/iforest/form.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#define NO_PARENT UINT32_MAX

/* A forest being made, and the rows that it scores. */
struct scene {
    struct arena arena;
    struct rng rng;
    uint32_t rows, cols, trees, psi, height_max;
    uint32_t chain; /* of 8 splits, how many part one row from the others */
    bool says_missing;
    struct iforest_forest forest;
    struct matrix matrix;
};

static uint32_t below(struct rng *r, uint32_t n)
{
    return (uint32_t)rng_below(r, n);
}

/* Values that compare in odd ways; few of each, so that thresholds and rows
 * meet in one value often. */
static float finite_value(struct rng *r)
{
    static const float odd[] = { 0.0f,       -0.0f,   1e-45f,    -1e-45f,
                                 1e-38f,     -1e-38f, FLT_MIN,   -FLT_MIN,
                                 3e38f,      -3e38f,  FLT_MAX,   -FLT_MAX,
                                 1.0f,       -1.0f,   1.000001f, 0.999999f,
                                 FLT_EPSILON };
    switch (below(r, 4)) {
    case 0:
        return odd[below(r, sizeof odd / sizeof odd[0])];
    case 1:
        return (float)((int)below(r, 9) - 4);
    case 2:
        return (float)((rng_unit(r) - 0.5) * 6e38);
    default:
        return (float)(rng_unit(r) + rng_unit(r) - 1.0);
    }
}

static float row_value(struct rng *r, uint32_t missing_of_64)
{
    if (below(r, 64) < missing_of_64)
        return NAN;
    if (below(r, 50) == 0)
        return below(r, 2) ? INFINITY : -INFINITY;
    return finite_value(r);
}

/* Columns of their own kinds: without missing values, with some, with nothing
 * else, constant. */
static void rows_make(struct scene *s)
{
    static const uint32_t missing_of_64[] = { 0, 0, 3, 30, 64 };
    size_t n = (size_t)s->rows * s->cols;
    float *x = arena_alloc(&s->arena, n, sizeof *x);
    for (uint32_t j = 0; j < s->cols; j++) {
        uint32_t missing = missing_of_64[below(&s->rng, 5)];
        bool is_constant = below(&s->rng, 10) == 0;
        for (uint32_t i = 0; i < s->rows; i++) {
            float *to = &x[(size_t)j * s->rows + i];
            *to = is_constant && i > 0 ? to[-1] : row_value(&s->rng, missing);
        }
    }
    s->matrix = (struct matrix){ x, s->rows, s->cols, s->rows };
}

/* A subtree to come: its sample, its depth, and whose right child it is. */
struct pending {
    uint32_t rows, depth, parent;
};

/* Appends a tree in preorder; returns its nodes. */
static uint32_t tree_make(struct scene *s, uint32_t first, uint16_t *feature,
                          float *threshold, uint32_t *right, uint32_t *count)
{
    struct pending stack[70] = { { s->psi, 0, NO_PARENT } };
    uint32_t waiting = 1, at = first;
    while (waiting > 0) {
        struct pending p = stack[--waiting];
        if (p.parent != NO_PARENT)
            right[p.parent] = at - first;
        feature[at] = IFOREST_LEAF;
        threshold[at] = 0;
        right[at] = 0;
        count[at] = p.rows;
        if (p.rows > 1 && p.depth < s->height_max && below(&s->rng, 12) > 0) {
            uint32_t left = 1 + below(&s->rng, p.rows - 1);
            if (below(&s->rng, 8) < s->chain)
                left = below(&s->rng, 2) ? 1 : p.rows - 1;
            feature[at] = (uint16_t)below(&s->rng, s->cols);
            threshold[at] = finite_value(&s->rng);
            stack[waiting++] =
                (struct pending){ p.rows - left, p.depth + 1, at };
            stack[waiting++] = (struct pending){ left, p.depth + 1, NO_PARENT };
        }
        at++;
    }
    return at - first;
}

static void forest_make(struct scene *s)
{
    size_t most = (size_t)s->trees * (2 * s->psi - 1);
    uint32_t *first = arena_alloc(&s->arena, s->trees + 1, sizeof *first);
    uint16_t *feature = arena_alloc(&s->arena, most, sizeof *feature);
    float *threshold = arena_alloc(&s->arena, most, sizeof *threshold);
    uint32_t *right = arena_alloc(&s->arena, most, sizeof *right);
    uint32_t *count = arena_alloc(&s->arena, most, sizeof *count);
    uint8_t *missing = arena_alloc(&s->arena, most, 1);
    first[0] = 0;
    for (uint32_t t = 0; t < s->trees; t++)
        first[t + 1] =
            first[t] + tree_make(s, first[t], feature, threshold, right, count);
    for (uint32_t k = 0; k < first[s->trees]; k++)
        missing[k] = (uint8_t)below(&s->rng, 2);
    s->forest = (struct iforest_forest){ .trees = s->trees,
                                         .subsample = s->psi,
                                         .features = s->cols,
                                         .node_count = first[s->trees],
                                         .tree_first = first,
                                         .feature = feature,
                                         .threshold = threshold,
                                         .right = right,
                                         .count = count,
                                         .missing_right =
                                             s->says_missing ? missing : NULL };
}

/* The definition, node by node. */
static uint32_t path_sum(const struct scene *s, uint32_t row)
{
    const struct iforest_forest *f = &s->forest;
    uint32_t sum = 0;
    for (uint32_t t = 0; t < f->trees; t++) {
        uint32_t first = f->tree_first[t], node = first, depth = 0;
        for (; f->feature[node] != IFOREST_LEAF; depth++) {
            float x = matrix_column(&s->matrix, f->feature[node])[row];
            uint32_t left = node + 1, right = first + f->right[node];
            bool goes_right = x > f->threshold[node];
            if (isnan(x))
                goes_right = f->missing_right != NULL
                                 ? f->missing_right[node]
                                 : f->count[right] > f->count[left];
            node = goes_right ? right : left;
        }
        sum += depth * IFOREST_ONE + iforest_c(f->count[node]);
    }
    return sum;
}

/* Sums of a slice of the rows by the kernels of a level. */
static void kernel_sums(struct scene *s, enum isa isa,
                        const struct matrix *rows, uint32_t *sums)
{
    struct compute_context context = { .arena = &s->arena };
    const uint32_t *c = form_c_table(s->psi, &s->arena);
    for (uint32_t tree = 0; tree < s->trees;) {
        struct form form;
        struct form_room room;
        struct form_block block;
        uint32_t end = form_group(&s->forest, tree, &room);
        cr_assert_gt(end, tree);
        cr_assert_eq(form_init(&form, s->cols, &room, c, &s->arena), 0);
        cr_assert_eq(form_block_init(&block, s->cols, &room, &s->arena), 0);
        form_build(&form, &s->forest, tree, end);
        cr_assert_eq(form_score(&form, &block, iforest_kernel_of(isa), rows,
                                &context, sums),
                     0);
        tree = end;
    }
}

static void expect_definition(struct scene *s)
{
    uint32_t *want = arena_alloc(&s->arena, s->rows, sizeof *want);
    for (uint32_t i = 0; i < s->rows; i++)
        want[i] = path_sum(s, i);
    for (enum isa isa = ISA_C; isa <= isa_detect(); isa++) {
        uint32_t cut = below(&s->rng, s->rows + 1);
        uint32_t *sums = arena_zalloc(&s->arena, s->rows, sizeof *sums);
        struct matrix head = matrix_slice(&s->matrix, 0, cut);
        struct matrix tail = matrix_slice(&s->matrix, cut, s->rows - cut);
        kernel_sums(s, isa, &head, sums);
        kernel_sums(s, isa, &tail, sums + cut);
        for (uint32_t i = 0; i < s->rows; i++)
            cr_assert_eq(sums[i], want[i],
                         "%s: row %u of %u cut at %u, %u columns, %u trees of "
                         "%u rows and up to %u levels",
                         isa_name(isa), i, s->rows, cut, s->cols, s->trees,
                         s->psi, s->height_max);
    }
}

static void scene_play(struct scene s, uint64_t seed)
{
    arena_init(&s.arena, SIZE_MAX);
    s.rng = seed_rng(seed);
    rows_make(&s);
    forest_make(&s);
    expect_definition(&s);
    arena_release(&s.arena);
}

Test(kernel, any_forest_scores_any_rows_by_the_definition)
{
    static const uint32_t rows[] = { 1, 2, 7, 64, 300, 511, 512, 513, 1100 };
    static const uint32_t cols[] = { 1, 2, 3, 10, 33, 256 };
    static const uint32_t psi[] = { 2, 3, 16, 100, 256, 512, 1024, 4096 };
    static const uint32_t heights[] = { 1, 5, 8, 9, 10, 11, 24, 64 };
    uint64_t seed = seed_any();
    struct rng r = seed_rng(seed);
    for (uint32_t round = 0; round < 300; round++) {
        struct scene s = { .rows = rows[below(&r, 9)],
                           .cols = cols[below(&r, 6)],
                           .psi = psi[below(&r, 8)],
                           .height_max = heights[below(&r, 8)],
                           .chain = below(&r, 9),
                           .says_missing = below(&r, 3) == 0 };
        s.trees = 1 + below(&r, s.psi > 300 ? 6 : 30);
        scene_play(s, seed + round);
    }
}

Test(kernel, two_thousand_trees)
{
    uint64_t seed = seed_any();
    struct scene small = {
        .rows = 40, .cols = 3, .psi = 2, .height_max = 1, .trees = 2000
    };
    struct scene usual = {
        .rows = 40, .cols = 10, .psi = 64, .height_max = 6, .trees = 2000
    };
    scene_play(small, seed);
    scene_play(usual, seed);
}

Test(kernel, a_hundred_thousand_rows)
{
    struct scene s = { .rows = 100000,
                       .cols = 4,
                       .psi = 256,
                       .chain = 1,
                       .height_max = 12,
                       .trees = 3 };
    scene_play(s, seed_any());
}

/* One column has all thresholds of ten thousand nodes, and others have one:
 * the deepest and the flattest search trees. */
Test(kernel, all_thresholds_in_one_column_and_one_in_each)
{
    uint64_t seed = seed_any();
    struct scene one = { .rows = 600,
                         .cols = 1,
                         .psi = 1024,
                         .chain = 1,
                         .height_max = 8,
                         .trees = 120 };
    struct scene wide = {
        .rows = 600, .cols = 1024, .psi = 8, .height_max = 3, .trees = 300
    };
    scene_play(one, seed);
    scene_play(wide, seed);
}

/* A tree of one node, alone and among others; a tree of nothing but masks as
 * large as they get. */
Test(kernel, trees_without_a_split_and_full_ones)
{
    uint64_t seed = seed_any();
    struct scene leaf = { .rows = 20, .cols = 1, .psi = 1, .trees = 300 };
    scene_play(leaf, seed);
    for (uint32_t height = 8; height <= 10; height++) {
        struct scene full = { .rows = 700,
                              .cols = 5,
                              .psi = 4096,
                              .height_max = height,
                              .trees = 9 };
        scene_play(full, seed);
    }
}

/* Sums are made of sums of bytes: as large as those get. */
Test(kernel, long_sums_of_large_bytes)
{
    for (uint32_t byte = 0; byte < 2; byte++) {
        struct scene leaf = { .rows = 3, .cols = 1, .psi = 2, .trees = 600 };
        while ((iforest_c(leaf.psi) >> 8 * byte & 0xFF) != 0xFF)
            leaf.psi++;
        scene_play(leaf, 1);
    }
}
