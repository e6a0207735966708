/* The worker's core: what it says, when it computes, how it leaves. */
#include "workers/core/worker.h"

#include <criterion/criterion.h>

static struct worker *worker;
static struct worker_actions a;
static int64_t now_us;
static const uint8_t RUN_ID[WIRE_RUN_ID_BYTES] = "a run";

static void step(const struct worker_event *e)
{
    worker_step(worker, now_us, e, &a);
    worker_check(worker);
}

static void event(enum worker_event_kind kind)
{
    struct worker_event e = { .kind = kind };
    step(&e);
}

static void tick(int64_t ms)
{
    now_us += ms * 1000;
    event(WORKER_EV_TICK);
}

static struct wire_message message(enum wire_kind kind)
{
    struct wire_message m = { .envelope = { .kind = kind, .epoch = 3 } };
    memcpy(m.envelope.run_id, RUN_ID, sizeof RUN_ID);
    return m;
}

static void reply_on(enum worker_channel channel, const struct wire_message *m)
{
    struct worker_event e = { .kind = WORKER_EV_REPLY,
                              .channel = channel,
                              .message = m };
    step(&e);
}

static void reply(enum wire_kind kind)
{
    struct wire_message m = message(kind);
    m.body.hello_reply = (struct wire_hello_reply){ 1000, 5000 };
    reply_on(WORKER_CHANNEL_TASK, &m);
}

static void beat_reply(uint32_t order)
{
    struct wire_message m = message(WIRE_HEARTBEAT_REPLY);
    m.body.heartbeat_reply.order = order;
    reply_on(WORKER_CHANNEL_BEAT, &m);
}

static void give_task(uint64_t task, uint64_t model_id)
{
    struct wire_message m = message(WIRE_TASK);
    m.envelope.task = task;
    m.envelope.attempt = 2;
    m.body.task.model_id = model_id;
    m.body.task.model_hash = 2 * model_id;
    reply_on(WORKER_CHANNEL_TASK, &m);
}

static void give_model(uint64_t model_id)
{
    struct wire_message m = message(WIRE_MODEL);
    m.body.model.model_id = model_id;
    m.body.model.model_hash = 2 * model_id;
    reply_on(WORKER_CHANNEL_TASK, &m);
}

static const struct worker_action *find(enum worker_action_kind kind)
{
    for (uint32_t i = 0; i < a.count; i++) {
        if (a.item[i].kind == kind) {
            return &a.item[i];
        }
    }
    return NULL;
}

/* The action of a kind that must be there. */
static const struct worker_action *the(enum worker_action_kind kind)
{
    static const struct worker_action none;
    const struct worker_action *found = find(kind);
    cr_assert_not_null(found);
    return found != NULL ? found : &none;
}

/* The request that was sent on a channel in the last step, 0 = none. */
static uint32_t sent(enum worker_channel channel)
{
    for (uint32_t i = 0; i < a.count; i++) {
        if (a.item[i].kind == WORKER_ACT_SEND && a.item[i].channel == channel) {
            return a.item[i].envelope.kind;
        }
    }
    return 0;
}

static uint32_t asked(void)
{
    return sent(WORKER_CHANNEL_TASK);
}

static bool noted(enum worker_note note)
{
    for (uint32_t i = 0; i < a.count; i++) {
        if (a.item[i].kind == WORKER_ACT_NOTE && a.item[i].note == note) {
            return true;
        }
    }
    return false;
}

static void start(bool leave_when_lost)
{
    struct worker_config config = { .worker_id = 9,
                                    .beat_ms = 1000,
                                    .silence_ms = 5000,
                                    .redial_ms_max = 2000,
                                    .leave_when_lost = leave_when_lost };
    now_us = 1000000;
    cr_assert_eq(worker_new(&config, now_us, &worker), 0);
}

static void setup(void)
{
    start(false);
}

static void teardown(void)
{
    worker_free(worker);
}

static void join(void)
{
    event(WORKER_EV_UP);
    reply(WIRE_HELLO_REPLY);
}

TestSuite(worker, .init = setup, .fini = teardown);

