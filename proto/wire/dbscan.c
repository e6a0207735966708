/* The numbers that both halves of DBSCAN must agree on. */
#include "proto/wire/dbscan.h"

#include "proto/base/check.h"
#include "proto/base/rng.h"

#include <math.h>
#include <stdlib.h>

#define DIGITS_MIN                                                             \
    1000.0 /* eps is rounded to a whole number of four digits                  \
            */
#define DIGITS_MAX 10000.0
#define TEN_POWERS 22 /* 10^22 is the last one that a double holds exactly */
#define EPS_DUPLICATES 0x1p-100 /* equal rows, and no others */

uint32_t dbscan_sample(uint64_t seed, uint64_t batch, uint32_t points,
                       uint32_t *ret_point)
{
    const uint64_t words[] = { seed, batch, DBSCAN_DETECTOR_ID };
    uint32_t scratch[8 * DBSCAN_SAMPLE_MAX];
    struct rng r;
    if (points <= DBSCAN_SAMPLE_MAX) {
        for (uint32_t i = 0; i < points; i++)
            ret_point[i] = i;
        return points;
    }
    check(rng_sample_scratch(DBSCAN_SAMPLE_MAX) <=
          sizeof scratch / sizeof scratch[0]);
    rng_init(&r, words, sizeof words / sizeof words[0]);
    rng_sample(&r, points, DBSCAN_SAMPLE_MAX, ret_point, scratch);
    return DBSCAN_SAMPLE_MAX;
}

static int double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* To four digits. Dividing by a power of ten that is exact gives the double
 * next to the decimal number, which is what reading that number gives. */
static double digits_round(double eps)
{
    double up = 1.0, down = 1.0;
    int powers = 0;
    while (eps * up < DIGITS_MIN && powers++ < TEN_POWERS)
        up *= 10.0;
    while (eps / down >= DIGITS_MAX && powers++ < TEN_POWERS)
        down *= 10.0;
    if (powers > TEN_POWERS)
        return eps;
    double whole = (double)(uint32_t)(eps * up / down + 0.5);
    return up > 1.0 ? whole / up : whole * down;
}

/* The place furthest below the chord from first to last, in the upper half. */
static uint32_t knee_index(const double *d, uint32_t count)
{
    double range = d[count - 1] - d[0], best = -2.0; /* below any */
    uint32_t found = count - 1;
    if (!(range > 0.0))
        return found;
    for (uint32_t i = count / 2; i < count; i++) {
        double below = (double)i / (double)(count - 1) - (d[i] - d[0]) / range;
        if (below > best) {
            best = below;
            found = i;
        }
    }
    return found;
}

void dbscan_knee(double *distance, uint32_t count, struct dbscan_eps *e)
{
    check(count > 0);
    qsort(distance, count, sizeof *distance, double_compare);
    uint32_t high = (uint32_t)((uint64_t)count * 99 / 100), end = count;
    uint32_t at = knee_index(distance, end);
    while (at >= high && at + 1 < end) {
        end = at + 1;
        at = knee_index(distance, end);
    }
    e->why = DBSCAN_EPS_KNEE;
    if (distance[at] == 0.0)
        e->why = DBSCAN_EPS_POSITIVE;
    while (at < count && distance[at] == 0.0)
        at++;
    if (at == count)
        e->why = DBSCAN_EPS_DUPLICATES;
    e->eps = at < count ? digits_round(distance[at]) : EPS_DUPLICATES;
    e->sampled = count;
    e->within = 0;
    while (e->within < count && distance[e->within] <= e->eps)
        e->within++;
}

uint32_t dbscan_score(double square, double eps)
{
    if (isinf(square))
        return 0;
    double score = sqrt(square) / eps;
    if (score >= DBSCAN_FAR)
        return DBSCAN_FAR * DBSCAN_ONE;
    return score > 1.0 ? (uint32_t)(score * DBSCAN_ONE) : DBSCAN_ONE;
}
