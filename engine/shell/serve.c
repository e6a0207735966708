/*
 * The coordinator's side of the wire: requests become events, actions become
 * replies.
 */
#include "engine/shell/engine_int.h"

#include "proto/wire/wire.h"

#include <string.h>

static void serve_result(struct engine *e, const struct wire_message *m,
                         struct coord_event *event)
{
    const struct wire_payload *p = &m->body.result.payload;
    uint64_t batch;
    uint32_t detector, phase_index, part;
    if (m->body.result.status != 0 ||
        !coord_task_find(e->coord, m->envelope.task, &batch, &detector,
                         &phase_index, &part))
        return;
    const struct detect_run *r = &engine_slot(e, batch)->run[detector];
    event->payload_err = r->ops->validate(r->state, phase_index, part, p);
}

static void serve_request(struct engine *e, struct link_server *server,
                          const struct link_event *l)
{
    struct wire_message m;
    struct coord_event event = { .kind = COORD_EV_REQUEST,
                                 .request = l->request,
                                 .pipe = l->pipe,
                                 .message = &m };
    event.payload_err = wire_decode(l->bytes, l->byte_count, &m);
    if (control_take(e, server, l, event.payload_err == 0 ? &m : NULL,
                     event.payload_err))
        return;
    if (event.payload_err != 0) {
        event.kind = COORD_EV_BAD_REQUEST;
        event.message = NULL;
    } else if (m.envelope.kind == WIRE_RESULT) {
        event.payload_hash = wire_payload_hash(&m.body.result.payload);
        serve_result(e, &m, &event);
    }
    e->message = &m;
    engine_step(e, &event);
    e->message = NULL;
}

/* Replies under way and the requests that were just taken. */
static void count_messages(struct engine *e, const struct link_event *taken)
{
    e->flight.message_bytes = link_server_sending_bytes(e->server);
    for (; taken != NULL; taken = taken->next)
        e->flight.message_bytes += taken->byte_count;
    flight_note(&e->flight);
}

static void serve_take(struct engine *e, struct link_server *server)
{
    struct link_event *l = link_server_take(server);
    count_messages(e, l);
    while (l != NULL) {
        struct link_event *next = l->next;
        if (l->kind == LINK_REQUEST) {
            serve_request(e, server, l);
        } else if (l->kind == LINK_DOWN) {
            control_pipe_lost(e, server, l->pipe);
            if (server == e->server)
                engine_step(e,
                            &(struct coord_event){ .kind = COORD_EV_PIPE_LOST,
                                                   .pipe = l->pipe });
        }
        link_event_release(l);
        l = next;
    }
    count_messages(e, NULL);
}

void serve_link(uv_async_t *async)
{
    struct engine *e = async->data;
    if (e->server != NULL)
        serve_take(e, e->server);
}

void serve_control(uv_async_t *async)
{
    struct engine *e = async->data;
    if (e->control.server != NULL)
        serve_take(e, e->control.server);
}

void serve_check(struct engine *e)
{
    struct link_server *server[] = { e->server, e->control.server };
    for (size_t i = 0; i < 2; i++) {
        int rc = server[i] != NULL ? link_server_check(server[i]) : 0;
        if (rc != 0)
            log_line(e->log, rc > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "listen",
                     "url=%s again=%s", link_server_url(server[i]),
                     rc > 0 ? "yes" : err_name(rc));
    }
}

void serve_accept(struct engine *e, const struct coord_action *a)
{
    struct slot *s = engine_slot(e, a->batch);
    const struct detect_run *r = &s->run[a->detector];
    int rc = r->ops->accept(r->state, a->phase_index, a->part,
                            &e->message->body.result.payload);
    if (rc != 0)
        engine_fail(e, rc, "keeping a result failed: %s", err_text(rc));
    slot_count(s);
}

/* Builds the reply's body. 0, or an error that is a defect or no memory. */
static int fill_body(struct engine *e, const struct coord_action *a,
                     struct wire_message *m)
{
    const struct detect_run *r;
    switch (a->kind) {
    case COORD_ACT_REPLY_HELLO:
        m->envelope.kind = WIRE_HELLO_REPLY;
        m->body.hello_reply.beat_ms = 1000;
        m->body.hello_reply.lease_ms = 5000;
        return 0;
    case COORD_ACT_REPLY_TASK:
        m->envelope.kind = WIRE_TASK;
        r = &engine_slot(e, a->batch)->run[a->detector];
        return r->ops->task(r->state, a->phase_index, a->part, &m->body.task);
    case COORD_ACT_REPLY_MODEL:
        m->envelope.kind = WIRE_MODEL;
        r = &engine_slot(e, a->batch)->run[a->detector];
        return r->ops->model(r->state, &m->body.model);
    case COORD_ACT_REPLY_BEAT:
        m->envelope.kind = WIRE_HEARTBEAT_REPLY;
        m->body.heartbeat_reply.order = a->order;
        return 0;
    case COORD_ACT_REPLY_HELLO_FIRST:
        m->envelope.kind = WIRE_HELLO_FIRST;
        return 0;
    case COORD_ACT_REPLY_REFUSED:
        m->envelope.kind = WIRE_REFUSED;
        m->body.refused.code = a->err;
        if (a->text != NULL)
            m->body.refused.reason =
                (struct wire_text){ a->text, (uint32_t)strlen(a->text) };
        return 0;
    case COORD_ACT_REPLY_BYE:
        m->envelope.kind = WIRE_BYE_REPLY;
        return 0;
    default:
        return ERR_INVALID;
    }
}

int serve_send(struct engine *e, struct link_server *server, uint64_t request,
               struct wire_message *m)
{
    const struct store_meta *meta = &e->meta;
    struct link_message *out = NULL;
    m->envelope.epoch = meta->epoch;
    memcpy(m->envelope.run_id, meta->run_id, sizeof m->envelope.run_id);
    int rc = link_message_new(&out);
    if (rc != 0)
        return rc;
    rc = link_message_reserve(out, wire_encoded_bytes_max(m));
    if (rc == 0)
        rc = wire_encode(m, (struct wire_writer){ link_message_append, out });
    if (rc != 0) {
        link_message_free(out);
        return rc;
    }
    e->flight.message_bytes += link_message_bytes(out);
    flight_note(&e->flight);
    /* A reply that cannot be sent is a lost one: the lease decides. */
    (void)link_server_reply(server, request, out);
    return 0;
}

void serve_reply(struct engine *e, const struct coord_action *a)
{
    struct wire_message m;
    memset(&m.body, 0, sizeof m.body);
    m.envelope = (struct wire_envelope){ .worker_id = a->worker_id,
                                         .task = a->task,
                                         .attempt = a->attempt };
    int rc = fill_body(e, a, &m);
    if (a->kind == COORD_ACT_REPLY_TASK)
        slot_count(engine_slot(e, a->batch));
    if (rc == 0)
        rc = serve_send(e, e->server, a->request, &m);
    if (rc != 0) {
        link_server_drop(e->server, a->request);
        engine_fail(e, rc, "building a reply failed: %s", err_text(rc));
    }
}
