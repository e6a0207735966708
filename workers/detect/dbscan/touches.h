/*
 * Touches as they are found, in any order and some of them twice; then by
 * point and cluster, each once. Internal to the room.
 */
#ifndef FYKE_WORKERS_DBSCAN_TOUCHES_H
#define FYKE_WORKERS_DBSCAN_TOUCHES_H

#include "proto/base/arena.h"
#include "workers/detect/dbscan/dbscan.h"

struct touches_chunk;

struct touches {
    struct arena *arena;
    struct touches_chunk *last; /* chunks, the newest first */
    uint32_t count;
};

/* Errors: ERR_NOMEM, also for 2^32 of them. */
FYKE_MUST_USE int touches_add(struct touches *t, uint32_t point,
                              uint32_t cluster);

/* Sorted and distinct. Errors: ERR_NOMEM. */
FYKE_MUST_USE int touches_finish(struct touches *t,
                                 struct dbscan_touch **ret_touch,
                                 uint32_t *ret_count);

#endif
