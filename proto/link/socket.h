/*
 * What servers and clients set on a socket before it listens or dials.
 */
#ifndef FYKE_LINK_SOCKET_H
#define FYKE_LINK_SOCKET_H

#include "proto/link/link.h"

#include <nng/nng.h>

/* ERR_INVALID for options that would mean "unlimited". */
FYKE_MUST_USE int socket_options_check(const struct link_options *options,
                                       struct fault *fault);

/* The receive limit. Returns an nng code. */
int socket_set_limits(nng_socket socket, const struct link_options *options);

#endif
