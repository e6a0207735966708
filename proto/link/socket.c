#include "proto/link/socket.h"

#include <stdlib.h>

/* nng counts its own headers (request ids) as part of a message. */
#define HEADER_BYTES_MAX 64u
#define CLOSE_MS_MAX 1000

/* A close under way on a thread of its own. Its end is a mail, so that the
 * wait for it is the mailbox's. */
struct closing {
    nng_socket socket;
    struct mailbox ended;
};

int socket_options_check(const struct link_options *options,
                         struct fault *fault)
{
    if (options->message_bytes_max == 0 ||
        options->message_bytes_max > SIZE_MAX - HEADER_BYTES_MAX)
        return fault_set(fault, ERR_INVALID,
                         "the message limit of a link must be set");
    if (options->send_timeout_ms <= 0 || options->send_timeout_ms > INT32_MAX)
        return fault_set(fault, ERR_INVALID,
                         "the send timeout of a link must be set");
    return 0;
}

int socket_set_limits(nng_socket socket, const struct link_options *options)
{
    return nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ,
                               options->message_bytes_max + HEADER_BYTES_MAX);
}

static void ignore_wake(void *context)
{
    (void)context;
}

static void *close_run(void *context)
{
    struct closing *c = context;
    struct mail *mail = mail_new();
    nng_close(c->socket);
    if (mail != NULL)
        mailbox_post(&c->ended, mail);
    return NULL;
}

/* False when it could not be started on a thread. */
static bool close_start(struct closing *c, pthread_t *ret_thread)
{
    const struct link_options quiet = { .wake = ignore_wake };
    if (mailbox_init(&c->ended, &quiet) != 0)
        return false;
    if (pthread_create(ret_thread, NULL, close_run, c) == 0)
        return true;
    mailbox_release(&c->ended);
    return false;
}

bool socket_close(nng_socket socket, struct mailbox *mailbox)
{
    struct closing *c = calloc(1, sizeof *c);
    pthread_t thread;
    if (c != NULL)
        c->socket = socket;
    if (c == NULL || !close_start(c, &thread)) {
        free(c);
        nng_close(socket);
        mailbox_release(mailbox);
        return true;
    }
    mailbox_wait(&c->ended, mailbox_now_ms() + CLOSE_MS_MAX);
    if (!mailbox_is_empty(&c->ended)) {
        pthread_join(thread, NULL);
        mailbox_release(&c->ended);
        free(c);
        mailbox_release(mailbox);
        return true;
    }
    pthread_detach(thread);
    mailbox_mute(mailbox);
    return false;
}
