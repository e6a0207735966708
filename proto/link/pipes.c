#include "proto/link/pipes.h"

#include <stdlib.h>

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

void pipes_add(struct pipes *p, uint32_t pipe)
{
    if (pipes_find(p, pipe) != NULL)
        return;
    if (p->count == p->capacity) {
        uint32_t capacity = p->capacity == 0 ? 16 : 2 * p->capacity;
        struct pipe_entry *entry = realloc(p->entry, capacity * sizeof *entry);
        if (entry == NULL)
            return;
        p->entry = entry;
        p->capacity = capacity;
    }
    p->entry[p->count++] = (struct pipe_entry){ pipe, 0 };
}

void pipes_remove(struct pipes *p, uint32_t pipe)
{
    struct pipe_entry *e = pipes_find(p, pipe);
    if (e != NULL)
        *e = p->entry[--p->count];
}

void pipes_replied(struct pipes *p, uint32_t pipe, int64_t now_ms)
{
    struct pipe_entry *e = pipes_find(p, pipe);
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
