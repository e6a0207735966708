/*
 * What tests, the simulator and the fuzzers need of the wire beyond the
 * program: messages as bytes in memory, and names for people.
 */
#ifndef FYKE_TESTS_LIB_WIRE_TOOLS_H
#define FYKE_TESTS_LIB_WIRE_TOOLS_H

#include "proto/base/buf.h"
#include "proto/wire/wire.h"

/* Appends the message to `out`. Errors: as wire_encode. */
FYKE_MUST_USE int wire_encode_to_buf(const struct wire_message *m,
                                     struct buf *out);

/* "HELLO", "TASK", ...; "?" for an unknown kind. */
const char *wire_kind_name(uint32_t kind);

#endif
