/*
 * Arena: memory that is carved off in order and given back all at once.
 *
 * Memory       grows in blocks up to `bytes_max`; arena_reset keeps the blocks
 *              for reuse, arena_release frees them. A fixed arena carves the
 *              caller's memory and asks the system for nothing.
 * Thread rule  one owner at a time.
 */
#ifndef FYKE_BASE_ARENA_H
#define FYKE_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *first;   /* all blocks, oldest first */
    struct arena_block *current; /* block being carved */
    size_t bytes_used;           /* carved since the last reset */
    size_t bytes_held;           /* allocated from the system */
    size_t bytes_max;            /* limit on bytes_held */
    bool fixed;                  /* the one block is the caller's */
};

/* An empty arena that will hold at most `bytes_max` bytes. Cannot fail. */
void arena_init(struct arena *a, size_t bytes_max);

/* What a fixed arena needs beyond the allocations themselves. */
#define ARENA_FIXED_BYTES 128u
/* What an allocation of `bytes` takes of it. */
#define ARENA_BYTES(bytes) (((size_t)(bytes) + 63u) / 64u * 64u + 64u)

/* An arena within the caller's memory, at any alignment. Cannot fail: too
 * little memory holds no allocation. */
void arena_init_fixed(struct arena *a, void *memory, size_t bytes);

/* Frees everything; the arena is as after arena_init. */
void arena_release(struct arena *a);

/* Forgets every allocation and keeps the memory. */
void arena_reset(struct arena *a);

/* `count` elements of `size` bytes, 64-byte aligned, not cleared; NULL when
 * the product overflows, the limit is reached or there is no memory.
 * A count of 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t count, size_t size);

/* As arena_alloc, cleared. */
void *arena_zalloc(struct arena *a, size_t count, size_t size);

/* A copy of the `n` bytes of a text, with a NUL behind them; `text` may be
 * NULL when n is 0. NULL when there is no memory. */
char *arena_text(struct arena *a, const char *text, size_t n);

#endif
