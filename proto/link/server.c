/*
 * The coordinator's side: a REP socket and slots, one line each. A slot
 * receives, then holds a request (parked) until the owner answers or drops
 * it, then receives again.
 */
#include "proto/link/line.h"
#include "proto/link/link_err.h"
#include "proto/link/listener.h"
#include "proto/link/message.h"
#include "proto/link/pipes.h"
#include "proto/link/socket.h"

#include <nng/protocol/reqrep0/rep.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_BITS 16 /* low bits of a request handle: the slot's index */
#define SLOTS_MAX ((1u << SLOT_BITS) - 1)

enum slot_state {
    SLOT_IDLE, /* receiving failed to start or ended badly: tried again */
    SLOT_RECEIVING,
    SLOT_PARKED,
    SLOT_SENDING,
};

struct slot {
    struct line line; /* first: a mail's line is its slot */
    enum slot_state state;
    uint32_t index;
    uint64_t request; /* handle, while parked or sending */
    uint64_t sending_bytes;
    uint32_t pipe;
};

struct link_server {
    struct link_options options;
    struct mailbox mailbox;
    nng_socket socket;
    struct listener listener;
    struct pipes pipes;
    struct slot **slot; /* contexts_max pointers */
    uint32_t slot_count;
    uint32_t state_count[SLOT_SENDING + 1];
    uint64_t requests; /* ever received */
    uint64_t sending_bytes;
};

static void slot_set(struct link_server *s, struct slot *slot,
                     enum slot_state state)
{
    s->state_count[slot->state]--;
    s->state_count[state]++;
    slot->state = state;
}

/* Starts to receive. `mail` is one to use again, or NULL. */
static void slot_receive(struct link_server *s, struct slot *slot,
                         struct mail *mail)
{
    if (mail == NULL)
        mail = mail_new();
    slot_set(s, slot, mail == NULL ? SLOT_IDLE : SLOT_RECEIVING);
    if (mail != NULL)
        line_receive(&slot->line, mail);
}

static int slot_add(struct link_server *s)
{
    struct slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL)
        return ERR_NOMEM;
    int err = line_open(&slot->line, s->socket, &s->mailbox);
    if (err != 0) {
        free(slot);
        return err;
    }
    slot->index = s->slot_count;
    s->slot[s->slot_count++] = slot;
    s->state_count[SLOT_IDLE]++;
    slot_receive(s, slot, NULL);
    return 0;
}

/* Keeps contexts_free slots receiving while the cap allows it. What fails for
 * want of memory is tried again the next time. */
static void slots_refill(struct link_server *s)
{
    for (uint32_t i = 0; s->state_count[SLOT_IDLE] > 0 && i < s->slot_count;
         i++)
        if (s->slot[i]->state == SLOT_IDLE)
            slot_receive(s, s->slot[i], NULL);
    while (s->state_count[SLOT_RECEIVING] < s->options.contexts_free &&
           s->slot_count < s->options.contexts_max)
        if (slot_add(s) != 0)
            return;
}

/* The parked slot of a handle, or NULL. */
static struct slot *slot_of(struct link_server *s, uint64_t request)
{
    uint32_t index = request & SLOTS_MAX;
    if (index >= s->slot_count)
        return NULL;
    struct slot *slot = s->slot[index];
    return slot->state == SLOT_PARKED && slot->request == request ? slot : NULL;
}

static int server_options_check(const struct link_options *o,
                                struct fault *fault)
{
    if (o->contexts_free == 0 || o->contexts_max < o->contexts_free ||
        o->contexts_max > SLOTS_MAX)
        return fault_set(fault, ERR_INVALID, "a server needs 1 to %u contexts",
                         SLOTS_MAX);
    return socket_options_check(o, fault);
}

/* Allocates and opens, without listening. */
static int server_open(const struct link_options *options,
                       struct link_server **ret_s)
{
    int err = ERR_NOMEM;
    struct link_server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err;
    s->options = *options;
    s->slot = calloc(options->contexts_max, sizeof(struct slot *));
    if (s->slot != NULL && mailbox_init(&s->mailbox, options) == 0) {
        err = err_from_nng(nng_rep0_open(&s->socket));
        if (err == 0) {
            *ret_s = s;
            return 0;
        }
        mailbox_release(&s->mailbox);
    }
    free(s->slot);
    free(s);
    return err;
}

/* Why there is no server, for people. */
static int server_fault(int err, const char *url, struct fault *fault)
{
    if (err == ERR_EXISTS)
        return fault_set(fault, err,
                         "cannot listen on %s: the address is in use by "
                         "another program; choose another port or path",
                         url);
    if (err == ERR_LIMIT)
        return fault_set(fault, err,
                         "cannot listen on %s: too many open files; raise the "
                         "limit of open files (ulimit -n)",
                         url);
    return fault_set(fault, err, "cannot listen on %s: %s", url, err_text(err));
}

int link_server_new(const struct link_options *options, const char *url,
                    struct link_server **ret_s, struct fault *fault)
{
    int err = server_options_check(options, fault);
    if (err == 0)
        err = link_url_check(url, fault);
    if (err != 0)
        return err;
    struct link_server *s;
    err = server_open(options, &s);
    if (err != 0)
        return server_fault(err, url, fault);
    err = line_watch_pipes(s->socket, &s->mailbox);
    while (err == 0 && s->slot_count < options->contexts_free)
        err = slot_add(s);
    if (err == 0)
        err = err_from_nng(socket_set_limits(s->socket, &s->options));
    if (err == 0)
        err = err_from_nng(listener_start(&s->listener, s->socket, url));
    if (err != 0) {
        link_server_free(s, 0);
        return server_fault(err, url, fault);
    }
    *ret_s = s;
    return 0;
}

