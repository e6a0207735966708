/*
 * The states of the last few batches: the oldest in full, then deltas. A view
 * moves the base up to the batch that it asks for, since no later batch asks
 * for an earlier state.
 */
#include "engine/learn/learn.h"
#include "engine/learn/state.h"
#include "proto/base/check.h"

#include <stdlib.h>
#include <string.h>

struct learn_history {
    struct learn *base;
    uint32_t lag_max;
    uint32_t first, waiting;   /* ring of deltas behind the base */
    struct learn_delta *delta; /* lag_max of them; each owns one block */
    void **block;
};

int learn_history_new(struct learn *base, uint32_t lag_max,
                      struct learn_history **ret_h)
{
    struct learn_history *h = calloc(1, sizeof *h);
    if (h == NULL)
        return ERR_NOMEM;
    /* One place more, so that a push may wait before the oldest is applied. */
    h->delta = calloc((size_t)lag_max + 1, sizeof *h->delta);
    h->block = calloc((size_t)lag_max + 1, sizeof *h->block);
    if (h->delta == NULL || h->block == NULL) {
        free(h->delta);
        free(h->block);
        free(h);
        return ERR_NOMEM;
    }
    h->base = base;
    h->lag_max = lag_max;
    *ret_h = h;
    return 0;
}

static uint32_t history_slot(const struct learn_history *h, uint32_t index)
{
    return (h->first + index) % (h->lag_max + 1);
}

void learn_history_free(struct learn_history *h)
{
    if (h == NULL)
        return;
    for (uint32_t i = 0; i < h->waiting; i++)
        free(h->block[history_slot(h, i)]);
    learn_free(h->base);
    free(h->delta);
    free(h->block);
    free(h);
}

/* One block with the bins, the counts and the rows, dense. */
static int delta_copy(const struct learn_delta *d, struct learn_delta *ret_d,
                      void **ret_block)
{
    size_t rows = d->recent.rows, column_bytes = rows * sizeof(float);
    size_t bytes = d->recent.cols * column_bytes;
    for (uint32_t i = 0; i < d->detector_count; i++)
        bytes += 2 * (size_t)d->detector[i].bin_count * sizeof(uint32_t);
    char *block = malloc(bytes + 1), *at = block;
    if (block == NULL)
        return ERR_NOMEM;
    *ret_d = *d;
    ret_d->recent.data = (const float *)(void *)at;
    ret_d->recent.stride = rows;
    for (uint32_t j = 0; j < d->recent.cols && rows > 0; j++) {
        memcpy(at, matrix_column(&d->recent, j), column_bytes);
        at += column_bytes;
    }
    for (uint32_t i = 0; i < d->detector_count; i++) {
        struct learn_counts *c = &ret_d->detector[i];
        size_t n = c->bin_count * sizeof *c->bin;
        if (n == 0)
            continue;
        memcpy(at, c->bin, n);
        memcpy(at + n, c->count, n);
        c->bin = (const uint32_t *)(void *)at;
        c->count = (const uint32_t *)(void *)(at + n);
        at += 2 * n;
    }
    *ret_block = block;
    return 0;
}

/* Applies the oldest waiting delta to the base for good. */
static int history_advance(struct learn_history *h)
{
    uint32_t slot = history_slot(h, 0);
    int err = learn_apply(h->base, h->base->batch + 1, &h->delta[slot]);
    if (err != 0)
        return err;
    free(h->block[slot]);
    h->block[slot] = NULL;
    h->first = history_slot(h, 1);
    h->waiting--;
    return 0;
}

int learn_history_push(struct learn_history *h, uint64_t batch,
                       const struct learn_delta *d)
{
    if (batch != h->base->batch + h->waiting + 1 ||
        !learn_delta_fits(h->base, d))
        return ERR_INVALID;
    check(h->waiting <= h->lag_max);
    uint32_t slot = history_slot(h, h->waiting);
    int err = delta_copy(d, &h->delta[slot], &h->block[slot]);
    if (err != 0)
        return err;
    h->waiting++;
    return h->waiting > h->lag_max ? history_advance(h) : 0;
}

int learn_history_view(struct learn_history *h, uint64_t batch,
                       struct learn_view *ret_v)
{
    if (batch < h->base->batch || batch > h->base->batch + h->waiting)
        return ERR_RANGE;
    while (h->base->batch < batch) {
        int err = history_advance(h);
        if (err != 0)
            return err;
    }
    return learn_view_copy(h->base, ret_v);
}

int learn_history_encode_newest(const struct learn_history *h, struct buf *out)
{
    struct learn *newest = NULL;
    int err = learn_clone(h->base, &newest);
    for (uint32_t i = 0; err == 0 && i < h->waiting; i++)
        err = learn_apply(newest, newest->batch + 1,
                          &h->delta[history_slot(h, i)]);
    if (err == 0)
        err = learn_encode(newest, out);
    learn_free(newest);
    return err;
}
