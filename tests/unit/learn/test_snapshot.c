/*
 * The full state as bytes.
 */
#include "support.h"

#include <criterion/criterion.h>

static struct learn *random_state(struct arena *a, uint32_t batches,
                                  uint32_t rows_max)
{
    uint64_t seed = 21;
    struct rng r;
    struct learn *l;
    rng_init(&r, &seed, 1);
    cr_assert_eq(learn_new(3, 40, &l), 0);
    for (uint32_t b = 1; b <= batches; b++) {
        struct learn_delta d = support_delta(a, &r, rows_max, 3, 40);
        cr_assert_eq(learn_apply(l, b, &d), 0);
        arena_reset(a);
    }
    return l;
}

Test(snapshot, a_decoded_state_is_the_same_and_goes_on_the_same)
{
    struct arena a;
    struct buf out;
    struct rng r;
    uint64_t seed = 5;
    arena_init(&a, SIZE_MAX);
    rng_init(&r, &seed, 1);
    for (uint32_t batches = 0; batches < 60; batches += 19) {
        struct learn *copy, *l = random_state(&a, batches, 90000);
        buf_init(&out, SIZE_MAX);
        cr_assert_eq(learn_encode(l, &out), 0);
        cr_assert_eq(learn_decode(out.data, out.length, &copy), 0);
        cr_assert_eq(learn_batch(copy), batches);
        cr_assert(support_same(l, copy));
        for (uint32_t k = 1; k <= 3; k++) {
            struct learn_delta d = support_delta(&a, &r, 90000, 3, 40);
            cr_assert_eq(learn_apply(l, batches + k, &d), 0);
            cr_assert_eq(learn_apply(copy, batches + k, &d), 0);
        }
        cr_assert(support_same(l, copy));
        learn_free(l);
        learn_free(copy);
        buf_release(&out);
    }
    arena_release(&a);
}

Test(snapshot, cut_or_longer_bytes_are_corrupt)
{
    struct arena a;
    struct buf out;
    struct learn *read;
    arena_init(&a, SIZE_MAX);
    buf_init(&out, SIZE_MAX);
    struct learn *l = random_state(&a, 4, 100);
    cr_assert_eq(learn_encode(l, &out), 0);
    for (size_t n = 0; n < out.length; n++)
        cr_assert_eq(learn_decode(out.data, n, &read), ERR_CORRUPT);
    cr_assert_eq(buf_append_char(&out, 0), 0);
    cr_assert_eq(learn_decode(out.data, out.length, &read), ERR_CORRUPT);
    learn_free(l);
    buf_release(&out);
    arena_release(&a);
}

Test(snapshot, a_changed_byte_is_refused_or_another_state)
{
    struct arena a;
    struct buf out, again;
    arena_init(&a, SIZE_MAX);
    buf_init(&out, SIZE_MAX);
    buf_init(&again, SIZE_MAX);
    struct learn *l = random_state(&a, 3, 30);
    cr_assert_eq(learn_encode(l, &out), 0);
    for (size_t at = 0; at < out.length; at++) {
        struct learn *read;
        out.data[at] ^= 0x11;
        int err = learn_decode(out.data, out.length, &read);
        cr_assert(err == 0 || err == ERR_CORRUPT);
        if (err == 0) {
            buf_reset(&again);
            cr_assert_eq(learn_encode(read, &again), 0);
            cr_assert_eq(again.length, out.length);
            cr_assert_arr_eq(again.data, out.data, out.length);
            learn_free(read);
        }
        out.data[at] ^= 0x11;
    }
    learn_free(l);
    buf_release(&out);
    buf_release(&again);
    arena_release(&a);
}

/* What version 1 wrote: one ring of segments without a number. */
Test(snapshot, the_first_version_is_read_as_the_isolation_forest)
{
    /* version, batch 3, 1 column, recent_max 4, no closed segment, 2 rows, 1
     * bin: 5 twice; no recent row */
    static const uint8_t old[] = { 1, 3, 1, 4, 0, 2, 1, 5, 2, 0 };
    struct learn *l;
    struct learn_view v;
    cr_assert_eq(learn_decode(old, sizeof old, &l), 0);
    cr_assert_eq(learn_batch(l), 3);
    cr_assert_eq(learn_view_copy(l, &v), 0);
    cr_assert_eq(v.detector_count, 1);
    cr_assert_eq(support_reference(&v, 1).rows, 2);
    cr_assert_eq(support_reference(&v, 1).count[5], 2);
    learn_view_release(&v);
    learn_free(l);
}
