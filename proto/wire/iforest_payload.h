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
    FIT_NUMBERS,
};
enum iforest_fit_block { FIT_ROWS, FIT_INDEX, FIT_BLOCKS };

enum iforest_fit_score_number {
    FIT_SCORE_SEED,
    FIT_SCORE_BATCH,
    FIT_SCORE_TREES,
    FIT_SCORE_PSI,
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
    FOREST_NUMBERS,
};
enum iforest_forest_block {
    FOREST_TREE_FIRST,
    FOREST_FEATURE,
    FOREST_THRESHOLD,
    FOREST_RIGHT,
    FOREST_COUNT,
    FOREST_BLOCKS,
};

enum iforest_sums_block { SUMS_SUMS, SUMS_BLOCKS };

#endif
