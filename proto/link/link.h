/*
 * The voice: request/reply between workers and a coordinator over nng. The
 * only room that includes nng's headers.
 *
 * Server  one REP socket with many receiving contexts. Every request that
 *         arrives becomes an event with a handle; the owner answers it later
 *         (a kept handle *is* an idle worker) or drops it.
 * Client  one REQ socket with LINK_CHANNELS contexts, each with at most one
 *         request under way; channel 0 is the task slot, 1 the heartbeat.
 *         nng's own resending is switched off: we own retries.
 *
 * Thread rule  all functions are called from one owner thread. nng's threads
 *         only append to a mailbox and call `wake(wake_context)`, which must
 *         be safe from any thread, return at once and call nothing of this
 *         room (like uv_async_send); the owner then takes the whole list with
 *         *_take, which also starts what follows on each line.
 * Memory  an event's message belongs to the taker until link_event_release.
 * Does not know what the bytes mean, nor any timer: leases are the core's.
 */
#ifndef FYKE_LINK_LINK_H
#define FYKE_LINK_LINK_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_server;
struct link_client;
struct link_message; /* an outgoing message under construction */

enum link_channel { LINK_TASK = 0, LINK_BEAT = 1, LINK_CHANNELS = 2 };

enum link_event_kind {
    LINK_UP,      /* a pipe is there: server and client */
    LINK_DOWN,    /* a pipe is gone: a hint, order against messages is open */
    LINK_REQUEST, /* server: `request`, `pipe`, bytes */
    LINK_REPLY,   /* client: `channel`, bytes */
    LINK_FAILED,  /* client: the request on `channel` failed with `err`;
                   * server: the reply to `request` could not be sent */
};

struct link_event {
    enum link_event_kind kind;
    uint64_t request; /* handle, unique for the server's life */
    uint32_t pipe;    /* nng pipe id, 0 = none */
    uint32_t channel; /* enum link_channel */
    int err;
    const void *bytes; /* 4-byte aligned only: copy columns, never cast */
    size_t byte_count;
    void *owned; /* the message that holds the bytes */
    struct link_event *next;
};

struct link_options {
    size_t message_bytes_max; /* on both sides, before listen and dial */
    int64_t send_timeout_ms;  /* every send has one */
    uint32_t contexts_free;   /* server: receiving contexts beyond parked */
    uint32_t contexts_max;    /* server: cap over all */
    void (*wake)(void *wake_context);
    void *wake_context;
};

/* Message building: link_message_new, then append (usable as the write
 * function of a struct wire_writer with the message as context). */
FYKE_MUST_USE int link_message_new(struct link_message **ret_m);
/* Room for `bytes` in all, so that appends need not grow it. */
FYKE_MUST_USE int link_message_reserve(struct link_message *m, uint64_t bytes);
int link_message_append(void *message, const void *bytes, size_t n);
size_t link_message_bytes(const struct link_message *m);
void link_message_free(struct link_message *m);

/* Opens a socket and listens on `url` (ipc:///path or tcp://host:port; port 0
 * picks a free one). ipc sockets get mode 0600. */
FYKE_MUST_USE int link_server_new(const struct link_options *options,
                                  const char *url, struct link_server **ret_s,
                                  struct fault *fault);
/* The URL as bound, with the real port. Valid while the server lives. */
const char *link_server_url(const struct link_server *s);
/* To be called now and then (a second): a listener that nng ended by mistake
 * listens again; peers of the old one must connect anew. 1 = it did so, 0 = all
 * is well; an error is tried again at the next call. */
int link_server_check(struct link_server *s);
/* All events since the last call, oldest first, as a list by `next`. */
struct link_event *link_server_take(struct link_server *s);
/* Answers a request. Takes the message, also on failure. The handle is gone
 * afterwards. Errors: ERR_NOTFOUND (handle unknown), ERR_LIMIT (message over
 * the maximum: not sent, the request is dropped). A success proves nothing. */
int link_server_reply(struct link_server *s, uint64_t request,
                      struct link_message *m);
/* Bytes of the replies that are on their way out. */
uint64_t link_server_sending_bytes(const struct link_server *s);
/* Forgets a request without an answer and reuses its context. */
void link_server_drop(struct link_server *s, uint64_t request);
/* Closes a silent peer's pipe. */
void link_server_close_pipe(struct link_server *s, uint32_t pipe);
/* Waits up to `flush_ms` for replies under way and for peers that close after
 * theirs, stops everything, frees. Closing takes a second more at most. Not
 * from a callback. */
void link_server_free(struct link_server *s, int64_t flush_ms);

/* Opens a socket and dials in the background, again and again, with nng's own
 * reconnect between `retry_ms_min` and `retry_ms_max`. The address need not
 * answer yet. Errors: ERR_INVALID (bad URL) and others. */
FYKE_MUST_USE int link_client_new(const struct link_options *options,
                                  const char *url, int64_t retry_ms_min,
                                  int64_t retry_ms_max,
                                  struct link_client **ret_c,
                                  struct fault *fault);
struct link_event *link_client_take(struct link_client *c);
/* For an owner without a loop: waits until link_client_take has something, or
 * for `timeout_ms`. */
void link_client_wait(struct link_client *c, int64_t timeout_ms);
/* Sends a request on a channel; LINK_REPLY or LINK_FAILED follows exactly
 * once. Takes the message, also on failure. Errors: ERR_BUSY (one is under
 * way), ERR_LIMIT. */
int link_client_send(struct link_client *c, enum link_channel channel,
                     struct link_message *m);
/* Abandons the request under way on a channel (no event follows). */
void link_client_cancel(struct link_client *c, enum link_channel channel);
/* Ends what is under way without an event. Takes a second at most. */
void link_client_free(struct link_client *c);

/* Frees one event of a taken list (not its successors). */
void link_event_release(struct link_event *e);

/* True for loopback TCP, ipc and inproc URLs. */
bool link_url_is_local(const char *url);
/* Checks the form of a URL: scheme ipc or tcp, host, port. */
FYKE_MUST_USE int link_url_check(const char *url, struct fault *fault);

#endif
