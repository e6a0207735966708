/* The interval that changes by itself, in the coordinator. */
#include "tests/unit/core/rig.h"

#include <criterion/criterion.h>

static struct rig rig;

static const struct coord_action *seal(void)
{
    return rig_find(&rig, COORD_ACT_SEAL);
}

static void change(const struct coord_tuning *tuning)
{
    struct coord_event e = { .kind = COORD_EV_HOLD, .cut = true };
    rig_step(&rig, &e);
    e = (struct coord_event){ .kind = COORD_EV_TUNE, .tuning = tuning };
    rig_step(&rig, &e);
}

static void commit(uint64_t batch)
{
    rig_sealed(&rig, batch, 0);
    rig_merged(&rig, batch);
    rig_committed(&rig, batch, COORD_COMMIT_OK);
}

/* One batch: a record, the deadline, a commit `ms` after the cut. */
static int64_t paced_batch(uint64_t number, int64_t ms)
{
    rig_append(&rig, 1, 1);
    rig.now_us = coord_next_deadline_us(rig.c);
    rig_event(&rig, COORD_EV_TICK);
    if (seal() == NULL) { /* it woke to tell of a change */
        cr_assert(rig_noted(&rig, COORD_NOTE_INTERVAL));
        rig.now_us = coord_next_deadline_us(rig.c);
        rig_event(&rig, COORD_EV_TICK);
    }
    int64_t interval_us = seal()->interval_us;
    rig.now_us += ms * 1000;
    commit(number);
    return interval_us;
}

static void paced(int64_t interval_ms)
{
    rig_init(&rig);
    rig.config.tuning.cut = COORD_CUT_INTERVAL;
    rig.config.tuning.interval_us = interval_ms * 1000;
    rig.config.tuning.share =
        (struct coord_share){ true, 500000, 1500000, 10000, 60000000 };
    rig_start(&rig);
}

Test(auto, the_interval_follows_what_batches_take)
{
    paced(1000);
    for (uint64_t n = 1; n <= 4; n++) {
        cr_assert_eq(paced_batch(n, 10), 1000000);
    }
    struct coord_tuning t;
    coord_tuning_get(rig.c, &t);
    cr_assert_eq(t.interval_us, 666666);
    cr_assert_eq(paced_batch(5, 10), 666666);
    for (uint64_t n = 6; n < 100; n++) {
        (void)paced_batch(n, 10);
    }
    cr_assert_leq(paced_batch(100, 10), 24000);
    rig_end(&rig);
}

Test(auto, people_hear_of_the_first_change_at_once_and_of_the_rest_later)
{
    struct coord_action told[8];
    int64_t told_us[8];
    uint32_t count = 0;
    paced(1000);
    rig_append(&rig, 1, 1);
    for (uint32_t i = 0; i < 4000 && count < 8; i++) {
        rig_tick(&rig, 10);
        bool was_cut = seal() != NULL;
        for (uint32_t step = 0; step <= (was_cut ? 1 : 0); step++) {
            if (rig_noted(&rig, COORD_NOTE_INTERVAL)) {
                told_us[count] = rig.now_us;
                told[count++] = *rig_find(&rig, COORD_ACT_NOTE);
            }
            if (was_cut && step == 0) {
                uint64_t batch = seal()->batch;
                rig_append(&rig, 1, 1);
                commit(batch);
            }
        }
    }
    cr_assert_geq(count, 2);
    cr_assert_eq(told[0].interval_from_us, 1000000);
    cr_assert_eq(told[0].interval_us, 666666);
    cr_assert_eq(told[0].batch, 6, "5 is open and keeps its interval");
    for (uint32_t i = 1; i < count; i++) {
        cr_assert_eq(told[i].interval_from_us, told[i - 1].interval_us);
        cr_assert_neq(told[i].interval_us, told[i].interval_from_us);
        cr_assert_geq(told_us[i] - told_us[i - 1], 10000000);
    }
    rig_end(&rig);
}

Test(auto, a_change_of_the_interval_leaves_the_open_batch_alone)
{
    paced(1000);
    for (uint64_t n = 1; n <= 3; n++) {
        (void)paced_batch(n, 10);
    }
    rig_append(&rig, 1, 1);
    rig.now_us = coord_next_deadline_us(rig.c);
    rig_event(&rig, COORD_EV_TICK);
    rig_append(&rig, 1, 1);
    int64_t due_us = coord_next_deadline_us(rig.c);
    rig_tick(&rig, 10);
    commit(4);
    cr_assert_eq(coord_next_deadline_us(rig.c), due_us);
    rig.now_us = due_us;
    rig_event(&rig, COORD_EV_TICK);
    cr_assert_eq(seal()->interval_us, 1000000);
    rig_append(&rig, 1, 1);
    cr_assert_eq(coord_next_deadline_us(rig.c), due_us + 666666,
                 "the new grid begins where the old one ends");
    rig_end(&rig);
}

Test(auto, a_full_disk_says_nothing_of_the_load)
{
    paced(100);
    rig_append(&rig, 1, 1);
    rig_tick(&rig, 100);
    rig_append(&rig, 1, 1);
    rig_tick(&rig, 100);
    rig_append(&rig, 1, 1);
    rig_tick(&rig, 100);
    rig_sealed(&rig, 1, 0);
    rig_merged(&rig, 1);
    rig_committed(&rig, 1, COORD_COMMIT_FULL);
    rig_wait(&rig, 60000);
    rig_committed(&rig, 1, COORD_COMMIT_OK);
    rig_tick(&rig, 1000);
    commit(2);
    commit(3);
    rig_append(&rig, 1, 1);
    rig_tick(&rig, 100);
    commit(4);
    rig_append(&rig, 1, 1);
    rig_tick(&rig, 100);
    cr_assert_eq(seal()->interval_us, 100000);
    rig_end(&rig);
}

Test(auto, other_limits_keep_the_interval_where_it_is_within_them)
{
    paced(1000);
    for (uint64_t n = 1; n <= 4; n++) {
        (void)paced_batch(n, 10);
    }
    struct coord_tuning t = rig.config.tuning;
    t.share.max_us = 800000;
    change(&t);
    cr_assert_eq(paced_batch(5, 10), 666666);
    t.share.max_us = 300000;
    change(&t);
    cr_assert_eq(paced_batch(6, 10), 300000);
    t.share.on = false;
    t.interval_us = 70000;
    change(&t);
    cr_assert_eq(paced_batch(7, 10), 70000);
    rig_end(&rig);
}

Test(auto, another_depth_leaves_the_open_batch_alone)
{
    paced(1000);
    for (uint64_t n = 1; n <= 3; n++) {
        (void)paced_batch(n, 10);
    }
    rig_append(&rig, 1, 1);
    rig.now_us = coord_next_deadline_us(rig.c);
    rig_event(&rig, COORD_EV_TICK);
    rig_append(&rig, 1, 1);
    int64_t due_us = coord_next_deadline_us(rig.c);
    rig_tick(&rig, 10);
    commit(4);
    struct coord_tuning t;
    coord_tuning_get(rig.c, &t);
    t.depth = 3;
    struct coord_event e = { .kind = COORD_EV_HOLD };
    rig_step(&rig, &e);
    e = (struct coord_event){ .kind = COORD_EV_TUNE, .tuning = &t };
    rig_step(&rig, &e);
    cr_assert_eq(coord_next_deadline_us(rig.c), due_us);
    rig.now_us = due_us;
    rig_event(&rig, COORD_EV_TICK);
    cr_assert_eq(seal()->interval_us, 1000000);
    rig_end(&rig);
}
