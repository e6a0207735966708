/*
 * The scoring form: trees laid out for the kernels, and the walk over blocks
 * of rows. Trees up to FORM_HEAP_HEIGHT levels become complete heaps, deeper
 * ones name their children.
 *
 * Memory   from the caller's arena. A form that is built again and again (a
 *          group of trees at a time) reuses its room.
 * Repeat   sums are integers: any order and any cut into blocks or groups
 *          gives the same.
 */
#ifndef FYKE_WORKERS_IFOREST_FORM_H
#define FYKE_WORKERS_IFOREST_FORM_H

#include "proto/wire/iforest.h"
#include "workers/detect/compute.h"
#include "workers/detect/iforest/kernel.h"

#include <stdbool.h>

#define FORM_HEAP_HEIGHT 10u

struct form_tree {
    bool is_deep;
    union {
        struct heap_tree heap;
        struct deep_tree deep;
    };
};

struct form {
    uint32_t cols;
    uint32_t block_rows; /* of the blocks that offsets are made for */
    uint32_t trees, trees_max;
    struct form_tree *tree;
    uint8_t *room; /* bytes that nodes and leaf values are carved from */
    size_t room_bytes, room_used;
    const uint32_t *c; /* c(n) for n up to the subsample */
};

/* c(0), ..., c(subsample). NULL: no memory. */
const uint32_t *form_c_table(uint32_t subsample, struct arena *arena);

/* An empty form with room for `trees_max` trees and `room_bytes` of nodes. */
FYKE_MUST_USE int form_init(struct form *form, uint32_t cols,
                            uint32_t trees_max, size_t room_bytes,
                            const uint32_t *c, struct arena *arena);

/* Bytes that a tree takes at most; from its height and its nodes. */
size_t form_tree_bytes(uint32_t height, uint32_t nodes);
/* Exactly what a whole forest takes. */
size_t form_forest_bytes(const struct iforest_forest *forest);

void form_reset(struct form *form);

/* Adds the tree of `nodes` nodes in preorder. The room must suffice.
 * `missing_right` as in struct iforest_forest, or NULL. */
void form_add(struct form *form, uint32_t nodes, const uint16_t *feature,
              const float *threshold, const uint32_t *right,
              const uint32_t *count, const uint8_t *missing_right);

/* Working memory of one walk; a form may be walked by several at once. */
struct form_block {
    float *x;       /* cols x block_rows */
    uint32_t *sums; /* block_rows */
    uint32_t rows;  /* rounded up to KERNEL_ROWS; rows too many hold 0 */
    bool missing;   /* some value is */
};

/* Errors: ERR_NOMEM. */
FYKE_MUST_USE int form_block_init(struct form_block *b, const struct form *form,
                                  struct arena *arena);

/* Adds every row's path lengths in all trees of the form to sums[row].
 * Errors: ERR_CANCELED. */
FYKE_MUST_USE int form_score(const struct form *form, struct form_block *block,
                             const struct iforest_kernel *kernel,
                             const struct matrix *rows,
                             const struct compute_context *context,
                             uint32_t *sums);

#endif
