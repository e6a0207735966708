/*
 * Links between workers and the coordinator. A link has one number for both
 * of its ends; what is under way on it is lost with it, mostly. Messages are
 * lost, late, repeated, out of order or cut short as the seed says.
 */
#include "tests/sim/sim.h"

#include "proto/base/check.h"
#include "tests/lib/wire_tools.h"

#include <stdlib.h>
#include <string.h>

static struct buf encode(const struct wire_message *m)
{
    struct buf b;
    buf_init(&b, WIRE_MESSAGE_BYTES_MAX);
    int err = wire_encode_to_buf(m, &b);
    check(err == 0);
    return b;
}

static bool happens(struct sim *s, uint32_t per_mille)
{
    return !sim_is_healed(s) && per_mille > 0 &&
           rng_below(&s->rng, 1000) < per_mille;
}

/* When a message sent now arrives; `last_us` keeps the order of its way. */
static int64_t arrival_us(struct sim *s, int64_t *last_us)
{
    int64_t at =
        s->now_us + sim_between(s, s->mix.delay_min_us, s->mix.delay_max_us);
    if (!s->mix.reorder && at < *last_us) {
        at = *last_us;
    }
    *last_us = at;
    return at;
}

static void push_copy(struct sim *s, struct sim_event e, const struct buf *b)
{
    e.byte_count = b->length;
    if (happens(s, s->mix.garbage)) {
        e.byte_count = rng_below(&s->rng, b->length);
    }
    e.bytes = malloc(b->length + 1);
    check(e.bytes != NULL);
    memcpy(e.bytes, b->data, b->length);
    queue_push(&s->queue, e);
}

static void push(struct sim *s, struct sim_event e, int64_t *last_us,
                 const struct wire_message *m)
{
    struct buf b = encode(m);
    e.at_us = arrival_us(s, last_us);
    push_copy(s, e, &b);
    if (happens(s, s->mix.duplicate)) {
        e.at_us = arrival_us(s, last_us);
        push_copy(s, e, &b);
    }
    buf_release(&b);
}

void net_request(struct sim *s, uint32_t who, enum worker_channel channel,
                 const struct wire_message *m)
{
    struct sim_worker *w = &s->worker[who];
    struct sim_event e = { .kind = EVENT_REQUEST,
                           .who = WHO_COORD,
                           .life = s->coord.life,
                           .a = (uint64_t)w->link << 8 | who,
                           .b = w->channel[channel].token << 1 | channel };
    if (!w->link_up || s->now_us < w->cut_out_us || happens(s, s->mix.loss)) {
        trace_message(s, true, who, m, " (lost)");
        return;
    }
    push(s, e, &w->last_out_us, m);
}

static struct sim_request *request_find(struct sim *s, uint64_t handle)
{
    struct sim_request *r = &s->coord.request[handle % SIM_REQUESTS_MAX];
    return r->open && r->handle == handle ? r : NULL;
}

static struct sim_request *request_take(struct sim *s, uint64_t handle)
{
    struct sim_request *r = request_find(s, handle);
    if (r != NULL) {
        r->open = false;
        return r;
    }
    sim_fail(s, "request %llu was answered or dropped twice",
             (unsigned long long)handle);
}

void net_drop(struct sim *s, uint64_t request)
{
    request_take(s, request);
}

void net_reply(struct sim *s, uint64_t request, const struct wire_message *m)
{
    struct sim_request *r = request_take(s, request);
    struct sim_worker *w = &s->worker[r->worker];
    struct sim_event e = { .kind = EVENT_REPLY,
                           .who = r->worker,
                           .life = w->life,
                           .a = r->link,
                           .b = r->token << 1 | r->channel };
    if (!w->link_up || w->link != r->link || s->now_us < w->cut_in_us ||
        happens(s, s->mix.loss)) {
        trace_message(s, false, r->worker, m, " (lost)");
        return;
    }
    push(s, e, &w->last_in_us, m);
}

