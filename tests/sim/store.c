/* The simulated database: what a coordinator finds when it starts again. */
#include "tests/sim/sim.h"

#include "proto/base/check.h"
#include "proto/base/hash.h"

#include <stdlib.h>

static struct learn_delta delta_of(const struct stored_batch *b,
                                   struct arena *arena)
{
    struct learn_delta d;
    int err = learn_delta_decode(b->delta, b->delta_bytes, arena, &d);
    check(err == 0);
    return d;
}

struct learn_history *store_history(const struct store *s,
                                    const struct sim_mix *mix)
{
    struct learn *base;
    struct learn_history *history;
    struct arena arena;
    check(learn_new(mix->cols, mix->fit_rows, &base) == 0);
    arena_init(&arena, SIZE_MAX);
    uint64_t first = 0;
    if (s->last_batch > 0) {
        first = s->batch[s->last_batch - 1].state_batch;
    }
    for (uint64_t n = 1; n <= first; n++) {
        struct learn_delta d = delta_of(&s->batch[n - 1], &arena);
        check(learn_apply(base, n, &d) == 0);
        arena_reset(&arena);
    }
    check(learn_history_new(base, COORD_DEPTH_MAX + 1, &history) == 0);
    for (uint64_t n = first + 1; n <= s->last_batch; n++) {
        struct learn_delta d = delta_of(&s->batch[n - 1], &arena);
        check(learn_history_push(history, n, &d) == 0);
        arena_reset(&arena);
    }
    arena_release(&arena);
    return history;
}

uint64_t store_hash(const struct store *s)
{
    uint64_t hash = s->last_batch;
    for (uint64_t i = 0; i < s->last_batch; i++) {
        const struct stored_batch *b = &s->batch[i];
        hash = hash_fold(hash, b->from);
        hash = hash_fold(hash, b->to);
        hash = hash_fold(hash, b->state_batch);
        hash = hash_fold(hash, b->reason);
        hash = hash_fold(hash, b->result_hash);
        hash = hash_fold(hash, hash_bytes(1, b->delta, b->delta_bytes));
    }
    return hash;
}

void store_release(struct store *s)
{
    for (uint64_t i = 0; i < s->last_batch; i++) {
        free(s->batch[i].delta);
    }
    *s = (struct store){ 0 };
}
