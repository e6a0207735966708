/*
 * A forest from a payload: the one that came over the network is as good as
 * one grown here, or refused. One walk over the preorder checks the nodes and
 * makes what was left out: right children, counts, where trees begin.
 */
#include "proto/wire/iforest.h"
#include "proto/wire/iforest_payload.h"

#include "proto/base/bytes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define HEIGHT_MAX 64u

/* A forest being made. */
struct maker {
    struct iforest_forest f;
    uint32_t inner; /* inner nodes of all trees */
    uint32_t *tree_first, *right, *count;
    uint16_t *feature, *axis;
    float *threshold, *weight;
    uint8_t *missing_right; /* NULL unless some node says where */
};

/* An inner node whose subtree is not complete. */
struct open_node {
    uint32_t node;
    uint32_t left_count; /* 0 while its left child is not complete */
};

/* The number at `index` as u32 in [1, max]. */
static int forest_number(const struct wire_payload *p, uint32_t index,
                         uint64_t max, uint32_t *ret_value)
{
    if (p->number[index] == 0)
        return ERR_PROTO;
    if (p->number[index] > max)
        return ERR_LIMIT;
    *ret_value = (uint32_t)p->number[index];
    return 0;
}

static int forest_numbers(const struct wire_payload *p,
                          struct iforest_forest *f)
{
    int err = forest_number(p, FOREST_TREES, IFOREST_TREES_MAX, &f->trees);
    if (err == 0)
        err =
            forest_number(p, FOREST_SUBSAMPLE, IFOREST_PSI_MAX, &f->subsample);
    if (err == 0)
        err = forest_number(p, FOREST_FEATURES, IFOREST_FEATURES_MAX,
                            &f->features);
    if (err != 0)
        return err;
    if (p->number[FOREST_EXTENSION] >= f->features)
        return ERR_LIMIT;
    f->extension = (uint32_t)p->number[FOREST_EXTENSION];
    /* A leaf for every sample row at most, and one split less. */
    uint64_t nodes_max = (uint64_t)f->trees * (2ull * f->subsample - 1);
    return forest_number(p, FOREST_NODES, nodes_max, &f->node_count);
}

static bool block_is(const struct wire_block *b, enum wire_type type,
                     uint32_t rows, uint32_t cols)
{
    return b->type == type && b->rows == rows && b->cols == cols;
}

/* A tree of n inner nodes has n + 1 leaves. */
static int forest_shapes(const struct wire_payload *p, struct maker *m)
{
    const struct iforest_forest *f = &m->f;
    const struct wire_block *b = p->block;
    uint32_t blocks = f->extension > 0 ? FOREST_BLOCKS_EXTENDED : FOREST_BLOCKS;
    if (p->block_count != blocks || f->node_count < f->trees ||
        (f->node_count - f->trees) % 2 != 0)
        return ERR_PROTO;
    m->inner = (f->node_count - f->trees) / 2;
    if ((!block_is(&b[FOREST_NODE], WIRE_U16, f->node_count, 1) &&
         !block_is(&b[FOREST_NODE], WIRE_U32, f->node_count, 1)) ||
        !block_is(&b[FOREST_THRESHOLD], WIRE_F32, m->inner, 1))
        return ERR_PROTO;
    if (f->extension > 0 &&
        (!block_is(&b[FOREST_AXIS], WIRE_U16, m->inner, f->extension) ||
         !block_is(&b[FOREST_WEIGHT], WIRE_F32, m->inner, f->extension + 1)))
        return ERR_PROTO;
    return 0;
}

