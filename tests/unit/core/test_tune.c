/* A change between two batches, and what it changes. */
#include "tests/unit/core/rig.h"

#include "proto/base/err.h"

#include <criterion/criterion.h>

static struct rig rig;

static void hold(bool cut)
{
    struct coord_event e = { .kind = COORD_EV_HOLD, .cut = cut };
    rig_step(&rig, &e);
}

static void tune(const struct coord_tuning *tuning)
{
    struct coord_event e = { .kind = COORD_EV_TUNE, .tuning = tuning };
    rig_step(&rig, &e);
}

static const struct coord_action *seal(void)
{
    return rig_find(&rig, COORD_ACT_SEAL);
}

/* The first batch that HELD named in the last step, 0 = it said nothing. */
static uint64_t held(void)
{
    cr_assert_leq(rig_count(&rig, COORD_ACT_HELD), 1);
    const struct coord_action *a = rig_find(&rig, COORD_ACT_HELD);
    return a == NULL ? 0 : a->batch;
}

static uint32_t fit(uint32_t n)
{
    uint32_t bytes[64];
    for (uint32_t i = 0; i < n; i++) {
        bytes[i] = 1;
    }
    return coord_fit(rig.c, bytes, n);
}

static void commit(uint64_t batch)
{
    rig_sealed(&rig, batch, 0);
    rig_merged(&rig, batch);
    rig_committed(&rig, batch, COORD_COMMIT_OK);
}

/* As the config says, cut every `ms`. */
static void by_interval(int64_t ms)
{
    rig.config.tuning.cut = COORD_CUT_INTERVAL;
    rig.config.tuning.interval_us = ms * 1000;
}

Test(tune, an_empty_open_batch_is_held_at_once)
{
    rig_init(&rig);
    rig_start(&rig);
    hold(true);
    cr_assert_null(seal());
    cr_assert_eq(held(), 1);
    rig_tick(&rig, 5);
    cr_assert_eq(held(), 0, "once");
    cr_assert_eq(fit(5), 0);
    cr_assert_not(coord_wants_input(rig.c));
    tune(NULL);
    cr_assert_eq(fit(5), 5);
    cr_assert(coord_wants_input(rig.c));
    rig_end(&rig);
}

Test(tune, an_open_batch_is_sealed_for_a_change)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 3, 1);
    hold(true);
    cr_assert_eq(seal()->reason, COORD_REASON_SET);
    cr_assert_eq(seal()->records, 3);
    cr_assert_eq(held(), 2);
    cr_assert_lt(seal(), rig_find(&rig, COORD_ACT_HELD), "in this order");
    rig_end(&rig);
}

Test(tune, a_hold_waits_for_room_and_takes_no_record_meanwhile)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 4, 1);
    hold(true);
    cr_assert_null(seal());
    cr_assert_eq(held(), 0);
    cr_assert_eq(fit(5), 0);
    cr_assert_not(coord_wants_input(rig.c));
    commit(1);
    cr_assert_eq(seal()->reason, COORD_REASON_SET);
    cr_assert_eq(seal()->batch, 3);
    cr_assert_eq(held(), 4);
    rig_end(&rig);
}

Test(tune, a_hold_that_waits_can_be_taken_back)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 4, 1);
    hold(true);
    cr_assert_eq(held(), 0);
    tune(NULL);
    cr_assert_eq(fit(20), 6, "the open batch goes on");
    cr_assert(coord_wants_input(rig.c));
    commit(1);
    cr_assert_null(seal());
    cr_assert_eq(held(), 0);
    hold(true);
    cr_assert_eq(seal()->reason, COORD_REASON_SET);
    cr_assert_eq(held(), 4, "another one is as the first");
    rig_end(&rig);
}

Test(tune, without_cut_the_open_batch_fills_but_is_not_sealed_before_the_tune)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 4, 1);
    hold(false);
    cr_assert_eq(held(), 1, "the open batch is the first one");
    cr_assert_null(seal());
    cr_assert_eq(fit(64), 6);
    rig_append(&rig, 6, 1);
    rig_tick(&rig, 100);
    cr_assert_null(seal());
    cr_assert_not(coord_wants_input(rig.c));
    tune(NULL);
    cr_assert_eq(seal()->reason, COORD_REASON_ROWS);
    cr_assert_eq(seal()->batch, 1);
    rig_end(&rig);
}

