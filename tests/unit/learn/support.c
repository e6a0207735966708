#include "support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct learn_counts random_counts(struct arena *a, struct rng *r,
                                         uint32_t detector, uint64_t rows)
{
    uint32_t *own = arena_zalloc(a, LEARN_BINS, sizeof *own);
    uint32_t *bin = arena_alloc(a, LEARN_BINS, sizeof *bin);
    uint32_t *count = arena_alloc(a, LEARN_BINS, sizeof *count);
    struct learn_counts c = {
        .detector = detector, .rows = rows, .bin = bin, .count = count
    };
    for (uint64_t i = 0; i < rows; i++)
        own[LEARN_BINS - 1 - rng_below(r, 1 + rng_below(r, LEARN_BINS))]++;
    for (uint32_t b = 0; b < LEARN_BINS; b++)
        if (own[b] > 0) {
            bin[c.bin_count] = b;
            count[c.bin_count++] = own[b];
        }
    return c;
}

struct learn_delta support_delta(struct arena *a, struct rng *r,
                                 uint32_t rows_max, uint32_t cols,
                                 uint32_t recent_max)
{
    struct learn_delta d = { .rows = rng_below(r, (uint64_t)rows_max + 1) };
    uint32_t who = 1 + (uint32_t)rng_below(r, 3); /* 1, 2 or both */
    for (uint32_t id = 1; id <= 2; id++)
        if (who & id)
            d.detector[d.detector_count++] = random_counts(
                a, r, id, id == 1 ? d.rows : rng_below(r, d.rows + 1));
    uint32_t rows = d.rows < recent_max ? (uint32_t)d.rows : recent_max;
    rows = (uint32_t)rng_below(r, (uint64_t)rows + 1);
    float *x = arena_alloc(a, (size_t)cols * (rows + 3), sizeof *x);
    for (size_t i = 0; i < (size_t)cols * (rows + 3); i++)
        x[i] = rng_below(r, 20) == 0 ? NAN : (float)rng_unit(r);
    d.recent = (struct matrix){ x, rows, cols, rows + 3u };
    return d;
}

struct learn_delta support_one_bin(const uint32_t *bin, const uint32_t *rows)
{
    return (struct learn_delta){ .rows = *rows,
                                 .detector_count = 1,
                                 .detector = { { 1, *rows, 1, bin, rows } } };
}

struct learn_reference support_reference(const struct learn_view *v,
                                         uint32_t detector)
{
    const struct learn_reference *found = learn_view_find(v, detector);
    struct learn_reference ref = { 0 };
    cr_assert_not_null(found);
    if (found != NULL)
        ref = *found;
    return ref;
}

bool support_same(const struct learn *a, const struct learn *b)
{
    struct buf x, y;
    buf_init(&x, SIZE_MAX);
    buf_init(&y, SIZE_MAX);
    cr_assert_eq(learn_encode(a, &x), 0);
    cr_assert_eq(learn_encode(b, &y), 0);
    bool same = x.length == y.length && memcmp(x.data, y.data, x.length) == 0;
    buf_release(&x);
    buf_release(&y);
    return same;
}
