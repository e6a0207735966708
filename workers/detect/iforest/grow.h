/*
 * Isolation trees: one sample in, one tree in preorder out.
 *
 * Split    a feature uniform among those that are not constant in the node,
 *          a threshold uniform in [lo, hi) of its values; value <= threshold
 *          goes left.
 * Missing  never part of lo and hi; follows the child that holds more of the
 *          rows that have a value (left when equal). That child then also
 *          holds more rows in all, so the forest's counts tell scoring the
 *          same way.
 * Leaf     at the height limit, with one row, or when no feature varies.
 * Repeat   depends on (seed, batch, tree, sample) alone.
 * Memory   from the caller's arena; one space serves tree after tree.
 * Source   Liu, Ting, Zhou 2008, algorithm 2.
 */
#ifndef FYKE_WORKERS_IFOREST_GROW_H
#define FYKE_WORKERS_IFOREST_GROW_H

#include "proto/base/arena.h"
#include "proto/wire/iforest.h"

#include <stdbool.h>

struct grow_frame {
    uint32_t begin, end; /* of the order */
    uint32_t depth;
    uint32_t features; /* perm[0..features) may still vary */
    uint32_t parent;   /* whose right child this is, or GROW_NO_PARENT */
};

/* Working memory for trees of one shape. */
struct grow_space {
    uint32_t psi, cols, height_max;
    float *sample;   /* cols x psi, a column is gathered when first asked */
    bool *gathered;  /* per column, for this tree */
    uint16_t *order; /* sample positions, parted as the tree grows */
    uint16_t *spill;
    uint16_t *perm; /* features; those seen constant are moved behind */
    struct grow_frame *stack;
    uint32_t *index;   /* psi: the sample that was drawn */
    uint32_t *scratch; /* of rng_sample */
};

/* Rows that trees are fitted on: two matrices, one behind the other. */
struct grow_rows {
    struct matrix first, second;
};

/* Nodes being written, as in struct iforest_forest. */
struct grow_nodes {
    uint32_t trees, used; /* nodes over all trees */
    uint32_t *tree_first;
    uint16_t *feature;
    float *threshold;
    uint32_t *right;
    uint32_t *count;
};

/* The most nodes that a tree of `psi` rows can have. */
uint32_t grow_nodes_max(uint32_t psi);

/* Errors: ERR_NOMEM. */
FYKE_MUST_USE int grow_space_init(struct grow_space *s, uint32_t psi,
                                  uint32_t cols, struct arena *arena);

/* Room for `trees` trees. Errors: ERR_NOMEM. */
FYKE_MUST_USE int grow_nodes_init(struct grow_nodes *n, uint32_t trees,
                                  uint32_t psi, struct arena *arena);

/* Draws a tree's sample from all rows into `s->index`. */
void grow_draw(struct grow_space *s, const struct grow_rows *rows,
               uint64_t seed, uint64_t batch, uint32_t tree);

/* Grows a tree on the rows `index[0..psi)` and appends its nodes. */
void grow_tree(struct grow_space *s, const struct grow_rows *rows,
               const uint32_t *index, uint64_t seed, uint64_t batch,
               uint32_t tree, struct grow_nodes *nodes);

/* All trees grown so far as a forest that borrows the nodes. */
struct iforest_forest grow_forest(const struct grow_nodes *n, uint32_t psi,
                                  uint32_t cols);

/* A number in [lo, hi) for `unit` in [0, 1): lo*(1-unit) + hi*unit in double,
 * rounded to float32 and kept below hi. lo < hi, both finite. */
float grow_threshold(float lo, float hi, double unit);

#endif
