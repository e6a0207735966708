/* When the open batch is cut, what it takes, when the source is read. */
#include "tests/unit/core/rig.h"

#include <criterion/criterion.h>

static struct rig rig;

static const struct coord_action *seal(void)
{
    return rig_find(&rig, COORD_ACT_SEAL);
}

static uint32_t fit(uint32_t bytes_each, uint32_t n)
{
    uint32_t bytes[64];
    for (uint32_t i = 0; i < n; i++) {
        bytes[i] = bytes_each;
    }
    return coord_fit(rig.c, bytes, n);
}

Test(cut, a_batch_takes_max_rows_and_not_one_more)
{
    rig_init(&rig);
    rig_start(&rig);
    cr_assert_eq(fit(1, 64), 10);
    rig_append(&rig, 9, 1);
    cr_assert_null(seal());
    cr_assert_eq(fit(1, 64), 1);
    rig_append(&rig, 1, 1);
    cr_assert_eq(seal()->reason, COORD_REASON_ROWS);
    cr_assert_eq(seal()->records, 10);
    cr_assert_eq(seal()->batch, 1);
    cr_assert_eq(fit(1, 64), 10, "the next batch is open");
    rig_end(&rig);
}

Test(cut, the_record_that_reaches_max_bytes_belongs_to_the_batch)
{
    rig_init(&rig);
    rig_start(&rig);
    cr_assert_eq(fit(333, 64), 4, "999 bytes are not full");
    cr_assert_eq(fit(250, 64), 4, "1000 are");
    cr_assert_eq(fit(5000, 64), 1, "one record always fits");
    rig_append(&rig, 4, 250);
    cr_assert_eq(seal()->reason, COORD_REASON_BYTES);
    rig_end(&rig);
}

Test(cut, with_depth_batches_in_flight_a_full_batch_waits_and_reading_stops)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 10, 1);
    cr_assert_eq(seal()->batch, 2);
    cr_assert(coord_wants_input(rig.c));
    rig_append(&rig, 10, 1);
    cr_assert_null(seal());
    cr_assert_eq(fit(1, 5), 0);
    cr_assert_not(coord_wants_input(rig.c));
    rig_sealed(&rig, 1, 0);
    rig_merged(&rig, 1);
    rig_committed(&rig, 1, COORD_COMMIT_OK);
    cr_assert_eq(seal()->batch, 3);
    cr_assert_eq(seal()->state_batch, 1, "n - depth, which is committed now");
    cr_assert(coord_wants_input(rig.c));
    rig_end(&rig);
}

Test(cut, the_state_batch_never_goes_back_after_a_restart)
{
    rig_init(&rig);
    rig.config.last_batch = 9;
    rig.config.last_state_batch = 8; /* it ran with depth 1 before */
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    cr_assert_eq(seal()->batch, 10);
    cr_assert_eq(seal()->state_batch, 8);
    rig_append(&rig, 10, 1);
    cr_assert_eq(seal()->state_batch, 9);
    rig_end(&rig);
}

Test(cut, deadlines_lie_on_a_grid_from_the_start)
{
    rig_init(&rig);
    rig.config.tuning.cut = COORD_CUT_INTERVAL;
    rig.config.tuning.interval_us = 100000;
    rig_start(&rig);
    rig_tick(&rig, 1000);
    cr_assert_null(seal(), "an empty interval makes no batch");
    rig_tick(&rig, 30);
    rig_append(&rig, 1, 1);
    cr_assert_eq(coord_next_deadline_us(rig.c), rig.now_us + 70000);
    rig_tick(&rig, 69);
    cr_assert_null(seal());
    rig_tick(&rig, 1);
    cr_assert_eq(seal()->reason, COORD_REASON_INTERVAL);
    cr_assert_not(seal()->overrun);
    rig_end(&rig);
}

