/*
 * The state: counts of every scored row, whole segments fall out.
 */
#include "support.h"

#include <criterion/criterion.h>

Test(learn, a_new_state_knows_nothing)
{
    struct learn *l;
    struct learn_view v;
    cr_assert_eq(learn_new(3, 10, &l), 0);
    cr_assert_eq(learn_batch(l), 0);
    cr_assert_eq(learn_view_copy(l, &v), 0);
    cr_assert_eq(v.state_batch, 0);
    cr_assert_eq(v.detector_count, 0);
    cr_assert_null(learn_view_find(&v, 1));
    cr_assert_eq(v.recent.rows, 0);
    cr_assert_eq(v.recent.cols, 3);
    learn_view_release(&v);
    learn_free(l);
}

Test(learn, shapes_out_of_range_are_refused)
{
    struct learn *l;
    cr_assert_eq(learn_new(0, 10, &l), ERR_INVALID);
    cr_assert_eq(learn_new(1025, 10, &l), ERR_INVALID);
    cr_assert_eq(learn_new(3, (1u << 24) + 1, &l), ERR_INVALID);
    learn_free(NULL);
}

/* The reference against a plain sum over the deltas of the batches that should
 * still be in it. */
Test(learn, the_reference_holds_the_last_seventeen_segments)
{
    enum { BATCHES = 40 };
    const uint32_t rows = LEARN_SEGMENT_ROWS / 2; /* two close one */
    struct learn *l;
    cr_assert_eq(learn_new(1, 0, &l), 0);
    for (uint32_t b = 1; b <= BATCHES; b++) {
        uint32_t bin = b;
        struct learn_delta d = support_one_bin(&bin, &rows);
        struct learn_view v;
        cr_assert_eq(learn_apply(l, b, &d), 0);
        cr_assert_eq(learn_view_copy(l, &v), 0);
        uint32_t closed = b / 2 < LEARN_SEGMENTS ? b / 2 : LEARN_SEGMENTS;
        uint32_t held = 2 * closed + b % 2;
        struct learn_reference ref = support_reference(&v, 1);
        cr_assert_eq(ref.rows, (uint64_t)held * rows);
        for (uint32_t k = 1; k <= BATCHES; k++)
            cr_assert_eq(ref.count[k], k <= b && k + held > b ? rows : 0);
        learn_view_release(&v);
    }
    learn_free(l);
}

Test(learn, training_teaches_before_the_first_batch_and_only_then)
{
    const uint32_t bin = 7, rows = 3000;
    struct learn *l, *back;
    struct learn_view v;
    struct buf bytes;
    struct learn_delta d = support_one_bin(&bin, &rows);
    buf_init(&bytes, 1u << 20);
    cr_assert_eq(learn_new(1, 0, &l), 0);
    cr_assert_eq(learn_train(l, &d), 0);
    cr_assert_eq(learn_batch(l), 0);
    cr_assert_eq(learn_encode(l, &bytes), 0);
    cr_assert_eq(learn_decode(bytes.data, bytes.length, &back), 0);
    cr_assert_eq(learn_batch(back), 0);
    cr_assert_eq(learn_view_copy(back, &v), 0);
    cr_assert_eq(support_reference(&v, 1).rows, rows);
    cr_assert_eq(support_reference(&v, 1).count[7], rows);
    learn_view_release(&v);
    cr_assert_eq(learn_apply(back, 1, &d), 0, "batch 1 follows");
    cr_assert_eq(learn_train(back, &d), ERR_INVALID);
    buf_release(&bytes);
    learn_free(back);
    learn_free(l);
}

Test(learn, a_batch_larger_than_a_segment_is_one_segment)
{
    const uint32_t bin = 7, rows = 10000000;
    struct learn *l;
    struct learn_delta d = support_one_bin(&bin, &rows);
    struct learn_view v;
    cr_assert_eq(learn_new(1, 0, &l), 0);
    for (uint32_t b = 1; b <= 30; b++)
        cr_assert_eq(learn_apply(l, b, &d), 0);
    cr_assert_eq(learn_view_copy(l, &v), 0);
    cr_assert_eq(support_reference(&v, 1).rows,
                 (uint64_t)LEARN_SEGMENTS * rows);
    cr_assert_eq(support_reference(&v, 1).count[7], LEARN_SEGMENTS * rows);
    learn_view_release(&v);
    learn_free(l);
}

