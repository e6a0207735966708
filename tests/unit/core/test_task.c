/* The accept rule, and what becomes of a task that was lost. */
#include "tests/unit/core/rig.h"

#include <criterion/criterion.h>

static struct rig rig;
static struct coord_action given;
static struct wire_message result;

static void take_given(void)
{
    const struct coord_action *a = rig_find(&rig, COORD_ACT_REPLY_TASK);
    cr_assert_not_null(a);
    given = *a;
    result = rig_result_of(&rig, &given);
}

/* Batch 1 of three tasks; worker 1 holds the first of them. */
static void setup(void)
{
    rig_init(&rig);
    rig.plan.tasks[0] = 3;
    rig_start(&rig);
    rig_join(&rig, 1);
    rig_batch(&rig, 1);
    take_given();
}

static void teardown(void)
{
    rig_end(&rig);
}

static bool accepted(void)
{
    return rig_find(&rig, COORD_ACT_ACCEPT) != NULL;
}

TestSuite(task, .init = setup, .fini = teardown);

Test(task, a_fitting_result_is_accepted_and_answered_with_the_next_task)
{
    rig_result(&rig, 1, &result, 0, 1);
    cr_assert(accepted());
    cr_assert_eq(rig_find(&rig, COORD_ACT_ACCEPT)->part, 0);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_TASK)->part, 1);
}

Test(task, a_result_of_another_epoch_is_void)
{
    result.envelope.epoch--;
    rig_result(&rig, 1, &result, 0, 1);
    cr_assert_not(accepted());
    cr_assert_not_null(rig_find(&rig, COORD_ACT_REPLY_HELLO_FIRST));
}

Test(task, a_result_of_another_run_is_void)
{
    result.envelope.run_id[3] ^= 1;
    rig_result(&rig, 1, &result, 0, 1);
    cr_assert_not(accepted());
    cr_assert_not_null(rig_find(&rig, COORD_ACT_REPLY_HELLO_FIRST));
}

Test(task, a_result_that_says_another_batch_phase_part_or_detector_is_invalid)
{
    for (int field = 0; field < 4; field++) {
        struct wire_message m = result;
        m.body.result.batch += field == 0;
        m.body.result.phase += field == 1;
        m.body.result.part += field == 2;
        m.body.result.detector.length -= field == 3;
        rig_result(&rig, 1, &m, 0, 1);
        cr_assert_not(accepted(), "field %d", field);
        cr_assert(rig_noted(&rig, COORD_NOTE_RESULT_INVALID));
    }
    cr_assert_eq(rig_stats(&rig).invalid, 4);
}

Test(task, an_invalid_payload_is_tried_again)
{
    rig_result(&rig, 1, &result, ERR_PROTO, 1);
    cr_assert_not(accepted());
    take_given();
    cr_assert_eq(given.part, 0);
    cr_assert_eq(given.attempt, 2);
}

Test(task, a_task_of_no_known_place_changes_nothing)
{
    uint64_t ids[] = { 0,
                       1,
                       UINT64_MAX,
                       given.task + 3,
                       given.task + 1024,
                       given.task + 4096,
                       given.task + (1 << 14) };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct wire_message m = result;
        uint64_t batch;
        uint32_t detector, phase_index, part;
        m.envelope.task = ids[i];
        rig_result(&rig, 1, &m, 0, 1);
        cr_assert_not(accepted());
        cr_assert_not(coord_task_find(rig.c, ids[i], &batch, &detector,
                                      &phase_index, &part));
    }
}

Test(task, the_first_result_wins_and_an_equal_one_is_a_duplicate)
{
    rig_join(&rig, 2);
    rig_result(&rig, 1, &result, 0, 1);
    result.envelope.worker_id = 2;
    rig_result(&rig, 2, &result, 0, 1);
    cr_assert_not(accepted());
    cr_assert_eq(rig_stats(&rig).duplicates, 1);
    cr_assert_eq(rig_stats(&rig).alarms, 0);
}

Test(task, a_later_result_that_differs_is_an_alarm)
{
    rig_result(&rig, 1, &result, 0, 1);
    rig_result(&rig, 1, &result, 0, 2);
    cr_assert_not(accepted());
    cr_assert(rig_noted(&rig, COORD_NOTE_RESULT_DIFFERS));
    cr_assert_eq(rig_stats(&rig).alarms, 1);
}

Test(task, a_result_whose_lease_ran_out_still_counts)
{
    rig_wait(&rig, 5000);
    cr_assert(rig_noted(&rig, COORD_NOTE_LEASE_EXPIRED));
    rig_result(&rig, 1, &result, 0, 1);
    cr_assert(accepted());
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_TASK)->part, 1,
                 "the accepted one waits for nobody");
}

Test(task, a_task_that_failed_five_times_is_told_once_and_tried_on_later)
{
    for (int i = 1; i <= 5; i++) {
        result.body.result.status = ERR_NOMEM;
        rig_result(&rig, 1, &result, 0, 1);
        cr_assert(rig_noted(&rig, COORD_NOTE_TASK_FAILED));
        cr_assert_eq(rig_noted(&rig, COORD_NOTE_TASK_LOST_OFTEN), i == 5);
        take_given();
    }
    cr_assert_eq(given.part, 1, "part 0 rests for a moment");
    rig_join(&rig, 2);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_TASK)->part, 2);
    rig_join(&rig, 3);
    cr_assert_null(rig_find(&rig, COORD_ACT_REPLY_TASK));
    rig_tick(&rig, 200);
    take_given();
    cr_assert_eq(given.part, 0);
    cr_assert_eq(given.attempt, 6);
}

Test(task, results_of_a_released_batch_are_forgotten)
{
    for (int i = 0; i < 3; i++) {
        rig_result(&rig, 1, &result, 0, 1);
        if (i < 2) {
            take_given();
        }
    }
    rig_merged(&rig, 1);
    rig_committed(&rig, 1, COORD_COMMIT_OK);
    rig_result(&rig, 1, &result, 0, 2);
    cr_assert_eq(rig_stats(&rig).alarms, 0);
    cr_assert_eq(rig_stats(&rig).workers_parked, 1);
}

Test(task, the_oldest_batch_goes_first)
{
    rig_batch(&rig, 2);
    rig_result(&rig, 1, &result, 0, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_TASK)->batch, 1);
}