Test(cut, a_deadline_with_depth_in_flight_is_one_overrun)
{
    rig_init(&rig);
    rig.config.tuning.cut = COORD_CUT_INTERVAL;
    rig.config.tuning.interval_us = 100000;
    rig.config.tuning.depth = 1;
    rig_start(&rig);
    rig_append(&rig, 1, 1);
    rig_tick(&rig, 100);
    cr_assert_not_null(seal());
    rig_append(&rig, 1, 1);
    rig_tick(&rig, 100);
    cr_assert_null(seal());
    cr_assert(rig_noted(&rig, COORD_NOTE_OVERRUN));
    rig_tick(&rig, 500);
    cr_assert_not(rig_noted(&rig, COORD_NOTE_OVERRUN));
    rig_append(&rig, 1, 1);
    rig_sealed(&rig, 1, 0);
    rig_merged(&rig, 1);
    rig_committed(&rig, 1, COORD_COMMIT_OK);
    cr_assert(seal()->overrun);
    cr_assert_eq(seal()->records, 2);
    cr_assert_eq(rig_stats(&rig).overruns, 1);
    rig_end(&rig);
}

Test(cut, asap_cuts_whenever_there_is_room)
{
    rig_init(&rig);
    rig.config.tuning.cut = COORD_CUT_ASAP;
    rig.config.tuning.depth = 1;
    rig_start(&rig);
    rig_append(&rig, 1, 1);
    cr_assert_eq(seal()->reason, COORD_REASON_ASAP);
    rig_append(&rig, 3, 1);
    cr_assert_null(seal());
    rig_end(&rig);
}

Test(cut, the_end_closes_what_is_open)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 3, 1);
    rig_event(&rig, COORD_EV_END);
    cr_assert_eq(seal()->reason, COORD_REASON_END);
    cr_assert_eq(fit(1, 5), 0);
    cr_assert_not(coord_wants_input(rig.c));
    rig_end(&rig);
}

Test(cut, a_drain_by_count_drops_the_open_batch_of_a_replayable_source)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 3, 1);
    rig_event(&rig, COORD_EV_DRAIN);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_DROP_OPEN));
    cr_assert_null(seal());
    cr_assert_not_null(rig_find(&rig, COORD_ACT_FINISHED));
    cr_assert_eq(rig_stats(&rig).bytes_in_flight, 0);
    rig_end(&rig);
}

Test(cut, a_drain_closes_the_open_batch_otherwise)
{
    rig_init(&rig);
    rig.config.replayable = false;
    rig_start(&rig);
    rig_append(&rig, 3, 1);
    rig_event(&rig, COORD_EV_DRAIN);
    cr_assert_eq(seal()->reason, COORD_REASON_DRAIN);
    cr_assert_null(rig_find(&rig, COORD_ACT_DROP_OPEN));
    cr_assert_null(rig_find(&rig, COORD_ACT_FINISHED));
    rig_end(&rig);
}

Test(cut, bytes_read_but_not_yet_parsed_count_as_in_flight)
{
    rig_init(&rig);
    rig.config.tuning.cap_bytes = 2000;
    rig_start(&rig);
    struct coord_event e = { .kind = COORD_EV_READ, .bytes = 1999 };
    rig_step(&rig, &e);
    cr_assert(coord_wants_input(rig.c));
    e.bytes = 1;
    rig_step(&rig, &e);
    cr_assert_not(coord_wants_input(rig.c));
    e = (struct coord_event){ .kind = COORD_EV_APPENDED,
                              .records = 1,
                              .bytes = 10,
                              .skipped_bytes = 1990 };
    rig_step(&rig, &e);
    cr_assert_eq(rig_stats(&rig).bytes_in_flight, 10);
    cr_assert(coord_wants_input(rig.c));
    rig_end(&rig);
}

Test(cut, the_row_cap_stops_reading)
{
    rig_init(&rig);
    rig.config.tuning.depth = 3;
    rig.config.tuning.cap_rows = 20;
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 9, 1);
    cr_assert(coord_wants_input(rig.c));
    rig_append(&rig, 1, 1);
    cr_assert_not(coord_wants_input(rig.c));
    rig_end(&rig);
}
