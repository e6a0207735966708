/* The numbers that both halves of DBSCAN must agree on. */
#include "proto/wire/dbscan.h"

#include "proto/base/check.h"
#include "proto/base/detmath.h"
#include "proto/base/rng.h"

#include <math.h>
#include <stdlib.h>

/* eps is rounded to a whole number of four digits. */
#define DIGITS_MIN 1000.0
#define DIGITS_MAX 10000.0
#define TEN_POWERS 22 /* 10^22 is the last one that a double holds exactly */
#define EPS_DUPLICATES 0x1p-100 /* equal rows, and no others */
#define POSITIVE_SHARE 10u      /* fewer than a tenth are no curve */

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

enum digits { DIGITS_NEAREST, DIGITS_UP };

/* To four digits. Dividing by a power of ten that is exact gives the double
 * next to the decimal number, which is what reading that number gives. */
static double digits_round(double eps, enum digits way)
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
    double rounded = up > 1.0 ? whole / up : whole * down;
    if (way == DIGITS_NEAREST || rounded >= eps)
        return rounded;
    return up > 1.0 ? (whole + 1) / up : (whole + 1) * down;
}

/* The place furthest below the chord from first to last of the logarithms, in
 * the upper half. All distances are above 0. */
static uint32_t knee_index(const double *d, uint32_t count)
{
    double low = det_log(d[0]), range = det_log(d[count - 1]) - low;
    double best = -2.0; /* below any */
    uint32_t found = count - 1, most = (uint32_t)((uint64_t)count * 98 / 100);
    if (!(range > 0.0))
        return found;
    for (uint32_t i = count / 2; i < count; i++) {
        double below =
            (double)i / (double)(count - 1) - (det_log(d[i]) - low) / range;
        if (below > best) {
            best = below;
            found = i;
        }
    }
    return found < most ? found : most;
}

void dbscan_knee(double *distance, uint32_t count, struct dbscan_eps *e)
{
    uint32_t zeros = 0;
    double eps = EPS_DUPLICATES;
    check(count > 0);
    qsort(distance, count, sizeof *distance, double_compare);
    while (zeros < count && distance[zeros] == 0.0)
        zeros++;
    const double *above = distance + zeros;
    uint32_t positive = count - zeros;
    e->why = DBSCAN_EPS_DUPLICATES;
    if (positive > 0 && positive < count / POSITIVE_SHARE) {
        e->why = DBSCAN_EPS_POSITIVE;
        eps = digits_round(above[0], DIGITS_UP);
    } else if (positive > 0) {
        e->why = DBSCAN_EPS_KNEE;
        eps = digits_round(above[knee_index(above, positive)], DIGITS_NEAREST);
    }
    e->eps = eps;
    e->sampled = count;
    e->within = 0;
    while (e->within < count && distance[e->within] <= eps)
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