static int maker_alloc(struct maker *m, struct arena *arena)
{
    size_t nodes = m->f.node_count;
    size_t wide = nodes * (m->f.extension + 1);
    m->tree_first = arena_alloc(arena, (size_t)m->f.trees + 1, 4);
    m->right = arena_zalloc(arena, nodes, sizeof *m->right);
    m->count = arena_alloc(arena, nodes, sizeof *m->count);
    m->feature = arena_alloc(arena, nodes, sizeof *m->feature);
    m->threshold = arena_zalloc(arena, nodes, sizeof *m->threshold);
    if (!m->tree_first || !m->right || !m->count || !m->feature ||
        !m->threshold)
        return ERR_NOMEM;
    if (m->f.extension == 0)
        return 0;
    m->axis = arena_zalloc(arena, wide, sizeof *m->axis);
    m->weight = arena_zalloc(arena, wide, sizeof *m->weight);
    return m->axis != NULL && m->weight != NULL ? 0 : ERR_NOMEM;
}

static float float_at(const struct wire_block *b, size_t index)
{
    float value;
    memcpy(&value, (const char *)b->data + index * sizeof value, sizeof value);
    return value;
}

/* The features beyond the first and the weights of a node, the inner one with
 * index `at` among those. */
static int take_plane(struct maker *m, const struct wire_payload *p,
                      uint32_t node, uint32_t at)
{
    uint32_t width = m->f.extension + 1;
    uint16_t *axis = m->axis + (size_t)node * width;
    float *weight = m->weight + (size_t)node * width;
    axis[0] = m->feature[node];
    for (uint32_t j = 0; j < width; j++) {
        weight[j] =
            float_at(&p->block[FOREST_WEIGHT], (size_t)j * m->inner + at);
        if (!isfinite(weight[j]))
            return ERR_PROTO;
        if (j == 0)
            continue;
        const char *from = p->block[FOREST_AXIS].data;
        memcpy(&axis[j], from + 2 * ((size_t)(j - 1) * m->inner + at), 2);
        if (axis[j] >= m->f.features)
            return ERR_PROTO;
    }
    return 0;
}

static int take_split(struct maker *m, const struct wire_payload *p,
                      uint32_t node, uint32_t at)
{
    if (at >= m->inner || m->feature[node] >= m->f.features)
        return ERR_PROTO;
    m->threshold[node] = float_at(&p->block[FOREST_THRESHOLD], at);
    if (!isfinite(m->threshold[node]))
        return ERR_PROTO;
    return m->f.extension > 0 ? take_plane(m, p, node, at) : 0;
}

/* The leaf `node` ends subtrees: counts of those that are complete now, and
 * the right child of the one that is half. Returns how many stay open. */
static int close_subtrees(struct maker *m, struct open_node *open,
                          uint32_t *opened, uint32_t node, uint32_t first)
{
    uint32_t count = m->count[node];
    if (count == 0 || count > m->f.subsample)
        return ERR_PROTO;
    for (; *opened > 0 && open[*opened - 1].left_count > 0; --*opened) {
        count += open[*opened - 1].left_count;
        m->count[open[*opened - 1].node] = count;
        if (count > m->f.subsample) /* before sums get large */
            return ERR_PROTO;
    }
    if (*opened > 0) {
        open[*opened - 1].left_count = count;
        m->right[open[*opened - 1].node] = node + 1 - first;
    }
    return count > m->f.subsample ? ERR_PROTO : 0;
}

/* Every node is in exactly one place of one tree: the stack holds the inner
 * nodes above it. */
static int take_nodes(struct maker *m, const struct wire_payload *p,
                      uint32_t *ret_height)
{
    struct open_node open[HEIGHT_MAX];
    uint32_t opened = 0, height = 0, tree = 0, inner = 0;
    for (uint32_t node = 0; node < m->f.node_count; node++) {
        if (opened == 0) {
            if (tree == m->f.trees)
                return ERR_PROTO;
            m->tree_first[tree++] = node;
        }
        int err;
        if (m->feature[node] == IFOREST_LEAF) {
            err =
                close_subtrees(m, open, &opened, node, m->tree_first[tree - 1]);
        } else {
            if (opened == HEIGHT_MAX)
                return ERR_LIMIT;
            err = take_split(m, p, node, inner++);
            open[opened++] = (struct open_node){ node, 0 };
            height = opened > height ? opened : height;
        }
        if (err != 0)
            return err;
    }
    m->tree_first[tree] = m->f.node_count;
    *ret_height = height;
    return opened == 0 && tree == m->f.trees ? 0 : ERR_PROTO;
}

