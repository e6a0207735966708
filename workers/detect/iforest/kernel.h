/*
 * The inner loops of scoring, one table of them per instruction-set level.
 * Plain C is the reference and runs everywhere; all give the same sums.
 *
 * Mask     trees of up to MASK_HEIGHT_MAX levels, MASK_ROWS rows at a time, one
 *          bit per row. `fill` turns one column into the answers to all of
 *          its thresholds: sorted, threshold k is exceeded exactly by the rows
 *          whose rank (number of thresholds below the value) is above k, so
 *          each row sets one bit, and an OR from the highest threshold down
 *          does all comparisons. `walk` then sends masks of rows down a tree:
 *          right = parent & bits, left = parent & ~bits; the rights of one
 *          depth are one bit of every row's path, the path indexes the leaf.
 *          Nothing depends on data but the rows' ranks.
 * Deep     other trees: eight rows side by side follow child indices.
 * Missing  a NaN has rank 0 and goes left; bits of nodes that send it right
 *          get the column's NaN rows back. The deep loops come in two forms.
 */
#ifndef FYKE_WORKERS_IFOREST_KERNEL_H
#define FYKE_WORKERS_IFOREST_KERNEL_H

#include "proto/base/isa.h"

#include <stdbool.h>
#include <stdint.h>

#define KERNEL_ROWS 8u /* interleaved by the deep loops */

#define MASK_ROWS 512u
#define MASK_WORDS (MASK_ROWS / 64u)
#define MASK_HEIGHT 8u /* a path is a byte */
#define MASK_PATHS (1u << MASK_HEIGHT)
#define MASK_HEIGHT_MAX 10u /* of wide trees */
#define MASK_WIDE_PATHS (1u << MASK_HEIGHT_MAX)
#define MASK_NODES (MASK_WIDE_PATHS - 1u) /* inner nodes of a tree at most */
#define MASK_LEAF_BYTES 3u                /* a path length is below 2^24 */
#define MASK_TREES 256u /* of one walk: sums of bytes fit u16 */
#define MASK_SEARCH_MIN 32u
#define MASK_TABLE_LEVELS 8u

struct mask_bits {
    _Alignas(64) uint64_t word[MASK_WORDS];
};

/* The thresholds of one column. Row `slot + k` of the bits belongs to the k-th
 * smallest; row slot - 1 is scratch. */
struct mask_feature {
    uint32_t column;
    uint32_t count;
    uint32_t levels; /* of the search tree */
    uint32_t slot;
    const float *search; /* 2^levels: a complete heap, its root at 1, +inf
                            where thresholds end; at least MASK_SEARCH_MIN */
    /* The first MASK_TABLE_LEVELS levels of it again, each ordered by the
     * turns to it, the first turn in the lowest bit. */
    const float *table;
    const uint8_t *missing_right; /* per threshold */
};

/* An inner node: the row of its bits, and which mask holds its rows. The masks
 * of the k-th node's children are 2k + 1 and 2k + 2, the root's is 0. */
struct mask_node {
    uint16_t slot, from;
};

struct mask_tree {
    bool is_wide;                    /* higher than MASK_HEIGHT */
    uint16_t level[MASK_HEIGHT_MAX]; /* nodes by depth */
    const struct mask_node *node;
    /* Path length by path, the turn at the root in the highest bit: MASK_PATHS
     * of them, or MASK_WIDE_PATHS. */
    const uint32_t *leaf;
    /* The same as MASK_LEAF_BYTES tables of bytes, the lowest first; NULL when
     * wide. */
    const uint8_t *leaf_byte;
};

/* Working memory of a walk. */
struct mask_space {
    struct mask_bits rows[2 * MASK_NODES + 1];
};

/* A node that names its children; a leaf names itself twice. */
struct deep_node {
    float threshold;
    uint32_t offset;
    uint32_t child[2];
};

/* Rows in columns: the value of (row, offset o) is x[o + row]. */
struct deep_tree {
    uint32_t height; /* steps after which every row has reached its leaf */
    const struct deep_node *node;
    const uint8_t *missing_right; /* per node */
    const uint32_t *leaf;         /* per node: path length */
};

struct iforest_kernel {
    enum isa isa;
    /* Answers of MASK_ROWS values to the column's thresholds. */
    void (*fill)(const struct mask_feature *feature, const float *x,
                 struct mask_bits *bits);
    /* Adds the path lengths of MASK_ROWS rows in up to MASK_TREES trees. */
    void (*walk)(const struct mask_tree *tree, uint32_t trees,
                 const struct mask_bits *bits, struct mask_space *space,
                 uint32_t *sums);
    /* Add each row's path length; `rows` is a multiple of KERNEL_ROWS. */
    void (*deep)(const struct deep_tree *tree, const float *x, uint32_t rows,
                 uint32_t *sums);
    void (*deep_missing)(const struct deep_tree *tree, const float *x,
                         uint32_t rows, uint32_t *sums);
};

extern const struct iforest_kernel iforest_kernel_c;
#if defined(__x86_64__)
extern const struct iforest_kernel iforest_kernel_avx2;
extern const struct iforest_kernel iforest_kernel_avx512;
#endif

/* The kernels of a level, isa_resolve()d or not. This CPU must have it. */
const struct iforest_kernel *iforest_kernel_of(enum isa isa);

#endif
