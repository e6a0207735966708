/*
 * A bucket kd-tree over points in columns. Internal to the room.
 *
 * Leaves   up to TREE_LEAF points each, nearly all full; a leaf's points stand
 *          together in columns, its block: value (lane i, column j) is
 *          block[(leaf * cols + j) * TREE_LEAF + i]. Lanes without a point
 *          repeat the first one and are not in `lanes`.
 * Slots    leaf * TREE_LEAF + lane.
 * Nodes    in preorder: node 0 is the root, a node's first child is the next
 *          node, `end` the node behind its subtree. Leaves are numbered in
 *          that order too, so near numbers are mostly near points.
 * Boxes    of a node's points: `pad` lowest values, then `pad` highest ones;
 *          columns beyond `cols` are 0.
 * Values   are those of the input, but for -0, which is 0.
 */
#ifndef FYKE_WORKERS_DBSCAN_TREE_H
#define FYKE_WORKERS_DBSCAN_TREE_H

#include "proto/base/matrix.h"
#include "workers/detect/compute.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TREE_LEAF 32u
#define TREE_PAD 16u    /* columns of a box come in multiples of it */
#define TREE_RUN 16u    /* leaves whose boxes are looked at together */
#define TREE_DEPTH 130u /* nodes on the way to a leaf, at most */

struct tree_node {
    uint32_t end;
    uint32_t parent; /* of the root: itself */
    uint32_t leaf;   /* the first one below it */
    uint32_t points;
};

struct tree {
    uint32_t cols, pad;
    uint32_t leaves, nodes;
    float *block;
    float *box;
    struct tree_node *node;
    uint32_t *leaf_node;
    /* The leaves' boxes again, as columns over the leaves, `leaves_stride`
     * apart: so many can be looked at together. */
    float *leaf_low, *leaf_high;
    size_t leaves_stride;
    uint32_t *lanes; /* of each leaf: bits of those with a point */
    uint32_t *point; /* of each slot: which one of the input */
    /* What building needed and nobody does now: `spare_bytes` for the next
     * one, 64-byte aligned. */
    char *spare;
    size_t spare_bytes;
};

/* No points give no nodes. Errors: ERR_NOMEM, ERR_CANCELED. */
FYKE_MUST_USE int tree_build(const struct matrix *points,
                             const struct compute_context *context,
                             struct tree *ret_tree);

/* `count` elements out of the spare memory, else out of the arena; NULL when
 * there is no memory. */
void *tree_alloc(struct tree *t, const struct compute_context *context,
                 size_t count, size_t size);

static inline bool tree_is_leaf(const struct tree *t, uint32_t node)
{
    return t->node[node].end == node + 1;
}

/* The leaf behind the last one below the node. */
static inline uint32_t tree_leaf_end(const struct tree *t, uint32_t node)
{
    uint32_t end = t->node[node].end;
    return end == t->nodes ? t->leaves : t->node[end].leaf;
}

/* Its leaves' boxes can be looked at together. */
static inline bool tree_is_run(const struct tree *t, uint32_t node)
{
    return tree_leaf_end(t, node) - t->node[node].leaf <= TREE_RUN;
}

static inline const float *tree_block(const struct tree *t, uint32_t leaf)
{
    return t->block + (size_t)leaf * t->cols * TREE_LEAF;
}

static inline const float *tree_box(const struct tree *t, uint32_t node)
{
    return t->box + (size_t)node * t->pad * 2;
}

#endif
