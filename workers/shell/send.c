/*
 * Requests: the core's envelope, the shell's bodies, encoded straight into a
 * message of the link.
 */
#include "workers/shell/shell.h"

#include "proto/base/check.h"

/* A task whose model could not be loaded ends without a computation: the
 * core knows the status of both. */
static void result_fill(const struct job *job, int status,
                        struct wire_result *ret_result)
{
    const struct wire_task *task = &job->message.body.task;
    *ret_result = (struct wire_result){
        .batch = task->batch,
        .detector = task->detector,
        .phase = task->phase,
        .part = task->part,
        .status = status,
        .compute_us = job->compute_us,
    };
    if (status == 0)
        ret_result->payload = job->payload;
}

static void request_fill(struct shell *s, const struct worker_action *action,
                         struct wire_message *ret_m)
{
    ret_m->envelope = action->envelope;
    switch (action->envelope.kind) {
    case WIRE_HELLO:
        ret_m->body.hello = s->hello;
        break;
    case WIRE_RESULT:
        check(s->kept != NULL);
        result_fill(s->kept, action->err, &ret_m->body.result);
        break;
    case WIRE_HEARTBEAT:
        ret_m->body.heartbeat = action->heartbeat;
        break;
    case WIRE_NEED_MODEL:
        ret_m->body.need_model.model_id = action->model_id;
        break;
    case WIRE_BYE:
        ret_m->body.bye = (struct wire_bye){ 0 };
        break;
    default: /* READY has no body */
        break;
    }
}

static int request_send(struct shell *s, enum link_channel channel,
                        const struct wire_message *request)
{
    struct link_message *m;
    if (wire_encoded_bytes_max(request) > s->options->message_bytes_max)
        return ERR_LIMIT;
    int err = link_message_new(&m);
    if (err != 0)
        return err;
    struct wire_writer writer = { link_message_append, m };
    err = link_message_reserve(m, wire_encoded_bytes_max(request));
    if (err == 0)
        err = wire_encode(request, writer);
    if (err != 0) {
        link_message_free(m);
        return err;
    }
    return link_client_send(s->link, channel, m);
}

int shell_send(struct shell *s, const struct worker_action *action)
{
    struct wire_message request;
    enum link_channel channel =
        action->channel == WORKER_CHANNEL_BEAT ? LINK_BEAT : LINK_TASK;
    if (s->link == NULL)
        return ERR_CLOSED;
    request_fill(s, action, &request);
    int err = request_send(s, channel, &request);
    if (err == ERR_LIMIT && action->envelope.kind == WIRE_RESULT) {
        /* A result that fits no message is a failed task, not silence. */
        request.body.result.status = ERR_LIMIT;
        request.body.result.payload = (struct wire_payload){ 0 };
        err = request_send(s, channel, &request);
    }
    return err;
}
