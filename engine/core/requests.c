/*
 * What workers say, and what they hear back.
 *
 * READY and RESULT ask for work: they are kept (parked) until there is some.
 * Either also says that the worker holds no other task. Everything else is
 * answered at once.
 */
#include "engine/core/state.h"

#include "proto/base/check.h"

#include <string.h>

static bool is_ours(const struct coord *c, const struct wire_envelope *e)
{
    return e->epoch == c->config.epoch &&
           memcmp(e->run_id, c->config.run_id, WIRE_RUN_ID_BYTES) == 0;
}

/* The worker asks for work and holds nothing. */
static void request_work(struct coord *c, struct peer *p, uint64_t request)
{
    lease_lose(c, p, true);
    p->busy_us = peer_busy_us(c, p);
    p->lease.task = 0;
    if (!c->finished) {
        peer_park(c, p, request);
    } else if (c->ended) {
        action_reply(c, COORD_ACT_REPLY_BYE, request);
        peer_remove(c, p);
    } else {
        action_reply(c, COORD_ACT_DROP_REQUEST, request);
    }
}

static void copy_host(struct peer *p, const struct wire_text *host)
{
    uint32_t n = host->length;
    if (n > sizeof p->host - 1) {
        n = sizeof p->host - 1;
    }
    if (n > 0) {
        memcpy(p->host, host->text, n);
    }
    p->host[n] = 0;
}

static bool hello_is_welcome(struct coord *c, const struct coord_event *event)
{
    const struct wire_hello *h = &event->message->body.hello;
    uint64_t id = event->message->envelope.worker_id;
    if (h->algorithm_version != c->config.algorithm_version) {
        action_refuse(c, event->request, id, ERR_VERSION,
                      "the worker's detectors are of another version: install "
                      "the same fyke on both sides");
        return false;
    }
    if (h->selftest_digest != c->config.selftest_digest) {
        action_refuse(c, event->request, id, ERR_DIFFERENT,
                      "the worker's self-test gives other numbers: it computes "
                      "differently (other build flags or a faulty machine)");
        return false;
    }
    return true;
}

static void request_hello(struct coord *c, const struct coord_event *event)
{
    if (!hello_is_welcome(c, event)) {
        return;
    }
    const struct wire_hello *h = &event->message->body.hello;
    uint64_t id = event->message->envelope.worker_id;
    struct peer *p = peer_by_id(c, id);
    if (p == NULL) {
        p = peer_add(c, id);
        if (p == NULL) {
            action_refuse(c, event->request, id, ERR_BUSY,
                          "as many workers as there can be are here already");
            return;
        }
        note_add(c, COORD_NOTE_WORKER_JOINED)->worker_id = id;
    }
    /* Known, perhaps on a new pipe: what it holds goes on, what it asked for
     * on the old pipe does not. */
    peer_drop_parked(c, p);
    if (p->pipe != 0 && p->pipe != event->pipe) {
        action_add(c, COORD_ACT_CLOSE_PIPE)->pipe = p->pipe;
    }
    peer_set_pipe(c, p, event->pipe);
    peer_heard(c, p);
    p->idle_beats = 0;
    p->pid = h->pid;
    copy_host(p, &h->host);
    action_reply(c, COORD_ACT_REPLY_HELLO, event->request)->worker_id = id;
}

static struct coord_action *note_result(struct coord *c, enum coord_note note,
                                        const struct peer *p,
                                        const struct task *t)
{
    struct coord_action *a = note_add(c, note);
    a->worker_id = p->id;
    a->task = task_id(t);
    a->batch = t->run->batch->number;
    a->detector = t->run->detector;
    a->phase_index = t->phase_index;
    a->part = t->part;
    return a;
}

static void result_accept(struct coord *c, struct peer *p, struct task *t,
                          const struct coord_event *event)
{
    struct coord_action *a = action_add(c, COORD_ACT_ACCEPT);
    a->task = task_id(t);
    a->batch = t->run->batch->number;
    a->detector = t->run->detector;
    a->phase_index = t->phase_index;
    a->part = t->part;
    a->worker_id = p->id;
    p->tasks_done++;
    if (p->lease.live && p->lease.task == a->task) {
        speculate_time(c, t, c->now_us - p->lease.given_us);
    }
    task_close(c, t, event->payload_hash);
    batch_task_done(c, t->run, event->message->body.result.compute_us);
}

