/* Touches in chunks, so that nothing moves while they are found. */
#include "workers/detect/dbscan/touches.h"

#include "workers/detect/dbscan/radix.h"

#include <string.h>

#define CHUNK_WORDS 4094u

struct touches_chunk {
    struct touches_chunk *before;
    uint64_t used;
    uint64_t word[CHUNK_WORDS]; /* point, then cluster below it */
};

int touches_add(struct touches *t, uint32_t point, uint32_t cluster)
{
    struct touches_chunk *c = t->last;
    uint64_t word = (uint64_t)point << 32 | cluster;
    if (c == NULL || c->used == CHUNK_WORDS) {
        c = arena_alloc(t->arena, 1, sizeof *c);
        if (c == NULL || t->count > UINT32_MAX - CHUNK_WORDS)
            return ERR_NOMEM;
        c->before = t->last;
        c->used = 0;
        t->last = c;
    }
    if (c->used > 0 && c->word[c->used - 1] == word)
        return 0;
    c->word[c->used++] = word;
    t->count++;
    return 0;
}

static uint64_t *touches_sorted(const struct touches *t, uint64_t *words,
                                uint64_t *spare)
{
    uint64_t *at = words, *sorted, any = 0;
    for (const struct touches_chunk *c = t->last; c != NULL; c = c->before) {
        memcpy(at, c->word, c->used * sizeof *at);
        at += c->used;
    }
    for (uint32_t i = 0; i < t->count; i++)
        any |= words[i];
    sorted =
        radix_sort(words, spare, t->count, 0, radix_bits(any & UINT32_MAX));
    return radix_sort(sorted, sorted == words ? spare : words, t->count, 32,
                      radix_bits(any >> 32));
}

int touches_finish(struct touches *t, struct dbscan_touch **ret_touch,
                   uint32_t *ret_count)
{
    uint64_t *words = arena_alloc(t->arena, t->count, sizeof *words);
    uint64_t *spare = arena_alloc(t->arena, t->count, sizeof *spare);
    struct dbscan_touch *touch = arena_alloc(t->arena, t->count, sizeof *touch);
    uint32_t count = 0;
    if (words == NULL || spare == NULL || touch == NULL)
        return ERR_NOMEM;
    const uint64_t *sorted = touches_sorted(t, words, spare);
    for (uint32_t i = 0; i < t->count; i++)
        if (i == 0 || sorted[i] != sorted[i - 1])
            touch[count++] = (struct dbscan_touch){ (uint32_t)(sorted[i] >> 32),
                                                    (uint32_t)sorted[i] };
    *ret_touch = touch;
    *ret_count = count;
    return 0;
}