static struct learn_delta one(uint64_t rows, uint32_t bin_count,
                              const uint32_t *bins, const uint32_t *counts,
                              struct matrix recent)
{
    return (struct learn_delta){
        .rows = rows,
        .detector_count = 1,
        .detector = { { 1, rows, bin_count, bins, counts } },
        .recent = recent,
    };
}

Test(learn, deltas_that_do_not_fit_change_nothing)
{
    static const float x[4];
    static const struct matrix none;
    const uint32_t bins[] = { 3, 3, LEARN_BINS }, counts[] = { 1, 1, 0 };
    struct learn *l, *fresh;
    const struct learn_delta wrong[] = {
        one(2, 2, bins, counts, none),     /* not ascending */
        one(1, 1, bins + 2, counts, none), /* no such bin */
        one(0, 1, bins, counts + 2, none), /* an empty bin */
        one(2, 1, bins, counts, none),     /* sum is not rows */
        one(1, 1, bins, counts,
            (struct matrix){ x, 2, 2, 2 }), /* more recent than scored */
        one(1, 1, bins, counts,
            (struct matrix){ x, 1, 3, 1 }), /* other columns */
        one(UINT64_C(1) << 33, 1, bins, counts, none),
        { .rows = 1, /* a detector twice */
          .detector_count = 2,
          .detector = { { 1, 1, 1, bins, counts },
                        { 1, 1, 1, bins, counts } } },
        { .rows = 0, /* more than the batch has */
          .detector_count = 1,
          .detector = { { 1, 1, 1, bins, counts } } },
    };
    struct learn_delta right =
        one(1, 1, bins, counts, (struct matrix){ x, 1, 2, 1 });
    cr_assert_eq(learn_new(2, 5, &l), 0);
    cr_assert_eq(learn_new(2, 5, &fresh), 0);
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_eq(learn_apply(l, 1, &wrong[i]), ERR_INVALID, "case %u", i);
    cr_assert_eq(learn_apply(l, 2, &right), ERR_INVALID, "out of order");
    cr_assert(support_same(l, fresh));
    cr_assert_eq(learn_apply(l, 1, &right), 0);
    cr_assert(!support_same(l, fresh));
    learn_free(l);
    learn_free(fresh);
}

Test(learn, each_detector_has_its_own_reference_and_none_is_forgotten)
{
    const uint32_t bin = 9, rows = 4, few = 3;
    struct learn *l;
    struct learn_view v;
    struct learn_delta both = {
        .rows = 4,
        .detector_count = 2,
        .detector = { { 1, 4, 1, &bin, &rows }, { 2, 3, 1, &bin, &few } },
    };
    struct learn_delta second = { .rows = 4,
                                  .detector_count = 1,
                                  .detector = { { 2, 3, 1, &bin, &few } } };
    struct learn_delta first = support_one_bin(&bin, &rows);
    cr_assert_eq(learn_new(1, 0, &l), 0);
    cr_assert_eq(learn_apply(l, 1, &second), 0); /* the later one first */
    cr_assert_eq(learn_apply(l, 2, &both), 0);
    cr_assert_eq(learn_apply(l, 3, &first), 0);
    cr_assert_eq(learn_view_copy(l, &v), 0);
    cr_assert_eq(v.detector_count, 2);
    cr_assert_eq(v.reference[0].detector, 1);
    cr_assert_eq(support_reference(&v, 1).count[9], 8);
    cr_assert_eq(support_reference(&v, 2).rows, 6);
    cr_assert_eq(support_reference(&v, 2).count[9], 6);
    cr_assert_null(learn_view_find(&v, 3));
    learn_view_release(&v);
    learn_free(l);
}