Test(worker, hello_comes_first_then_ready_and_beats)
{
    event(WORKER_EV_UP);
    cr_assert_eq(asked(), WIRE_HELLO);
    cr_assert_eq(a.item[0].envelope.worker_id, 9);
    cr_assert_eq(a.item[0].envelope.epoch, 0);
    cr_assert_not(noted(WORKER_NOTE_JOINED));
    reply(WIRE_HELLO_REPLY);
    cr_assert(noted(WORKER_NOTE_JOINED));
    cr_assert_eq(asked(), WIRE_READY);
    cr_assert_eq(sent(WORKER_CHANNEL_BEAT), WIRE_HEARTBEAT);
    cr_assert_eq(the(WORKER_ACT_SEND)->envelope.epoch, 3);
    beat_reply(0);
    tick(999);
    cr_assert_eq(sent(WORKER_CHANNEL_BEAT), 0);
    tick(1);
    cr_assert_eq(sent(WORKER_CHANNEL_BEAT), WIRE_HEARTBEAT);
    tick(1000);
    cr_assert_eq(sent(WORKER_CHANNEL_BEAT), 0, "one is under way");
}

Test(worker, a_task_is_kept_computed_and_handed_in)
{
    join();
    give_task(7, 0);
    cr_assert_not_null(find(WORKER_ACT_KEEP));
    cr_assert_not_null(find(WORKER_ACT_COMPUTE));
    event(WORKER_EV_COMPUTED);
    cr_assert_eq(asked(), WIRE_RESULT);
    cr_assert_eq(the(WORKER_ACT_SEND)->envelope.task, 7);
    cr_assert_eq(the(WORKER_ACT_SEND)->envelope.attempt, 2);
    give_task(8, 0);
    cr_assert_eq(a.item[0].kind, WORKER_ACT_FORGET);
    cr_assert_eq(a.item[1].kind, WORKER_ACT_KEEP);
}

Test(worker, a_beat_says_what_is_worked_on_and_how_far)
{
    join();
    give_task(7, 0);
    beat_reply(0);
    now_us += 1000000;
    struct worker_event e = { .kind = WORKER_EV_TICK, .progress = 55 };
    step(&e);
    const struct wire_heartbeat *beat = &the(WORKER_ACT_SEND)->heartbeat;
    cr_assert_eq(beat->held_count, 1);
    cr_assert_eq(beat->held[0].task, 7);
    cr_assert_eq(beat->held[0].attempt, 2);
    cr_assert_eq(beat->held[0].progress, 55);
    beat_reply(0);
    event(WORKER_EV_COMPUTED);
    tick(1000);
    cr_assert_eq(the(WORKER_ACT_SEND)->heartbeat.held_count, 0,
                 "a result that was sent is not worked on");
}

Test(worker, a_model_is_asked_for_once)
{
    join();
    give_task(7, 40);
    cr_assert_eq(asked(), WIRE_NEED_MODEL);
    cr_assert_eq(the(WORKER_ACT_SEND)->model_id, 40);
    give_model(40);
    uint32_t slot = the(WORKER_ACT_LOAD)->model_slot;
    event(WORKER_EV_LOADED);
    cr_assert_eq(the(WORKER_ACT_COMPUTE)->model_slot, slot);
    event(WORKER_EV_COMPUTED);
    give_task(8, 40);
    cr_assert_eq(the(WORKER_ACT_COMPUTE)->model_slot, slot);
}

Test(worker, the_model_that_was_used_longest_ago_makes_room)
{
    join();
    for (uint64_t id = 1; id <= WORKER_MODELS_MAX + 1; id++) {
        give_task(id, id);
        give_model(id);
        event(WORKER_EV_LOADED);
        event(WORKER_EV_COMPUTED);
    }
    give_task(20, 2);
    cr_assert_not_null(find(WORKER_ACT_COMPUTE));
    event(WORKER_EV_COMPUTED);
    give_task(21, 1);
    cr_assert_eq(asked(), WIRE_NEED_MODEL);
}

Test(worker, a_model_that_cannot_be_loaded_is_a_failed_task)
{
    join();
    give_task(7, 40);
    give_model(40);
    struct worker_event e = { .kind = WORKER_EV_LOADED, .status = ERR_PROTO };
    step(&e);
    cr_assert_eq(asked(), WIRE_RESULT);
    cr_assert_eq(the(WORKER_ACT_SEND)->err, ERR_PROTO);
    give_task(8, 40);
    cr_assert_eq(asked(), WIRE_NEED_MODEL, "it is not in the cache");
}

