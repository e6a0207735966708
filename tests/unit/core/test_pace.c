/* The interval that follows what batches take, batch by batch. */
#include "engine/core/pace.h"

#include <criterion/criterion.h>

#define MS INT64_C(1000)
#define SECOND INT64_C(1000000)

struct load {
    struct pace pace;
    struct coord_share share;
    int64_t now_us;
};

static void load_start(struct load *l, int64_t interval_us)
{
    *l = (struct load){ .share = { true, 500000, 1500000, MS, 10 * SECOND } };
    pace_start(&l->pace, &l->share, interval_us, 1, 0);
}

/* Batch `n` took so many ms; true: the interval changed. */
static bool committed(struct load *l, uint64_t n, int64_t took_ms)
{
    l->now_us += 100 * MS;
    return pace_committed(&l->pace, &l->share, n, took_ms * MS, n + 2,
                          l->now_us);
}

Test(pace, an_overload_is_answered_once_it_lasts)
{
    struct load l;
    load_start(&l, 100 * MS);
    cr_assert_not(committed(&l, 1, 150), "late for 50 ms");
    cr_assert_not(committed(&l, 2, 150), "for 150 ms");
    cr_assert(committed(&l, 3, 150), "for 250 ms");
    cr_assert_eq(l.pace.interval_us, 150 * MS);
    cr_assert_not(committed(&l, 4, 999), "cut by the interval before");
    cr_assert_not(committed(&l, 5, 999), "one slow batch");
    cr_assert(committed(&l, 6, 999), "two");
}

Test(pace, a_queue_that_empties_is_no_overload)
{
    struct load l;
    load_start(&l, 100 * MS);
    l.share.target_ppm = 1000000; /* so that the median is not over it */
    for (uint64_t n = 1; n <= 3; n++) {
        cr_assert_not(committed(&l, n, 80));
    }
    for (uint64_t n = 4; n <= 20; n++) {
        cr_assert_not(committed(&l, n, 119 - (int64_t)n));
    }
    for (uint64_t n = 21; n <= 23; n++) {
        cr_assert_not(committed(&l, n, 101));
    }
    cr_assert(committed(&l, 24, 119), "it gets worse");
}

/* Batches from `*n` on that take `ms`, one every 100 ms, for so long; the
 * interval by then. */
static int64_t easy(struct load *l, uint64_t *n, int64_t ms, int64_t us)
{
    int64_t until_us = l->now_us + us;
    while (l->now_us < until_us) {
        (void)committed(l, (*n)++, ms);
    }
    return l->pace.interval_us;
}

/* Three batches that are clearly late. */
static void overload(struct load *l, uint64_t *n)
{
    for (uint32_t i = 0; i < 6; i++) {
        (void)committed(l, (*n)++, 1000);
    }
}

Test(pace, after_an_overload_the_way_down_waits_twice_as_long_each_time)
{
    struct load l;
    uint64_t n = 1;
    load_start(&l, 100 * MS);
    l.share.max_us = 150 * MS;
    l.share.min_us = 100 * MS;
    for (int64_t hold_us = PACE_HOLD_US; hold_us < 100 * SECOND; hold_us *= 2) {
        overload(&l, &n);
        cr_assert_eq(l.pace.interval_us, 150 * MS);
        cr_assert_eq(easy(&l, &n, 30, hold_us - SECOND), 150 * MS);
        cr_assert_eq(easy(&l, &n, 30, 2 * SECOND), 100 * MS);
    }
    (void)easy(&l, &n, 30, 700 * SECOND); /* that was right: no swing */
    overload(&l, &n);
    cr_assert_eq(easy(&l, &n, 30, 39 * SECOND), 150 * MS);
    cr_assert_eq(easy(&l, &n, 30, 2 * SECOND), 100 * MS, "half of 80 s");
}

Test(pace, a_load_that_fell_far_need_not_wait)
{
    struct load l;
    uint64_t n = 1;
    load_start(&l, 100 * MS);
    l.share.max_us = 150 * MS;
    l.share.min_us = 100 * MS;
    overload(&l, &n);
    cr_assert_eq(l.pace.interval_us, 150 * MS);
    cr_assert_eq(easy(&l, &n, 20, SECOND), 100 * MS);
}

Test(pace, batches_from_before_a_step_of_the_load_do_not_hide_it)
{
    struct load l;
    uint64_t n = 1;
    load_start(&l, SECOND);
    while (n <= 23) {
        cr_assert_not(committed(&l, n++, 500));
    }
    uint32_t changes = 0;
    for (uint32_t i = 0; i < 8; i++) {
        changes += committed(&l, n++, 50);
    }
    cr_assert_eq(changes, 1);
    cr_assert_eq(l.pace.interval_us, 666666);
}

Test(pace, it_stays_above_what_nine_of_ten_batches_take)
{
    struct load l;
    load_start(&l, 200 * MS);
    for (uint64_t n = 1; n <= 1000; n++) {
        (void)committed(&l, n, n % 3 == 0 ? 130 : 10);
    }
    cr_assert_eq(l.pace.interval_us, 133333);
    for (uint64_t n = 1001; n <= 2000; n++) {
        (void)committed(&l, n, n % 50 == 0 ? 130 : 10);
    }
    cr_assert_lt(l.pace.interval_us, 30 * MS);
}

Test(pace, what_was_held_up_by_something_else_says_nothing)
{
    struct load l;
    load_start(&l, 100 * MS);
    cr_assert_not(committed(&l, 1, 999));
    pace_forget(&l.pace, 4, l.now_us);
    for (uint64_t n = 2; n <= 4; n++) {
        cr_assert_not(committed(&l, n, 999));
    }
    cr_assert(committed(&l, 5, 999));
}

Test(pace, changes_are_told_at_most_every_ten_seconds_and_not_when_undone)
{
    struct load l;
    int64_t from_us = 0;
    load_start(&l, 100 * MS);
    cr_assert_not(pace_note(&l.pace, SECOND, &from_us));
    l.pace.interval_us = 150 * MS;
    cr_assert(pace_note(&l.pace, SECOND, &from_us), "the first one at once");
    cr_assert_eq(from_us, 100 * MS);
    l.pace.interval_us = 200 * MS;
    cr_assert_not(pace_note(&l.pace, 2 * SECOND, &from_us));
    cr_assert_eq(pace_note_at_us(&l.pace), 11 * SECOND);
    l.pace.interval_us = 225 * MS;
    cr_assert(pace_note(&l.pace, 11 * SECOND, &from_us));
    cr_assert_eq(from_us, 150 * MS);
    l.pace.interval_us = 300 * MS;
    l.pace.interval_us = 225 * MS;
    cr_assert_not(pace_note(&l.pace, 60 * SECOND, &from_us));
    cr_assert_eq(pace_note_at_us(&l.pace), INT64_MAX);
}
