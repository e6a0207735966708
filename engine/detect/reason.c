/* Why a row stands out, as numbers and as a line for people. */
#include "engine/detect/reason.h"

#include "engine/detect/figure.h"
#include "engine/detect/verdict.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* A factor outside of these says "far", which the two values say better. */
#define FACTOR_MAX 1e6
#define FACTOR_NEAR 0.05
/* A usual value this close to 0, in spreads, is no measure of size. */
#define FACTOR_SPREADS 0.25
#define WHY_MAX 3u
/* Of the strongest reason's contribution: weaker ones are left unsaid. */
#define WEAK_SHARE 0.1

void reason_add(struct detect_reason *reason, uint32_t max, uint32_t *count,
                const struct detect_reason *r)
{
    uint32_t at = *count;
    if (at == max &&
        (max == 0 || reason[max - 1].contribution >= r->contribution))
        return;
    if (at < max)
        ++*count;
    else
        at--;
    while (at > 0 && reason[at - 1].contribution < r->contribution) {
        reason[at] = reason[at - 1];
        at--;
    }
    reason[at] = *r;
}

double verdict_factor(float value, float usual, double distance)
{
    if (!isfinite(value) || !isfinite(usual) || value == 0.0f ||
        usual == 0.0f || (value > 0.0f) != (usual > 0.0f))
        return (double)NAN;
    double spread = fabs((double)value - (double)usual) / distance;
    if (fabs((double)usual) < FACTOR_SPREADS * spread)
        return (double)NAN;
    double factor = (double)value / (double)usual;
    if (factor > FACTOR_MAX || factor < 1.0 / FACTOR_MAX ||
        fabs(factor - 1.0) < FACTOR_NEAR)
        return (double)NAN;
    return factor;
}

static int factor_put(struct buf *out, double factor)
{
    if (factor != factor)
        return 0;
    return buf_printf(out,
                      factor < 1.0    ? "%.2gx, "
                      : factor < 99.5 ? "%.1fx, "
                                      : "%.0fx, ",
                      factor);
}

/* Does the reason say something that a person can look at: strange, and
 * neither as usual nor missing? */
static bool is_telling(const struct detect_reason *r, double strongest)
{
    return r->direction != 0 && r->contribution > WEAK_SHARE * strongest;
}

/* "VALUE, usual USUAL" with what stands between them, which are not equal: as
 * short as they are otherwise, with more digits where nobody could tell them
 * apart. */
static void against_put(float value, float usual, const char *between,
                        struct buf *out)
{
    size_t gap = strlen(between), begin = out->length;
    (void)figure_put(out, value);
    size_t n = out->length - begin;
    (void)buf_append(out, between, gap);
    (void)figure_put(out, usual);
    if (out->err != 0 || out->length - begin != 2 * n + gap ||
        memcmp(out->data + begin, out->data + begin + n + gap, n) != 0)
        return;
    out->length = begin;
    bool whole = fabsf(value) >= 1e6f && fabsf(value) < 1e15f;
    (void)buf_printf(out, whole ? "%.0f%s%.0f" : "%.9g%s%.9g", (double)value,
                     between, (double)usual);
}

static void telling_put(const struct detect_reason *r, const char *name,
                        struct buf *out)
{
    (void)buf_append_text(out, name);
    (void)buf_append_char(out, ' ');
    against_put(r->value, r->usual,
                r->nearest ? ", nearest cluster " : ", usual ", out);
    (void)buf_append_text(out, " (");
    (void)factor_put(out, verdict_factor(r->value, r->usual, r->distance));
    (void)buf_append_text(out, r->direction > 0 ? "high)" : "low)");
}

/* Values that are usual one by one, and seldom met together. */
static void together_put(const struct verdict_answer *answer,
                         const char *const *names, struct buf *out)
{
    uint32_t said = 0;
    for (uint32_t i = 0; i < answer->reason_count && said < WHY_MAX; i++) {
        const struct detect_reason *r = &answer->reason[i];
        if (!(r->contribution > 0.0) || r->value != r->value)
            continue;
        (void)buf_append_text(out, said++ == 0 ? "together: " : ", ");
        (void)buf_append_text(out, names[r->feature]);
        (void)buf_append_char(out, ' ');
        (void)figure_put(out, r->value);
    }
}

int verdict_why(const struct verdict_answer *answer, const char *const *names,
                struct buf *out)
{
    double strongest = 0.0;
    uint32_t said = 0;
    for (uint32_t i = 0; i < answer->reason_count && said < WHY_MAX; i++) {
        const struct detect_reason *r = &answer->reason[i];
        if (!is_telling(r, strongest))
            continue;
        if (said++ > 0)
            (void)buf_append_text(out, "; ");
        else
            strongest = r->contribution;
        telling_put(r, names[r->feature], out);
    }
    if (said == 0)
        together_put(answer, names, out);
    return out->err;
}
