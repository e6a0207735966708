/*
 * The value at a place of an order, without sorting. Internal to the room.
 */
#ifndef FYKE_WORKERS_DBSCAN_TREE_SELECT_H
#define FYKE_WORKERS_DBSCAN_TREE_SELECT_H

#include <stdint.h>

/* The value that would stand at `place` (from 0, < count) if `x` were sorted.
 * No value is -0 or NaN; `low` and `high` are the lowest and the highest one.
 * `scratch` holds `count` numbers. */
float select_value(const float *x, uint32_t count, uint32_t place, float low,
                   float high, uint32_t *scratch);

#endif
