/* Due times of paced records, with a clock of our own. */
#include "engine/shell/pace_input.h"
#include "proto/base/civil.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define RECORDS_MAX 256u
#define S INT64_C(1000000000)

/* A block of records; INT64_MAX as a time makes a bad one. */
struct made {
    struct block block;
    uint32_t row_record[RECORDS_MAX];
    int64_t time_ns[RECORDS_MAX];
};

static const int64_t BAD = INT64_MAX;

static void make(struct made *m, const int64_t *time_ns, uint32_t n)
{
    memset(m, 0, sizeof *m);
    m->block.row_record = m->row_record;
    m->block.time_ns = m->time_ns;
    m->block.records = n;
    for (uint32_t i = 0; i < n; i++) {
        if (time_ns[i] == BAD)
            continue;
        m->row_record[m->block.rows] = i;
        m->time_ns[m->block.rows++] = time_ns[i];
    }
}

static struct pace_input pace_of(const char *text)
{
    struct pace_input p;
    struct fault fault = { 0 };
    cr_assert_eq(pace_input_parse(text, &p, &fault), 0, "%s", fault.text);
    return p;
}

Test(pace_input, both_forms_are_read_and_nothing_is_none)
{
    struct pace_input p = pace_of("60x");
    cr_expect_eq(p.kind, PACE_TIMES);
    cr_expect_eq(p.factor, 60);
    p = pace_of("0.5x");
    cr_expect_eq(p.factor, 0.5);
    p = pace_of("5000/s");
    cr_expect_eq(p.kind, PACE_RATE);
    cr_expect_eq(p.factor, 5000);
    cr_expect_eq(pace_of(NULL).kind, PACE_NONE);
    cr_expect_eq(pace_of("").kind, PACE_NONE);
}

Test(pace_input, other_forms_are_refused_with_both_right_ones)
{
    static const char *const bad[] = { "60",    "x",    "/s",     "0x",  "-1x",
                                       "60 x",  "60X/", "5000/m", "0/s", "1e7x",
                                       "inf/s", "nanx", "2e9/s" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pace_input p;
        struct fault fault = { 0 };
        cr_expect_eq(pace_input_parse(bad[i], &p, &fault), ERR_USAGE, "%s",
                     bad[i]);
        cr_expect_not_null(strstr(fault.text, "60x"), "%s", fault.text);
        cr_expect_not_null(strstr(fault.text, "5000/s"), "%s", fault.text);
    }
}

Test(pace_input, without_a_pace_everything_is_due)
{
    struct made m;
    const int64_t t[] = { 0, 100 * S };
    struct pace_input p = pace_of(NULL);
    make(&m, t, 2);
    cr_expect_eq(pace_input_due(&p, &m.block, 0, 2, 5), 2);
    cr_expect_eq(pace_input_due_us(&p, &m.block, 0, 5), 5);
}

Test(pace_input, the_first_record_is_due_at_once_and_gaps_are_kept)
{
    struct made m;
    const int64_t t[] = { 1000 * S, 1060 * S, 4660 * S };
    struct pace_input p = pace_of("60x");
    make(&m, t, 3);
    cr_expect_eq(pace_input_due(&p, &m.block, 0, 3, 7000), 1);
    pace_input_take(&p, &m.block, 0, 1);
    cr_expect_eq(pace_input_due_us(&p, &m.block, 1, 7000), 1007000);
    cr_expect_eq(pace_input_due(&p, &m.block, 1, 2, 1006999), 0);
    cr_expect_eq(pace_input_due(&p, &m.block, 1, 2, 1007000), 1);
    pace_input_take(&p, &m.block, 1, 1);
    cr_expect_eq(pace_input_due_us(&p, &m.block, 2, 0), 61007000);
    cr_expect_eq(pace_input_due(&p, &m.block, 2, 1, 61007000), 1);
}

Test(pace_input, a_record_without_a_later_time_is_due_with_the_one_before)
{
    struct made m;
    const int64_t t[] = { BAD,    CIVIL_NONE, 10 * S, 5 * S,  CIVIL_NONE,
                          12 * S, BAD,        11 * S, 12 * S, 13 * S };
    struct pace_input p = pace_of("1x");
    make(&m, t, 10);
    cr_expect_eq(pace_input_due(&p, &m.block, 0, 10, 0), 5);
    pace_input_take(&p, &m.block, 0, 5);
    cr_expect_eq(pace_input_due(&p, &m.block, 5, 5, 1999999), 0);
    cr_expect_eq(pace_input_due(&p, &m.block, 5, 5, 2000000), 4);
    pace_input_take(&p, &m.block, 5, 2); /* not all of them */
    cr_expect_eq(pace_input_due_us(&p, &m.block, 7, 9000000), 2000000);
    cr_expect_eq(pace_input_due(&p, &m.block, 7, 3, 2999999), 2);
    cr_expect_eq(pace_input_due(&p, &m.block, 7, 3, 3000000), 3);
}

