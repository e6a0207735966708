/* A batch's life: phases, merge, commits in order. */
#include "tests/unit/core/rig.h"

#include <criterion/criterion.h>

static struct rig rig;

static void compute_all(uint64_t worker)
{
    for (;;) {
        const struct coord_action *given = rig_find(&rig, COORD_ACT_REPLY_TASK);
        if (given == NULL) {
            return;
        }
        struct wire_message m = rig_result_of(&rig, given);
        rig_result(&rig, worker, &m, 0, 1);
    }
}

Test(batch, no_good_rows_go_straight_to_the_merge)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_sealed(&rig, 1, 0);
    cr_assert_eq(rig_find(&rig, COORD_ACT_MERGE)->batch, 1);
    rig_end(&rig);
}

Test(batch, phases_run_in_order_each_after_its_preparation)
{
    rig_init(&rig);
    rig.plan = (struct rig_plan){ .phases = 2, .tasks = { 2, 3 }, true, true };
    rig_start(&rig);
    rig_join(&rig, 1);
    rig_batch(&rig, 1);
    cr_assert_null(rig_find(&rig, COORD_ACT_REPLY_TASK));
    for (uint32_t phase = 0; phase < 2; phase++) {
        const struct coord_action *p = rig_find(&rig, COORD_ACT_PREPARE);
        cr_assert_eq(p->phase_index, phase);
        struct coord_event e = { .kind = COORD_EV_PREPARED,
                                 .batch = 1,
                                 .phase_index = phase };
        rig_step(&rig, &e);
        compute_all(1);
    }
    cr_assert_not_null(rig_find(&rig, COORD_ACT_MERGE));
    rig_end(&rig);
}

Test(batch, the_merge_waits_for_every_detector)
{
    rig_init(&rig);
    rig.config.detector_count = 2;
    rig_start(&rig);
    rig_join(&rig, 1);
    rig_batch(&rig, 1);
    const struct coord_action *given = rig_find(&rig, COORD_ACT_REPLY_TASK);
    cr_assert_eq(given->detector, 0);
    struct wire_message m = rig_result_of(&rig, given);
    rig_result(&rig, 1, &m, 0, 1);
    cr_assert_null(rig_find(&rig, COORD_ACT_MERGE));
    given = rig_find(&rig, COORD_ACT_REPLY_TASK);
    cr_assert_eq(given->detector, 1);
    m = rig_result_of(&rig, given);
    rig_result(&rig, 1, &m, 0, 1);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_MERGE));
    rig_end(&rig);
}

Test(batch, commits_come_in_order_one_at_a_time)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_append(&rig, 10, 1);
    rig_sealed(&rig, 2, 0);
    rig_merged(&rig, 2);
    cr_assert_null(rig_find(&rig, COORD_ACT_COMMIT), "1 is not merged");
    rig_sealed(&rig, 1, 0);
    rig_merged(&rig, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_COMMIT)->batch, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_COMMIT)->ingest_delta, 901);
    cr_assert_eq(rig_count(&rig, COORD_ACT_COMMIT), 1);
    rig_committed(&rig, 1, COORD_COMMIT_OK);
    cr_assert_eq(rig_find(&rig, COORD_ACT_SOURCE_COMMITTED)->position, 77);
    cr_assert_eq(rig_find(&rig, COORD_ACT_RELEASE)->batch, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_COMMIT)->batch, 2);
    rig_end(&rig);
}

Test(batch, a_full_disk_pauses_reading_and_the_same_commit_comes_again)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_sealed(&rig, 1, 0);
    rig_merged(&rig, 1);
    rig_committed(&rig, 1, COORD_COMMIT_FULL);
    cr_assert(rig_noted(&rig, COORD_NOTE_DISK_FULL));
    cr_assert_not(coord_wants_input(rig.c));
    rig_tick(&rig, 999);
    cr_assert_null(rig_find(&rig, COORD_ACT_COMMIT));
    cr_assert_eq(coord_next_deadline_us(rig.c), rig.now_us + 1000);
    rig_tick(&rig, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_COMMIT)->batch, 1);
    rig_committed(&rig, 1, COORD_COMMIT_FULL);
    cr_assert_not(rig_noted(&rig, COORD_NOTE_DISK_FULL), "said once");
    rig_tick(&rig, 1000);
    rig_committed(&rig, 1, COORD_COMMIT_OK);
    cr_assert(rig_noted(&rig, COORD_NOTE_DISK_OK));
    cr_assert(coord_wants_input(rig.c));
    rig_end(&rig);
}

