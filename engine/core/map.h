/*
 * A map from 64-bit keys to small indices, sized once: open addressing with
 * linear probing, at most half full, removal by moving back. O(1).
 *
 * Memory  one block, allocated by map_init. Thread rule: one owner.
 */
#ifndef FYKE_CORE_MAP_H
#define FYKE_CORE_MAP_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define MAP_NONE UINT32_MAX

struct map_entry {
    uint64_t key;
    uint32_t value; /* MAP_NONE = the place is free */
};

struct map {
    struct map_entry *entry;
    uint32_t mask; /* places - 1 */
    uint32_t count;
    uint32_t count_max;
};

/* For at most `count_max` keys. Errors: ERR_NOMEM. */
FYKE_MUST_USE int map_init(struct map *m, uint32_t count_max);
void map_release(struct map *m);

/* The key's value, MAP_NONE when it is not there. */
uint32_t map_find(const struct map *m, uint64_t key);
/* Adds a key that is not there yet. */
void map_add(struct map *m, uint64_t key, uint32_t value);
/* Removes a key; one that is not there changes nothing. */
void map_remove(struct map *m, uint64_t key);

#endif
