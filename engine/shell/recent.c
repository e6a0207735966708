/*
 * Three rings.
 */
#include "engine/shell/recent.h"

#include <stdlib.h>
#include <string.h>

void recent_batch_add(struct recent *r, const struct recent_batch *b)
{
    r->batch[r->batches++ % RECENT_BATCHES] = *b;
}

void recent_anomaly_add(struct recent *r, const struct recent_anomaly *a)
{
    r->anomaly[r->anomalies++ % RECENT_ANOMALIES] = *a;
}

void recent_tick(struct recent *r, int64_t now_us, uint64_t rows, bool behind)
{
    r->tick[r->ticks++ % RECENT_TICKS] = (struct recent_tick){ now_us, rows };
    if (behind)
        r->behind_us = now_us;
}

static int compare_us(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The value that `percent` of the sorted ones do not exceed. */
static int64_t percentile(const int64_t *sorted, uint32_t count,
                          uint32_t percent)
{
    uint32_t rank = (count * percent + 99) / 100;
    return sorted[rank > 0 ? rank - 1 : 0];
}

void recent_times_get(const struct recent *r, int64_t now_us,
                      struct recent_times *ret_times)
{
    int64_t total[RECENT_BATCHES] = { 0 }, commit[RECENT_BATCHES] = { 0 };
    uint32_t n =
        r->batches < RECENT_BATCHES ? (uint32_t)r->batches : RECENT_BATCHES;
    struct recent_times t = { .count = n };
    if (n == 0) {
        *ret_times = t;
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct recent_batch *b = &r->batch[i];
        total[i] = b->total_us;
        commit[i] = b->commit_us;
        t.records += b->records;
        t.quarantined += b->quarantined;
        t.overruns += b->overrun && now_us - b->at_us <= RECENT_SPAN_US;
    }
    qsort(total, n, sizeof *total, compare_us);
    qsort(commit, n, sizeof *commit, compare_us);
    t.total_p50_us = percentile(total, n, 50);
    t.total_p99_us = percentile(total, n, 99);
    t.total_max_us = percentile(total, n, 100);
    t.commit_p50_us = percentile(commit, n, 50);
    t.commit_p99_us = percentile(commit, n, 99);
    *ret_times = t;
}

double recent_rate(const struct recent *r, int64_t span_us)
{
    if (r->ticks < 2)
        return 0;
    const struct recent_tick *last = &r->tick[(r->ticks - 1) % RECENT_TICKS];
    const struct recent_tick *from = last;
    for (uint64_t back = 2; back <= r->ticks && back <= RECENT_TICKS; back++) {
        from = &r->tick[(r->ticks - back) % RECENT_TICKS];
        if (last->at_us - from->at_us >= span_us)
            break;
    }
    int64_t us = last->at_us - from->at_us;
    return us > 0 ? (double)(last->rows - from->rows) * 1e6 / (double)us : 0;
}

bool recent_was_behind(const struct recent *r, int64_t now_us)
{
    return r->behind_us != 0 && now_us - r->behind_us <= RECENT_SPAN_US;
}

const struct recent_anomaly *recent_anomaly_get(const struct recent *r,
                                                uint32_t index)
{
    if (index >= RECENT_ANOMALIES || index >= r->anomalies)
        return NULL;
    return &r->anomaly[(r->anomalies - 1 - index) % RECENT_ANOMALIES];
}
