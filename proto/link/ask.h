/*
 * One question to a coordinator, and waiting for its answer: for tools that
 * have nothing else to do. Says HELLO as a client (no task slots), then
 * CONTROL.
 *
 * Thread rule  blocks its caller until there is an answer or none will come;
 *              nothing of it stays behind.
 */
#ifndef FYKE_LINK_ASK_H
#define FYKE_LINK_ASK_H

#include "proto/base/buf.h"
#include "proto/wire/wire.h"

struct link_question {
    const char *url;
    const struct wire_control *control;
    const char *version; /* of this program, for people */
    int64_t timeout_ms;  /* over all, at least 1 */
};

/* Asks. On success the reply's text is appended to `reply` and its code is in
 * *ret_code: 0, or the enum err with which the coordinator refused.
 * Errors, all with a fault:
 *   ERR_UNREACHABLE  nobody is there, or nobody answered the HELLO: nothing
 *                    was asked. At once when a connection is refused.
 *   ERR_TIMEOUT, ERR_CLOSED  the question was sent and no answer came in time,
 *                    or the connection was lost: the outcome is unknown
 *   ERR_VERSION      another protocol
 *   ERR_PERM         the socket may not be used by this user
 *   ERR_PROTO        something else than a coordinator answered
 *   ERR_LIMIT        the question is too long
 *   what a refusal of the HELLO said, and others */
FYKE_MUST_USE int link_ask(const struct link_question *question,
                           struct buf *reply, int *ret_code,
                           struct fault *fault);

#endif
