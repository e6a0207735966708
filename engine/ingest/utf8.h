/*
 * UTF-8 that is repaired on the way out: invalid bytes become U+FFFD.
 * Errors are remembered in the buffer (buf.err).
 */
#ifndef FYKE_INGEST_UTF8_H
#define FYKE_INGEST_UTF8_H

#include "proto/base/buf.h"

#include <stdbool.h>

bool utf8_valid(const char *text, size_t n);
/* Appends `n` bytes as valid UTF-8. */
void utf8_append(struct buf *out, const char *text, size_t n);
/* Appends a JSON string with its quotes; NUL becomes U+FFFD. */
void utf8_append_json(struct buf *out, const char *text, size_t n);

#endif
