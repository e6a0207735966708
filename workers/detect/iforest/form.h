/*
 * The scoring form: a group of trees laid out for the kernels, and the walk
 * over blocks of rows. Trees of up to MASK_HEIGHT_MAX levels are walked by
 * masks, higher ones by child indices.
 *
 * Use      form_group says which trees go together, form_init makes room,
 *          form_build lays trees out (again and again in the same room).
 * Memory   from the caller's arena.
 * Repeat   sums are integers: any order and any cut into blocks or groups
 *          gives the same.
 */
#ifndef FYKE_WORKERS_IFOREST_FORM_H
#define FYKE_WORKERS_IFOREST_FORM_H

#include "proto/wire/iforest.h"
#include "workers/detect/compute.h"
#include "workers/detect/iforest/kernel.h"

#include <stdbool.h>

/* Inner nodes of mask trees in one form: their bits stay in the second cache
 * (64 bytes each), and a forest of 100 trees of 256 rows is one form. */
#define FORM_MASK_NODES 10240u

/* The most that a form holds. */
struct form_room {
    uint32_t trees;
    uint32_t mask_nodes; /* inner nodes of mask trees */
    uint32_t leaf_words; /* of mask trees' leaf tables */
    uint32_t deep_nodes; /* nodes of deep trees */
};

/* A threshold of a mask tree until form_sort gives it its place. */
struct form_split {
    float threshold;
    uint16_t column;
    uint8_t missing_right;
};

struct form {
    uint32_t cols;
    struct form_room room;
    const uint32_t *c; /* form_c_table */

    uint32_t mask_trees, mask_nodes, leaf_words, features;
    struct mask_tree *mask;
    struct mask_node *node;
    struct form_split *split; /* per node */
    uint64_t *order[2];       /* of splits, while they are sorted */
    uint32_t *column_splits;  /* cols + 1 */
    struct mask_feature *feature;
    float *search;          /* and the tables, each behind its search tree */
    uint8_t *missing_right; /* per node, in the order of thresholds */
    uint32_t *leaf;         /* of all trees: struct mask_tree says how */

    uint32_t deep_trees, deep_nodes;
    struct deep_tree *deep;
    struct deep_node *deep_node;
    uint32_t *deep_leaf;
    uint8_t *deep_missing_right;
};

/* c(0), c(1), ... for every leaf that a forest of `subsample` rows a tree may
 * have. NULL: no memory. */
const uint32_t *form_c_table(uint32_t subsample, struct arena *arena);

/* The trees [first, returned) of the forest make one form: as many as its bits
 * allow, at least one. They take `ret_room`. */
uint32_t form_group(const struct iforest_forest *forest, uint32_t first,
                    struct form_room *ret_room);

/* Raises `room` to what both hold. */
void form_room_join(struct form_room *room, const struct form_room *other);

/* A form with that much room. Errors: ERR_NOMEM. */
FYKE_MUST_USE int form_init(struct form *form, uint32_t cols,
                            const struct form_room *room, const uint32_t *c,
                            struct arena *arena);

/* Lays out the trees [first, end), for which there must be room. */
void form_build(struct form *form, const struct iforest_forest *forest,
                uint32_t first, uint32_t end);

/* Sorts the thresholds of the masked trees; the last step of form_build. */
void form_sort(struct form *form);

/* Working memory of one walk; a form may be walked by several at once. */
struct form_block {
    float *x; /* cols x MASK_ROWS, or one column where no tree is deep */
    uint32_t *sums;
    struct mask_bits *bits;
    struct mask_space *space;
};

/* For forms of up to this room. Errors: ERR_NOMEM. */
FYKE_MUST_USE int form_block_init(struct form_block *b, uint32_t cols,
                                  const struct form_room *room,
                                  struct arena *arena);

/* Adds every row's path lengths in all trees of the form to sums[row].
 * Errors: ERR_CANCELED. */
FYKE_MUST_USE int form_score(const struct form *form, struct form_block *block,
                             const struct iforest_kernel *kernel,
                             const struct matrix *rows,
                             const struct compute_context *context,
                             uint32_t *sums);

#endif
