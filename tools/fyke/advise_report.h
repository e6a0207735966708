/*
 * What fyke advise has measured, and how it is told: tables for people or one
 * JSON object.
 */
#ifndef FYKE_TOOLS_ADVISE_REPORT_H
#define FYKE_TOOLS_ADVISE_REPORT_H

#include "proto/base/buf.h"
#include "tools/fyke/advise_run.h"

#define ADVISE_SIZES 4u
#define ADVISE_INTERVALS 4u

enum advise_rate_from {
    ADVISE_RATE_GIVEN = 1, /* --rate */
    ADVISE_RATE_TIME,      /* the time column */
    ADVISE_RATE_SLOW,      /* the time column, too slow to be measured */
    ADVISE_RATE_LIVE,
    ADVISE_RATE_HALF, /* of the capacity */
};

struct advise_report {
    const struct advise_input *input;
    uint64_t workers;
    const char *command; /* what to type, without the interval */
    /* (a) batches of fixed sizes, one at a time */
    struct advise_seen size[ADVISE_SIZES];
    uint32_t size_count;
    struct advise_cost cost;
    bool has_cost;
    /* (b) as fast as possible, at some intervals */
    struct advise_seen at[ADVISE_INTERVALS];
    uint32_t at_count;
    double capacity; /* rows/s, the best of these */
    /* (c) at the input's rate */
    double rate, own_rate;
    enum advise_rate_from rate_from;
    bool sustained; /* the rate is below what is possible */
    bool cut_short; /* the search took too long */
    struct advise_trial trial[ADVISE_TRIALS_MAX];
    uint32_t trial_count;
    struct advise_choice choice;
};

/* Appends tables and sentences; `width` as table_print has it. */
int advise_report_print(const struct advise_report *r, uint32_t width,
                        struct buf *out);
int advise_report_json(const struct advise_report *r, struct buf *out);

#endif
