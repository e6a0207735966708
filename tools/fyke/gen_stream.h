/*
 * Writes a generated stream to a descriptor: as fast as it is read, or so many
 * records a second. What is written does not depend on when.
 */
#ifndef FYKE_TOOLS_GEN_STREAM_H
#define FYKE_TOOLS_GEN_STREAM_H

#include "tools/gen/gen.h"

struct gen_stream {
    struct gen *gen;         /* borrowed */
    double rate;             /* records a second, 0 = as fast as it goes */
    int out_fd;              /* borrowed */
    const char *out_name;    /* for faults */
    int labels_fd;           /* -1 = none */
    const char *labels_name; /* or NULL */
};

/* Runs to the last record, until the reader has gone away, or until SIGINT or
 * SIGTERM, which end it behind a whole record; a second one kills. All of
 * these are 0. Errors: ERR_IO, ERR_FULL, ERR_NOMEM with a fault. */
FYKE_MUST_USE int gen_stream_run(const struct gen_stream *s,
                                 struct fault *fault);

#endif
