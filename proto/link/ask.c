/*
 * A client that asks one question: link_client with a clock in its hand.
 */
#include "proto/link/ask.h"

#include "proto/link/link.h"
#include "proto/link/mailbox.h"
#include "proto/link/reach.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define RETRY_MS_MIN 20
#define RETRY_MS_MAX 200
#define HELLOS_MAX 4
#define MESSAGE_BYTES_MAX (WIRE_REPLY_TEXT_MAX + 65536u)

struct asking {
    const struct link_question *question;
    struct link_client *client;
    struct wire_envelope envelope; /* as the coordinator told in its HELLO */
    int64_t deadline_ms;
    uint32_t hellos;
    bool asked; /* the question was given to the connection */
    struct fault *fault;
};

static void no_wake(void *context)
{
    (void)context;
}

static struct wire_text text_of(const char *text)
{
    size_t n = text == NULL ? 0 : strlen(text);
    return (struct wire_text){ n == 0 ? NULL : text, (uint32_t)n };
}

static int ask_send(struct asking *a, const struct wire_message *m)
{
    struct link_message *out;
    int err = link_message_new(&out);
    if (err == 0) {
        err = wire_encode(m, (struct wire_writer){ link_message_append, out });
        if (err == 0)
            err = link_client_send(a->client, LINK_TASK, out);
        else
            link_message_free(out);
    }
    return err == 0 ? 0
                    : fault_set(a->fault, err, "%s: cannot be asked: %s",
                                a->question->url, err_text(err));
}

static int send_hello(struct asking *a)
{
    char host[256] = "";
    struct wire_message m = { .envelope = a->envelope };
    struct wire_hello *h = &m.body.hello;
    if (a->hellos++ == HELLOS_MAX)
        return fault_set(a->fault, ERR_PROTO,
                         "%s asks for a greeting again and again: is it a "
                         "coordinator of fyke?",
                         a->question->url);
    (void)gethostname(host, sizeof host - 1);
    m.envelope.kind = WIRE_HELLO;
    h->wire_version = WIRE_VERSION;
    h->pid = (uint64_t)getpid();
    h->host = text_of(host);
    h->version = text_of(a->question->version);
    return ask_send(a, &m);
}

static int send_control(struct asking *a, const struct wire_envelope *theirs)
{
    struct wire_message m = { .body.control = *a->question->control };
    a->envelope.epoch = theirs->epoch;
    memcpy(a->envelope.run_id, theirs->run_id, sizeof a->envelope.run_id);
    m.envelope = a->envelope;
    m.envelope.kind = WIRE_CONTROL;
    int err = ask_send(a, &m);
    a->asked = err == 0;
    return err;
}

/* A refusal says in its own words why. */
static int take_refusal(const struct asking *a, const struct wire_refused *r)
{
    int err = err_name(r->code)[0] == '?' || r->code == 0 ? ERR_PROTO : r->code;
    return fault_set(a->fault, err, "%s: %.*s", a->question->url,
                     r->reason.length == 0 ? 7 : (int)r->reason.length,
                     r->reason.length == 0 ? "refused" : r->reason.text);
}

static int take_answer(const struct asking *a,
                       const struct wire_control_reply *r, struct buf *reply,
                       int *ret_code)
{
    int err = buf_append(reply, r->text.text, r->text.length);
    if (err != 0)
        return fault_set(a->fault, err, "%s: the answer is too long: %s",
                         a->question->url, err_text(err));
    *ret_code = r->code;
    return 1;
}

static int foreign(const struct asking *a, int err)
{
    if (err == ERR_VERSION)
        return fault_set(a->fault, err,
                         "the coordinator at %s speaks another protocol: use "
                         "the same version of fyke on both sides",
                         a->question->url);
    return fault_set(a->fault, ERR_PROTO,
                     "%s answers, but not as a coordinator of fyke does",
                     a->question->url);
}

/* 1 = that was the answer, 0 = there is more to come. */
static int take_reply(struct asking *a, const struct link_event *e,
                      struct buf *reply, int *ret_code)
{
    struct wire_message m;
    int err = wire_decode(e->bytes, e->byte_count, &m);
    if (err != 0)
        return foreign(a, err);
    switch (m.envelope.kind) {
    case WIRE_HELLO_FIRST:
        a->asked = false;
        return send_hello(a);
    case WIRE_HELLO_REPLY:
        return send_control(a, &m.envelope);
    case WIRE_REFUSED:
        return take_refusal(a, &m.body.refused);
    case WIRE_CONTROL_REPLY:
        return take_answer(a, &m.body.control_reply, reply, ret_code);
    default:
        return foreign(a, ERR_PROTO);
    }
}

/* The connection went away, or could not be used. */
static int take_failure(const struct asking *a, int err)
{
    if (!a->asked)
        return fault_set(a->fault, ERR_UNREACHABLE,
                         "no coordinator at %s: the connection was closed (%s)",
                         a->question->url, err_text(err));
    return fault_set(a->fault, ERR_CLOSED,
                     "the coordinator at %s went away before it answered",
                     a->question->url);
}

static int ask_timeout(const struct asking *a)
{
    if (!a->asked)
        return fault_set(a->fault, ERR_UNREACHABLE,
                         "%s takes a connection, but no coordinator answered "
                         "in %.4g s",
                         a->question->url,
                         (double)a->question->timeout_ms / 1000);
    return fault_set(a->fault, ERR_TIMEOUT,
                     "the coordinator at %s did not answer in %.4g s",
                     a->question->url, (double)a->question->timeout_ms / 1000);
}

/* What has come in: 1 = the answer, 0 = nothing that ends it. */
static int ask_take(struct asking *a, struct buf *reply, int *ret_code)
{
    int err = 0;
    struct link_event *next, *e = link_client_take(a->client);
    for (; e != NULL; e = next) {
        next = e->next;
        if (err == 0 && e->kind == LINK_REPLY)
            err = take_reply(a, e, reply, ret_code);
        else if (err == 0 && e->kind == LINK_FAILED)
            err = take_failure(a, e->err);
        link_event_release(e);
    }
    return err;
}

static int ask_wait(struct asking *a, struct buf *reply, int *ret_code)
{
    int err = send_hello(a);
    while (err == 0) {
        int64_t left_ms = a->deadline_ms - mailbox_now_ms();
        if (left_ms <= 0)
            return ask_timeout(a);
        link_client_wait(a->client, left_ms);
        err = ask_take(a, reply, ret_code);
    }
    return err > 0 ? 0 : err;
}

int link_ask(const struct link_question *question, struct buf *reply,
             int *ret_code, struct fault *fault)
{
    struct asking a = { .question = question,
                        .deadline_ms = mailbox_now_ms() + question->timeout_ms,
                        .fault = fault };
    const struct link_options options = {
        .message_bytes_max = MESSAGE_BYTES_MAX,
        .send_timeout_ms =
            question->timeout_ms > INT32_MAX ? INT32_MAX : question->timeout_ms,
        .wake = no_wake,
    };
    uint64_t *id = &a.envelope.worker_id;
    int err = link_url_check(question->url, fault);
    if (err == 0 && getrandom(id, sizeof *id, 0) != sizeof *id)
        err = fault_set(fault, ERR_IO, "no random numbers from the system");
    if (err == 0)
        err = reach_check(question->url, a.deadline_ms, fault);
    if (err == 0)
        err = link_client_new(&options, question->url, RETRY_MS_MIN,
                              RETRY_MS_MAX, &a.client, fault);
    if (err != 0)
        return err;
    err = ask_wait(&a, reply, ret_code);
    link_client_free(a.client);
    return err;
}
