/*
 * Union-find over points: sets named by their smallest member. Internal to
 * the room.
 */
#ifndef FYKE_WORKERS_DBSCAN_UNITE_H
#define FYKE_WORKERS_DBSCAN_UNITE_H

#include "proto/base/arena.h"
#include "proto/base/err.h"

#include <stdint.h>

struct unite {
    uint32_t count;
    uint32_t *parent; /* never above the member: the root is the smallest */
};

/* Every point alone. Errors: ERR_NOMEM. */
FYKE_MUST_USE int unite_init(struct unite *u, uint32_t count,
                             struct arena *arena);

/* The smallest member of the point's set; halves the path it walks. */
static inline uint32_t unite_find(struct unite *u, uint32_t point)
{
    uint32_t *parent = u->parent;
    while (parent[point] != point) {
        parent[point] = parent[parent[point]];
        point = parent[point];
    }
    return point;
}

/* Makes the two sets one. Returns the name of the joined set. */
static inline uint32_t unite_join(struct unite *u, uint32_t a, uint32_t b)
{
    a = unite_find(u, a);
    b = unite_find(u, b);
    if (a < b) {
        u->parent[b] = a;
        return a;
    }
    u->parent[a] = b;
    return b;
}

#endif