static uint64_t request_add(struct sim *s, const struct sim_event *e)
{
    struct sim_coord *c = &s->coord;
    uint64_t handle = ++c->request_count;
    uint32_t tried = 0;
    while (c->request[handle % SIM_REQUESTS_MAX].open) {
        handle = ++c->request_count;
        check(++tried < SIM_REQUESTS_MAX);
    }
    c->request[handle % SIM_REQUESTS_MAX] =
        (struct sim_request){ .open = true,
                              .handle = handle,
                              .worker = (uint32_t)(e->a & 0xff),
                              .link = (uint32_t)(e->a >> 8),
                              .token = e->b >> 1,
                              .channel = e->b & 1 };
    return handle;
}

static int payload_check(struct sim *s, const struct wire_message *m)
{
    uint64_t batch;
    uint32_t detector, phase_index, part;
    if (!coord_task_find(s->coord.core, m->envelope.task, &batch, &detector,
                         &phase_index, &part)) {
        return 0;
    }
    const struct detect_run *r = batch_run(coord_batch(s, batch), detector);
    return r->ops->validate(r->state, phase_index, part,
                            &m->body.result.payload);
}

void net_hear(struct sim *s, const struct sim_event *e)
{
    uint32_t pipe = (uint32_t)(e->a >> 8);
    /* What a dead pipe brought may still lie in the mailbox. */
    if (s->coord.pipe_worker[pipe] == 0 && !sim_percent(s, 30)) {
        return;
    }
    struct wire_message m;
    struct coord_event event = { .kind = COORD_EV_REQUEST,
                                 .request = request_add(s, e),
                                 .pipe = pipe,
                                 .message = &m };
    int err = wire_decode(e->bytes, e->byte_count, &m);
    if (err != 0) {
        trace_line(s, "coord", "hears bytes that do not decode");
        event.kind = COORD_EV_BAD_REQUEST;
        event.payload_err = err;
        event.message = NULL;
    } else {
        trace_message(s, true, (uint32_t)(e->a & 0xff), &m, "");
        if (m.envelope.kind == WIRE_RESULT) {
            event.payload_err = payload_check(s, &m);
            event.payload_hash = wire_payload_hash(&m.body.result.payload);
        }
    }
    coord_do(s, &event);
}

void net_dial(struct sim *s, uint32_t who, int64_t delay_us)
{
    s->worker[who].dial = ++s->next_dial;
    sim_at(s, s->now_us + delay_us, EVENT_DIAL, who, s->next_dial, 0);
}

void net_dialed(struct sim *s, uint32_t who, uint64_t attempt)
{
    struct sim_worker *w = &s->worker[who];
    if (w->link_up || w->dial != attempt) {
        return;
    }
    if (!s->coord.up || s->now_us < s->coord.stalled_us ||
        s->now_us < w->cut_in_us || s->now_us < w->cut_out_us) {
        net_dial(s, who, sim_between(s, 100, 500) * MS);
        return;
    }
    w->link = ++s->next_link;
    check(w->link < SIM_LINKS_MAX);
    w->link_up = true;
    s->coord.pipe_worker[w->link] = (uint8_t)(who + 1);
    struct worker_event up = { .kind = WORKER_EV_UP };
    worker_do(s, who, &up);
}

void net_break(struct sim *s, uint32_t who, bool tell_worker, bool tell_coord)
{
    struct sim_worker *w = &s->worker[who];
    if (!w->link_up) {
        return;
    }
    w->link_up = false;
    s->coord.pipe_worker[w->link] = 0;
    if (tell_worker) {
        sim_at(s, s->now_us + sim_between(s, 0, 20) * MS, EVENT_DOWN, who,
               w->link, 0);
    }
    if (tell_coord && s->coord.up) {
        sim_at(s, s->now_us + sim_between(s, 2, 20) * MS, EVENT_PIPE_LOST,
               WHO_COORD, w->link, 0);
    }
}

/* The coordinator closed it. */
void net_pipe_closed(struct sim *s, uint32_t pipe)
{
    uint32_t who = s->coord.pipe_worker[pipe];
    if (who > 0 && s->worker[who - 1].link == pipe) {
        net_break(s, who - 1, true, false);
    }
    s->coord.pipe_worker[pipe] = 0;
}
