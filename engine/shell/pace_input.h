/*
 * When a record of a paced input is due: --pace 60x by the time column, or
 * --pace 5000/s evenly. Pure: the caller brings the clock.
 *
 * By time   record i is due at start + (t - origin) / factor: `start` is the
 *           moment of the first record, `origin` the first time seen, t the
 *           latest time up to i. So gaps are kept, and a record that goes back
 *           in time, has none, or is bad is due with the one before.
 * By rate   record k (from 0) is due at start + k / rate.
 * Behind    due times are absolute: who was held up catches up.
 * A restart begins with a new clock.
 */
#ifndef FYKE_SHELL_PACE_INPUT_H
#define FYKE_SHELL_PACE_INPUT_H

#include "engine/ingest/block.h"

enum pace_kind {
    PACE_NONE = 0,
    PACE_TIMES, /* so many times as fast as the time column */
    PACE_RATE,  /* so many records a second */
};

struct pace_input {
    enum pace_kind kind;
    double factor;     /* times, or records a second */
    bool started;      /* start_us is known */
    bool timed;        /* origin_ns and latest_ns are known */
    int64_t start_us;  /* monotonic */
    int64_t origin_ns; /* event time */
    int64_t latest_ns; /* of the records taken */
    uint64_t taken;    /* records */
};

/* Parses "60x" or "5000/s"; NULL and "" are PACE_NONE. Factors lie between
 * 0.001 and 1000000, rates between 0.001 and 1000000000.
 * Errors: ERR_USAGE with a fault that shows both forms. */
FYKE_MUST_USE int pace_input_parse(const char *text, struct pace_input *ret_p,
                                   struct fault *fault);

/* How many of the `count` records of a parsed block from `first` on are due
 * at `now_us`. The first call starts the clock. */
uint32_t pace_input_due(struct pace_input *p, const struct block *b,
                        uint32_t first, uint32_t count, int64_t now_us);

/* When record `first`, the next one to be taken, is or was due; `now_us` if
 * nothing is paced. */
int64_t pace_input_due_us(const struct pace_input *p, const struct block *b,
                          uint32_t first, int64_t now_us);

/* The next `count` records from `first` on have been taken; they need not all
 * be that were due. */
void pace_input_take(struct pace_input *p, const struct block *b,
                     uint32_t first, uint32_t count);

#endif
