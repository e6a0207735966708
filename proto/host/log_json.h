/*
 * A logfmt line as one JSON object: the one place where log lines become
 * JSON. Inside this room; the log's callers write logfmt only.
 */
#ifndef FYKE_HOST_LOG_JSON_H
#define FYKE_HOST_LOG_JSON_H

#include <stddef.h>

#define LOG_JSON_BYTES_MIN 64u

/* Writes an object of at most `out_bytes` (>= LOG_JSON_BYTES_MIN) and no NUL;
 * returns its length. Any bytes are taken. Members that do not fit are left
 * out, a string that does not fit is cut, and then the last member is
 * "cut":true. */
size_t log_json(const char *line, size_t line_bytes, char *out,
                size_t out_bytes);

#endif
