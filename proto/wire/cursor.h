/*
 * A bounded cursor over msgpack bytes: reads one value at a time, builds no
 * tree, allocates nothing, and never looks behind `end`.
 *
 * Bounds  a length or count that could not fit into the bytes left is an
 *         error before it is used, so no few bytes can promise gigabytes.
 * Errors  sticky: after the first one `err` stays, the cursor stands at its
 *         end and every read gives 0 or NULL. Check `err` once at the end of
 *         a run of reads; a loop must stop on it or be bounded.
 */
#ifndef FYKE_WIRE_CURSOR_H
#define FYKE_WIRE_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#define CURSOR_DEPTH_MAX 8u /* of a value that is skipped */

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    int err; /* 0, ERR_PROTO or ERR_LIMIT */
};

void cursor_init(struct cursor *c, const void *bytes, size_t n);

/* Remembers `err` unless there is one, and moves to the end. */
void cursor_fail(struct cursor *c, int err);

/* An integer in [0, max] or [min, max]; of any encoded width. */
uint64_t cursor_unsigned(struct cursor *c, uint64_t max);
int64_t cursor_signed(struct cursor *c, int64_t min, int64_t max);

/* The number of entries (elements) that follow. */
uint32_t cursor_map(struct cursor *c);
uint32_t cursor_array(struct cursor *c);

/* The bytes of a text or a byte string, inside the source. */
const uint8_t *cursor_text(struct cursor *c, uint32_t *ret_bytes);
const uint8_t *cursor_binary(struct cursor *c, uint32_t *ret_bytes);

/* Moves behind any one value. ERR_LIMIT when it nests too deep. */
void cursor_skip(struct cursor *c);

#endif