Test(batch, an_unknown_outcome_ends_everything)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 10, 1);
    rig_sealed(&rig, 1, 0);
    rig_merged(&rig, 1);
    rig_committed(&rig, 1, COORD_COMMIT_UNKNOWN);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_GIVE_UP));
    cr_assert_null(rig_find(&rig, COORD_ACT_RELEASE));
    rig_tick(&rig, 5000);
    cr_assert_eq(rig.a.count, 0);
    cr_assert_eq(coord_next_deadline_us(rig.c), INT64_MAX);
    rig_end(&rig);
}

Test(batch, the_timing_names_every_step)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_append(&rig, 1, 1);
    rig_tick(&rig, 1);
    rig_append(&rig, 9, 1);
    rig_tick(&rig, 1);
    rig_sealed(&rig, 1, 8);
    rig_tick(&rig, 1);
    rig_join(&rig, 1);
    struct wire_message m =
        rig_result_of(&rig, rig_find(&rig, COORD_ACT_REPLY_TASK));
    rig_tick(&rig, 1);
    rig_result(&rig, 1, &m, 0, 1);
    rig_tick(&rig, 1);
    rig_merged(&rig, 1);
    const struct coord_timing *t = &rig_find(&rig, COORD_ACT_COMMIT)->timing;
    cr_assert_eq(t->opened_us, 1000000);
    cr_assert_eq(t->cut_us, 1001000);
    cr_assert_eq(t->sealed_us, 1002000);
    cr_assert_eq(t->started_us, 1003000);
    cr_assert_eq(t->computed_us, 1004000);
    cr_assert_eq(t->merged_us, 1005000);
    cr_assert_eq(t->commit_us, 1005000);
    rig_end(&rig);
}

Test(batch, a_thousand_tasks_and_all_workers_stay_within_the_tables)
{
    rig_init(&rig);
    rig.plan.tasks[0] = PLAN_TASKS_MAX;
    rig_start(&rig);
    for (uint64_t w = 1; w <= COORD_WORKERS_MAX; w++) {
        rig_join(&rig, w);
    }
    rig_batch(&rig, 1);
    cr_assert_eq(rig_count(&rig, COORD_ACT_REPLY_TASK), COORD_WORKERS_MAX);
    rig_hello(&rig, COORD_WORKERS_MAX + 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_REFUSED)->err, ERR_BUSY);
    rig_wait(&rig, 11000);
    cr_assert_eq(rig_stats(&rig).workers, 0);
    cr_assert_eq(rig_stats(&rig).tasks_open, PLAN_TASKS_MAX);
    rig_end(&rig);
}

/* A result of `given` by which its worker computed for so long. */
static void result_after(const struct coord_action *given, uint64_t compute_us)
{
    struct wire_message m = rig_result_of(&rig, given);
    m.body.result.compute_us = compute_us;
    rig_result(&rig, given->worker_id, &m, 0, 1);
}

Test(batch, the_longest_computing_of_each_phase_is_summed)
{
    rig_init(&rig);
    rig.plan = (struct rig_plan){ .phases = 2, .tasks = { 2, 1 } };
    rig_start(&rig);
    rig_batch(&rig, 1);
    rig_join(&rig, 1);
    struct coord_action first = *rig_find(&rig, COORD_ACT_REPLY_TASK);
    rig_join(&rig, 2);
    struct coord_action second = *rig_find(&rig, COORD_ACT_REPLY_TASK);
    rig_tick(&rig, 100);
    result_after(&first, 30000);
    result_after(&second, 50000);
    struct coord_action third = *rig_find(&rig, COORD_ACT_REPLY_TASK);
    rig_tick(&rig, 100);
    result_after(&third, UINT64_MAX);
    rig_merged(&rig, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_COMMIT)->timing.worker_us,
                 50000 + 200000, "never longer than the batch is there");
    rig_end(&rig);
}
