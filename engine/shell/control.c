/*
 * A request of a client is answered at once (HELLO, status, what is wrong) or
 * goes to tune.c, which answers it later.
 */
#include "engine/shell/control.h"

#include "engine/shell/engine_int.h"
#include "engine/shell/status.h"
#include "engine/shell/tune.h"
#include "proto/host/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SILENT_US 60000000 /* then another client may have its place */

static void control_wake(void *context)
{
    struct engine *e = context;
    (void)uv_async_send(&e->control.async);
}

static int open_socket(struct engine *e, struct fault *fault)
{
    struct control *c = &e->control;
    char url[sizeof c->path.text + 8];
    struct link_options o = { .message_bytes_max = (size_t)1 << 20,
                              .send_timeout_ms = 10000,
                              .contexts_free = 4,
                              .contexts_max = CONTROL_CLIENTS_MAX + 8,
                              .wake = control_wake,
                              .wake_context = e };
    int rc = file_control_make(e->db, &c->path, fault);
    if (rc != 0)
        return rc;
    /* The database is ours, so a socket that is there was left behind. */
    (void)unlink(c->path.text);
    (void)snprintf(url, sizeof url, "ipc://%s", c->path.text);
    return link_server_new(&o, url, &c->server, fault);
}

void control_open(struct engine *e)
{
    struct fault fault = { 0 };
    if (open_socket(e, &fault) == 0)
        return;
    e->control.server = NULL;
    engine_remark(e, LOG_LEVEL_WARN, NULL,
                  "fyke set and fyke status will not find this run by its "
                  "database: %.400s",
                  fault.text);
}

void control_close(struct engine *e)
{
    if (e->control.server == NULL)
        return;
    link_server_free(e->control.server, 200);
    e->control.server = NULL;
    (void)unlink(e->control.path.text);
}

static struct control_client *
client_find(struct control *c, const struct link_server *server, uint32_t pipe)
{
    for (uint32_t i = 0; i < c->client_count; i++)
        if (c->client[i].server == server && c->client[i].pipe == pipe)
            return &c->client[i];
    return NULL;
}

/* The one that was silent for longest and for SILENT_US goes. With `foreign`
 * only where it is none of the private socket's. */
static bool client_make_room(struct control *c, bool foreign)
{
    struct control_client *gone = NULL;
    for (uint32_t i = 0; i < c->client_count; i++) {
        struct control_client *k = &c->client[i];
        if ((!foreign || k->server != c->server) &&
            (gone == NULL || k->heard_us < gone->heard_us))
            gone = k;
    }
    if (gone == NULL || clock_monotonic_us() - gone->heard_us < SILENT_US)
        return false;
    link_server_close_pipe(gone->server, gone->pipe);
    *gone = c->client[--c->client_count];
    return true;
}

static bool client_add(struct control *c, struct link_server *server,
                       uint32_t pipe)
{
    bool foreign = server != c->server;
    uint32_t others = 0;
    if (client_find(c, server, pipe) != NULL)
        return true;
    for (uint32_t i = 0; i < c->client_count; i++)
        others += c->client[i].server != c->server;
    bool full =
        c->client_count == CONTROL_CLIENTS_MAX ||
        (foreign && others >= CONTROL_CLIENTS_MAX - CONTROL_OWNER_PLACES);
    if (full && !client_make_room(c, foreign))
        return false;
    c->client[c->client_count++] =
        (struct control_client){ server, pipe, clock_monotonic_us() };
    return true;
}

void control_pipe_lost(struct engine *e, struct link_server *server,
                       uint32_t pipe)
{
    struct control *c = &e->control;
    struct control_client *gone = client_find(c, server, pipe);
    if (gone != NULL)
        *gone = c->client[--c->client_count];
}

static struct wire_text text_of(const char *text)
{
    size_t n = strlen(text);
    return (struct wire_text){ n > 0 ? text : NULL, (uint32_t)n };
}

/* A reply that cannot be sent is the client's to miss. */
static void reply(struct engine *e, struct link_server *server,
                  uint64_t request, struct wire_message *m)
{
    if (serve_send(e, server, request, m) != 0)
        link_server_drop(server, request);
}

static void refuse(struct engine *e, struct link_server *server,
                   uint64_t request, int err, const char *reason)
{
    struct wire_message m = { .envelope.kind = WIRE_REFUSED };
    m.body.refused.code = err;
    m.body.refused.reason = text_of(reason);
    reply(e, server, request, &m);
}

void control_answer(struct engine *e, const struct control_asker *asker,
                    int code, const char *text)
{
    struct wire_message m = { .envelope.kind = WIRE_CONTROL_REPLY };
    m.body.control_reply.code = code;
    m.body.control_reply.text = text_of(text);
    reply(e, asker->server, asker->request, &m);
}

static void take_hello(struct engine *e, struct link_server *server,
                       const struct link_event *l)
{
    struct wire_message m = { .envelope.kind = WIRE_HELLO_REPLY };
    m.body.hello_reply.beat_ms = 1000;
    m.body.hello_reply.lease_ms = 5000;
    if (client_add(&e->control, server, l->pipe))
        reply(e, server, l->request, &m);
    else
        refuse(e, server, l->request, ERR_LIMIT,
               "too many programs ask at once; try again");
}

static void take_control(struct engine *e, struct link_server *server,
                         const struct link_event *l,
                         const struct wire_control *ask)
{
    struct control_asker asker = { .server = server,
                                   .request = l->request,
                                   .json = ask->json != 0 };
    if (ask->verb == WIRE_VERB_SET)
        tune_ask(e, &asker, ask);
    else if (ask->verb == WIRE_VERB_STATUS)
        status_answer(e, &asker);
    else
        control_answer(e, &asker, ERR_UNSUPPORTED,
                       "this coordinator does not know that question: it is "
                       "of another version of fyke");
}

static void take_bye(struct engine *e, struct link_server *server,
                     const struct link_event *l)
{
    struct wire_message m = { .envelope.kind = WIRE_BYE_REPLY };
    reply(e, server, l->request, &m);
    control_pipe_lost(e, server, l->pipe);
}

/* A client's request of a kind that only workers may send, or nothing that
 * can be read. */
static void take_other(struct engine *e, struct link_server *server,
                       const struct link_event *l, int err)
{
    refuse(e, server, l->request, err != 0 ? err : ERR_PROTO,
           err != 0 ? "this coordinator cannot read that: it may be of "
                      "another version of fyke"
                    : "workers do not join here: see fyke worker --join URL");
}

bool control_take(struct engine *e, struct link_server *server,
                  const struct link_event *l, const struct wire_message *m,
                  int err)
{
    bool private_socket = server == e->control.server;
    struct control_client *from = client_find(&e->control, server, l->pipe);
    bool known = from != NULL;
    uint32_t kind = m != NULL ? m->envelope.kind : 0;
    if (known)
        from->heard_us = clock_monotonic_us();
    if (kind == WIRE_HELLO && m->body.hello.slots == 0) {
        take_hello(e, server, l);
    } else if (kind == WIRE_CONTROL && known) {
        take_control(e, server, l, &m->body.control);
    } else if (kind == WIRE_CONTROL) {
        struct wire_message first = { .envelope.kind = WIRE_HELLO_FIRST };
        reply(e, server, l->request, &first);
    } else if (known && kind == WIRE_BYE) {
        take_bye(e, server, l);
    } else if (known || private_socket) {
        take_other(e, server, l, err);
    } else {
        return false;
    }
    return true;
}
