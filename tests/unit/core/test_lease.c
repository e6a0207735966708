/* Leases and stragglers. */
#include "tests/unit/core/rig.h"

#include <criterion/criterion.h>

static struct rig rig;
static struct coord_action given;

static void take_given(void)
{
    const struct coord_action *a = rig_find(&rig, COORD_ACT_REPLY_TASK);
    cr_assert_not_null(a);
    given = *a;
}

static void beat(uint64_t progress)
{
    rig_beat(&rig, 1, given.task, given.attempt, progress);
}

static void setup(void)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_join(&rig, 1);
    rig_batch(&rig, 1);
    take_given();
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(lease, .init = setup, .fini = teardown);

Test(lease, expiry_requeues_the_part)
{
    rig_wait(&rig, 4999);
    cr_assert_not(rig_noted(&rig, COORD_NOTE_LEASE_EXPIRED));
    cr_assert_eq(coord_next_deadline_us(rig.c), rig.now_us + 1000);
    rig_tick(&rig, 1);
    cr_assert(rig_noted(&rig, COORD_NOTE_LEASE_EXPIRED));
    cr_assert_eq(rig_stats(&rig).tasks_out, 0);
    rig_join(&rig, 2);
    take_given();
    cr_assert_eq(given.attempt, 2);
    cr_assert_eq(given.worker_id, 2);
}

Test(lease, a_beat_whose_progress_moved_renews_it)
{
    for (uint64_t i = 1; i <= 20; i++) {
        rig_tick(&rig, 1000);
        beat(i);
        cr_assert_eq(rig_stats(&rig).tasks_out, 1);
    }
    rig_wait(&rig, 4999);
    cr_assert_eq(rig_stats(&rig).tasks_out, 1);
}

Test(lease, a_beat_without_progress_does_not_renew_it)
{
    rig_tick(&rig, 1000);
    beat(7);
    for (int i = 0; i < 4; i++) {
        rig_tick(&rig, 1000);
        beat(7);
    }
    cr_assert_eq(rig_stats(&rig).tasks_out, 1);
    rig_tick(&rig, 1000);
    cr_assert(rig_noted(&rig, COORD_NOTE_LEASE_EXPIRED));
}

Test(lease, a_beat_for_another_task_or_attempt_does_not_renew_it)
{
    for (uint64_t i = 1; i <= 4; i++) {
        rig_tick(&rig, 1000);
        rig_beat(&rig, 1, given.task + 1, given.attempt, i);
        rig_beat(&rig, 1, given.task, given.attempt + 1, i);
    }
    rig_tick(&rig, 1000);
    cr_assert(rig_noted(&rig, COORD_NOTE_LEASE_EXPIRED));
}

Test(lease, a_coordinator_that_was_stopped_blames_nobody)
{
    rig_tick(&rig, 60000);
    cr_assert_not(rig_noted(&rig, COORD_NOTE_LEASE_EXPIRED));
    cr_assert_not(rig_noted(&rig, COORD_NOTE_WORKER_LOST));
    beat(1);
    cr_assert_eq(rig_stats(&rig).tasks_out, 1);
}

Test(lease, a_clock_that_steps_back_changes_nothing)
{
    rig_tick(&rig, 3000);
    rig_tick(&rig, -2000);
    rig_tick(&rig, 1999);
    cr_assert_not(rig_noted(&rig, COORD_NOTE_LEASE_EXPIRED));
}

Test(lease, a_lost_pipe_hands_the_task_on_at_once)
{
    rig_join(&rig, 2);
    rig_pipe_lost(&rig, 1);
    take_given();
    cr_assert_eq(given.worker_id, 2);
    cr_assert_eq(given.attempt, 2);
}

Test(lease, a_worker_that_asks_for_work_holds_nothing)
{
    rig_ready(&rig, 1);
    take_given();
    cr_assert_eq(given.worker_id, 1);
    cr_assert_eq(given.attempt, 2);
}