Test(tune, no_deadline_is_asked_for_while_nothing_may_be_sealed)
{
    rig_init(&rig);
    by_interval(100);
    rig_start(&rig);
    rig_append(&rig, 1, 1);
    hold(false);
    cr_assert_eq(coord_next_deadline_us(rig.c), INT64_MAX);
    rig_tick(&rig, 150);
    cr_assert_null(seal());
    cr_assert_eq(rig_stats(&rig).overruns, 0);
    tune(NULL);
    cr_assert_eq(seal()->reason, COORD_REASON_INTERVAL);
    rig_end(&rig);
}

Test(tune, a_refused_change_changes_nothing)
{
    rig_init(&rig);
    rig_start(&rig);
    struct coord_tuning before, after;
    coord_tuning_get(rig.c, &before);
    hold(true);
    tune(NULL);
    coord_tuning_get(rig.c, &after);
    cr_assert_eq(after.max_rows, before.max_rows);
    cr_assert_eq(after.depth, before.depth);
    rig_append(&rig, 10, 1);
    cr_assert_eq(seal()->reason, COORD_REASON_ROWS);
    rig_end(&rig);
}

Test(tune, other_sizes_hold_from_the_next_batch_on)
{
    rig_init(&rig);
    rig_start(&rig);
    hold(true);
    struct coord_tuning t = rig.config.tuning;
    t.max_rows = 4;
    t.max_bytes = 200;
    tune(&t);
    cr_assert_eq(fit(64), 4);
    rig_append(&rig, 4, 1);
    cr_assert_eq(seal()->records, 4);
    rig_append(&rig, 2, 100);
    cr_assert_eq(seal()->reason, COORD_REASON_BYTES);
    rig_end(&rig);
}

Test(tune, an_open_batch_over_the_new_limit_is_cut_as_it_is)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 8, 1);
    hold(false);
    struct coord_tuning t = rig.config.tuning;
    t.max_rows = 4;
    tune(&t);
    cr_assert_eq(seal()->reason, COORD_REASON_ROWS);
    cr_assert_eq(seal()->records, 8);
    rig_end(&rig);
}

Test(tune, the_new_interval_goes_on_from_the_last_point_of_the_old_grid)
{
    rig_init(&rig);
    by_interval(100);
    rig_start(&rig);
    rig_tick(&rig, 230);
    hold(true);
    struct coord_tuning t = rig.config.tuning;
    t.interval_us = 40000;
    tune(&t);
    rig_append(&rig, 1, 1);
    cr_assert_eq(coord_next_deadline_us(rig.c), rig.now_us + 10000,
                 "200 + 40 ms");
    rig_tick(&rig, 10);
    cr_assert_eq(seal()->interval_us, 40000);
    rig_append(&rig, 1, 1);
    cr_assert_eq(coord_next_deadline_us(rig.c), rig.now_us + 40000);
    rig_end(&rig);
}

Test(tune, an_open_batch_gets_its_deadline_on_the_new_grid)
{
    rig_init(&rig);
    by_interval(1000);
    rig_start(&rig);
    rig_append(&rig, 1, 1);
    rig_tick(&rig, 50);
    hold(false);
    struct coord_tuning t = rig.config.tuning;
    t.interval_us = 80000;
    tune(&t);
    cr_assert_eq(coord_next_deadline_us(rig.c), rig.now_us + 30000);
    rig_tick(&rig, 30);
    cr_assert_eq(seal()->interval_us, 80000);
    rig_end(&rig);
}

Test(tune, each_way_of_cutting_follows_any_other)
{
    rig_init(&rig);
    rig_start(&rig);
    struct coord_tuning t = rig.config.tuning;
    rig_append(&rig, 1, 1);
    hold(true);
    cr_assert_eq(seal()->interval_us, -1);
    t.cut = COORD_CUT_INTERVAL;
    t.interval_us = 50000;
    rig_tick(&rig, 7);
    tune(&t);
    rig_append(&rig, 1, 1);
    cr_assert_eq(coord_next_deadline_us(rig.c), rig.now_us + 50000,
                 "a grid from the change on");
    rig_tick(&rig, 50);
    cr_assert_eq(seal()->interval_us, 50000);
    commit(1);
    commit(2);
    hold(true);
    t.cut = COORD_CUT_ASAP;
    tune(&t);
    rig_append(&rig, 1, 1);
    cr_assert_eq(seal()->interval_us, 0);
    cr_assert_eq(seal()->reason, COORD_REASON_ASAP);
    hold(true);
    t.cut = COORD_CUT_COUNT;
    tune(&t);
    rig_append(&rig, 9, 1);
    cr_assert_null(seal());
    rig_append(&rig, 1, 1);
    cr_assert_eq(seal()->interval_us, -1);
    rig_end(&rig);
}

