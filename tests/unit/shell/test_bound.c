/*
 * The bound of memory, and the caps that it counts on.
 */
#include "engine/shell/bound.h"

#include <criterion/criterion.h>

#define MIB ((uint64_t)1 << 20)

static struct settings defaults(void)
{
    struct settings s = { 0 };
    struct fault fault = { 0 };
    cr_assert_eq(option_defaults(settings_run, settings_run_count, &s, &fault),
                 0, "%s", fault.text);
    return s;
}

static struct bound bound_with(const struct settings *s, uint32_t features)
{
    struct bound b;
    bound_of(s, features, 2, &b);
    cr_assert_gt(b.coordinator_bytes, b.flight_bytes);
    return b;
}

Test(bound, caps_let_two_full_batches_in_whatever_the_settings)
{
    struct settings s = defaults();
    for (s.pipeline = 1; s.pipeline <= 16; s.pipeline *= 2)
        for (s.max_rows = 1; s.max_rows <= 10000000; s.max_rows *= 10)
            for (s.max_bytes = 65536; s.max_bytes <= 4096 * MIB;
                 s.max_bytes *= 4) {
                cr_assert_geq(bound_cap_bytes(&s), 2 * s.max_bytes);
                cr_assert_geq(bound_cap_rows(&s), 2 * s.max_rows);
                cr_assert_leq(bound_cap_rows(&s),
                              (s.pipeline + 1) * s.max_rows);
            }
}

Test(bound, more_of_anything_needs_no_less_memory)
{
    const char *names[] = { "iforest", "dbscan" };
    struct settings s = defaults();
    struct bound base = bound_with(&s, 10);
    cr_expect_gt(bound_with(&s, 100).coordinator_bytes, base.coordinator_bytes);
    cr_expect_gt(bound_with(&s, 1024).worker_bytes, base.worker_bytes);
    s.max_rows *= 10;
    cr_expect_gt(bound_with(&s, 10).flight_bytes, base.flight_bytes);
    s = defaults();
    s.pipeline = 8;
    cr_expect_gt(bound_with(&s, 10).flight_bytes, base.flight_bytes);
    s = defaults();
    s.max_bytes *= 8;
    cr_expect_gt(bound_with(&s, 10).flight_bytes, base.flight_bytes);
    s = defaults();
    s.trees = 2000;
    s.subsample = 4096;
    cr_expect_gt(bound_with(&s, 10).worker_bytes, base.worker_bytes);
    cr_expect_gt(bound_with(&s, 10).coordinator_bytes, base.coordinator_bytes);
    s = defaults();
    s.keep_scores = true;
    cr_expect_gt(bound_with(&s, 10).flight_bytes, base.flight_bytes);
    s = defaults();
    s.detector = (struct option_list){ names, NULL, 2 };
    cr_expect_gt(bound_with(&s, 10).flight_bytes, base.flight_bytes);
    cr_expect_gt(bound_with(&s, 10).worker_bytes, base.worker_bytes);
}

Test(bound, dbscan_needs_memory_of_its_own)
{
    struct settings s = defaults();
    struct fault fault = { 0 };
    struct bound alone = bound_with(&s, 10);
    cr_assert_eq(
        option_set(option_find(settings_run, settings_run_count, "detector"),
                   "iforest,dbscan", &s, &fault),
        0);
    struct bound both = bound_with(&s, 10);
    cr_expect_gt(both.flight_bytes, alone.flight_bytes);
    cr_expect_gt(both.worker_bytes, alone.worker_bytes + 4 * 10 * s.max_rows);
    s.context_rows = 100000;
    cr_expect_gt(bound_with(&s, 10).coordinator_bytes, both.coordinator_bytes,
                 "they are learned state");
    s.max_rows = 1000000; /* in parts, whose halos may be everything */
    uint64_t halos = s.pipeline * 8 * 1000000 * 40;
    cr_expect_gt(bound_with(&s, 10).flight_bytes, both.flight_bytes + halos);
    option_release(settings_run, settings_run_count, &s);
}

Test(bound, the_defaults_fit_a_small_machine)
{
    struct settings s = defaults();
    struct bound b = bound_with(&s, 10);
    cr_log_info("coordinator %llu MiB, worker %llu MiB",
                (unsigned long long)(b.coordinator_bytes / MIB),
                (unsigned long long)(b.worker_bytes / MIB));
    cr_expect_leq(b.coordinator_bytes, 512 * MIB);
    cr_expect_leq(b.worker_bytes, 72 * MIB);
    s.max_rows = 1000;
    s.max_bytes = MIB;
    cr_expect_leq(bound_with(&s, 10).coordinator_bytes, 96 * MIB);
}

Test(bound, blocks_hold_fewer_records_the_more_features_there_are)
{
    cr_expect_eq(bound_block_records(1), BOUND_BLOCK_RECORDS_MAX);
    cr_expect_leq(bound_block_records(1024) * 4ull * 1024, MIB);
    cr_expect_geq(bound_block_records(1024), 64);
}