Test(pace_input, a_clock_goes_on_from_block_to_block)
{
    struct made m;
    const int64_t first[] = { 0, 2 * S }, second[] = { 1 * S, 3 * S };
    struct pace_input p = pace_of("2x");
    make(&m, first, 2);
    cr_expect_eq(pace_input_due(&p, &m.block, 0, 2, 1000000), 1);
    cr_expect_eq(pace_input_due(&p, &m.block, 0, 2, 2000000), 2);
    pace_input_take(&p, &m.block, 0, 2);
    make(&m, second, 2);
    cr_expect_eq(pace_input_due(&p, &m.block, 0, 2, 2000000), 1);
    pace_input_take(&p, &m.block, 0, 1);
    cr_expect_eq(pace_input_due_us(&p, &m.block, 1, 0), 2500000);
}

Test(pace_input, a_rate_counts_bad_records_too_and_catches_up)
{
    struct made m;
    int64_t t[100];
    struct pace_input p = pace_of("1000/s");
    for (uint32_t i = 0; i < 100; i++)
        t[i] = i % 3 == 0 ? BAD : CIVIL_NONE;
    make(&m, t, 100);
    cr_expect_eq(pace_input_due(&p, &m.block, 0, 100, 50), 1);
    pace_input_take(&p, &m.block, 0, 1);
    cr_expect_eq(pace_input_due_us(&p, &m.block, 1, 50), 1050);
    cr_expect_eq(pace_input_due(&p, &m.block, 1, 99, 1049), 0);
    cr_expect_eq(pace_input_due(&p, &m.block, 1, 99, 1050), 1);
    cr_expect_eq(pace_input_due(&p, &m.block, 1, 99, 40050), 40);
    pace_input_take(&p, &m.block, 1, 10); /* held up */
    cr_expect_eq(pace_input_due_us(&p, &m.block, 11, 40050), 11050);
    cr_expect_eq(pace_input_due(&p, &m.block, 11, 89, 40050), 30);
}

Test(pace_input, the_ends_of_time_do_not_overflow)
{
    struct made m;
    const int64_t t[] = { INT64_MIN + 1, INT64_MAX - 1 };
    struct pace_input p = pace_of("0.001x");
    make(&m, t, 2);
    cr_expect_eq(pace_input_due(&p, &m.block, 0, 2, 3), 1);
    pace_input_take(&p, &m.block, 0, 1);
    cr_expect_eq(pace_input_due_us(&p, &m.block, 1, 3), INT64_MAX);
    cr_expect_eq(pace_input_due(&p, &m.block, 1, 1, INT64_MAX - 1), 0);
}

/* Taken in pieces at random moments, each record leaves at the moment that
 * the definition gives, never earlier. */
Test(pace_input, pieces_do_not_change_when_a_record_is_due)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 200; round++) {
        struct made m;
        int64_t t[RECORDS_MAX], due_us[RECORDS_MAX], latest = 0, now_us = 100;
        struct pace_input p = pace_of("3x");
        bool timed = false;
        for (uint32_t i = 0; i < RECORDS_MAX; i++) {
            uint64_t kind = rng_below(&r, 8);
            t[i] = kind == 0   ? BAD
                   : kind == 1 ? CIVIL_NONE
                               : (int64_t)rng_below(&r, 1 + i) * S;
            if (kind > 1 && !timed) {
                timed = true;
                t[i] = latest = 0;
            }
            if (kind > 1 && t[i] > latest)
                latest = t[i];
            due_us[i] = 100 + (int64_t)((double)latest / 1000.0 / 3.0);
        }
        make(&m, t, RECORDS_MAX);
        for (uint32_t at = 0; at < RECORDS_MAX;) {
            uint32_t n =
                pace_input_due(&p, &m.block, at, RECORDS_MAX - at, now_us);
            uint32_t want = 0;
            while (at + want < RECORDS_MAX && due_us[at + want] <= now_us)
                want++;
            cr_assert_eq(n, want, "record %u at %lld", at, (long long)now_us);
            if (n > 0)
                n = 1 + (uint32_t)rng_below(&r, n);
            pace_input_take(&p, &m.block, at, n);
            at += n;
            now_us += (int64_t)rng_below(&r, 3000000);
        }
    }
}
