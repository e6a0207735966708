/* Configuration, names and the whole. */
#include "tests/unit/core/rig.h"

#include <criterion/criterion.h>

static struct rig rig;

static int try_config(void)
{
    struct coord *c = NULL;
    int err = coord_new(&rig.config, 0, &c);
    coord_free(c);
    return err;
}

#define REFUSES(field, value)                                                  \
    do {                                                                       \
        struct coord_config kept = rig.config;                                 \
        rig.config.field = value;                                              \
        cr_assert_eq(try_config(), ERR_INVALID, #field);                       \
        rig.config = kept;                                                     \
    } while (0)

Test(coord, limits_out_of_range_are_refused)
{
    rig_init(&rig);
    cr_assert_eq(try_config(), 0);
    REFUSES(tuning.depth, 0);
    REFUSES(tuning.depth, COORD_DEPTH_MAX + 1);
    REFUSES(tuning.max_rows, 0);
    REFUSES(tuning.max_rows, 10000001);
    REFUSES(tuning.max_bytes, 0);
    REFUSES(tuning.cap_bytes, 1999);
    REFUSES(tuning.cap_rows, 19);
    REFUSES(detector_count, 0);
    REFUSES(detector_count, COORD_DETECTORS_MAX + 1);
    REFUSES(epoch, 0);
    REFUSES(lease_ms, 0);
    REFUSES(silence_ms, 0);
    REFUSES(commit_retry_ms, 0);
    REFUSES(tuning.cut, COORD_CUT_INTERVAL);
    REFUSES(last_state_batch, 1);
}

Test(coord, reasons_and_notes_have_names)
{
    cr_assert_str_eq(coord_reason_name(COORD_REASON_ROWS), "rows");
    cr_assert_str_eq(coord_reason_name(COORD_REASON_ASAP), "asap");
    cr_assert_str_eq(coord_reason_name(99), "?");
    cr_assert_str_eq(coord_note_name(COORD_NOTE_NO_WORKER), "no_worker");
    cr_assert_str_eq(coord_note_name(0), "?");
}

Test(coord, an_idle_coordinator_needs_no_tick)
{
    rig_init(&rig);
    rig_start(&rig);
    cr_assert_eq(coord_next_deadline_us(rig.c), INT64_MAX);
    rig_end(&rig);
}

Test(coord, an_empty_input_finishes_at_its_end)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_event(&rig, COORD_EV_END);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_FINISHED));
    rig_tick(&rig, 1);
    cr_assert_null(rig_find(&rig, COORD_ACT_FINISHED), "said once");
    rig_end(&rig);
}

Test(coord, workers_are_listed_with_what_hello_said)
{
    struct coord_worker_info w[2];
    rig_init(&rig);
    rig_start(&rig);
    rig_join(&rig, 7);
    cr_assert_eq(coord_workers_get(rig.c, w, 2), 1);
    cr_assert_eq(w[0].worker_id, 7);
    cr_assert_eq(w[0].pid, 107);
    cr_assert_not(w[0].computing);
    rig_batch(&rig, 1);
    coord_workers_get(rig.c, w, 2);
    cr_assert(w[0].computing);
    rig_end(&rig);
}
