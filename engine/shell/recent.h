/*
 * What happened lately, for `fyke status`: the times of the last batches, the
 * rate of rows, the last anomalies. Fixed size.
 *
 * Thread rule  one owner. Times are monotonic microseconds given by it.
 */
#ifndef FYKE_SHELL_RECENT_H
#define FYKE_SHELL_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#define RECENT_BATCHES 512u
#define RECENT_ANOMALIES 5u
#define RECENT_TICKS 128u /* at ten a second: more than ten seconds */
#define RECENT_SPAN_US 10000000

struct recent_batch {
    int64_t at_us; /* committed */
    int64_t total_us, commit_us;
    uint32_t records, quarantined;
    bool overrun;
};

struct recent_anomaly {
    int64_t time_ns;
    uint64_t batch, line;
    double severity;
    char key[128];
    char why[384];
};

struct recent_tick {
    int64_t at_us;
    uint64_t rows; /* committed so far */
};

struct recent {
    struct recent_batch batch[RECENT_BATCHES];
    uint64_t batches; /* ever */
    struct recent_anomaly anomaly[RECENT_ANOMALIES];
    uint64_t anomalies;
    struct recent_tick tick[RECENT_TICKS];
    uint64_t ticks;
    int64_t behind_us; /* when it lagged last, 0 = never */
};

/* Of the batches that are remembered. */
struct recent_times {
    uint32_t count;
    int64_t total_p50_us, total_p99_us, total_max_us;
    int64_t commit_p50_us, commit_p99_us;
    uint32_t overruns; /* in the last RECENT_SPAN_US */
    uint64_t records, quarantined;
};

void recent_batch_add(struct recent *r, const struct recent_batch *b);
/* Text that is longer is cut. */
void recent_anomaly_add(struct recent *r, const struct recent_anomaly *a);
/* Ten times a second: rows committed so far; `behind`: it lags now. */
void recent_tick(struct recent *r, int64_t now_us, uint64_t rows, bool behind);

void recent_times_get(const struct recent *r, int64_t now_us,
                      struct recent_times *ret_times);
/* Rows a second over the last `span_us`, or since the first tick. */
double recent_rate(const struct recent *r, int64_t span_us);
/* It lagged in the last RECENT_SPAN_US. */
bool recent_was_behind(const struct recent *r, int64_t now_us);
/* The newest first; NULL behind the last. */
const struct recent_anomaly *recent_anomaly_get(const struct recent *r,
                                                uint32_t index);

#endif
