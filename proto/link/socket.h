/*
 * What servers and clients set on a socket before it listens or dials.
 */
#ifndef FYKE_LINK_SOCKET_H
#define FYKE_LINK_SOCKET_H

#include "proto/link/mailbox.h"

#include <nng/nng.h>

/* ERR_INVALID for options that would mean "unlimited". */
FYKE_MUST_USE int socket_options_check(const struct link_options *options,
                                       struct fault *fault);

/* The receive limit. Returns an nng code. */
int socket_set_limits(nng_socket socket, const struct link_options *options);

/* Closes a socket whose lines are closed and releases its mailbox. nng 1.5
 * never ends a close that meets a large message between two partial writes or
 * reads (its aio is stopped there and no one completes it; nng's pull request
 * 1636 is about it). After a second the socket is left to the process's
 * end: then the result is false, the mailbox stays, muted, and the memory that
 * holds it must stay too. */
FYKE_MUST_USE bool socket_close(nng_socket socket, struct mailbox *mailbox);

#endif
