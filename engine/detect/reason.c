/* Why a row stands out, as numbers and as a line for people. */
#include "engine/detect/reason.h"

#include "engine/detect/figure.h"
#include "engine/detect/verdict.h"

#include <math.h>

/* A factor outside of these says "far", which the two values say better. */
#define FACTOR_MAX 1e6
#define FACTOR_NEAR 0.05
/* A usual value this close to 0, in spreads, is no measure of size. */
#define FACTOR_SPREADS 0.25

/* Distance from the usual in spreads; 0 or less: no reason. */
static double reason_distance(float value, float usual, float spread)
{
    if (value != value || usual != usual)
        return 0.0;
    double distance = fabs((double)value - (double)usual);
    if (distance == 0.0)
        return 0.0;
    return spread > 0.0f ? distance / (double)spread : (double)INFINITY;
}

uint32_t reasons_find(const struct matrix *rows, uint32_t row,
                      const float *usual, const float *spread,
                      struct detect_reason *ret_reason, uint32_t max)
{
    struct detect_reason *best = ret_reason;
    uint32_t count = 0;
    for (uint32_t j = 0; j < rows->cols; j++) {
        float value = matrix_column(rows, j)[row];
        double distance = reason_distance(value, usual[j], spread[j]);
        uint32_t at = count;
        while (at > 0 && distance > best[at - 1].distance)
            at--;
        if (!(distance > 0.0) || at == max)
            continue;
        count += count < max;
        for (uint32_t i = count - 1; i > at; i--)
            best[i] = best[i - 1];
        best[at] = (struct detect_reason){
            .feature = j,
            .value = value,
            .usual = usual[j],
            .direction = value > usual[j] ? 1 : -1,
            .contribution = isfinite(distance) ? distance : (double)NAN,
            .distance = distance,
        };
    }
    return count;
}

double verdict_factor(float value, float usual, double distance)
{
    if (!isfinite(value) || !isfinite(usual) || value == 0.0f ||
        usual == 0.0f || (value > 0.0f) != (usual > 0.0f))
        return NAN;
    double spread = fabs((double)value - (double)usual) / distance;
    if (fabs((double)usual) < FACTOR_SPREADS * spread)
        return NAN;
    double factor = (double)value / (double)usual;
    if (factor > FACTOR_MAX || factor < 1.0 / FACTOR_MAX ||
        fabs(factor - 1.0) < FACTOR_NEAR)
        return NAN;
    return factor;
}

static int factor_put(struct buf *out, double factor)
{
    if (factor != factor)
        return 0;
    return buf_printf(out, factor < 1.0 ? "%.2gx, " : "%.1fx, ", factor);
}

int verdict_why(const struct verdict_answer *answer, const char *const *names,
                struct buf *out)
{
    for (uint32_t i = 0; i < answer->reason_count; i++) {
        const struct detect_reason *r = &answer->reason[i];
        if (i > 0)
            (void)buf_append_text(out, "; ");
        (void)buf_append_text(out, names[r->feature]);
        (void)buf_append_char(out, ' ');
        (void)figure_put(out, r->value);
        (void)buf_append_text(out, ", usual ");
        (void)figure_put(out, r->usual);
        (void)buf_append_text(out, " (");
        (void)factor_put(out, verdict_factor(r->value, r->usual, r->distance));
        (void)buf_append_text(out, r->direction > 0 ? "high)" : "low)");
    }
    return out->err;
}
