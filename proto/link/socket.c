#include "proto/link/socket.h"

/* nng counts its own headers (request ids) as part of a message. */
#define HEADER_BYTES_MAX 64u

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
