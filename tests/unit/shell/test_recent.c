/* What happened lately: percentiles, rates, the last anomalies. */
#include "engine/shell/recent.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void add(struct recent *r, int64_t at_us, int64_t total_us, bool overrun)
{
    recent_batch_add(r, &(struct recent_batch){ .at_us = at_us,
                                                .total_us = total_us,
                                                .commit_us = total_us / 10,
                                                .records = 10,
                                                .quarantined = 1,
                                                .overrun = overrun });
}

Test(recent, nothing_yet_is_all_zeros)
{
    static struct recent r;
    struct recent_times t;
    recent_times_get(&r, 5, &t);
    cr_expect_eq(t.count, 0);
    cr_expect_eq(t.total_p99_us, 0);
    cr_expect_eq(recent_rate(&r, 1000000), 0);
    cr_expect_not(recent_was_behind(&r, 5));
    cr_expect_null(recent_anomaly_get(&r, 0));
}

Test(recent, percentiles_are_values_that_were_seen)
{
    static struct recent r;
    struct recent_times t;
    for (int i = 100; i >= 1; i--)
        add(&r, 1000, i * 1000, false);
    recent_times_get(&r, 1000, &t);
    cr_expect_eq(t.count, 100);
    cr_expect_eq(t.total_p50_us, 50000);
    cr_expect_eq(t.total_p99_us, 99000);
    cr_expect_eq(t.total_max_us, 100000);
    cr_expect_eq(t.commit_p50_us, 5000);
    cr_expect_eq(t.records, 1000);
    cr_expect_eq(t.quarantined, 100);
}

Test(recent, only_the_last_batches_count)
{
    static struct recent r;
    struct recent_times t;
    add(&r, 1, 999999999, false);
    for (uint32_t i = 0; i < RECENT_BATCHES; i++)
        add(&r, 2, 7000, false);
    recent_times_get(&r, 2, &t);
    cr_expect_eq(t.count, RECENT_BATCHES);
    cr_expect_eq(t.total_max_us, 7000);
}

Test(recent, an_overrun_is_forgotten_after_ten_seconds)
{
    static struct recent r;
    struct recent_times t;
    add(&r, 1000000, 5, true);
    add(&r, 1000001, 5, false);
    recent_times_get(&r, 1000000 + RECENT_SPAN_US, &t);
    cr_expect_eq(t.overruns, 1);
    recent_times_get(&r, 1000001 + RECENT_SPAN_US, &t);
    cr_expect_eq(t.overruns, 0);
}

Test(recent, the_rate_is_over_the_span_that_really_passed)
{
    static struct recent r;
    for (int64_t i = 0; i <= 200; i++) /* 100 rows every 200 ms, then none */
        recent_tick(&r, i * 200000, (uint64_t)(i <= 195 ? i * 100 : 19500),
                    false);
    cr_expect_float_eq(recent_rate(&r, 1000000), 0, 1e-9);
    cr_expect_float_eq(recent_rate(&r, RECENT_SPAN_US), 450, 1e-9);
}

Test(recent, being_behind_is_remembered_for_ten_seconds)
{
    static struct recent r;
    recent_tick(&r, 1000000, 0, true);
    recent_tick(&r, 1100000, 0, false);
    cr_expect(recent_was_behind(&r, 1000000 + RECENT_SPAN_US));
    cr_expect_not(recent_was_behind(&r, 1000001 + RECENT_SPAN_US));
}

Test(recent, the_newest_anomalies_come_first)
{
    static struct recent r;
    for (uint64_t i = 1; i <= RECENT_ANOMALIES + 3; i++)
        recent_anomaly_add(&r, &(struct recent_anomaly){ .batch = i });
    for (uint32_t i = 0; i < RECENT_ANOMALIES; i++)
        cr_expect_eq(recent_anomaly_get(&r, i)->batch,
                     RECENT_ANOMALIES + 3 - i);
    cr_expect_null(recent_anomaly_get(&r, RECENT_ANOMALIES));
}
