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
    cr_assert_eq(v.reference_rows, 0);
    cr_assert_eq(v.recent.rows, 0);
    cr_assert_eq(v.recent.cols, 3);
    for (uint32_t b = 0; b < LEARN_BINS; b++)
        cr_assert_eq(v.count[b], 0);
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
        cr_assert_eq(v.reference_rows, (uint64_t)held * rows);
        for (uint32_t k = 1; k <= BATCHES; k++)
            cr_assert_eq(v.count[k], k <= b && k + held > b ? rows : 0);
        learn_view_release(&v);
    }
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
    cr_assert_eq(v.reference_rows, (uint64_t)LEARN_SEGMENTS * rows);
    cr_assert_eq(v.count[7], LEARN_SEGMENTS * rows);
    learn_view_release(&v);
    learn_free(l);
}

Test(learn, deltas_that_do_not_fit_change_nothing)
{
    static const float x[4];
    const uint32_t bins[] = { 3, 3, LEARN_BINS }, counts[] = { 1, 1, 0 };
    struct learn *l, *fresh;
    const struct learn_delta wrong[] = {
        { 2, 2, bins, counts, { 0 } },          /* not ascending */
        { 1, 1, bins + 2, counts, { 0 } },      /* no such bin */
        { 0, 1, bins, counts + 2, { 0 } },      /* an empty bin */
        { 2, 1, bins, counts, { 0 } },          /* sum is not rows */
        { 1, 1, bins, counts, { x, 2, 2, 2 } }, /* more recent than scored */
        { 1, 1, bins, counts, { x, 1, 3, 1 } }, /* other columns */
        { UINT64_C(1) << 33, 1, bins, counts, { 0 } },
    };
    struct learn_delta right = { 1, 1, bins, counts, { x, 1, 2, 1 } };
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
