/*
 * The inner loops of scoring: one tree over one block of rows. A table of
 * kernels, so that a faster one for a CPU can stand beside the plain C one,
 * which stays the reference: all give the same sums.
 *
 * Block    rows in columns: the value of (row, column offset o) is x[o + row].
 *          Nodes hold the column's offset in the block. `rows` is a multiple
 *          of KERNEL_ROWS.
 * Missing  the plain loops send NaN left; the *_missing ones look at a node's
 *          missing_right. Equal for blocks without NaN.
 */
#ifndef FYKE_WORKERS_IFOREST_KERNEL_H
#define FYKE_WORKERS_IFOREST_KERNEL_H

#include <stdint.h>

#define KERNEL_ROWS 8u /* interleaved */

/* A node of a complete tree: node k's children are 2k and 2k + 1, the root is
 * node 1. Below a leaf the values do not matter: all paths end equal. */
struct heap_node {
    float threshold;
    uint32_t offset;
};

struct heap_tree {
    uint32_t height; /* 2^height leaf values */
    const struct heap_node *node;
    const uint8_t *missing_right; /* per node */
    const uint32_t *leaf;         /* path length, in IFOREST_ONE */
};

/* A node that names its children; a leaf names itself twice. */
struct deep_node {
    float threshold;
    uint32_t offset;
    uint32_t child[2];
};

struct deep_tree {
    uint32_t height; /* steps after which every row has reached its leaf */
    const struct deep_node *node;
    const uint8_t *missing_right; /* per node */
    const uint32_t *leaf;         /* per node: path length */
};

struct iforest_kernel {
    const char *name;
    /* Add each row's path length to its sum. */
    void (*heap)(const struct heap_tree *tree, const float *x, uint32_t rows,
                 uint32_t *sums);
    void (*heap_missing)(const struct heap_tree *tree, const float *x,
                         uint32_t rows, uint32_t *sums);
    void (*deep)(const struct deep_tree *tree, const float *x, uint32_t rows,
                 uint32_t *sums);
    void (*deep_missing)(const struct deep_tree *tree, const float *x,
                         uint32_t rows, uint32_t *sums);
};

extern const struct iforest_kernel iforest_kernel_c;

/* All kernels of this build, NULL-terminated, the reference first. */
extern const struct iforest_kernel *const iforest_kernel_table[];

#endif