static void request_result(struct coord *c, struct peer *p,
                           const struct coord_event *event)
{
    const struct wire_message *m = event->message;
    struct task *t;
    switch (task_judge(c, m, event->payload_err, event->payload_hash, &t)) {
    case TASK_ACCEPT:
        result_accept(c, p, t, event);
        break;
    case TASK_DUPLICATE:
        c->stats.duplicates++;
        break;
    case TASK_DIFFERS:
        c->stats.alarms++;
        note_result(c, COORD_NOTE_RESULT_DIFFERS, p, t);
        break;
    case TASK_FAILED:
        note_result(c, COORD_NOTE_TASK_FAILED, p, t)->err =
            m->body.result.status;
        break;
    case TASK_INVALID:
        c->stats.invalid++;
        note_result(c, COORD_NOTE_RESULT_INVALID, p, t)->err =
            event->payload_err;
        break;
    case TASK_VOID:
        action_reply(c, COORD_ACT_REPLY_HELLO_FIRST, event->request);
        return;
    case TASK_UNKNOWN:
        break;
    }
    request_work(c, p, event->request);
}

static void request_beat(struct coord *c, struct peer *p,
                         const struct coord_event *event)
{
    const struct wire_heartbeat *beat = &event->message->body.heartbeat;
    struct coord_action *a =
        action_reply(c, COORD_ACT_REPLY_BEAT, event->request);
    if (!is_ours(c, &event->message->envelope)) {
        a->order = 1;
        return;
    }
    lease_beat(c, p, beat);
    /* It holds nothing and asks for nothing: a request of it was lost. */
    bool is_drained = c->finished && !c->ended;
    bool is_stray = beat->held_count == 0 && !p->parked && !is_drained;
    p->idle_beats = is_stray ? p->idle_beats + 1 : 0;
    if (p->idle_beats >= IDLE_BEATS_MAX) {
        p->idle_beats = 0;
        a->order = 1;
    }
}

static void request_model(struct coord *c, struct peer *p,
                          const struct coord_event *event)
{
    const struct task *t = task_find(c, event->message->envelope.task);
    if (t == NULL || t->state == TASK_DONE ||
        !t->run->plan.phase[t->phase_index].model) {
        request_work(c, p, event->request); /* nobody needs it any more */
        return;
    }
    struct coord_action *a =
        action_reply(c, COORD_ACT_REPLY_MODEL, event->request);
    a->batch = t->run->batch->number;
    a->detector = t->run->detector;
    a->worker_id = p->id;
}

static void request_bye(struct coord *c, struct peer *p, uint64_t request)
{
    note_add(c, COORD_NOTE_WORKER_LEFT)->worker_id = p->id;
    lease_lose(c, p, false); /* it left in peace: no loss of the task */
    action_reply(c, COORD_ACT_REPLY_BYE, request);
    peer_remove(c, p);
}

void request_step(struct coord *c, const struct coord_event *event)
{
    const struct wire_message *m = event->message;
    check(m != NULL);
    if (m->envelope.kind == WIRE_HELLO) {
        request_hello(c, event);
        return;
    }
    struct peer *p = peer_by_pipe(c, event->pipe);
    if (p == NULL || p->id != m->envelope.worker_id) {
        action_reply(c, COORD_ACT_REPLY_HELLO_FIRST, event->request);
        return;
    }
    peer_heard(c, p);
    bool asks =
        m->envelope.kind == WIRE_READY || m->envelope.kind == WIRE_NEED_MODEL;
    if (asks && !is_ours(c, &m->envelope)) {
        action_reply(c, COORD_ACT_REPLY_HELLO_FIRST, event->request);
        return;
    }
    switch (m->envelope.kind) {
    case WIRE_READY:
        request_work(c, p, event->request);
        break;
    case WIRE_RESULT:
        request_result(c, p, event);
        break;
    case WIRE_HEARTBEAT:
        request_beat(c, p, event);
        break;
    case WIRE_NEED_MODEL:
        request_model(c, p, event);
        break;
    case WIRE_BYE:
        request_bye(c, p, event->request);
        break;
    default: /* a reply's kind, or one that is only reserved */
        request_bad(c, event);
        break;
    }
}

void request_bad(struct coord *c, const struct coord_event *event)
{
    if (event->payload_err == ERR_VERSION) {
        action_refuse(c, event->request, 0, ERR_VERSION,
                      "the worker speaks another wire version: install the "
                      "same fyke on both sides");
        return;
    }
    action_reply(c, COORD_ACT_DROP_REQUEST, event->request);
    if (event->pipe != 0) {
        struct peer *p = peer_by_pipe(c, event->pipe);
        if (p != NULL) {
            peer_lose_pipe(c, p);
        }
        action_add(c, COORD_ACT_CLOSE_PIPE)->pipe = event->pipe;
    }
}

void request_finish(struct coord *c)
{
    for (;;) {
        struct list *first = list_first(&c->idle);
        if (first == NULL) {
            return;
        }
        struct peer *p = list_owner(first, struct peer, idle_link);
        if (!c->ended) {
            peer_drop_parked(c, p);
            continue;
        }
        action_reply(c, COORD_ACT_REPLY_BYE, p->request);
        peer_unpark(c, p);
        peer_remove(c, p);
    }
}
