/* What one batch adds to the learned state, as bytes. */
#include "engine/learn/histogram.h"
#include "engine/learn/learn.h"

int learn_delta_encode(const struct learn_delta *d, struct buf *out)
{
    int err = buf_append_char(out, CODEC_DELTA_VERSION);
    if (err == 0)
        err =
            histogram_put_sparse(out, d->rows, d->bin_count, d->bin, d->count);
    if (err == 0)
        err = codec_put_u64(out, d->recent.rows);
    if (err == 0)
        err = codec_put_u64(out, d->recent.cols);
    return err != 0 ? err : codec_put_matrix(out, &d->recent);
}

static int delta_get_histogram(struct codec *c, struct arena *arena,
                               struct learn_delta *d)
{
    int err = histogram_get_head(c, &d->rows, &d->bin_count);
    if (err != 0)
        return err;
    uint32_t *bin = arena_alloc(arena, d->bin_count, sizeof *bin);
    uint32_t *count = arena_alloc(arena, d->bin_count, sizeof *count);
    if (bin == NULL || count == NULL)
        return ERR_NOMEM;
    d->bin = bin;
    d->count = count;
    return histogram_get_pairs(c, d->rows, d->bin_count, bin, count);
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
    if (n == 0 || *c.at++ != CODEC_DELTA_VERSION)
        return ERR_CORRUPT;
    int err = delta_get_histogram(&c, arena, &d);
    if (err == 0)
        err = delta_get_recent(&c, arena, &d);
    if (err == 0)
        *ret_d = d;
    return err;
}
