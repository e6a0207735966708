/* What one batch adds to the learned state, as bytes. */
#include "engine/learn/histogram.h"
#include "engine/learn/learn.h"

static int put_counts(struct buf *out, const struct learn_counts *c)
{
    int err = codec_put_u64(out, c->detector);
    return err != 0 ? err
                    : histogram_put_sparse(out, c->rows, c->bin_count, c->bin,
                                           c->count);
}

int learn_delta_encode(const struct learn_delta *d, struct buf *out)
{
    int err = buf_append_char(out, CODEC_DELTA_VERSION);
    if (err == 0)
        err = codec_put_u64(out, d->rows);
    if (err == 0)
        err = codec_put_u64(out, d->detector_count);
    for (uint32_t i = 0; i < d->detector_count && err == 0; i++)
        err = put_counts(out, &d->detector[i]);
    if (err == 0)
        err = codec_put_u64(out, d->recent.rows);
    if (err == 0)
        err = codec_put_u64(out, d->recent.cols);
    return err != 0 ? err : codec_put_matrix(out, &d->recent);
}

static int delta_get_histogram(struct codec *c, struct arena *arena,
                               struct learn_counts *ret_counts)
{
    int err = histogram_get_head(c, &ret_counts->rows, &ret_counts->bin_count);
    if (err != 0)
        return err;
    size_t bins = ret_counts->bin_count;
    uint32_t *bin = arena_alloc(arena, bins, sizeof *bin);
    uint32_t *count = arena_alloc(arena, bins, sizeof *count);
    if (bin == NULL || count == NULL)
        return ERR_NOMEM;
    ret_counts->bin = bin;
    ret_counts->count = count;
    return histogram_get_pairs(c, ret_counts->rows, ret_counts->bin_count, bin,
                               count);
}

static int delta_get_counts(struct codec *c, struct arena *arena,
                            struct learn_delta *d)
{
    uint32_t last = 0;
    if (codec_get_u64(c, &d->rows) != 0 ||
        codec_get_u32(c, LEARN_DETECTORS_MAX, &d->detector_count) != 0)
        return ERR_CORRUPT;
    for (uint32_t i = 0; i < d->detector_count; i++) {
        struct learn_counts *counts = &d->detector[i];
        if (codec_get_u32(c, UINT32_MAX, &counts->detector) != 0 ||
            counts->detector <= last)
            return ERR_CORRUPT;
        last = counts->detector;
        int err = delta_get_histogram(c, arena, counts);
        if (err != 0)
            return err;
        if (counts->rows > d->rows)
            return ERR_CORRUPT;
    }
    return 0;
}

static int delta_get_first(struct codec *c, struct arena *arena,
                           struct learn_delta *d)
{
    d->detector_count = 1;
    d->detector[0].detector = CODEC_FIRST_DETECTOR;
    int err = delta_get_histogram(c, arena, &d->detector[0]);
    d->rows = d->detector[0].rows;
    return err;
}

static int delta_get_recent(struct codec *c, struct arena *arena,
                            struct learn_delta *d)
{
    uint32_t rows, cols;
    if (codec_get_u32(c, CODEC_RECENT_MAX, &rows) != 0 ||
        codec_get_u32(c, CODEC_COLS_MAX, &cols) != 0)
        return ERR_CORRUPT;
    size_t n = (size_t)rows * cols;
    if (codec_left(c) != n * sizeof(float) || rows > d->rows)
        return ERR_CORRUPT;
    float *x = arena_alloc(arena, n, sizeof *x);
    if (x == NULL)
        return ERR_NOMEM;
    d->recent = (struct matrix){ x, rows, cols, rows };
    return codec_get_floats(c, n, x);
}

int learn_delta_decode(const void *bytes, size_t n, struct arena *arena,
                       struct learn_delta *ret_d)
{
    struct codec c = { bytes, (const uint8_t *)bytes + n };
    struct learn_delta d = { 0 };
    uint8_t version = n > 0 ? *c.at++ : 0;
    if (version != CODEC_DELTA_VERSION && version != CODEC_FIRST_VERSION)
        return ERR_CORRUPT;
    int err = version == CODEC_DELTA_VERSION ? delta_get_counts(&c, arena, &d)
                                             : delta_get_first(&c, arena, &d);
    if (err == 0)
        err = delta_get_recent(&c, arena, &d);
    if (err == 0)
        *ret_d = d;
    return err;
}