Test(worker, a_computation_outlives_the_link)
{
    join();
    give_task(7, 0);
    event(WORKER_EV_DOWN);
    cr_assert(noted(WORKER_NOTE_LOST));
    cr_assert_null(find(WORKER_ACT_FORGET));
    event(WORKER_EV_COMPUTED);
    cr_assert_eq(asked(), 0);
    event(WORKER_EV_UP);
    cr_assert_eq(asked(), WIRE_HELLO);
    reply(WIRE_HELLO_REPLY);
    cr_assert_eq(asked(), WIRE_RESULT);
}

Test(worker, a_coordinator_that_started_again_gets_no_old_result)
{
    join();
    give_task(7, 0);
    event(WORKER_EV_DOWN);
    event(WORKER_EV_UP);
    struct wire_message m = message(WIRE_HELLO_REPLY);
    m.envelope.epoch = 4;
    m.body.hello_reply = (struct wire_hello_reply){ 1000, 5000 };
    reply_on(WORKER_CHANNEL_TASK, &m);
    cr_assert_not_null(find(WORKER_ACT_FORGET));
    cr_assert_eq(asked(), WIRE_READY);
    event(WORKER_EV_COMPUTED);
    cr_assert_eq(a.count, 0);
}

Test(worker, silence_means_redial_with_a_growing_delay)
{
    static const uint32_t delays_ms[] = {
        100, 200, 400, 800, 1600, 2000, 2000
    };
    for (size_t i = 0; i < sizeof delays_ms / sizeof delays_ms[0]; i++) {
        event(WORKER_EV_UP);
        tick(4999);
        cr_assert_null(find(WORKER_ACT_REDIAL));
        tick(1);
        cr_assert_eq(the(WORKER_ACT_REDIAL)->delay_ms, delays_ms[i]);
    }
    join();
    tick(1000);
    tick(4000);
    cr_assert_eq(the(WORKER_ACT_REDIAL)->delay_ms, 100, "it starts over");
    cr_assert(noted(WORKER_NOTE_LOST));
}

Test(worker, waiting_is_said_once_an_outage)
{
    tick(999);
    cr_assert_not(noted(WORKER_NOTE_WAITING));
    tick(1);
    cr_assert(noted(WORKER_NOTE_WAITING));
    tick(10000);
    cr_assert_not(noted(WORKER_NOTE_WAITING));
    join();
    event(WORKER_EV_DOWN);
    tick(1000);
    cr_assert(noted(WORKER_NOTE_WAITING));
}

Test(worker, an_order_in_a_beat_means_hello_again)
{
    join();
    beat_reply(1);
    cr_assert_eq(a.item[0].kind, WORKER_ACT_CANCEL);
    cr_assert_eq(asked(), WIRE_HELLO);
    reply(WIRE_HELLO_REPLY);
    cr_assert_eq(asked(), WIRE_READY);
    cr_assert_not(noted(WORKER_NOTE_JOINED), "it was not away");
}

Test(worker, hello_first_is_answered_with_hello)
{
    join();
    give_task(7, 0);
    event(WORKER_EV_COMPUTED);
    reply(WIRE_HELLO_FIRST);
    cr_assert_eq(asked(), WIRE_HELLO);
    reply(WIRE_HELLO_REPLY);
    cr_assert_eq(asked(), WIRE_RESULT, "the result is still there");
}

Test(worker, a_refusal_ends_it_and_says_why)
{
    event(WORKER_EV_UP);
    struct wire_message m = message(WIRE_REFUSED);
    m.body.refused = (struct wire_refused){ ERR_VERSION, { "too old", 7 } };
    reply_on(WORKER_CHANNEL_TASK, &m);
    cr_assert(noted(WORKER_NOTE_REFUSED));
    cr_assert_str_eq(the(WORKER_ACT_NOTE)->text, "too old");
    cr_assert_eq(the(WORKER_ACT_EXIT)->exit_code, 1);
    tick(100000);
    cr_assert_eq(a.count, 0);
}

Test(worker, a_full_coordinator_is_tried_again)
{
    event(WORKER_EV_UP);
    struct wire_message m = message(WIRE_REFUSED);
    m.body.refused.code = ERR_BUSY;
    reply_on(WORKER_CHANNEL_TASK, &m);
    cr_assert_not_null(find(WORKER_ACT_REDIAL));
    cr_assert_null(find(WORKER_ACT_EXIT));
}

