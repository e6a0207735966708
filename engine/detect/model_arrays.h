/*
 * The arrays of a model file, in the order in which they are written.
 * Internal to the room.
 */
#ifndef FYKE_DETECT_MODEL_ARRAYS_H
#define FYKE_DETECT_MODEL_ARRAYS_H

#include <stdbool.h>
#include <stdint.h>

enum model_array_id {
    MODEL_TREE_FIRST,
    MODEL_FEATURE,
    MODEL_THRESHOLD,
    MODEL_RIGHT,
    MODEL_COUNT,
    MODEL_MISSING_RIGHT,
    MODEL_AXIS,
    MODEL_WEIGHT,
    MODEL_ARRAYS,
};

struct model_array_kind {
    const char *name;
    const char *type; /* as numpy writes it */
    uint32_t bytes;   /* of a number */
    bool per_tree;    /* trees + 1 of them, else per node */
    bool optional;    /* may be missing */
    bool extended;    /* extension + 1 per node; only when extension > 0 */
};

extern const struct model_array_kind model_array[MODEL_ARRAYS];

#endif
