/*
 * States with a lag: a view of the past equals the state of the past.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>

#define COLS 2u
#define RECENT 30u

static void expect_view(const struct learn_view *v, const struct learn *l)
{
    struct learn_view want;
    cr_assert_eq(learn_view_copy(l, &want), 0);
    cr_assert_eq(v->state_batch, want.state_batch);
    cr_assert_eq(v->detector_count, want.detector_count);
    for (uint32_t i = 0; i < want.detector_count; i++) {
        const struct learn_reference *x = &v->reference[i];
        cr_assert_eq(x->detector, want.reference[i].detector);
        cr_assert_eq(x->rows, want.reference[i].rows);
        cr_assert_arr_eq(x->count, want.reference[i].count, LEARN_BINS * 4);
    }
    cr_assert_eq(v->recent.rows, want.recent.rows);
    cr_assert_eq(v->recent.stride, v->recent.rows);
    cr_assert_arr_eq(v->recent_data, want.recent_data,
                     sizeof(float) * COLS * want.recent.rows);
    learn_view_release(&want);
}

/* Pushes 40 batches; asks after each for the state `lag` batches back. */
static void run_with_lag(uint32_t lag, struct arena *a)
{
    uint64_t seed = 100 + lag;
    struct rng r;
    struct learn *base, *behind;
    struct learn_history *h;
    struct learn_delta kept[41];
    rng_init(&r, &seed, 1);
    cr_assert_eq(learn_new(COLS, RECENT, &base), 0);
    cr_assert_eq(learn_new(COLS, RECENT, &behind), 0);
    cr_assert_eq(learn_history_new(base, lag, &h), 0);
    for (uint32_t b = 1; b <= 40; b++) {
        struct learn_view v;
        kept[b] = support_delta(a, &r, 30000, COLS, RECENT);
        cr_assert_eq(learn_history_push(h, b, &kept[b]), 0);
        if (b < lag || b % 5 == 0)
            continue; /* some batches never ask */
        while (learn_batch(behind) < b - lag) {
            uint64_t next = learn_batch(behind) + 1;
            cr_assert_eq(learn_apply(behind, next, &kept[next]), 0);
        }
        cr_assert_eq(learn_history_view(h, b - lag, &v), 0);
        expect_view(&v, behind);
        learn_view_release(&v);
    }
    learn_history_free(h);
    learn_free(behind);
}

Test(history, a_view_equals_direct_application)
{
    for (uint32_t lag = 0; lag <= 16; lag += lag < 3 ? 1 : 6) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        run_with_lag(lag, &a);
        arena_release(&a);
    }
}

Test(history, too_old_and_not_yet_there_are_out_of_range)
{
    const uint32_t bin = 5, rows = 9;
    struct learn *base;
    struct learn_history *h;
    struct learn_view v;
    struct learn_delta d = support_one_bin(&bin, &rows);
    cr_assert_eq(learn_new(COLS, RECENT, &base), 0);
    cr_assert_eq(learn_history_new(base, 2, &h), 0);
    cr_assert_eq(learn_history_view(h, 1, &v), ERR_RANGE);
    for (uint32_t b = 1; b <= 5; b++)
        cr_assert_eq(learn_history_push(h, b, &d), 0);
    cr_assert_eq(learn_history_view(h, 2, &v), ERR_RANGE);
    cr_assert_eq(learn_history_view(h, 6, &v), ERR_RANGE);
    cr_assert_eq(learn_history_view(h, 3, &v), 0);
    cr_assert_eq(support_reference(&v, 1).rows, 27);
    learn_view_release(&v);
    cr_assert_eq(learn_history_view(h, 5, &v), 0);
    learn_view_release(&v);
    cr_assert_eq(learn_history_view(h, 4, &v), ERR_RANGE);
    cr_assert_eq(learn_history_push(h, 5, &d), ERR_INVALID);
    cr_assert_eq(learn_history_push(h, 7, &d), ERR_INVALID);
    cr_assert_eq(learn_history_push(h, 6, &d), 0);
    d.detector[0].rows++;
    cr_assert_eq(learn_history_push(h, 7, &d), ERR_INVALID);
    learn_history_free(h);
}

Test(history, a_snapshot_and_the_deltas_behind_it_rebuild_the_state)
{
    uint64_t seed = 3;
    struct rng r;
    struct arena a;
    struct learn *base, *rebuilt, *direct;
    struct learn_history *h;
    struct buf snapshot, newest, delta[30];
    arena_init(&a, SIZE_MAX);
    rng_init(&r, &seed, 1);
    cr_assert_eq(learn_new(COLS, RECENT, &base), 0);
    cr_assert_eq(learn_new(COLS, RECENT, &direct), 0);
    cr_assert_eq(learn_history_new(base, 4, &h), 0);
    buf_init(&snapshot, SIZE_MAX);
    buf_init(&newest, SIZE_MAX);
    for (uint32_t b = 1; b < 30; b++) {
        struct learn_delta d = support_delta(&a, &r, 40000, COLS, RECENT);
        cr_assert_eq(learn_history_push(h, b, &d), 0);
        cr_assert_eq(learn_apply(direct, b, &d), 0);
        buf_init(&delta[b], SIZE_MAX);
        cr_assert_eq(learn_delta_encode(&d, &delta[b]), 0);
        if (b == 11)
            cr_assert_eq(learn_history_encode_newest(h, &snapshot), 0);
    }
    cr_assert_eq(learn_decode(snapshot.data, snapshot.length, &rebuilt), 0);
    for (uint32_t b = 12; b < 30; b++) {
        struct learn_delta d;
        cr_assert_eq(learn_delta_decode(delta[b].data, delta[b].length, &a, &d),
                     0);
        cr_assert_eq(learn_apply(rebuilt, b, &d), 0);
    }
    cr_assert(support_same(rebuilt, direct));
    cr_assert_eq(learn_history_encode_newest(h, &newest), 0);
    buf_reset(&snapshot);
    cr_assert_eq(learn_encode(direct, &snapshot), 0);
    cr_assert_eq(newest.length, snapshot.length);
    cr_assert_arr_eq(newest.data, snapshot.data, newest.length);
    for (uint32_t b = 1; b < 30; b++)
        buf_release(&delta[b]);
    buf_release(&snapshot);
    buf_release(&newest);
    learn_history_free(h);
    learn_free(rebuilt);
    learn_free(direct);
    arena_release(&a);
}
