/*
 * Why this file exists: one lookup for parsing, inference and record texts.
 */
#include "engine/ingest/path_map.h"

#include "proto/base/check.h"
#include "proto/base/hash.h"

#include <stdlib.h>
#include <string.h>

int path_map_init(struct path_map *m, uint32_t capacity)
{
    uint32_t size = 16;
    while (size < 2 * capacity)
        size *= 2;
    *m = (struct path_map){ .capacity = capacity, .mask = size - 1 };
    m->slot = calloc(size, sizeof *m->slot);
    m->name = calloc(capacity + 1u, sizeof *m->name);
    return m->slot != NULL && m->name != NULL ? 0 : ERR_NOMEM;
}

int path_map_of_schema(struct path_map *m, const struct schema *s)
{
    int rc = path_map_init(m, s->column_count);
    for (uint32_t i = 0; i < s->column_count && rc == 0; i++)
        path_map_add(m, s->column[i].name, strlen(s->column[i].name));
    return rc;
}

void path_map_release(struct path_map *m)
{
    free(m->slot);
    free(m->name);
}

static bool name_is(const struct path_map *m, uint32_t i, const char *path,
                    size_t n)
{
    return m->name[i].bytes == n && memcmp(m->name[i].text, path, n) == 0;
}

static uint32_t hash_slot(const struct path_map *m, const char *path, size_t n)
{
    return (uint32_t)hash_bytes(0, path, n) & m->mask;
}

void path_map_add(struct path_map *m, const char *name, size_t n)
{
    check(m->count < m->capacity);
    uint32_t at = hash_slot(m, name, n);
    while (m->slot[at] != 0)
        at = (at + 1) & m->mask;
    m->name[m->count] = (struct path_name){ name, n };
    m->slot[at] = ++m->count;
}

uint32_t path_map_find(struct path_map *m, const char *path, size_t n)
{
    uint32_t i = m->expected;
    if (i >= m->count || !name_is(m, i, path, n)) {
        uint32_t at = hash_slot(m, path, n);
        while (m->slot[at] != 0 && !name_is(m, m->slot[at] - 1, path, n))
            at = (at + 1) & m->mask;
        if (m->slot[at] == 0)
            return PATH_NONE;
        i = m->slot[at] - 1;
    }
    m->expected = i + 1;
    return i;
}
