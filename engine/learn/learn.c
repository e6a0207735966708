/* The learned state: rings of score histograms and the recent rows. */
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
    for (uint32_t i = 0; i < l->ring_count; i++)
        free(l->ring[i]);
    recent_release(&l->recent);
    free(l);
}

uint64_t learn_batch(const struct learn *l)
{
    return l->batch;
}

uint32_t learn_recent_max(const struct learn *l)
{
    return l->recent.rows_max;
}

int learn_recent_max_set(struct learn *l, uint32_t recent_max)
{
    return recent_max > CODEC_RECENT_MAX
               ? ERR_INVALID
               : recent_resize(&l->recent, recent_max);
}

static int clone_rings(const struct learn *l, struct learn *copy)
{
    for (uint32_t i = 0; i < l->ring_count; i++) {
        struct learn_ring *ring = malloc(sizeof *ring);
        if (ring == NULL)
            return ERR_NOMEM;
        *ring = *l->ring[i];
        copy->ring[copy->ring_count++] = ring;
    }
    return 0;
}

int learn_clone(const struct learn *l, struct learn **ret_l)
{
    size_t floats = (size_t)l->recent.capacity * l->recent.cols;
    struct learn *copy = calloc(1, sizeof *copy);
    if (copy == NULL)
        return ERR_NOMEM;
    copy->batch = l->batch;
    copy->recent = l->recent;
    copy->recent.data = floats > 0 ? malloc(floats * sizeof(float)) : NULL;
    if ((floats > 0 && copy->recent.data == NULL) ||
        clone_rings(l, copy) != 0) {
        learn_free(copy);
        return ERR_NOMEM;
    }
    if (floats > 0)
        memcpy(copy->recent.data, l->recent.data, floats * sizeof(float));
    *ret_l = copy;
    return 0;
}

int learn_ring_of(struct learn *l, uint32_t detector,
                  struct learn_ring **ret_ring)
{
    uint32_t at = 0;
    while (at < l->ring_count && l->ring[at]->detector < detector)
        at++;
    if (at < l->ring_count && l->ring[at]->detector == detector) {
        *ret_ring = l->ring[at];
        return 0;
    }
    if (l->ring_count == LEARN_DETECTORS_MAX)
        return ERR_INVALID;
    struct learn_ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        return ERR_NOMEM;
    ring->detector = detector;
    for (uint32_t i = l->ring_count++; i > at; i--)
        l->ring[i] = l->ring[i - 1];
    *ret_ring = l->ring[at] = ring;
    return 0;
}

/* The open segment becomes the newest closed one; with all places taken the
 * oldest falls out whole. */
static void segment_close(struct learn_ring *r)
{
    if (r->closed == LEARN_SEGMENTS) {
        const struct learn_segment *oldest = &r->segment[r->first];
        for (uint32_t b = 0; b < LEARN_BINS; b++)
            r->total[b] -= oldest->count[b];
        r->rows -= oldest->rows;
        r->first = (r->first + 1) % LEARN_SEGMENTS;
        r->closed--;
    }
    r->segment[(r->first + r->closed) % LEARN_SEGMENTS] = r->open;
    r->closed++;
    memset(&r->open, 0, sizeof r->open);
}

bool learn_delta_fits(const struct learn *l, const struct learn_delta *d)
{
    if ((d->recent.rows > 0 && d->recent.cols != l->recent.cols) ||
        d->recent.rows > d->rows || d->detector_count > LEARN_DETECTORS_MAX)
        return false;
    for (uint32_t i = 0; i < d->detector_count; i++) {
        const struct learn_counts *c = &d->detector[i];
        if (c->rows > d->rows || c->detector == 0 ||
            (i > 0 && c->detector <= d->detector[i - 1].detector) ||
            !histogram_sparse_is_valid(c->rows, c->bin_count, c->bin, c->count))
            return false;
    }
    return true;
}

static void ring_add(struct learn_ring *r, const struct learn_counts *c)
{
    for (uint32_t i = 0; i < c->bin_count; i++) {
        r->open.count[c->bin[i]] += c->count[i];
        r->total[c->bin[i]] += c->count[i];
    }
    r->open.rows += c->rows;
    r->rows += c->rows;
    if (r->open.rows >= LEARN_SEGMENT_ROWS)
        segment_close(r);
}

/* On error the state is as it was, but for rings that are empty. */
int learn_apply(struct learn *l, uint64_t batch, const struct learn_delta *d)
{
    struct learn_ring *ring[LEARN_DETECTORS_MAX];
    if (batch != l->batch + 1 || !learn_delta_fits(l, d))
        return ERR_INVALID;
    int err = 0;
    for (uint32_t i = 0; i < d->detector_count && err == 0; i++)
        err = learn_ring_of(l, d->detector[i].detector, &ring[i]);
    if (err == 0)
        err = recent_add(&l->recent, &d->recent);
    if (err != 0)
        return err;
    for (uint32_t i = 0; i < d->detector_count; i++)
        ring_add(ring[i], &d->detector[i]);
    l->batch = batch;
    return 0;
}

int learn_train(struct learn *l, const struct learn_delta *d)
{
    if (l->batch != 0)
        return ERR_INVALID;
    int err = learn_apply(l, 1, d);
    if (err == 0)
        l->batch = 0;
    return err;
}

static int view_references(const struct learn *l, struct learn_view *v)
{
    for (uint32_t i = 0; i < l->ring_count; i++) {
        const struct learn_ring *ring = l->ring[i];
        uint32_t *count = malloc(sizeof ring->total);
        if (count == NULL)
            return ERR_NOMEM;
        memcpy(count, ring->total, sizeof ring->total);
        v->reference[v->detector_count++] =
            (struct learn_reference){ ring->detector, ring->rows, count };
    }
    return 0;
}

int learn_view_copy(const struct learn *l, struct learn_view *ret_v)
{
    size_t floats = (size_t)l->recent.rows * l->recent.cols;
    struct learn_view v = { .state_batch = l->batch };
    v.recent_data = malloc(floats > 0 ? floats * sizeof(float) : 1);
    if (v.recent_data == NULL || view_references(l, &v) != 0) {
        learn_view_release(&v);
        return ERR_NOMEM;
    }
    recent_copy(&l->recent, v.recent_data);
    v.recent = (struct matrix){ v.recent_data, l->recent.rows, l->recent.cols,
                                l->recent.rows };
    *ret_v = v;
    return 0;
}

size_t learn_view_bytes_held(const struct learn_view *v)
{
    size_t cells = (size_t)v->recent.rows * v->recent.cols;
    return v->recent_data == NULL
               ? 0
               : v->detector_count * (size_t)LEARN_BINS * sizeof(uint32_t) +
                     cells * sizeof *v->recent_data;
}

void learn_view_release(struct learn_view *v)
{
    for (uint32_t i = 0; i < v->detector_count; i++)
        free(v->reference[i].count);
    free(v->recent_data);
    memset(v, 0, sizeof *v);
}
