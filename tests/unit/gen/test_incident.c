/* When incidents begin and how long they last. */
#include "tools/gen/gen_int.h"

#include <criterion/criterion.h>
#include <string.h>

#define S INT64_C(1000000000)

static struct gen g;
static struct gen_incident slots[4];
static struct gen_model_ops ops = { .span = 40 };

static void start(double anomalies, uint32_t kinds)
{
    uint64_t word = 3;
    memset(&g, 0, sizeof g);
    memset(slots, 0, sizeof slots);
    g.ops = &ops;
    g.incident = slots;
    g.options.anomalies = anomalies;
    g.options.kinds = kinds;
    rng_init(&g.rng_begin, &word, 1);
    incident_init(&g);
}

Test(incident, without_kinds_nothing_happens)
{
    start(0, 0);
    for (uint32_t i = 0; i < 10000; i++) {
        g.row.time_ns = i * S;
        cr_assert_null(incident_at(&g, 0, S));
        cr_assert_eq(g.row.label.kind, GEN_ORDINARY);
    }
    cr_expect_eq(g.incidents, 0);
}

/* A fixed seed; the share is "about". */
Test(incident, each_kind_has_its_part_of_the_share)
{
    uint32_t seen[GEN_KINDS] = { 0 }, n = 2000000;
    start(0.02, GEN_INJECTED);
    for (uint32_t i = 0; i < n; i++) {
        g.row.time_ns = i / 4 * S;
        (void)incident_at(&g, i % 4, S);
        seen[g.row.label.kind]++;
    }
    cr_expect_float_eq(seen[GEN_SPIKE] / (double)n, 0.008, 0.0006);
    cr_expect_float_eq(seen[GEN_SHIFT] / (double)n, 0.006, 0.0008);
    cr_expect_float_eq(seen[GEN_CORRELATION] / (double)n, 0.005, 0.0008);
    cr_expect_float_eq(seen[GEN_GAP] / (double)n, 0.001, 0.0003);
    cr_expect_eq(seen[GEN_DRIFT] + seen[GEN_DUPLICATE] + seen[GEN_LATE] +
                     seen[GEN_MALFORMED],
                 0);
}

Test(incident, a_long_one_lasts_from_its_start_to_its_end)
{
    start(0.5, 1u << GEN_SHIFT);
    uint64_t number = 0;
    int64_t from_ns = 0, to_ns = 0;
    uint32_t whole = 0, rows = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        g.row.time_ns = i * S;
        const struct gen_incident *at = incident_at(&g, 1, S);
        if (number != 0 && (at == NULL || at->number != number)) {
            cr_assert_eq(to_ns, (i - 1) * S);
            cr_assert_eq(rows, (to_ns - from_ns) / S + 1);
            cr_assert(rows >= 20 && rows <= 60, "%u rows", rows);
            whole++;
            number = 0;
        }
        if (at == NULL)
            continue;
        if (number == 0) {
            number = at->number;
            rows = 0;
            from_ns = at->start_ns;
            cr_assert_eq(from_ns, g.row.time_ns);
        }
        rows++;
        to_ns = at->end_ns;
        cr_assert_eq(g.row.label.kind, GEN_SHIFT);
        cr_assert_eq(g.row.label.incident, number);
        cr_assert_eq(g.row.label.end_ns, to_ns);
    }
    cr_expect_gt(whole, 100);
}

Test(incident, a_gap_is_told_at_the_first_record_behind_it)
{
    start(0.5, 1u << GEN_GAP);
    int64_t from_ns = 0;
    uint32_t gaps = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        g.row.time_ns = i * S;
        const struct gen_incident *at = incident_at(&g, 2, S);
        if (at != NULL) {
            cr_assert_eq(at->kind, GEN_GAP);
            cr_assert_eq(g.row.label.kind, GEN_ORDINARY);
            from_ns = at->start_ns;
        } else if (g.row.label.kind == GEN_GAP) {
            cr_assert_eq(g.row.label.start_ns, from_ns);
            cr_assert_eq(g.row.label.end_ns, g.row.time_ns);
            cr_assert_geq(g.row.time_ns - from_ns, 20 * S);
            gaps++;
        }
    }
    cr_expect_gt(gaps, 50);
}

Test(incident, keys_have_their_own_incidents)
{
    start(0.5, 1u << GEN_CORRELATION);
    bool alone[2] = { false, false };
    for (uint32_t i = 0; i < 10000; i++) {
        g.row.time_ns = i * S;
        bool first = incident_at(&g, 0, S) != NULL;
        bool second = incident_at(&g, 1, S) != NULL;
        alone[0] |= first && !second;
        alone[1] |= second && !first;
    }
    cr_expect(alone[0] && alone[1]);
}

Test(incident, picks_are_the_same_each_time_and_cover_the_range)
{
    bool seen[7] = { false };
    for (uint64_t choice = 0; choice < 200; choice++) {
        struct gen_incident i = { .choice = choice * 1234567 };
        uint32_t n = incident_pick(&i, 3, 7);
        cr_assert_eq(n, incident_pick(&i, 3, 7));
        cr_assert_lt(n, 7);
        seen[n] = true;
    }
    for (uint32_t n = 0; n < 7; n++)
        cr_expect(seen[n]);
}
