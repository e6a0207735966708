/* The full learned state as bytes. Equal states have equal bytes. */
#include "engine/learn/codec.h"
#include "engine/learn/histogram.h"
#include "engine/learn/learn.h"
#include "engine/learn/state.h"

#include <stdlib.h>

static int put_ring(const struct learn_ring *r, struct buf *out)
{
    int err = codec_put_u64(out, r->detector);
    if (err == 0)
        err = codec_put_u64(out, r->closed);
    for (uint32_t i = 0; i < r->closed && err == 0; i++) {
        const struct learn_segment *s =
            &r->segment[(r->first + i) % LEARN_SEGMENTS];
        err = histogram_put_dense(out, s->rows, s->count);
    }
    return err != 0 ? err
                    : histogram_put_dense(out, r->open.rows, r->open.count);
}

static int put_rings(const struct learn *l, struct buf *out)
{
    int err = codec_put_u64(out, l->ring_count);
    for (uint32_t i = 0; i < l->ring_count && err == 0; i++)
        err = put_ring(l->ring[i], out);
    return err;
}

static int put_recent(const struct recent *r, struct buf *out)
{
    size_t bytes = (size_t)r->rows * r->cols * sizeof(float);
    int err = codec_put_u64(out, r->rows);
    if (err == 0)
        err = buf_reserve(out, bytes);
    if (err != 0 || bytes == 0)
        return err;
    float *data = malloc(bytes);
    if (data == NULL)
        return ERR_NOMEM;
    recent_copy(r, data);
    err = buf_append(out, data, bytes);
    free(data);
    return err;
}

int learn_encode(const struct learn *l, struct buf *out)
{
    int err = buf_append_char(out, CODEC_STATE_VERSION);
    if (err == 0)
        err = codec_put_u64(out, l->batch);
    if (err == 0)
        err = codec_put_u64(out, l->recent.cols);
    if (err == 0)
        err = codec_put_u64(out, l->recent.rows_max);
    if (err == 0)
        err = put_rings(l, out);
    return err != 0 ? err : put_recent(&l->recent, out);
}

/* One histogram, added to the segment (which is empty) and to the total. */
static int get_segment(struct codec *c, struct learn_ring *r,
                       struct learn_segment *s, uint32_t *pairs)
{
    uint32_t bin_count, *bin = pairs, *count = pairs + LEARN_BINS;
    int err = histogram_get_head(c, &s->rows, &bin_count);
    if (err == 0)
        err = histogram_get_pairs(c, s->rows, bin_count, bin, count);
    if (err != 0)
        return err;
    for (uint32_t i = 0; i < bin_count; i++) {
        s->count[bin[i]] = count[i];
        r->total[bin[i]] += count[i];
    }
    r->rows += s->rows;
    return 0;
}

static int get_segments(struct codec *c, struct learn_ring *r, uint32_t *pairs)
{
    int err = codec_get_u32(c, LEARN_SEGMENTS, &r->closed);
    for (uint32_t i = 0; err == 0 && i < r->closed; i++) {
        err = get_segment(c, r, &r->segment[i], pairs);
        if (err == 0 && r->segment[i].rows < LEARN_SEGMENT_ROWS)
            err = ERR_CORRUPT;
    }
    if (err == 0)
        err = get_segment(c, r, &r->open, pairs);
    if (err == 0 && r->open.rows >= LEARN_SEGMENT_ROWS)
        err = ERR_CORRUPT;
    return err;
}

/* The rings stand in the order of their detectors' numbers, each once. */
static int get_ring(struct codec *c, uint8_t version, struct learn *l,
                    uint32_t *pairs)
{
    struct learn_ring *ring;
    uint32_t rings = l->ring_count, detector = CODEC_FIRST_DETECTOR;
    if (version == CODEC_STATE_VERSION &&
        (codec_get_u32(c, UINT32_MAX, &detector) != 0 || detector == 0 ||
         (rings > 0 && l->ring[rings - 1]->detector >= detector)))
        return ERR_CORRUPT;
    int err = learn_ring_of(l, detector, &ring);
    return err != 0 ? err : get_segments(c, ring, pairs);
}

static int get_rings(struct codec *c, uint8_t version, struct learn *l)
{
    uint32_t rings = 1;
    if (version == CODEC_STATE_VERSION &&
        codec_get_u32(c, LEARN_DETECTORS_MAX, &rings) != 0)
        return ERR_CORRUPT;
    uint32_t *pairs = calloc(2 * (size_t)LEARN_BINS, sizeof *pairs);
    if (pairs == NULL)
        return ERR_NOMEM;
    int err = 0;
    for (uint32_t i = 0; i < rings && err == 0; i++)
        err = get_ring(c, version, l, pairs);
    free(pairs);
    return err;
}

/* The rest of the bytes is the recent rows. */
static int get_recent(struct codec *c, struct recent *r)
{
    uint32_t rows;
    int err = codec_get_u32(c, r->rows_max, &rows);
    if (err != 0)
        return err;
    size_t n = (size_t)rows * r->cols;
    if (codec_left(c) != n * sizeof(float))
        return ERR_CORRUPT;
    if (n == 0)
        return 0;
    float *x = malloc(n * sizeof *x);
    if (x == NULL)
        return ERR_NOMEM;
    struct matrix m = { x, rows, r->cols, rows };
    err = codec_get_floats(c, n, x);
    if (err == 0)
        err = recent_add(r, &m);
    free(x);
    return err;
}

static int get_state(struct codec *c, uint8_t version, struct learn *l,
                     uint64_t batch)
{
    l->batch = batch;
    int err = get_rings(c, version, l);
    return err != 0 ? err : get_recent(c, &l->recent);
}

int learn_decode(const void *bytes, size_t n, struct learn **ret_l)
{
    struct codec c = { bytes, (const uint8_t *)bytes + n };
    uint64_t batch;
    uint32_t cols, recent_max;
    struct learn *l;
    uint8_t version = n > 0 ? *c.at++ : 0;
    if ((version != CODEC_STATE_VERSION && version != CODEC_FIRST_VERSION) ||
        codec_get_u64(&c, &batch) != 0 ||
        codec_get_u32(&c, CODEC_COLS_MAX, &cols) != 0 || cols == 0 ||
        codec_get_u32(&c, CODEC_RECENT_MAX, &recent_max) != 0)
        return ERR_CORRUPT;
    int err = learn_new(cols, recent_max, &l);
    if (err != 0)
        return err;
    err = get_state(&c, version, l, batch);
    if (err != 0) {
        learn_free(l);
        return err;
    }
    *ret_l = l;
    return 0;
}
