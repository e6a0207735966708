/*
 * The mailbox between nng's threads and the owner: a list under a mutex. Any
 * thread may post; only the owner takes.
 */
#ifndef FYKE_LINK_MAILBOX_H
#define FYKE_LINK_MAILBOX_H

#include "proto/link/link.h"

#include <pthread.h>

struct line;

enum mail_kind {
    MAIL_UP,       /* a pipe came */
    MAIL_DOWN,     /* a pipe went */
    MAIL_SENT,     /* a line's send ended; event.err says how */
    MAIL_RECEIVED, /* a line's receive ended; event.err says how */
};

/* What lies in the mailbox, and later is the event that the owner takes: one
 * allocation, made before an operation starts, so that its end cannot be lost
 * for want of memory. */
struct mail {
    struct link_event event; /* first: link_event_release frees the whole */
    enum mail_kind kind;
    struct line *line; /* NULL for pipes */
    bool abandoned;    /* the owner no longer wants to know */
};

struct mailbox {
    pthread_mutex_t mutex;
    pthread_cond_t posted;
    struct link_event *first;
    struct link_event *last;
    void (*wake)(void *wake_context);
    void *wake_context;
};

FYKE_MUST_USE int mailbox_init(struct mailbox *m,
                               const struct link_options *options);
/* Frees what lies in it. No other thread may know it any more. */
void mailbox_release(struct mailbox *m);

/* Appends and wakes the owner, under the lock: after mailbox_mute no wake runs
 * any more. Takes the mail. */
void mailbox_post(struct mailbox *m, struct mail *mail);

/* Forgets what lies in it and the wake function, for ever. */
void mailbox_mute(struct mailbox *m);

bool mailbox_is_empty(struct mailbox *m);

/* Everything posted since the last call, oldest first. */
struct link_event *mailbox_take(struct mailbox *m);

/* Waits until something lies there or the monotonic clock reaches
 * `deadline_ms`. */
void mailbox_wait(struct mailbox *m, int64_t deadline_ms);

/* The monotonic clock. */
int64_t mailbox_now_ms(void);

/* NULL when there is no memory. */
struct mail *mail_new(void);

#endif
