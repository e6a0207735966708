#include "proto/link/pipes.h"

#include <stdlib.h>

#define STALE_MS 10000

void pipes_release(struct pipes *p)
{
    free(p->entry);
    *p = (struct pipes){ 0 };
}

static struct pipe_entry *pipes_find(const struct pipes *p, uint32_t pipe)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (p->entry[i].pipe == pipe)
            return &p->entry[i];
    return NULL;
}

/* Forgets the replies to pipes that never came up: they were gone before. */
static void pipes_prune(struct pipes *p, int64_t now_ms)
{
    for (uint32_t i = p->count; i-- > 0;)
        if (!p->entry[i].is_up && p->entry[i].replied_ms < now_ms - STALE_MS)
            p->entry[i] = p->entry[--p->count];
}

static bool pipes_reserve(struct pipes *p)
{
    if (p->count == p->capacity)
        pipes_prune(p, pipes_replied_last(p));
    if (p->count < p->capacity)
        return true;
    uint32_t capacity = p->capacity == 0 ? 16 : 2 * p->capacity;
    struct pipe_entry *entry = realloc(p->entry, capacity * sizeof *entry);
    if (entry == NULL)
        return false;
    p->entry = entry;
    p->capacity = capacity;
    return true;
}

/* The entry of a pipe, made when there is none; NULL without memory. */
static struct pipe_entry *pipes_entry(struct pipes *p, uint32_t pipe)
{
    struct pipe_entry *e = pipes_find(p, pipe);
    if (e != NULL || !pipes_reserve(p))
        return e;
    e = &p->entry[p->count++];
    *e = (struct pipe_entry){ .pipe = pipe };
    return e;
}

void pipes_add(struct pipes *p, uint32_t pipe)
{
    struct pipe_entry *e = pipes_entry(p, pipe);
    if (e != NULL)
        e->is_up = true;
}

void pipes_remove(struct pipes *p, uint32_t pipe)
{
    struct pipe_entry *e = pipes_find(p, pipe);
    if (e != NULL)
        *e = p->entry[--p->count];
}

void pipes_replied(struct pipes *p, uint32_t pipe, int64_t now_ms)
{
    struct pipe_entry *e = pipes_entry(p, pipe);
    if (e != NULL)
        e->replied_ms = now_ms;
}

int64_t pipes_replied_last(const struct pipes *p)
{
    int64_t last = 0;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->entry[i].replied_ms > last)
            last = p->entry[i].replied_ms;
    return last;
}