const char *link_server_url(const struct link_server *s)
{
    return s->listener.url;
}

int link_server_check(struct link_server *s)
{
    bool anew;
    int err = err_from_nng(listener_check(&s->listener, &anew));
    return err == 0 ? anew : err;
}

static struct mail *server_sent(struct link_server *s, struct slot *slot,
                                struct mail *mail)
{
    struct link_event *e = &mail->event;
    s->sending_bytes -= slot->sending_bytes;
    slot->sending_bytes = 0;
    if (e->err == 0) {
        pipes_replied(&s->pipes, slot->pipe, mailbox_now_ms());
        slot_receive(s, slot, mail);
        return NULL;
    }
    e->kind = LINK_FAILED;
    e->request = slot->request;
    e->pipe = slot->pipe;
    slot_receive(s, slot, NULL);
    return mail;
}

static struct mail *server_received(struct link_server *s, struct slot *slot,
                                    struct mail *mail)
{
    struct link_event *e = &mail->event;
    if (e->err != 0) {
        slot_set(s, slot, SLOT_IDLE);
        link_event_release(e);
        return NULL;
    }
    slot_set(s, slot, SLOT_PARKED);
    slot->request = ++s->requests << SLOT_BITS | slot->index;
    slot->pipe = (uint32_t)nng_pipe_id(nng_msg_get_pipe(e->owned));
    e->kind = LINK_REQUEST;
    e->request = slot->request;
    e->pipe = slot->pipe;
    message_to_event(e);
    return mail;
}

/* What the owner shall see of a mail, or NULL. */
static struct mail *server_handle(struct link_server *s, struct mail *mail)
{
    if (mail->kind == MAIL_UP || mail->kind == MAIL_DOWN) {
        if (mail->kind == MAIL_UP)
            pipes_add(&s->pipes, mail->event.pipe);
        else
            pipes_remove(&s->pipes, mail->event.pipe);
        return mail;
    }
    struct slot *slot = (struct slot *)mail->line;
    slot->line.mail = NULL;
    return mail->kind == MAIL_SENT ? server_sent(s, slot, mail)
                                   : server_received(s, slot, mail);
}

struct link_event *link_server_take(struct link_server *s)
{
    struct link_event *first = NULL, **last = &first, *next;
    for (struct link_event *e = mailbox_take(&s->mailbox); e; e = next) {
        next = e->next;
        e->next = NULL;
        struct mail *mail = server_handle(s, (struct mail *)e);
        if (mail != NULL) {
            *last = &mail->event;
            last = &mail->event.next;
        }
    }
    slots_refill(s);
    return first;
}

int link_server_reply(struct link_server *s, uint64_t request,
                      struct link_message *m)
{
    struct slot *slot = slot_of(s, request);
    struct mail *mail = NULL;
    int err = 0;
    if (slot == NULL)
        err = ERR_NOTFOUND;
    else if (link_message_bytes(m) > s->options.message_bytes_max)
        err = ERR_LIMIT;
    else if ((mail = mail_new()) == NULL)
        err = ERR_NOMEM;
    if (err != 0) {
        link_message_free(m);
        if (slot != NULL)
            slot_receive(s, slot, NULL);
        return err;
    }
    slot_set(s, slot, SLOT_SENDING);
    slot->sending_bytes = link_message_bytes(m);
    s->sending_bytes += slot->sending_bytes;
    line_send(&slot->line, mail, message_take(m), s->options.send_timeout_ms);
    return 0;
}

uint64_t link_server_sending_bytes(const struct link_server *s)
{
    return s->sending_bytes;
}

void link_server_drop(struct link_server *s, uint64_t request)
{
    struct slot *slot = slot_of(s, request);
    if (slot != NULL)
        slot_receive(s, slot, NULL);
}

void link_server_close_pipe(struct link_server *s, uint32_t pipe)
{
    (void)s; /* pipe ids are unique in the process */
    nng_pipe_close((nng_pipe){ .id = pipe });
}

/* Replies go out, and peers that close after theirs are waited for. */
static void server_flush(struct link_server *s, int64_t flush_ms)
{
    int64_t end_ms = mailbox_now_ms() + flush_ms;
    for (;;) {
        for (struct link_event *e = link_server_take(s), *next; e; e = next) {
            next = e->next;
            link_event_release(e);
        }
        int64_t wait_ms = end_ms;
        if (s->state_count[SLOT_SENDING] == 0) {
            int64_t last_ms = pipes_replied_last(&s->pipes);
            if (last_ms == 0)
                return;
            wait_ms = last_ms + flush_ms < end_ms ? last_ms + flush_ms : end_ms;
        }
        if (mailbox_now_ms() >= wait_ms)
            return;
        mailbox_wait(&s->mailbox, wait_ms);
    }
}

void link_server_free(struct link_server *s, int64_t flush_ms)
{
    if (s == NULL)
        return;
    if (flush_ms > 0)
        server_flush(s, flush_ms);
    for (uint32_t i = 0; i < s->slot_count; i++)
        line_close(&s->slot[i]->line);
    bool closed = socket_close(s->socket, &s->mailbox);
    for (uint32_t i = 0; i < s->slot_count; i++)
        free(s->slot[i]);
    pipes_release(&s->pipes);
    listener_release(&s->listener);
    free(s->slot);
    if (closed)
        free(s);
}
