#include "proto/link/message.h"

#include "proto/link/link_err.h"

#include <stdlib.h>

#define CAPACITY_BYTES 1024u

struct link_message {
    nng_msg *msg;
};

int link_message_new(struct link_message **ret_m)
{
    struct link_message *m = malloc(sizeof *m);
    if (m == NULL)
        return ERR_NOMEM;
    int code = nng_msg_alloc(&m->msg, 0);
    if (code != 0) {
        free(m);
        return err_from_nng(code);
    }
    *ret_m = m;
    return 0;
}

/* nng grows a message to the byte; we double, so that many appends do not
 * copy what is there each time. */
static int message_reserve(nng_msg *msg, size_t n)
{
    size_t length = nng_msg_len(msg), capacity = nng_msg_capacity(msg);
    size_t needed;
    if (__builtin_add_overflow(length, n, &needed))
        return ERR_LIMIT;
    if (needed <= capacity)
        return 0;
    size_t doubled = capacity < SIZE_MAX / 2 ? 2 * capacity : SIZE_MAX;
    if (doubled < CAPACITY_BYTES)
        doubled = CAPACITY_BYTES;
    return err_from_nng(
        nng_msg_reserve(msg, needed > doubled ? needed : doubled));
}

int link_message_reserve(struct link_message *m, uint64_t bytes)
{
    return bytes > SIZE_MAX / 2 ? ERR_LIMIT
                                : err_from_nng(nng_msg_reserve(m->msg, bytes));
}

int link_message_append(void *message, const void *bytes, size_t n)
{
    struct link_message *m = message;
    int err = message_reserve(m->msg, n);
    if (err != 0)
        return err;
    return err_from_nng(nng_msg_append(m->msg, bytes, n));
}

size_t link_message_bytes(const struct link_message *m)
{
    return nng_msg_len(m->msg);
}

void link_message_free(struct link_message *m)
{
    if (m == NULL)
        return;
    nng_msg_free(m->msg);
    free(m);
}

nng_msg *message_take(struct link_message *m)
{
    nng_msg *msg = m->msg;
    free(m);
    return msg;
}

void message_to_event(struct link_event *e)
{
    e->bytes = nng_msg_body(e->owned);
    e->byte_count = nng_msg_len(e->owned);
}

void link_event_release(struct link_event *e)
{
    if (e == NULL)
        return;
    if (e->owned != NULL)
        nng_msg_free(e->owned);
    free(e);
}
