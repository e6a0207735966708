/*
 * The inside of an outgoing message: an nng message that grows geometrically.
 */
#ifndef FYKE_LINK_MESSAGE_H
#define FYKE_LINK_MESSAGE_H

#include "proto/link/link.h"

#include <nng/nng.h>

/* Frees the message and gives its nng message to the caller. */
nng_msg *message_take(struct link_message *m);

/* Points the event's bytes at the message that it owns. */
void message_to_event(struct link_event *e);

#endif
