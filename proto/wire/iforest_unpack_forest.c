/*
 * A forest from a payload: the one that came over the network is as good as
 * one grown here, or refused.
 */
#include "proto/wire/iforest.h"
#include "proto/wire/iforest_payload.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define HEIGHT_MAX 64u

/* One tree of a forest, its nodes from 0. */
struct tree {
    uint32_t nodes;
    const uint16_t *feature;
    const float *threshold;
    const uint32_t *right;
    const uint32_t *count;
};

static struct tree tree_of(const struct iforest_forest *f, uint32_t k)
{
    uint32_t first = f->tree_first[k];
    return (struct tree){ f->tree_first[k + 1] - first, f->feature + first,
                          f->threshold + first, f->right + first,
                          f->count + first };
}

static bool leaf_is_usable(const struct tree *t, uint32_t node, uint32_t end)
{
    return end == node + 1 && t->threshold[node] == 0.0f &&
           t->right[node] == 0 && t->count[node] > 0;
}

/* `node` is the root of the subtree [node, end), two nodes of it at least. */
static bool split_is_usable(const struct tree *t, uint32_t node, uint32_t end,
                            uint32_t features)
{
    uint32_t right = t->right[node];
    return t->feature[node] < features && isfinite(t->threshold[node]) &&
           right > node + 1 && right < end &&
           (uint64_t)t->count[node + 1] + t->count[right] == t->count[node];
}

/* Walks the preorder with a stack of the ends of the subtrees to come, so that
 * every node is in exactly one place and no index leaves its subtree. */
static int tree_check(const struct tree *t, uint32_t features,
                      uint32_t *ret_height)
{
    struct {
        uint32_t end, depth;
    } open[HEIGHT_MAX + 1];
    uint32_t opened = 1, height = 0;
    open[0].end = t->nodes;
    open[0].depth = 0;
    for (uint32_t node = 0; node < t->nodes; node++) {
        uint32_t end = open[--opened].end, depth = open[opened].depth;
        if (depth > height)
            height = depth;
        if (t->feature[node] == IFOREST_LEAF) {
            if (!leaf_is_usable(t, node, end))
                return ERR_PROTO;
            continue;
        }
        if (!split_is_usable(t, node, end, features))
            return ERR_PROTO;
        if (depth == HEIGHT_MAX)
            return ERR_LIMIT;
        open[opened].end = end;
        open[opened++].depth = depth + 1;
        open[opened].end = t->right[node];
        open[opened++].depth = depth + 1;
    }
    *ret_height = height;
    return 0;
}

/* Trees lie one behind the other and fill the nodes; each is well-formed and
 * grown on at most `subsample` rows; the longest possible path sum fits. */
static int forest_check(const struct iforest_forest *f)
{
    uint32_t height_max = 0;
    if (f->tree_first[0] != 0 || f->tree_first[f->trees] != f->node_count)
        return ERR_PROTO;
    for (uint32_t k = 0; k < f->trees; k++)
        if (f->tree_first[k] >= f->tree_first[k + 1])
            return ERR_PROTO;
    for (uint32_t k = 0; k < f->trees; k++) {
        uint32_t height = 0;
        struct tree t = tree_of(f, k);
        int err = tree_check(&t, f->features, &height);
        if (err != 0)
            return err;
        if (t.count[0] > f->subsample)
            return ERR_PROTO;
        if (height > height_max)
            height_max = height;
    }
    uint64_t path_max =
        (uint64_t)height_max * IFOREST_ONE + iforest_c(f->subsample);
    return path_max * f->trees <= UINT32_MAX ? 0 : ERR_LIMIT;
}

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
        err = forest_number(p, FOREST_SUBSAMPLE, IFOREST_SUBSAMPLE_MAX,
                            &f->subsample);
    if (err == 0)
        err = forest_number(p, FOREST_FEATURES, IFOREST_FEATURES_MAX,
                            &f->features);
    if (err != 0)
        return err;
    /* A leaf for every sample row at most, and one split less. */
    uint64_t nodes_max = (uint64_t)f->trees * (2ull * f->subsample - 1);
    return forest_number(p, FOREST_NODES, nodes_max, &f->node_count);
}

/* The five blocks, one behind the other in the order of their enum, copied
 * into aligned memory. */
static int forest_blocks(const struct wire_payload *p,
                         const struct iforest_forest *f, struct arena *arena,
                         void *ret_copy[FOREST_BLOCKS])
{
    static const uint32_t type[FOREST_BLOCKS] = {
        [FOREST_TREE_FIRST] = WIRE_U32, [FOREST_FEATURE] = WIRE_U16,
        [FOREST_THRESHOLD] = WIRE_F32,  [FOREST_RIGHT] = WIRE_U32,
        [FOREST_COUNT] = WIRE_U32,
    };
    for (uint32_t i = 0; i < FOREST_BLOCKS; i++) {
        const struct wire_block *b = &p->block[i];
        uint32_t rows = i == FOREST_TREE_FIRST ? f->trees + 1 : f->node_count;
        if (b->type != type[i] || b->rows != rows || b->cols != 1)
            return ERR_PROTO;
        ret_copy[i] = arena_alloc(arena, wire_block_bytes(b), 1);
        if (ret_copy[i] == NULL)
            return ERR_NOMEM;
        memcpy(ret_copy[i], b->data, wire_block_bytes(b));
    }
    return 0;
}

int iforest_unpack_forest(const struct wire_payload *p, struct arena *arena,
                          struct iforest_forest *ret_f)
{
    struct iforest_forest f;
    void *copy[FOREST_BLOCKS];
    if (p->number_count != FOREST_NUMBERS || p->block_count != FOREST_BLOCKS)
        return ERR_PROTO;
    int err = forest_numbers(p, &f);
    if (err == 0)
        err = forest_blocks(p, &f, arena, copy);
    if (err != 0)
        return err;
    f.tree_first = copy[FOREST_TREE_FIRST];
    f.feature = copy[FOREST_FEATURE];
    f.threshold = copy[FOREST_THRESHOLD];
    f.right = copy[FOREST_RIGHT];
    f.count = copy[FOREST_COUNT];
    err = forest_check(&f);
    if (err == 0)
        *ret_f = f;
    return err;
}