Test(lease, rejoining_on_a_new_pipe_keeps_what_is_held)
{
    rig_tick(&rig, 1000);
    rig_hello_on(&rig, 1, 9);
    cr_assert_eq(rig_find(&rig, COORD_ACT_CLOSE_PIPE)->pipe, 1);
    cr_assert_eq(rig_stats(&rig).tasks_out, 1);
    rig_pipe_lost(&rig, 1);
    cr_assert_eq(rig_stats(&rig).tasks_out, 1, "the old pipe means nothing");
    rig_pipe_lost(&rig, 9);
    cr_assert_eq(rig_stats(&rig).tasks_out, 0);
}

/* Eight tasks; workers 1..8 hold them; 1 is the straggler. */
static void eight(void)
{
    rig_end(&rig);
    rig_init(&rig);
    rig.plan.tasks[0] = 8;
    rig_start(&rig);
    for (uint64_t w = 1; w <= 8; w++) {
        rig_join(&rig, w);
    }
    rig_batch(&rig, 1);
}

/* Workers from..8 hand in after `ms`. */
static void finish_from(uint64_t from, int64_t ms)
{
    struct coord_actions all = rig.a;
    rig_tick(&rig, ms);
    for (uint32_t i = 0; i < all.count; i++) {
        const struct coord_action *a = &all.item[i];
        if (a->kind == COORD_ACT_REPLY_TASK && a->worker_id >= from) {
            struct wire_message m = rig_result_of(&rig, a);
            rig_result(&rig, a->worker_id, &m, 0, 1);
        }
    }
}

static bool copied_within(int64_t ms)
{
    for (; ms > 0; ms -= 10) {
        rig_tick(&rig, 10);
        if (rig_noted(&rig, COORD_NOTE_SPECULATED)) {
            return true;
        }
    }
    return false;
}

Test(lease, a_straggler_gets_one_copy_well_past_the_median)
{
    eight();
    finish_from(2, 400);
    cr_assert_not(copied_within(790), "median 400 ms: not before 1200");
    cr_assert(copied_within(120));
    take_given();
    cr_assert_neq(given.worker_id, 1);
    cr_assert_eq(given.attempt, 2);
    cr_assert_eq(rig_stats(&rig).speculations, 1);
    cr_assert_not(copied_within(3000), "one extra copy, no more");
}

Test(lease, nobody_is_copied_while_much_of_the_phase_is_out)
{
    eight();
    finish_from(4, 100); /* 5 of 8 done */
    cr_assert_not(copied_within(3000));
}

Test(lease, the_copy_and_the_original_are_compared)
{
    eight();
    struct wire_message slow =
        rig_result_of(&rig, rig_find(&rig, COORD_ACT_REPLY_TASK));
    finish_from(2, 100);
    cr_assert(copied_within(1000));
    take_given();
    struct wire_message fast = rig_result_of(&rig, &given);
    rig_result(&rig, given.worker_id, &fast, 0, 5);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_MERGE));
    rig_result(&rig, 1, &slow, 0, 5);
    cr_assert_eq(rig_stats(&rig).duplicates, 1);
}

static int64_t busy_us(void)
{
    struct coord_worker_info w;
    cr_assert_eq(coord_workers_get(rig.c, &w, 1), 1);
    return w.busy_us;
}

Test(lease, a_worker_is_busy_while_it_has_a_task_out)
{
    rig_tick(&rig, 300);
    cr_assert_eq(busy_us(), 300000, "the task now out counts");
    struct wire_message m = rig_result_of(&rig, &given);
    rig_result(&rig, 1, &m, 0, 1);
    rig_tick(&rig, 700);
    cr_assert_eq(busy_us(), 300000);
    rig_batch(&rig, 2);
    rig_tick(&rig, 200);
    cr_assert_eq(busy_us(), 500000);
}
