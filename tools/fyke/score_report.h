/*
 * What fyke score says on standard error: rows, features, quarantine, what
 * was flagged, and where the time went.
 */
#ifndef FYKE_TOOLS_SCORE_REPORT_H
#define FYKE_TOOLS_SCORE_REPORT_H

#include "proto/base/buf.h"
#include "tools/fyke/score_detect.h"
#include "tools/fyke/score_input.h"

struct score_report {
    const struct settings *settings;
    const struct kept *kept; /* the model, if there was one before */
    const struct score_input *in;
    const struct score_detect *found; /* NULL: there was no row */
    uint32_t threads;
    int64_t read_us, write_us;
};

/* Counts of bad records by reason and the first of them. Nothing for none. */
void score_report_quarantine(const struct score_input *in, struct buf *out);
void score_report_print(const struct score_report *r, struct buf *out);

#endif
