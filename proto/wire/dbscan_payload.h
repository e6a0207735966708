/*
 * Where each number and block of a DBSCAN payload stands, for the files that
 * pack and unpack. An order is part of the algorithm version.
 */
#ifndef FYKE_WIRE_DBSCAN_PAYLOAD_H
#define FYKE_WIRE_DBSCAN_PAYLOAD_H

enum dbscan_whole_task_number {
    WHOLE_TASK_SEED,
    WHOLE_TASK_BATCH,
    WHOLE_TASK_EPS, /* the bits of a double */
    WHOLE_TASK_MIN_POINTS,
    WHOLE_TASK_CONTEXT,
    WHOLE_TASK_NUMBERS,
};
enum dbscan_whole_task_block { WHOLE_TASK_POINTS, WHOLE_TASK_BLOCKS };

enum dbscan_whole_number {
    WHOLE_EPS, /* the bits of a double */
    WHOLE_WHY,
    WHOLE_K,
    WHOLE_SAMPLED,
    WHOLE_WITHIN,
    WHOLE_NUMBERS,
};
enum dbscan_whole_block {
    WHOLE_CORE,
    WHOLE_CLUSTER,
    WHOLE_NEAREST,
    WHOLE_SQUARE,
    WHOLE_BLOCKS,
};

enum dbscan_near_task_number { NEAR_TASK_K, NEAR_TASK_NUMBERS };
enum dbscan_near_task_block {
    NEAR_TASK_QUERIES,
    NEAR_TASK_POINTS,
    NEAR_TASK_BLOCKS,
};
enum dbscan_near_block { NEAR_SQUARE, NEAR_BLOCKS };

enum dbscan_part_task_number {
    PART_TASK_EPS, /* the bits of a double */
    PART_TASK_MIN_POINTS,
    PART_TASK_OWN,
    PART_TASK_NUMBERS,
};
enum dbscan_part_task_block { PART_TASK_POINTS, PART_TASK_BLOCKS };
enum dbscan_part_block {
    PART_CORE,
    PART_CLUSTER,
    PART_TOUCH_POINT,
    PART_TOUCH_CLUSTER,
    PART_BLOCKS,
};

enum dbscan_search_task_block {
    SEARCH_TASK_POINTS,
    SEARCH_TASK_QUERIES,
    SEARCH_TASK_BLOCKS,
};
enum dbscan_search_block { SEARCH_NEAREST, SEARCH_SQUARE, SEARCH_BLOCKS };

#endif
