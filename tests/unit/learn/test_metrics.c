/*
 * Expected values are worked out by hand, or by the definitions, pair by pair
 * and threshold by threshold.
 */
#include "engine/learn/metrics.h"

#include "proto/base/rng.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>

#define ROWS 60u

struct row {
    uint32_t strangeness;
    int anomaly;
};

static struct metrics of_rows(const struct row *row, uint32_t count)
{
    uint64_t entry[ROWS];
    struct metrics m;
    for (uint32_t i = 0; i < count; i++)
        entry[i] = (uint64_t)row[i].strangeness << 1 | (row[i].anomaly != 0);
    metrics_of_rows(entry, count, &m);
    return m;
}

static struct metrics of_bins(const struct row *row, uint32_t count,
                              uint32_t bins)
{
    struct metrics_bins b;
    struct metrics m;
    cr_assert_eq(metrics_bins_init(&b, bins), 0);
    for (uint32_t i = 0; i < count; i++)
        metrics_bins_add(&b, row[i].strangeness, row[i].anomaly);
    metrics_of_bins(&b, &m);
    metrics_bins_release(&b);
    return m;
}

static void expect(struct metrics m, double auroc, double ap, double top)
{
    cr_expect_float_eq(m.auroc, auroc, 1e-12);
    cr_expect_float_eq(m.average_precision, ap, 1e-12);
    cr_expect_float_eq(m.precision_at_n, top, 1e-12);
}

Test(metrics, a_ranking_worked_out_by_hand)
{
    /* Stranger first: + - + - -. Pairs won: 3 of 3 and 2 of 3. Precision at
     * the first anomaly 1/1, at the second 2/3. Of the first two one is. */
    const struct row row[] = {
        { 9, 1 }, { 8, 0 }, { 7, 1 }, { 3, 0 }, { 1, 0 }
    };
    expect(of_rows(row, 5), 5.0 / 6, (1 + 2.0 / 3) / 2, 0.5);
    expect(of_bins(row, 5, 10), 5.0 / 6, (1 + 2.0 / 3) / 2, 0.5);
}

Test(metrics, equal_rows_count_as_a_half)
{
    /* + alone, then {+ - -} tied, then -. Pairs: 3 of 3, and 1 + 2/2 = 2 of
     * 3. Precision 1/1, then 2/4 for the tied one. Two places: the first is
     * a hit, the second is one of three with probability 1/3. */
    const struct row row[] = {
        { 5, 1 }, { 4, 0 }, { 4, 1 }, { 4, 0 }, { 2, 0 }
    };
    expect(of_rows(row, 5), 5.0 / 6, (1 + 0.5) / 2, (1 + 1.0 / 3) / 2);
    expect(of_bins(row, 5, 6), 5.0 / 6, (1 + 0.5) / 2, (1 + 1.0 / 3) / 2);
}

Test(metrics, all_equal_is_chance)
{
    const struct row row[] = { { 4, 0 }, { 4, 1 }, { 4, 0 }, { 4, 0 } };
    expect(of_rows(row, 4), 0.5, 0.25, 0.25);
}

Test(metrics, perfect_and_reversed)
{
    const struct row good[] = { { 1, 0 }, { 2, 0 }, { 8, 1 }, { 9, 1 } };
    const struct row bad[] = { { 1, 1 }, { 2, 1 }, { 8, 0 }, { 9, 0 } };
    expect(of_rows(good, 4), 1, 1, 1);
    expect(of_rows(bad, 4), 0, (1.0 / 3 + 2.0 / 4) / 2, 0);
}

Test(metrics, one_kind_alone_tells_nothing)
{
    const struct row ordinary[] = { { 1, 0 }, { 2, 0 } };
    const struct row anomalies[] = { { 1, 1 }, { 2, 1 } };
    struct metrics m = of_rows(ordinary, 2);
    cr_expect(isnan(m.auroc) && isnan(m.average_precision) &&
              isnan(m.precision_at_n));
    m = of_rows(anomalies, 2);
    cr_expect(isnan(m.auroc));
    cr_expect_eq(m.average_precision, 1);
    m = of_rows(anomalies, 0);
    cr_expect(isnan(m.auroc) && m.anomalies == 0 && m.ordinary == 0);
}

/* By the definitions. */
static struct metrics brute(const struct row *row, uint32_t n)
{
    struct metrics m = { 0 };
    double won = 0, ap = 0, top = 0;
    for (uint32_t i = 0; i < n; i++) {
        m.anomalies += row[i].anomaly != 0;
        m.ordinary += row[i].anomaly == 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        double above = 0, tied = 0, hits = 0;
        if (!row[i].anomaly)
            continue;
        for (uint32_t j = 0; j < n; j++) {
            bool at_least = row[j].strangeness >= row[i].strangeness;
            bool equal = row[j].strangeness == row[i].strangeness;
            if (!row[j].anomaly)
                won += !at_least ? 1 : equal ? 0.5 : 0;
            above += at_least && !equal;
            tied += equal;
            hits += at_least && row[j].anomaly;
        }
        ap += hits / (above + tied);
        double room = (double)m.anomalies - above;
        top += room <= 0 ? 0 : room >= tied ? 1 : room / tied;
    }
    m.auroc = won / ((double)m.anomalies * (double)m.ordinary);
    m.average_precision = ap / (double)m.anomalies;
    m.precision_at_n = top / (double)m.anomalies;
    return m;
}

Test(metrics, rows_and_bins_agree_with_the_definitions)
{
    struct rng rng = seed_rng(seed_any());
    for (uint32_t round = 0; round < 300; round++) {
        struct row row[ROWS];
        uint32_t bins = 2 + (uint32_t)rng_below(&rng, 20);
        for (uint32_t i = 0; i < ROWS; i++)
            row[i] = (struct row){ (uint32_t)rng_below(&rng, bins),
                                   rng_below(&rng, 4) == 0 };
        row[0].anomaly = 1;
        row[1].anomaly = 0;
        struct metrics want = brute(row, ROWS);
        expect(of_rows(row, ROWS), want.auroc, want.average_precision,
               want.precision_at_n);
        expect(of_bins(row, ROWS, bins), want.auroc, want.average_precision,
               want.precision_at_n);
        cr_expect_eq(of_rows(row, ROWS).anomalies, want.anomalies);
        cr_expect_eq(of_bins(row, ROWS, bins).ordinary, want.ordinary);
    }
}
