/* A forest to a payload: what the preorder tells is left out. */
#include "proto/wire/iforest.h"
#include "proto/wire/iforest_payload.h"

#include <stdbool.h>
#include <string.h>

/* What is written per node, and per inner node. */
struct forest_out {
    uint32_t inner, width; /* width: features of a split */
    bool wide;             /* u32 for a node */
    void *node;
    uint16_t *axis;
    float *threshold, *weight;
};

static int out_init(struct forest_out *o, const struct iforest_forest *f,
                    struct arena *arena)
{
    *o = (struct forest_out){ .width = f->extension + 1 };
    for (uint32_t k = 0; k < f->node_count; k++)
        if (f->feature[k] != IFOREST_LEAF)
            o->inner++;
        else
            o->wide |= f->count[k] >= FOREST_LEAF;
    o->node = arena_alloc(arena, f->node_count,
                          o->wide ? sizeof(uint32_t) : sizeof(uint16_t));
    o->threshold = arena_alloc(arena, o->inner, sizeof *o->threshold);
    if (o->node == NULL || o->threshold == NULL)
        return ERR_NOMEM;
    if (f->extension == 0)
        return 0;
    size_t most = (size_t)o->inner * o->width;
    o->axis = arena_alloc(arena, most, sizeof *o->axis);
    o->weight = arena_alloc(arena, most, sizeof *o->weight);
    return o->axis != NULL && o->weight != NULL ? 0 : ERR_NOMEM;
}

/* The word of an inner node of the tree that begins at `first`. */
static uint16_t out_split(const struct iforest_forest *f, uint32_t first,
                          uint32_t k)
{
    if (f->missing_right == NULL ||
        f->missing_right[k] ==
            iforest_heavier_right(f->count, k, first + f->right[k]))
        return f->feature[k];
    return (uint16_t)(FOREST_LIGHTER | f->feature[k]);
}

static void out_node(struct forest_out *o, uint32_t k, bool leaf, uint32_t word)
{
    if (o->wide)
        ((uint32_t *)o->node)[k] = (leaf ? FOREST_LEAF_WIDE : 0) | word;
    else
        ((uint16_t *)o->node)[k] = (uint16_t)((leaf ? FOREST_LEAF : 0) | word);
}

static void out_fill(struct forest_out *o, const struct iforest_forest *f)
{
    uint32_t at = 0, tree = 0;
    for (uint32_t k = 0; k < f->node_count; k++) {
        tree += tree < f->trees && f->tree_first[tree] == k;
        if (f->feature[k] == IFOREST_LEAF) {
            out_node(o, k, true, f->count[k]);
            continue;
        }
        out_node(o, k, false, out_split(f, f->tree_first[tree - 1], k));
        o->threshold[at] = f->threshold[k];
        for (uint32_t j = 0; f->extension > 0 && j < o->width; j++) {
            size_t from = (size_t)k * o->width + j;
            if (j > 0)
                o->axis[(size_t)(j - 1) * o->inner + at] = f->axis[from];
            o->weight[(size_t)j * o->inner + at] = f->weight[from];
        }
        at++;
    }
}

int iforest_pack_forest(const struct iforest_forest *f, struct arena *arena,
                        struct wire_payload *ret_p)
{
    struct forest_out o;
    if (f->trees > IFOREST_TREES_MAX || f->features > IFOREST_FEATURES_MAX ||
        f->subsample > IFOREST_PSI_MAX || f->extension >= IFOREST_FEATURES_MAX)
        return ERR_LIMIT;
    int err = out_init(&o, f, arena);
    if (err != 0)
        return err;
    out_fill(&o, f);
    memset(ret_p, 0, sizeof *ret_p);
    ret_p->number_count = FOREST_NUMBERS;
    ret_p->number[FOREST_TREES] = f->trees;
    ret_p->number[FOREST_SUBSAMPLE] = f->subsample;
    ret_p->number[FOREST_FEATURES] = f->features;
    ret_p->number[FOREST_NODES] = f->node_count;
    ret_p->number[FOREST_EXTENSION] = f->extension;
    struct wire_block *b = ret_p->block;
    b[FOREST_NODE] = (struct wire_block){ o.wide ? WIRE_U32 : WIRE_U16,
                                          f->node_count, 1, o.node };
    b[FOREST_THRESHOLD] =
        (struct wire_block){ WIRE_F32, o.inner, 1, o.threshold };
    ret_p->block_count = FOREST_BLOCKS;
    if (f->extension > 0) {
        b[FOREST_AXIS] =
            (struct wire_block){ WIRE_U16, o.inner, f->extension, o.axis };
        b[FOREST_WEIGHT] =
            (struct wire_block){ WIRE_F32, o.inner, o.width, o.weight };
        ret_p->block_count = FOREST_BLOCKS_EXTENDED;
    }
    return 0;
}

int iforest_pack_fit_scored(const uint32_t *sums, uint32_t rows,
                            const struct iforest_forest *f, struct arena *arena,
                            struct wire_payload *ret_p)
{
    int err = iforest_pack_forest(f, arena, ret_p);
    if (err != 0)
        return err;
    ret_p->block[ret_p->block_count++] =
        (struct wire_block){ WIRE_U32, rows, 1, sums };
    return 0;
}
