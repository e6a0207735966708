/* The worker's side: a REQ socket, a line per channel. */
#include "proto/base/check.h"
#include "proto/link/line.h"
#include "proto/link/link_err.h"
#include "proto/link/message.h"
#include "proto/link/socket.h"

#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>

enum channel_state {
    CHANNEL_IDLE,
    CHANNEL_SENDING, /* or waiting for a pipe to send on */
    CHANNEL_WAITING, /* for the reply */
};

struct channel {
    struct line line; /* first: a mail's line is its channel */
    enum channel_state state;
};

struct link_client {
    struct link_options options;
    struct mailbox mailbox;
    nng_socket socket;
    uint32_t pipes; /* that the owner knows of */
    uint32_t channels_open;
    struct channel channel[LINK_CHANNELS];
};

static int client_dial(struct link_client *c, const char *url,
                       int64_t retry_ms_min, int64_t retry_ms_max)
{
    nng_socket s = c->socket;
    int code = socket_set_limits(s, &c->options);
    /* For ever: nng never sends a request twice by itself. */
    if (code == 0)
        code =
            nng_socket_set_ms(s, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    if (code == 0)
        code = nng_socket_set_ms(s, NNG_OPT_RECONNMINT,
                                 (nng_duration)retry_ms_min);
    if (code == 0)
        code = nng_socket_set_ms(s, NNG_OPT_RECONNMAXT,
                                 (nng_duration)retry_ms_max);
    if (code == 0)
        code = nng_dial(s, url, NULL, NNG_FLAG_NONBLOCK);
    return err_from_nng(code);
}

static int channels_open(struct link_client *c)
{
    while (c->channels_open < LINK_CHANNELS) {
        struct line *l = &c->channel[c->channels_open].line;
        int err = line_open(l, c->socket, &c->mailbox);
        if (err != 0)
            return err;
        c->channels_open++;
        int code = nng_ctx_set_ms(l->ctx, NNG_OPT_REQ_RESENDTIME,
                                  NNG_DURATION_INFINITE);
        if (code != 0)
            return err_from_nng(code);
    }
    return 0;
}

int link_client_new(const struct link_options *options, const char *url,
                    int64_t retry_ms_min, int64_t retry_ms_max,
                    struct link_client **ret_c, struct fault *fault)
{
    int err = socket_options_check(options, fault);
    if (err == 0)
        err = link_url_check(url, fault);
    if (err != 0)
        return err;
    struct link_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory for a link");
    c->options = *options;
    err = mailbox_init(&c->mailbox, options);
    if (err == 0) {
        err = err_from_nng(nng_req0_open(&c->socket));
        if (err != 0)
            mailbox_release(&c->mailbox);
    }
    if (err != 0) {
        free(c);
        return fault_set(fault, err, "cannot open a socket: %s", err_text(err));
    }
    err = channels_open(c);
    if (err == 0)
        err = line_watch_pipes(c->socket, &c->mailbox);
    if (err == 0)
        err = client_dial(c, url, retry_ms_min, retry_ms_max);
    if (err != 0) {
        link_client_free(c);
        return fault_set(fault, err, "cannot connect to %s: %s", url,
                         err_text(err));
    }
    *ret_c = c;
    return 0;
}

static void channel_send(struct link_client *c, struct channel *ch,
                         struct mail *mail, nng_msg *msg)
{
    ch->state = CHANNEL_SENDING;
    line_send(&ch->line, mail, msg, c->options.send_timeout_ms);
}

/* The end of a send: now the reply may be asked for, and not before. Without
 * a pipe the request goes on waiting for one. NULL when nothing is to be
 * told. */
static struct mail *client_sent(struct link_client *c, struct channel *ch,
                                struct mail *mail)
{
    struct link_event *e = &mail->event;
    if (e->err == 0) {
        ch->state = CHANNEL_WAITING;
        line_receive(&ch->line, mail);
        return NULL;
    }
    if (e->err == ERR_TIMEOUT && c->pipes == 0) {
        nng_msg *msg = e->owned;
        e->owned = NULL;
        channel_send(c, ch, mail, msg);
        return NULL;
    }
    ch->state = CHANNEL_IDLE;
    e->kind = LINK_FAILED;
    return mail;
}

static struct mail *client_received(struct channel *ch, struct mail *mail)
{
    struct link_event *e = &mail->event;
    ch->state = CHANNEL_IDLE;
    e->kind = e->err == 0 ? LINK_REPLY : LINK_FAILED;
    if (e->err == 0)
        message_to_event(e);
    return mail;
}

/* What the owner shall see of a mail, or NULL. */
static struct mail *client_handle(struct link_client *c, struct mail *mail)
{
    if (mail->kind == MAIL_UP || mail->kind == MAIL_DOWN) {
        if (mail->kind == MAIL_UP)
            c->pipes++;
        else if (c->pipes > 0)
            c->pipes--;
        return mail;
    }
    if (mail->abandoned) {
        link_event_release(&mail->event);
        return NULL;
    }
    struct channel *ch = (struct channel *)mail->line;
    ch->line.mail = NULL;
    mail->event.channel = (uint32_t)(ch - c->channel);
    return mail->kind == MAIL_SENT ? client_sent(c, ch, mail)
                                   : client_received(ch, mail);
}

struct link_event *link_client_take(struct link_client *c)
{
    struct link_event *first = NULL, **last = &first, *next;
    for (struct link_event *e = mailbox_take(&c->mailbox); e; e = next) {
        next = e->next;
        e->next = NULL;
        struct mail *mail = client_handle(c, (struct mail *)e);
        if (mail != NULL) {
            *last = &mail->event;
            last = &mail->event.next;
        }
    }
    return first;
}

void link_client_wait(struct link_client *c, int64_t timeout_ms)
{
    mailbox_wait(&c->mailbox, mailbox_now_ms() + timeout_ms);
}

int link_client_send(struct link_client *c, enum link_channel channel,
                     struct link_message *m)
{
    check(channel < LINK_CHANNELS);
    struct channel *ch = &c->channel[channel];
    struct mail *mail = NULL;
    int err = 0;
    if (ch->state != CHANNEL_IDLE)
        err = ERR_BUSY;
    else if (link_message_bytes(m) > c->options.message_bytes_max)
        err = ERR_LIMIT;
    else if ((mail = mail_new()) == NULL)
        err = ERR_NOMEM;
    if (err != 0) {
        link_message_free(m);
        return err;
    }
    channel_send(c, ch, mail, message_take(m));
    return 0;
}

void link_client_cancel(struct link_client *c, enum link_channel channel)
{
    check(channel < LINK_CHANNELS);
    struct channel *ch = &c->channel[channel];
    if (ch->state == CHANNEL_IDLE)
        return;
    line_cancel(&ch->line);
    ch->state = CHANNEL_IDLE;
}

void link_client_free(struct link_client *c)
{
    if (c == NULL)
        return;
    for (uint32_t i = 0; i < c->channels_open; i++)
        line_close(&c->channel[i].line);
    if (socket_close(c->socket, &c->mailbox))
        free(c);
}
