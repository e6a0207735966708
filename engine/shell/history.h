/*
 * The rows of a whole file in memory: what --train fits on. Read by the rules
 * of the stream (its missing words, its longest record), with the stream's
 * features found by their names.
 */
#ifndef FYKE_SHELL_HISTORY_H
#define FYKE_SHELL_HISTORY_H

#include "engine/ingest/schema.h"
#include "engine/shell/settings.h"
#include "proto/base/matrix.h"

#define HISTORY_BYTES_MAX ((size_t)1 << 30) /* of its columns */

struct history {
    float *x;           /* column-major, features in the stream's order */
    struct matrix rows; /* of x */
    uint64_t bad;       /* records that could not be read */
};

/* Reads FILE to its end. Release it in any case.
 * Errors, with faults that name FILE: those of opening it; ERR_USAGE (a
 * feature of the stream is not there, by name); ERR_CONTENT (not text, no row
 * at all); ERR_LIMIT (more than HISTORY_BYTES_MAX); ERR_NOMEM. */
FYKE_MUST_USE int history_read(const char *path, const struct settings *s,
                               const struct schema *stream, struct history *h,
                               struct fault *fault);
void history_release(struct history *h);

#endif
