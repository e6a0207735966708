/*
 * What a worker says and hears in the simulated world: requests, replies and
 * the news of a lost link.
 */
#include "tests/sim/sim.h"

#include "proto/base/check.h"

static void hello_fill(struct wire_hello *h)
{
    *h = (struct wire_hello){ .wire_version = WIRE_VERSION,
                              .algorithm_version = SIM_ALGORITHM,
                              .selftest_digest = 7,
                              .pid = 1,
                              .slots = 1,
                              .cores = 1,
                              .host = { "sim", 3 } };
}

/* What a broken worker says: never a well-formed wrong answer. */
static void result_spoil(struct sim *s, struct wire_result *r)
{
    switch (sim_between(s, 0, 4)) {
    case 0:
        r->part++;
        break;
    case 1:
        r->batch++;
        break;
    case 2:
        r->payload.number[r->payload.number_count++] = 1;
        break;
    case 3:
        r->payload = (struct wire_payload){ 0 };
        break;
    default:
        r->status = ERR_NOMEM;
        r->payload = (struct wire_payload){ 0 };
        break;
    }
}

static void result_fill(struct sim *s, const struct sim_worker *w,
                        struct wire_result *r)
{
    const struct wire_task *t = &w->task.body.task;
    *r = (struct wire_result){ .batch = t->batch,
                               .detector = t->detector,
                               .phase = t->phase,
                               .part = t->part,
                               .status = w->status };
    if (w->status == 0) {
        r->payload = w->result;
    }
    if (s->now_us < w->garbage_until_us && !sim_is_healed(s) &&
        sim_percent(s, 70)) {
        result_spoil(s, r);
    }
}

void worker_send(struct sim *s, uint32_t who, const struct worker_action *a)
{
    struct sim_worker *w = &s->worker[who];
    struct wire_message m = { .envelope = a->envelope };
    struct sim_channel *channel = &w->channel[a->channel];
    if (channel->busy) {
        sim_fail(s, "worker %u asks twice on one channel", who + 1);
    }
    channel->busy = true;
    channel->token++;
    switch (a->envelope.kind) {
    case WIRE_HELLO:
        hello_fill(&m.body.hello);
        break;
    case WIRE_RESULT:
        check(w->kept != NULL && !w->computing);
        result_fill(s, w, &m.body.result);
        break;
    case WIRE_HEARTBEAT:
        m.body.heartbeat = a->heartbeat;
        break;
    case WIRE_NEED_MODEL:
        m.body.need_model.model_id = a->model_id;
        break;
    default:
        break;
    }
    net_request(s, who, a->channel, &m);
}

void worker_replied(struct sim *s, struct sim_event *e)
{
    struct sim_worker *w = &s->worker[e->who];
    struct sim_channel *channel = &w->channel[e->b & 1];
    if (w->link != e->a || !channel->busy || channel->token != e->b >> 1) {
        return; /* the answer to a question that was taken back */
    }
    channel->busy = false;
    struct wire_message m;
    struct worker_event event = { .kind = WORKER_EV_REPLY,
                                  .channel = e->b & 1,
                                  .message = &m };
    event.err = wire_decode(e->bytes, e->byte_count, &m);
    if (event.err != 0) {
        event.kind = WORKER_EV_BAD_REPLY;
        event.message = NULL;
    } else {
        trace_message(s, false, e->who, &m, "");
    }
    w->incoming = e->bytes;
    w->incoming_message = &m;
    uint64_t life = w->life;
    worker_do(s, e->who, &event);
    if (w->life == life && w->incoming == NULL) {
        e->bytes = NULL; /* kept */
    }
    w->incoming = NULL;
    w->incoming_message = NULL;
}

/* nng tells of the lost pipe and of each request on it, in either order, and
 * dials again by itself. */
void worker_down(struct sim *s, const struct sim_event *e)
{
    struct sim_worker *w = &s->worker[e->who];
    struct worker_event event = { .kind = WORKER_EV_DOWN };
    if (w->link != e->a) {
        return;
    }
    if (sim_percent(s, 50)) {
        for (uint32_t i = 0; i < 2 && w->up && w->link == e->a; i++) {
            struct worker_event failed = { .kind = WORKER_EV_FAILED,
                                           .channel = i,
                                           .err = ERR_CLOSED };
            if (w->channel[i].busy) {
                w->channel[i].busy = false;
                worker_do(s, e->who, &failed);
            }
        }
    }
    if (!w->up || w->link != e->a) {
        return;
    }
    w->link = 0;
    net_dial(s, e->who, sim_between(s, 100, 500) * MS);
    worker_do(s, e->who, &event);
}
