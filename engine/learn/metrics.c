/*
 * Both ways walk through groups of equal rows, the strangest first.
 */
#include "engine/learn/metrics.h"

#include "proto/base/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    uint64_t anomalies, ordinary; /* in all */
    uint64_t hits, misses;        /* of both, so far */
    double pairs;                 /* won, a tie is a half */
    double precision;             /* summed, weighted by recall gained */
    double top_hits;              /* among the first N */
};

static void walk_group(struct walk *w, uint64_t anomalies, uint64_t ordinary)
{
    uint64_t before = w->hits + w->misses, rows = anomalies + ordinary;
    if (rows == 0)
        return;
    uint64_t below = w->ordinary - w->misses - ordinary;
    w->pairs += (double)anomalies * ((double)below + (double)ordinary / 2);
    if (before < w->anomalies) {
        uint64_t room = w->anomalies - before;
        double share = room < rows ? (double)room / (double)rows : 1;
        w->top_hits += share * (double)anomalies;
    }
    w->hits += anomalies;
    w->misses += ordinary;
    w->precision +=
        (double)anomalies * (double)w->hits / (double)(w->hits + w->misses);
}

static void walk_end(const struct walk *w, struct metrics *ret_m)
{
    double anomalies = (double)w->anomalies, ordinary = (double)w->ordinary;
    *ret_m = (struct metrics){ w->anomalies, w->ordinary, (double)NAN,
                               (double)NAN, (double)NAN };
    if (w->anomalies == 0)
        return;
    if (w->ordinary > 0)
        ret_m->auroc = w->pairs / (anomalies * ordinary);
    ret_m->average_precision = w->precision / anomalies;
    ret_m->precision_at_n = w->top_hits / anomalies;
}

static int entry_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

void metrics_of_rows(uint64_t *entry, uint64_t count, struct metrics *ret_m)
{
    struct walk w = { 0 };
    for (uint64_t i = 0; i < count; i++)
        w.anomalies += entry[i] & 1;
    w.ordinary = count - w.anomalies;
    if (count > 0)
        qsort(entry, count, sizeof *entry, entry_compare);
    for (uint64_t end = count; end > 0;) {
        uint64_t first = end, anomalies = 0;
        for (; first > 0 && entry[first - 1] >> 1 == entry[end - 1] >> 1;
             first--)
            anomalies += entry[first - 1] & 1;
        walk_group(&w, anomalies, end - first - anomalies);
        end = first;
    }
    walk_end(&w, ret_m);
}

int metrics_bins_init(struct metrics_bins *b, uint32_t bins)
{
    b->bins = bins;
    b->anomalies = calloc(bins, sizeof *b->anomalies);
    b->ordinary = calloc(bins, sizeof *b->ordinary);
    if (b->anomalies != NULL && b->ordinary != NULL)
        return ERR_OK;
    metrics_bins_release(b);
    return ERR_NOMEM;
}

void metrics_bins_release(struct metrics_bins *b)
{
    free(b->anomalies);
    free(b->ordinary);
    memset(b, 0, sizeof *b);
}

void metrics_bins_add(struct metrics_bins *b, uint32_t bin, int is_anomaly)
{
    check(bin < b->bins);
    if (is_anomaly)
        b->anomalies[bin]++;
    else
        b->ordinary[bin]++;
}

void metrics_of_bins(const struct metrics_bins *b, struct metrics *ret_m)
{
    struct walk w = { 0 };
    for (uint32_t i = 0; i < b->bins; i++) {
        w.anomalies += b->anomalies[i];
        w.ordinary += b->ordinary[i];
    }
    for (uint32_t i = b->bins; i > 0; i--)
        walk_group(&w, b->anomalies[i - 1], b->ordinary[i - 1]);
    walk_end(&w, ret_m);
}