Test(worker, bye_means_exit_0)
{
    join();
    reply(WIRE_BYE_REPLY);
    cr_assert(noted(WORKER_NOTE_BYE));
    cr_assert_eq(the(WORKER_ACT_EXIT)->exit_code, 0);
}

Test(worker, an_idle_worker_that_is_stopped_says_bye)
{
    join();
    event(WORKER_EV_STOP);
    cr_assert_eq(a.item[0].kind, WORKER_ACT_CANCEL);
    cr_assert_eq(asked(), WIRE_BYE);
    reply(WIRE_BYE_REPLY);
    cr_assert_eq(the(WORKER_ACT_EXIT)->exit_code, 0);
}

Test(worker, a_stopped_worker_hands_in_its_task_first)
{
    join();
    give_task(7, 0);
    beat_reply(0);
    event(WORKER_EV_STOP);
    cr_assert_eq(asked(), 0);
    beat_reply(0);
    event(WORKER_EV_COMPUTED);
    cr_assert_eq(asked(), WIRE_RESULT);
    cr_assert_eq(sent(WORKER_CHANNEL_BEAT), WIRE_HEARTBEAT);
    beat_reply(0); /* heard behind the result */
    cr_assert_eq(asked(), WIRE_BYE);
}

Test(worker, a_stopped_worker_takes_no_new_task)
{
    join();
    give_task(7, 0);
    event(WORKER_EV_STOP);
    event(WORKER_EV_COMPUTED);
    give_task(8, 0);
    cr_assert_null(find(WORKER_ACT_KEEP));
    cr_assert_eq(asked(), WIRE_BYE);
    tick(1000);
    cr_assert_eq(the(WORKER_ACT_EXIT)->exit_code, 0, "BYE has a time");
}

Test(worker, stopped_without_a_link_it_leaves_at_once)
{
    event(WORKER_EV_STOP);
    cr_assert_eq(the(WORKER_ACT_EXIT)->exit_code, 0);
}

Test(worker, stopped_while_computing_it_leaves_when_the_link_breaks)
{
    join();
    give_task(7, 0);
    event(WORKER_EV_STOP);
    event(WORKER_EV_DOWN);
    cr_assert_eq(the(WORKER_ACT_EXIT)->exit_code, 0);
}

Test(worker, a_local_worker_leaves_when_its_coordinator_stays_away)
{
    teardown();
    start(true);
    tick(60000);
    cr_assert_null(find(WORKER_ACT_EXIT), "it was never there");
    join();
    event(WORKER_EV_DOWN);
    tick(4999);
    cr_assert_null(find(WORKER_ACT_EXIT));
    tick(1);
    cr_assert_eq(the(WORKER_ACT_EXIT)->exit_code, 1);
}

Test(worker, a_reply_that_does_not_fit_or_decode_means_redial)
{
    join();
    reply(WIRE_MODEL);
    cr_assert_not_null(find(WORKER_ACT_REDIAL));
    join();
    struct worker_event e = { .kind = WORKER_EV_BAD_REPLY,
                              .channel = WORKER_CHANNEL_BEAT };
    step(&e);
    cr_assert_not_null(find(WORKER_ACT_REDIAL));
    event(WORKER_EV_FAILED); /* of the link that is gone */
    cr_assert_eq(a.count, 0);
}

Test(worker, a_model_that_does_not_come_is_waited_for_longer_each_time)
{
    join();
    give_task(7, 40);
    for (int s = 0; s < 10; s++) {
        cr_assert_null(find(WORKER_ACT_REDIAL), "%d s", s);
        beat_reply(0);
        tick(1000);
    }
    cr_assert_not_null(find(WORKER_ACT_REDIAL));
    join();
    cr_assert_eq(asked(), WIRE_NEED_MODEL);
    for (int s = 0; s < 19; s++) {
        beat_reply(0);
        tick(1000);
        cr_assert_null(find(WORKER_ACT_REDIAL), "%d s", s);
    }
}

Test(worker, configuration_without_an_id_or_times_is_refused)
{
    struct worker_config config = { .beat_ms = 1,
                                    .silence_ms = 1,
                                    .redial_ms_max = 1 };
    struct worker *w;
    cr_assert_eq(worker_new(&config, 0, &w), ERR_INVALID);
    config = (struct worker_config){ .worker_id = 1 };
    cr_assert_eq(worker_new(&config, 0, &w), ERR_INVALID);
}
