/*
 * Where each number and block of an isolation forest payload stands, for the
 * two files that pack and unpack. An order is part of the algorithm version.
 */
#ifndef FYKE_WIRE_IFOREST_PAYLOAD_H
#define FYKE_WIRE_IFOREST_PAYLOAD_H

enum iforest_fit_number {
    FIT_SEED,
    FIT_BATCH,
    FIT_TREE_FIRST,
    FIT_TREE_COUNT,
    FIT_PSI,
    FIT_EXTENSION,
    FIT_NUMBERS,
};
enum iforest_fit_block { FIT_ROWS, FIT_INDEX, FIT_BLOCKS };

enum iforest_fit_score_number {
    FIT_SCORE_SEED,
    FIT_SCORE_BATCH,
    FIT_SCORE_TREES,
    FIT_SCORE_PSI,
    FIT_SCORE_EXTENSION,
    FIT_SCORE_NUMBERS,
};
enum iforest_fit_score_block {
    FIT_SCORE_ROWS,
    FIT_SCORE_RECENT,
    FIT_SCORE_BLOCKS,
};

enum iforest_score_block { SCORE_ROWS, SCORE_BLOCKS };

enum iforest_forest_number {
    FOREST_TREES,
    FOREST_SUBSAMPLE,
    FOREST_FEATURES,
    FOREST_NODES,
    FOREST_EXTENSION,
    FOREST_NUMBERS,
};

/* Nodes in preorder. FOREST_NODE is per node its feature (plus FOREST_LIGHTER
 * where a missing value goes to the child that holds fewer rows, or right
 * when both hold as many), or for a leaf FOREST_LEAF plus its rows; u32 with
 * FOREST_LEAF_WIDE when a leaf has more rows than 15 bits hold. The others
 * are per inner node. The last two are
 * there when the forest is extended, column by column: the features beyond
 * the first, and all weights. */
enum iforest_forest_block {
    FOREST_NODE,
    FOREST_THRESHOLD,
    FOREST_BLOCKS,
    FOREST_AXIS = FOREST_BLOCKS,
    FOREST_WEIGHT,
    FOREST_BLOCKS_EXTENDED,
};
#define FOREST_LEAF 0x8000u
#define FOREST_LIGHTER 0x4000u
#define FOREST_LEAF_WIDE 0x80000000u

enum iforest_sums_block { SUMS_SUMS, SUMS_BLOCKS };

/* A FIT_SCORE task's result is a forest with one block more, the sums. */

#endif
