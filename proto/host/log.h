/*
 * The log: one line per event on a descriptor (stderr), for shells and
 * tools. Libraries return errors; the place that stops one logs it, once.
 *
 *   ts=2026-01-02T03:04:05.678Z level=info what=batch_committed batch=7
 *   {"ts":"2026-01-02T03:04:05.678Z","level":"info","what":"batch_committed",
 *    "batch":7}                                        (in one line, as JSON)
 *
 * Each line is one write(2) of at most LOG_LINE_MAX bytes (not more than
 * PIPE_BUF), so that lines of several processes on one pipe never mix and a
 * line has left the process when the call returns.
 *
 * Thread rule  any thread may log, and set the level meanwhile; the other
 *              fields are read only after the start.
 */
#ifndef FYKE_HOST_LOG_H
#define FYKE_HOST_LOG_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define LOG_LINE_MAX 4096

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
};

enum log_format {
    LOG_FORMAT_TEXT, /* logfmt */
    LOG_FORMAT_JSON,
};

struct log {
    _Atomic int level; /* enum log_level: lines below it are not written */
    int fd;            /* borrowed */
    enum log_format format;
};

/* Writes logfmt to stderr; `fd` and `format` may be changed before use. */
void log_init(struct log *l, enum log_level level);

/* From the next line on. */
void log_set_level(struct log *l, enum log_level level);

/* One line. `what` is a word for the event; `format` prints `key=value`
 * pairs separated by blanks and may be NULL. Values that people or inputs
 * chose go through log_quote. Control characters become blanks; a line that
 * is too long is cut and ends in `cut=true`. Write errors are ignored.
 * As JSON the same pairs are the members of one object: a value without
 * quotes that is a plain decimal number, true or false stays one, all others
 * are strings; a word without a value is true. Whatever the bytes, the line
 * is valid JSON in UTF-8: a byte that is not becomes the text \xNN. */
void log_line(const struct log *l, enum log_level level, const char *what,
              const char *format, ...) FYKE_PRINTF(4, 5);

/* A value as logfmt wants it: as it is, or in quotes with \" \\ \n \r \t
 * and \xNN (other control characters, invalid UTF-8); cut with "..." where it
 * does not fit. `out_bytes` >= 8. NULL is "". Returns `out`. */
const char *log_quote(const char *value, char *out, size_t out_bytes);

/* The same in place, for the arguments of log_line:
 * `log_line(l, LOG_LEVEL_WARN, "refused", "url=%s", LOG_QUOTE(url))`. The
 * text lives as long as the enclosing block. */
#define LOG_QUOTE(value) log_quote((value), (char[512]){ 0 }, 512)

/* "debug", "info", "warn", "error" (also "warning"), without case. */
FYKE_MUST_USE int log_level_parse(const char *text, enum log_level *ret_level);

/* "text", "json", without case. */
FYKE_MUST_USE int log_format_parse(const char *text,
                                   enum log_format *ret_format);

#endif
