/*
 * Isolation trees: samples in, trees in preorder out.
 *
 * Split    a feature uniform among those that are not constant in the node,
 *          a threshold uniform in [lo, hi) of its values; value <= threshold
 *          goes left. With an extension, a plane: see grow_plane.h.
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

/* Trees grown side by side: while one waits for values from memory, the others
 * are worked on. */
#define GROW_TREES 4u

/* A node still to come. */
struct grow_frame {
    uint32_t begin, end; /* of the rows in order */
    uint32_t depth;
    uint32_t features; /* perm[0..features) may still vary */
    uint32_t parent;   /* whose right child this is, or GROW_NO_PARENT */
};
#define GROW_NO_PARENT UINT32_MAX

/* Nodes being written, as in struct iforest_forest. */
struct grow_nodes {
    uint32_t trees, used; /* nodes over all trees */
    uint32_t extension;
    uint32_t *tree_first;
    uint16_t *feature;
    float *threshold;
    uint32_t *right;
    uint32_t *count;
    uint16_t *axis; /* extension + 1 per node, when there is one */
    float *weight;
};

/* A tree while it grows. */
struct grow_tree {
    /* Rows of the sample. Those of a node lie in [begin, end) of the order
     * that its depth's lowest bit names, in the order of the sample or the
     * other way round; parting them fills the same range of the other. */
    uint32_t *order[2];
    float *value;   /* of the node's rows in one column */
    double *sum;    /* of the node's rows: where they lie to a plane */
    double *reach;  /* of a plane's features, then their weights */
    uint16_t *perm; /* features; those seen constant are moved behind */
    struct grow_frame *stack;
    uint32_t waiting;       /* frames on the stack */
    struct grow_frame node; /* to be split next */
    uint32_t at;            /* where it stands in `nodes` */
    uint32_t pick;          /* of perm: the feature to split it by */
    struct rng rng;
    struct grow_nodes nodes;
};

/* Working memory for trees of one shape. */
struct grow_space {
    uint32_t psi, cols, extension, height_max;
    struct grow_tree tree[GROW_TREES];
    uint32_t *index;   /* psi: the sample that was drawn */
    uint32_t *scratch; /* of rng_sample */
};

/* Rows that trees are fitted on: two matrices, one behind the other. */
struct grow_rows {
    struct matrix first, second;
};

/* The most nodes that a tree of `psi` rows can have. */
uint32_t grow_nodes_max(uint32_t psi);

/* `extension` < cols. Errors: ERR_NOMEM. */
FYKE_MUST_USE int grow_space_init(struct grow_space *s, uint32_t psi,
                                  uint32_t cols, uint32_t extension,
                                  struct arena *arena);

/* Room for `trees` trees. Errors: ERR_NOMEM. */
FYKE_MUST_USE int grow_nodes_init(struct grow_nodes *n, uint32_t trees,
                                  uint32_t psi, uint32_t extension,
                                  struct arena *arena);

/* Draws a tree's sample from all rows into `s->index`; its order changes no
 * tree. */
void grow_draw(struct grow_space *s, const struct grow_rows *rows,
               uint64_t seed, uint64_t batch, uint32_t tree);

/* Grows the trees [first, first + count), 1 to GROW_TREES of them, and appends
 * their nodes. Tree k of them grows on the rows index[k * psi .. k * psi +
 * psi); NULL: on the sample that it draws itself. */
void grow_trees(struct grow_space *s, const struct grow_rows *rows,
                const uint32_t *index, uint64_t seed, uint64_t batch,
                uint32_t first, uint32_t count, struct grow_nodes *nodes);

/* All trees grown so far as a forest that borrows the nodes. */
struct iforest_forest grow_forest(const struct grow_nodes *n, uint32_t psi,
                                  uint32_t cols);

/* A number in [lo, hi) for `unit` in [0, 1): lo*(1-unit) + hi*unit in double,
 * rounded to float32 and kept below hi. lo < hi, both finite. */
float grow_threshold(float lo, float hi, double unit);

/* Lowest and highest value of a column in a node (lo > hi: all are missing),
 * and how many are missing. The values are in `tree->value` then. */
struct grow_range {
    float lo, hi;
    uint32_t missing;
};
struct grow_range grow_load(const struct grow_rows *rows,
                            struct grow_tree *tree, uint32_t col);

/* The feature perm[pick] is constant from here on down. */
void grow_drop(struct grow_tree *tree, uint32_t pick);

#endif