/* The words of the nodes: features with their marks, and the rows of leaves. */
static int take_words(struct maker *m, const struct wire_block *b)
{
    bool wide = b->type == WIRE_U32;
    uint32_t leaf = wide ? FOREST_LEAF_WIDE : FOREST_LEAF;
    for (uint32_t k = 0; k < m->f.node_count; k++) {
        uint32_t word = wide ? bytes_load_u32((const char *)b->data + 4ull * k)
                             : bytes_load_u16((const char *)b->data + 2ull * k);
        if ((word & leaf) == 0 && word >= FOREST_LEAF)
            return ERR_PROTO;
        m->feature[k] = word & leaf ? IFOREST_LEAF : (uint16_t)word;
        m->count[k] = word & leaf ? word - leaf : 0;
    }
    return 0;
}

/* Nodes that send a missing value to the lighter child: the mark is taken off
 * the features and kept aside, until the counts are known. */
static int take_lighter(struct maker *m, struct arena *arena)
{
    uint32_t n = m->f.node_count, any = 0;
    for (uint32_t k = 0; k < n; k++)
        any |= m->feature[k] != IFOREST_LEAF && m->feature[k] & FOREST_LIGHTER;
    if (any == 0)
        return 0;
    m->missing_right = arena_zalloc(arena, n, sizeof *m->missing_right);
    if (m->missing_right == NULL)
        return ERR_NOMEM;
    for (uint32_t k = 0; k < n; k++) {
        if (m->feature[k] == IFOREST_LEAF)
            continue;
        m->missing_right[k] = (m->feature[k] & FOREST_LIGHTER) != 0;
        m->feature[k] &= (uint16_t)~FOREST_LIGHTER;
    }
    return 0;
}

static void missing_finish(struct maker *m)
{
    if (m->missing_right == NULL)
        return;
    for (uint32_t tree = 0; tree < m->f.trees; tree++) {
        uint32_t first = m->tree_first[tree];
        for (uint32_t k = first; k < m->tree_first[tree + 1]; k++)
            if (m->feature[k] != IFOREST_LEAF)
                m->missing_right[k] ^=
                    iforest_heavier_right(m->count, k, first + m->right[k]);
    }
}

int iforest_unpack_forest(const struct wire_payload *p, struct arena *arena,
                          struct iforest_forest *ret_f)
{
    struct maker m = { 0 };
    uint32_t height = 0;
    if (p->number_count != FOREST_NUMBERS)
        return ERR_PROTO;
    int err = forest_numbers(p, &m.f);
    if (err == 0)
        err = forest_shapes(p, &m);
    if (err == 0)
        err = maker_alloc(&m, arena);
    if (err != 0)
        return err;
    err = take_words(&m, &p->block[FOREST_NODE]);
    if (err == 0)
        err = take_lighter(&m, arena);
    if (err != 0)
        return err;
    err = take_nodes(&m, p, &height);
    if (err != 0)
        return err;
    missing_finish(&m);
    m.f.missing_right = m.missing_right;
    m.f.tree_first = m.tree_first;
    m.f.feature = m.feature;
    m.f.threshold = m.threshold;
    m.f.right = m.right;
    m.f.count = m.count;
    m.f.axis = m.axis;
    m.f.weight = m.weight;
    /* The longest possible path sum fits. */
    uint64_t path_max =
        (uint64_t)height * IFOREST_ONE + iforest_c(m.f.subsample);
    if (path_max * m.f.trees > UINT32_MAX)
        return ERR_LIMIT;
    *ret_f = m.f;
    return 0;
}
