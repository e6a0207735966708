/* Why a noise row stands out: what separates it from the nearest core point.
 */
#include "engine/detect/dbscan_state.h"
#include "engine/detect/reason.h"

#include <math.h>

/* The noise point's place among the noise points, or their number. */
static uint32_t noise_index(const struct detect_state *st, uint32_t point)
{
    uint32_t low = 0, high = st->noise;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (st->noise_point[middle] < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low < st->noise && st->noise_point[low] == point ? low : st->noise;
}

static double step_of(const struct dbscan_points *p, uint32_t a, uint32_t b,
                      uint32_t col)
{
    const float *x = matrix_column(&p->scaled, col);
    return (double)x[a] - (double)x[b];
}

int dbscan_explain(struct detect_state *st, const struct detect_result *r,
                   uint32_t row, struct detect_reason *ret_reason, uint32_t max,
                   uint32_t *ret_count)
{
    const struct dbscan_points *p = &st->points;
    uint32_t point = dbscan_point_of(p, row);
    uint32_t at = point != DBSCAN_NO_POINT ? noise_index(st, point) : st->noise;
    *ret_count = 0;
    if (at == st->noise || st->nearest[at] == DBSCAN_NO_POINT ||
        !(st->square[at] > 0.0))
        return 0;
    uint32_t core = st->nearest[at];
    double score = dbscan_score_of(r, row);
    for (uint32_t j = 0; j < r->cols; j++) {
        double step = step_of(p, point, core, j);
        struct detect_reason reason = {
            .feature = j,
            .value = dbscan_value(p, point, j),
            .usual = dbscan_value(p, core, j),
            .direction = step > 0.0 ? 1 : -1,
            .contribution = step * step / st->square[at] * score,
            .distance = fabs(step) / st->eps.eps,
            .nearest = true,
        };
        if (step != 0.0)
            reason_add(ret_reason, max, ret_count, &reason);
    }
    return 0;
}
