/* What workers say, and what they hear back. */
#include "tests/unit/core/rig.h"

#include <criterion/criterion.h>

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
    rig_start(&rig);
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(requests, .init = setup, .fini = teardown);

Test(requests, anything_but_hello_on_a_new_pipe_is_answered_hello_first)
{
    static const enum wire_kind kinds[] = { WIRE_READY, WIRE_RESULT,
                                            WIRE_HEARTBEAT, WIRE_NEED_MODEL,
                                            WIRE_BYE };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint64_t request = rig_simple(&rig, 1, kinds[i]);
        cr_assert_eq(rig.a.count, 1);
        cr_assert_eq(rig.a.item[0].kind, COORD_ACT_REPLY_HELLO_FIRST);
        cr_assert_eq(rig.a.item[0].request, request);
    }
}

Test(requests, a_pipe_speaks_for_the_worker_that_said_hello_on_it)
{
    rig_hello_on(&rig, 1, 5);
    rig_hello_on(&rig, 2, 6);
    rig_simple(&rig, 5, WIRE_READY); /* worker 5 on pipe 5 */
    cr_assert_not_null(rig_find(&rig, COORD_ACT_REPLY_HELLO_FIRST));
}

Test(requests, other_detectors_or_other_numbers_are_refused)
{
    struct coord_config real = rig.config;
    rig.config.algorithm_version++;
    rig_hello(&rig, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_REFUSED)->err, ERR_VERSION);
    cr_assert(rig_noted(&rig, COORD_NOTE_WORKER_REFUSED));
    rig.config = real;
    rig.config.selftest_digest++;
    rig_hello(&rig, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_REFUSED)->err, ERR_DIFFERENT);
    cr_assert_eq(rig_stats(&rig).workers, 0);
    rig.config = real;
}

Test(requests, ready_is_kept_until_there_is_work)
{
    rig_hello(&rig, 1);
    uint64_t request = rig_ready(&rig, 1);
    cr_assert_eq(rig.a.count, 0);
    cr_assert_eq(rig_stats(&rig).workers_parked, 1);
    rig_batch(&rig, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_TASK)->request, request);
    cr_assert_eq(rig_stats(&rig).workers_parked, 0);
}

Test(requests, a_second_ready_takes_the_place_of_the_first)
{
    rig_hello(&rig, 1);
    uint64_t first = rig_ready(&rig, 1);
    rig_ready(&rig, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_DROP_REQUEST)->request, first);
    cr_assert_eq(rig_stats(&rig).workers_parked, 1);
}

Test(requests, what_was_asked_on_a_lost_pipe_is_dropped)
{
    rig_hello(&rig, 1);
    uint64_t request = rig_ready(&rig, 1);
    rig_pipe_lost(&rig, 1);
    cr_assert_eq(rig_find(&rig, COORD_ACT_DROP_REQUEST)->request, request);
    cr_assert_eq(rig_stats(&rig).workers_parked, 0);
    cr_assert_eq(rig_stats(&rig).workers, 0);
}

Test(requests, a_foreign_epoch_is_sent_back_to_hello)
{
    rig_hello(&rig, 1);
    rig.config.epoch++;
    rig_ready(&rig, 1);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_REPLY_HELLO_FIRST));
    rig_beat(&rig, 1, 0, 0, 0);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_BEAT)->order, 1);
    rig.config.epoch--;
}

Test(requests, a_beat_is_answered_at_once)
{
    rig_join(&rig, 1);
    uint64_t request = rig_beat(&rig, 1, 0, 0, 0);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_BEAT)->request, request);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_BEAT)->order, 0);
}

Test(requests, a_worker_that_neither_holds_nor_asks_is_told_to_say_hello)
{
    rig_hello(&rig, 1); /* its READY was lost */
    uint32_t order = 0;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(order, 0);
        rig_tick(&rig, 1000);
        rig_beat(&rig, 1, 0, 0, 0);
        order = rig_find(&rig, COORD_ACT_REPLY_BEAT)->order;
    }
    cr_assert_eq(order, 1);
}

Test(requests, a_silent_worker_is_let_go)
{
    rig_join(&rig, 1);
    rig_wait(&rig, 9999);
    cr_assert_not(rig_noted(&rig, COORD_NOTE_WORKER_LOST));
    rig_tick(&rig, 1);
    cr_assert(rig_noted(&rig, COORD_NOTE_WORKER_LOST));
    cr_assert_eq(rig_find(&rig, COORD_ACT_CLOSE_PIPE)->pipe, 1);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_DROP_REQUEST));
    cr_assert_eq(coord_workers_get(rig.c, NULL, 0), 0);
}

