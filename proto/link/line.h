/*
 * A line: one nng context with one aio, on which at most one operation is
 * under way. Its end is posted to the mailbox; the owner decides what follows.
 * Servers and clients are made of lines.
 *
 * Thread rule  the owner thread only. The aio's callback posts and returns: it
 *              never starts, stops, frees or waits for anything.
 */
#ifndef FYKE_LINK_LINE_H
#define FYKE_LINK_LINE_H

#include "proto/link/mailbox.h"

#include <nng/nng.h>

struct line {
    nng_ctx ctx;
    nng_aio *aio;
    struct mailbox *mailbox;
    struct mail *mail; /* of the operation under way, posted at its end */
};

FYKE_MUST_USE int line_open(struct line *l, nng_socket socket,
                            struct mailbox *mailbox);

/* Starts sending; takes the mail and the message. The end comes as MAIL_SENT;
 * when it failed the message is back in the event. */
void line_send(struct line *l, struct mail *mail, nng_msg *msg,
               int64_t timeout_ms);

/* Starts receiving; takes the mail. The end comes as MAIL_RECEIVED. */
void line_receive(struct line *l, struct mail *mail);

/* Ends the operation under way, if any, and waits for its callback. Its mail
 * lies in the mailbox then, marked abandoned. Blocks for microseconds. */
void line_cancel(struct line *l);

/* Ends everything for good; no callback runs afterwards. */
void line_close(struct line *l);

/* Posts MAIL_UP and MAIL_DOWN for every pipe of a socket from now on. */
FYKE_MUST_USE int line_watch_pipes(nng_socket socket, struct mailbox *mailbox);

#endif
