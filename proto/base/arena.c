/*
 * Arena: a list of blocks, each twice as large as what is held already.
 *
 * Blocks behind `current` are always empty, so that a reset is one pass over
 * few blocks and a tight limit can be met by giving empty blocks back.
 */
#include "proto/base/arena.h"

#include "proto/base/check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN 64u
#define ARENA_BLOCK_MIN ((size_t)64 * 1024)
#define ARENA_BLOCK_MAX ((size_t)16 * 1024 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t bytes; /* usable, behind the header */
    size_t used;
    char pad[ARENA_ALIGN - 2 * sizeof(size_t) - sizeof(void *)];
};
_Static_assert(sizeof(struct arena_block) == ARENA_ALIGN, "aligned payload");

void arena_init(struct arena *a, size_t bytes_max)
{
    memset(a, 0, sizeof *a);
    a->bytes_max = bytes_max;
}

void arena_init_fixed(struct arena *a, void *memory, size_t bytes)
{
    size_t skip = (ARENA_ALIGN - (uintptr_t)memory % ARENA_ALIGN) % ARENA_ALIGN;
    memset(a, 0, sizeof *a);
    a->fixed = true;
    if (memory == NULL || bytes < skip + sizeof(struct arena_block))
        return;
    struct arena_block *b = (void *)((char *)memory + skip);
    b->next = NULL;
    b->bytes = bytes - skip - sizeof *b;
    b->used = 0;
    a->first = a->current = b;
}

static void arena_free_list(struct arena *a, struct arena_block *b)
{
    while (b != NULL) {
        struct arena_block *next = b->next;
        a->bytes_held -= b->bytes + sizeof *b;
        free(b);
        b = next;
    }
}

void arena_release(struct arena *a)
{
    if (a->fixed) {
        arena_init_fixed(a, NULL, 0);
        return;
    }
    arena_free_list(a, a->first);
    check(a->bytes_held == 0);
    arena_init(a, a->bytes_max);
}

void arena_reset(struct arena *a)
{
    for (struct arena_block *b = a->first; b != NULL; b = b->next)
        b->used = 0;
    a->current = a->first;
    a->bytes_used = 0;
}

static void *arena_carve(struct arena *a, struct arena_block *b, size_t bytes)
{
    void *p = (char *)(b + 1) + b->used;
    b->used += bytes;
    a->current = b;
    a->bytes_used += bytes;
    return p;
}

/* Gives back every block behind the current one: all of them are empty. */
static void arena_trim(struct arena *a)
{
    if (a->current == NULL)
        return;
    /* An empty current block only holds what the new one may need. */
    struct arena_block **link = &a->current->next;
    if (a->current->used == 0 && a->current == a->first)
        link = &a->first;
    struct arena_block *tail = *link;
    *link = NULL;
    arena_free_list(a, tail);
    if (a->first == NULL)
        a->current = NULL;
}

static struct arena_block *arena_grow(struct arena *a, size_t bytes)
{
    size_t header = sizeof(struct arena_block);
    if (a->fixed)
        return NULL;
    if (bytes + header > a->bytes_max - a->bytes_held)
        arena_trim(a);
    size_t room = a->bytes_max - a->bytes_held;
    if (bytes + header > room)
        return NULL;
    size_t want = a->bytes_held;
    if (want < ARENA_BLOCK_MIN)
        want = ARENA_BLOCK_MIN;
    if (want > ARENA_BLOCK_MAX)
        want = ARENA_BLOCK_MAX;
    if (want > room - header)
        want = (room - header) / ARENA_ALIGN * ARENA_ALIGN;
    if (want < bytes)
        want = bytes;
    struct arena_block *b = aligned_alloc(ARENA_ALIGN, want + header);
    if (b == NULL)
        return NULL;
    b->bytes = want;
    b->used = 0;
    a->bytes_held += want + header;
    /* In front of the empty blocks, so that those stay behind `current`. */
    struct arena_block **link = a->current ? &a->current->next : &a->first;
    b->next = *link;
    *link = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    if (bytes > SIZE_MAX / 2) /* no sum below overflows */
        return NULL;
    bytes = (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (bytes == 0)
        bytes = ARENA_ALIGN;
    for (struct arena_block *b = a->current; b != NULL; b = b->next)
        if (b->bytes - b->used >= bytes)
            return arena_carve(a, b, bytes);
    struct arena_block *b = arena_grow(a, bytes);
    return b == NULL ? NULL : arena_carve(a, b, bytes);
}

void *arena_zalloc(struct arena *a, size_t count, size_t size)
{
    void *p = arena_alloc(a, count, size);
    if (p != NULL)
        memset(p, 0, count * size);
    return p;
}

char *arena_text(struct arena *a, const char *text, size_t n)
{
    char *copy = n < SIZE_MAX ? arena_alloc(a, n + 1, 1) : NULL;
    if (copy == NULL)
        return NULL;
    if (n > 0)
        memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}
