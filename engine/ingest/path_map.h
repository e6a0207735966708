/*
 * Finds columns by name or dotted path. Records usually name their fields in
 * the same order, so the column after the last one found is tried first.
 */
#ifndef FYKE_INGEST_PATH_MAP_H
#define FYKE_INGEST_PATH_MAP_H

#include "engine/ingest/schema.h"

#define PATH_NONE UINT32_MAX

struct path_name {
    const char *text; /* borrowed */
    size_t bytes;
};

struct path_map {
    struct path_name *name;
    uint32_t count, capacity;
    uint32_t *slot; /* index + 1 by hash, 0 = free; mask + 1 entries */
    uint32_t mask;
    uint32_t expected; /* tried first; a new record sets it to 0 */
};

/* An empty map for at most `capacity` names. Errors: ERR_NOMEM. */
FYKE_MUST_USE int path_map_init(struct path_map *m, uint32_t capacity);
/* A map of all columns. Errors: ERR_NOMEM. */
FYKE_MUST_USE int path_map_of_schema(struct path_map *m,
                                     const struct schema *s);
void path_map_release(struct path_map *m);
/* Appends a name that is not in the map; its index is the old count. */
void path_map_add(struct path_map *m, const char *name, size_t n);
/* The index of a path, or PATH_NONE. */
uint32_t path_map_find(struct path_map *m, const char *path, size_t n);

#endif
