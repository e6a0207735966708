/* The learned state: a ring of score histograms and the recent rows. */
#include "engine/learn/learn.h"

#include "engine/learn/codec.h"
#include "engine/learn/histogram.h"
#include "engine/learn/state.h"

#include <stdlib.h>
#include <string.h>

int learn_new(uint32_t cols, uint32_t recent_max, struct learn **ret_l)
{
    if (cols == 0 || cols > CODEC_COLS_MAX || recent_max > CODEC_RECENT_MAX)
        return ERR_INVALID;
    struct learn *l = calloc(1, sizeof *l);
    if (l == NULL)
        return ERR_NOMEM;
    recent_init(&l->recent, cols, recent_max);
    *ret_l = l;
    return 0;
}

void learn_free(struct learn *l)
{
    if (l == NULL)
        return;
    recent_release(&l->recent);
    free(l);
}

uint64_t learn_batch(const struct learn *l)
{
    return l->batch;
}

int learn_clone(const struct learn *l, struct learn **ret_l)
{
    size_t floats = (size_t)l->recent.capacity * l->recent.cols;
    struct learn *copy = malloc(sizeof *copy);
    float *data = floats > 0 ? malloc(floats * sizeof *data) : NULL;
    if (copy == NULL || (floats > 0 && data == NULL)) {
        free(copy);
        free(data);
        return ERR_NOMEM;
    }
    *copy = *l;
    copy->recent.data = data;
    if (floats > 0)
        memcpy(data, l->recent.data, floats * sizeof *data);
    *ret_l = copy;
    return 0;
}

/* The open segment becomes the newest closed one; with all places taken the
 * oldest falls out whole. */
static void segment_close(struct learn *l)
{
    if (l->closed == LEARN_SEGMENTS) {
        const struct learn_segment *oldest = &l->segment[l->first];
        for (uint32_t b = 0; b < LEARN_BINS; b++)
            l->total[b] -= oldest->count[b];
        l->rows -= oldest->rows;
        l->first = (l->first + 1) % LEARN_SEGMENTS;
        l->closed--;
    }
    l->segment[(l->first + l->closed) % LEARN_SEGMENTS] = l->open;
    l->closed++;
    memset(&l->open, 0, sizeof l->open);
}

bool learn_delta_fits(const struct learn *l, const struct learn_delta *d)
{
    return (d->recent.rows == 0 || d->recent.cols == l->recent.cols) &&
           d->recent.rows <= d->rows &&
           histogram_sparse_is_valid(d->rows, d->bin_count, d->bin, d->count);
}

int learn_apply(struct learn *l, uint64_t batch, const struct learn_delta *d)
{
    if (batch != l->batch + 1 || !learn_delta_fits(l, d))
        return ERR_INVALID;
    int err = recent_add(&l->recent, &d->recent);
    if (err != 0)
        return err;
    for (uint32_t i = 0; i < d->bin_count; i++) {
        l->open.count[d->bin[i]] += d->count[i];
        l->total[d->bin[i]] += d->count[i];
    }
    l->open.rows += d->rows;
    l->rows += d->rows;
    l->batch = batch;
    if (l->open.rows >= LEARN_SEGMENT_ROWS)
        segment_close(l);
    return 0;
}

int learn_view_copy(const struct learn *l, struct learn_view *ret_v)
{
    size_t floats = (size_t)l->recent.rows * l->recent.cols;
    struct learn_view v = { .state_batch = l->batch,
                            .reference_rows = l->rows };
    v.count = malloc(sizeof l->total);
    v.recent_data = malloc(floats > 0 ? floats * sizeof(float) : 1);
    if (v.count == NULL || v.recent_data == NULL) {
        learn_view_release(&v);
        return ERR_NOMEM;
    }
    memcpy(v.count, l->total, sizeof l->total);
    recent_copy(&l->recent, v.recent_data);
    v.recent = (struct matrix){ v.recent_data, l->recent.rows, l->recent.cols,
                                l->recent.rows };
    *ret_v = v;
    return 0;
}

size_t learn_view_bytes_held(const struct learn_view *v)
{
    size_t cells = (size_t)v->recent.rows * v->recent.cols;
    return v->count == NULL
               ? 0
               : LEARN_BINS * sizeof *v->count + cells * sizeof *v->recent_data;
}

void learn_view_release(struct learn_view *v)
{
    free(v->count);
    free(v->recent_data);
    memset(v, 0, sizeof *v);
}