Test(tune, the_state_batch_follows_the_depth_and_never_goes_back)
{
    rig_init(&rig);
    rig.config.tuning.depth = 1;
    rig_start(&rig);
    for (uint64_t n = 1; n <= 4; n++) {
        rig_append(&rig, 10, 1);
        commit(n);
    }
    hold(true);
    struct coord_tuning t = rig.config.tuning;
    t.depth = 3;
    t.cap_rows = 1000;
    tune(&t);
    rig_append(&rig, 10, 1);
    cr_assert_eq(seal()->state_batch, 3, "as batch 4: not 5 - 3");
    rig_append(&rig, 10, 1);
    cr_assert_eq(seal()->state_batch, 3);
    rig_append(&rig, 10, 1);
    cr_assert_eq(seal()->state_batch, 4);
    rig_end(&rig);
}

Test(tune, a_smaller_depth_waits_until_fewer_are_in_flight)
{
    rig_init(&rig);
    rig.config.tuning.depth = 16;
    rig.config.tuning.cap_rows = 1000;
    rig_start(&rig);
    for (uint64_t n = 1; n <= 15; n++) {
        rig_append(&rig, 10, 1);
    }
    hold(true);
    struct coord_tuning t = rig.config.tuning;
    t.depth = 2;
    tune(&t);
    rig_append(&rig, 10, 1);
    cr_assert_null(seal());
    for (uint64_t n = 1; n <= 13; n++) {
        commit(n);
        cr_assert_null(seal());
    }
    commit(14);
    cr_assert_eq(seal()->batch, 16);
    cr_assert_eq(seal()->state_batch, 14);
    rig_end(&rig);
}

Test(tune, a_hold_is_answered_while_draining_and_after_the_end)
{
    rig_init(&rig);
    rig.config.replayable = false;
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 2, 1);
    rig_event(&rig, COORD_EV_DRAIN);
    hold(true);
    cr_assert_eq(held(), 0, "no room yet");
    commit(1);
    cr_assert_eq(seal()->reason, COORD_REASON_DRAIN);
    cr_assert_eq(held(), 4);
    commit(2);
    commit(3);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_FINISHED),
                       "a drain ends though a change is to come");
    tune(NULL);
    hold(true);
    cr_assert_eq(held(), 4, "also after FINISHED");
    tune(NULL);
    rig_end(&rig);
}

Test(tune, a_drain_that_drops_the_open_batch_lets_a_waiting_hold_go_on)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 2, 1);
    hold(true);
    cr_assert_eq(held(), 0);
    rig_event(&rig, COORD_EV_DRAIN);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_DROP_OPEN));
    cr_assert_eq(held(), 3);
    rig_end(&rig);
}

Test(tune, a_hold_is_answered_while_the_disk_is_full)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_sealed(&rig, 1, 0);
    rig_merged(&rig, 1);
    rig_append(&rig, 1, 1);
    rig_committed(&rig, 1, COORD_COMMIT_FULL);
    hold(true);
    cr_assert_eq(seal()->reason, COORD_REASON_SET);
    cr_assert_eq(held(), 3);
    rig_end(&rig);
}

Test(tune, limits_out_of_range_are_refused)
{
    rig_init(&rig);
    struct coord_tuning good = rig.config.tuning, t = good;
    cr_assert_eq(coord_tuning_check(&t), 0);
    t.depth = COORD_DEPTH_MAX + 1;
    cr_assert_eq(coord_tuning_check(&t), ERR_INVALID);
    t = good;
    t.max_rows = 0;
    cr_assert_eq(coord_tuning_check(&t), ERR_INVALID);
    t = good;
    t.cap_rows = 2 * t.max_rows - 1;
    cr_assert_eq(coord_tuning_check(&t), ERR_INVALID);
    t = good;
    t.cut = COORD_CUT_INTERVAL;
    cr_assert_eq(coord_tuning_check(&t), ERR_INVALID, "an interval of 0");
    t.interval_us = 1;
    cr_assert_eq(coord_tuning_check(&t), 0);
    t.share = (struct coord_share){ true, 500000, 1500000, 1000, 999 };
    cr_assert_eq(coord_tuning_check(&t), ERR_INVALID, "the limits cross");
    t.share.max_us = 1000;
    cr_assert_eq(coord_tuning_check(&t), 0);
    t.share.step_ppm = 1000000;
    cr_assert_eq(coord_tuning_check(&t), ERR_INVALID, "it could never change");
}
