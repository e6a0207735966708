/*
 * Worker ids and pipe ids come from outside, so they are hashed before they
 * choose a place; the table is never more than half full.
 */
#include "engine/core/map.h"

#include "proto/base/check.h"
#include "proto/base/hash.h"

#include <stdlib.h>

int map_init(struct map *m, uint32_t count_max)
{
    uint32_t places = 2;
    while (places < 2 * count_max) {
        places *= 2;
    }
    struct map_entry *entry = malloc(places * sizeof *entry);
    if (entry == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < places; i++) {
        entry[i] = (struct map_entry){ 0, MAP_NONE };
    }
    *m = (struct map){ entry, places - 1, 0, count_max };
    return 0;
}

void map_release(struct map *m)
{
    free(m->entry);
    m->entry = NULL;
}

static uint32_t home_of(const struct map *m, uint64_t key)
{
    return (uint32_t)hash_u64(key) & m->mask;
}

/* The place of the key, or the free place where it would go. */
static uint32_t place_of(const struct map *m, uint64_t key)
{
    uint32_t i = home_of(m, key);
    while (m->entry[i].value != MAP_NONE && m->entry[i].key != key) {
        i = (i + 1) & m->mask;
    }
    return i;
}

uint32_t map_find(const struct map *m, uint64_t key)
{
    return m->entry[place_of(m, key)].value;
}

void map_add(struct map *m, uint64_t key, uint32_t value)
{
    uint32_t i = place_of(m, key);
    check(m->count < m->count_max && m->entry[i].value == MAP_NONE);
    m->entry[i] = (struct map_entry){ key, value };
    m->count++;
}

void map_remove(struct map *m, uint64_t key)
{
    uint32_t hole = place_of(m, key);
    if (m->entry[hole].value == MAP_NONE) {
        return;
    }
    /* Whoever was pushed past the hole by it moves back into it. */
    for (uint32_t i = (hole + 1) & m->mask; m->entry[i].value != MAP_NONE;
         i = (i + 1) & m->mask) {
        uint32_t home = home_of(m, m->entry[i].key);
        if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
            m->entry[hole] = m->entry[i];
            hole = i;
        }
    }
    m->entry[hole].value = MAP_NONE;
    m->count--;
}
