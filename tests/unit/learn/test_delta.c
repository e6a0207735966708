/*
 * A batch's delta as bytes: exact there and back, and nothing else accepted.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_equal(const struct learn_delta *a,
                         const struct learn_delta *b)
{
    cr_assert_eq(a->rows, b->rows);
    cr_assert_eq(a->detector_count, b->detector_count);
    for (uint32_t d = 0; d < a->detector_count; d++) {
        const struct learn_counts *x = &a->detector[d], *y = &b->detector[d];
        cr_assert_eq(x->detector, y->detector);
        cr_assert_eq(x->rows, y->rows);
        cr_assert_eq(x->bin_count, y->bin_count);
        cr_assert_arr_eq(x->bin, y->bin, x->bin_count * 4);
        cr_assert_arr_eq(x->count, y->count, x->bin_count * 4);
    }
    cr_assert_eq(a->recent.rows, b->recent.rows);
    cr_assert_eq(a->recent.cols, b->recent.cols);
    for (uint32_t j = 0; j < a->recent.cols; j++)
        cr_assert_arr_eq(matrix_column(&a->recent, j),
                         matrix_column(&b->recent, j), a->recent.rows * 4);
}

Test(delta, what_was_written_is_read)
{
    uint64_t seed = 7;
    struct rng r;
    cr_log_info("seed %llu", (unsigned long long)seed);
    rng_init(&r, &seed, 1);
    for (uint32_t i = 0; i < 100; i++) {
        struct arena a;
        struct buf out;
        struct learn_delta read;
        arena_init(&a, SIZE_MAX);
        buf_init(&out, SIZE_MAX);
        struct learn_delta d = support_delta(&a, &r, i * 20, 1 + i % 5, 50);
        cr_assert_eq(learn_delta_encode(&d, &out), 0);
        cr_assert_eq(learn_delta_decode(out.data, out.length, &a, &read), 0);
        expect_equal(&d, &read);
        buf_release(&out);
        arena_release(&a);
    }
}

Test(delta, cut_bytes_and_bytes_behind_are_corrupt)
{
    uint64_t seed = 8;
    struct rng r;
    struct arena a;
    struct buf out;
    struct learn_delta read;
    rng_init(&r, &seed, 1);
    arena_init(&a, SIZE_MAX);
    buf_init(&out, SIZE_MAX);
    struct learn_delta d = support_delta(&a, &r, 200, 3, 20);
    cr_assert_eq(learn_delta_encode(&d, &out), 0);
    for (size_t n = 0; n < out.length; n++)
        cr_assert_eq(learn_delta_decode(out.data, n, &a, &read), ERR_CORRUPT);
    cr_assert_eq(buf_append_char(&out, 0), 0);
    cr_assert_eq(learn_delta_decode(out.data, out.length, &a, &read),
                 ERR_CORRUPT);
    buf_release(&out);
    arena_release(&a);
}

/* A changed byte is refused, or it is another valid delta that a state can
 * take; it never is read as the same. */
Test(delta, no_changed_byte_passes_as_the_same)
{
    uint64_t seed = 9;
    struct rng r;
    struct arena a;
    struct buf out, again;
    rng_init(&r, &seed, 1);
    arena_init(&a, SIZE_MAX);
    buf_init(&out, SIZE_MAX);
    buf_init(&again, SIZE_MAX);
    struct learn_delta d = support_delta(&a, &r, 100, 2, 10);
    cr_assert_eq(learn_delta_encode(&d, &out), 0);
    for (size_t at = 0; at < out.length; at++)
        for (uint32_t bit = 0; bit < 8; bit++) {
            struct learn_delta read;
            out.data[at] ^= (uint8_t)(1u << bit);
            int err = learn_delta_decode(out.data, out.length, &a, &read);
            cr_assert(err == 0 || err == ERR_CORRUPT);
            if (err == 0) {
                buf_reset(&again);
                cr_assert_eq(learn_delta_encode(&read, &again), 0);
                cr_assert_eq(again.length, out.length);
                cr_assert_arr_eq(again.data, out.data, out.length);
            }
            out.data[at] ^= (uint8_t)(1u << bit);
        }
    buf_release(&out);
    buf_release(&again);
    arena_release(&a);
}

Test(delta, claims_beyond_the_bytes_are_corrupt_not_memory)
{
    /* version, rows 1, 1 detector: 1, rows 1, 1 bin, gap 0, count 1; 2^24
     * recent rows of 1024 */
    static const uint8_t claims[] = { 2, 1,    1,    1,    1,    1,    0,
                                      1, 0x80, 0x80, 0x80, 0x08, 0x80, 0x08 };
    struct arena a;
    struct learn_delta read;
    arena_init(&a, 1 << 20);
    cr_assert_eq(learn_delta_decode(claims, sizeof claims, &a, &read),
                 ERR_CORRUPT);
    arena_release(&a);
}

/* What version 1 wrote: the histogram of the only detector, without a number
 * and with no rows of its own beside. */
Test(delta, the_first_version_is_read_as_the_isolation_forest)
{
    /* version, 5 rows, 2 bins: 3 twice, 4 + 3 three times; 1 recent row of 2
     * columns: 1.5, -2 */
    static const uint8_t old[] = { 1, 5, 2,    3,    2, 3, 3, 1,   2,
                                   0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0 };
    struct arena a;
    struct learn_delta d;
    arena_init(&a, SIZE_MAX);
    cr_assert_eq(learn_delta_decode(old, sizeof old, &a, &d), 0);
    cr_assert_eq(d.rows, 5);
    cr_assert_eq(d.detector_count, 1);
    cr_assert_eq(d.detector[0].detector, 1);
    cr_assert_eq(d.detector[0].rows, 5);
    cr_assert_eq(d.detector[0].bin_count, 2);
    cr_assert_eq(d.detector[0].bin[0], 3);
    cr_assert_eq(d.detector[0].bin[1], 7);
    cr_assert_eq(d.detector[0].count[1], 3);
    cr_assert_eq(d.recent.rows, 1);
    cr_assert_eq(matrix_column(&d.recent, 1)[0], -2.0f);
    arena_release(&a);
}

Test(delta, detectors_stand_in_order_once_and_within_the_batch)
{
    /* 1 row; 2 detectors: the first has 1 row in bin 0, the second none */
    static const uint8_t right[] = { 2, 1, 2, 1, 1, 1, 0, 1, 2, 0, 0, 0, 0 };
    static const struct {
        uint8_t at, value;
    } wrong[] = { { 8, 1 }, { 3, 3 }, { 3, 0 }, { 2, 5 }, { 1, 0 }, { 0, 3 } };
    struct arena a;
    struct learn_delta d;
    uint8_t bytes[sizeof right];
    arena_init(&a, SIZE_MAX);
    cr_assert_eq(learn_delta_decode(right, sizeof right, &a, &d), 0);
    cr_assert_eq(d.detector_count, 2);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memcpy(bytes, right, sizeof bytes);
        bytes[wrong[i].at] = wrong[i].value;
        cr_assert_eq(learn_delta_decode(bytes, sizeof bytes, &a, &d),
                     ERR_CORRUPT, "case %zu", i);
    }
    arena_release(&a);
}