Test(requests, bytes_that_do_not_decode_close_the_pipe)
{
    rig_join(&rig, 1);
    struct coord_event e = { .kind = COORD_EV_BAD_REQUEST,
                             .request = 50,
                             .pipe = 1,
                             .payload_err = ERR_PROTO };
    rig_step(&rig, &e);
    cr_assert_eq(rig_find(&rig, COORD_ACT_CLOSE_PIPE)->pipe, 1);
    cr_assert_eq(rig_count(&rig, COORD_ACT_DROP_REQUEST), 2);
    e.payload_err = ERR_VERSION;
    e.pipe = 2;
    rig_step(&rig, &e);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_REFUSED)->err, ERR_VERSION);
}

Test(requests, bye_gives_the_task_back_without_blame)
{
    rig_join(&rig, 1);
    rig_batch(&rig, 1);
    rig_simple(&rig, 1, WIRE_BYE);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_REPLY_BYE));
    cr_assert(rig_noted(&rig, COORD_NOTE_WORKER_LEFT));
    cr_assert_eq(rig_stats(&rig).tasks_open, 1);
    rig_join(&rig, 2);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_REPLY_TASK));
}

static void end_with_one_task_out(void)
{
    rig_join(&rig, 1);
    rig_append(&rig, 3, 1);
    rig_event(&rig, COORD_EV_END);
    rig_sealed(&rig, 1, 3);
}

Test(requests, after_the_end_ready_waits_until_everything_is_committed)
{
    end_with_one_task_out();
    struct wire_message m =
        rig_result_of(&rig, rig_find(&rig, COORD_ACT_REPLY_TASK));
    rig_join(&rig, 2);
    cr_assert_eq(rig_stats(&rig).workers_parked, 1, "it may be needed");
    rig_result(&rig, 1, &m, 0, 1);
    rig_merged(&rig, 1);
    rig_committed(&rig, 1, COORD_COMMIT_OK);
    cr_assert_eq(rig_count(&rig, COORD_ACT_REPLY_BYE), 2);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_FINISHED));
    cr_assert_eq(rig_stats(&rig).workers, 0);
    rig_join(&rig, 3);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_REPLY_BYE));
}

Test(requests, after_a_drain_nobody_is_told_bye)
{
    rig_join(&rig, 1);
    rig_event(&rig, COORD_EV_DRAIN);
    cr_assert_eq(rig_count(&rig, COORD_ACT_REPLY_BYE), 0);
    cr_assert_not_null(rig_find(&rig, COORD_ACT_DROP_REQUEST));
    cr_assert_not_null(rig_find(&rig, COORD_ACT_FINISHED));
    rig_ready(&rig, 1);
    cr_assert_eq(rig_count(&rig, COORD_ACT_REPLY_BYE), 0);
}

Test(requests, the_model_comes_with_the_task_that_needs_it)
{
    rig_end(&rig);
    rig_init(&rig);
    rig.plan.model = true;
    rig_start(&rig);
    rig_join(&rig, 1);
    rig_batch(&rig, 1);
    uint64_t task = rig_find(&rig, COORD_ACT_REPLY_TASK)->task;
    struct wire_message m = { .envelope = { .kind = WIRE_NEED_MODEL,
                                            .epoch = rig.config.epoch,
                                            .worker_id = 1,
                                            .task = task,
                                            .attempt = 1 } };
    memcpy(m.envelope.run_id, rig.config.run_id, WIRE_RUN_ID_BYTES);
    rig_result(&rig, 1, &m, 0, 0);
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_MODEL)->batch, 1);
    m.envelope.task = 0; /* a task that nobody needs any more */
    rig_result(&rig, 1, &m, 0, 0);
    cr_assert_null(rig_find(&rig, COORD_ACT_REPLY_MODEL));
    cr_assert_eq(rig_find(&rig, COORD_ACT_REPLY_TASK)->attempt, 2);
}

Test(requests, work_without_workers_is_said_once_an_outage)
{
    rig_batch(&rig, 1);
    rig_tick(&rig, 999);
    cr_assert_not(rig_noted(&rig, COORD_NOTE_NO_WORKER));
    rig_tick(&rig, 1);
    cr_assert(rig_noted(&rig, COORD_NOTE_NO_WORKER));
    rig_tick(&rig, 5000);
    cr_assert_not(rig_noted(&rig, COORD_NOTE_NO_WORKER));
    rig_join(&rig, 1);
    rig_pipe_lost(&rig, 1);
    rig_tick(&rig, 1000);
    cr_assert(rig_noted(&rig, COORD_NOTE_NO_WORKER));
}
