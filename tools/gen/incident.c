/*
 * When something is the matter with a key, and for how long.
 *
 * Each ordinary record may begin one incident. A kind's chance is its part of
 * the wanted share divided by the records that it lasts.
 */
#include "tools/gen/gen_int.h"

#include "proto/base/hash.h"

/* Of the strange records, how many belong to which kind. */
static const double weight[GEN_KINDS] = {
    [GEN_SPIKE] = 0.4,
    [GEN_SHIFT] = 0.3,
    [GEN_CORRELATION] = 0.25,
    [GEN_GAP] = 0.05,
};

static bool is_long(enum gen_kind kind)
{
    return kind == GEN_SHIFT || kind == GEN_CORRELATION;
}

void incident_init(struct gen *g)
{
    double total = 0, below = 0;
    for (int k = 0; k < GEN_KINDS; k++)
        total += g->options.kinds >> k & 1 ? weight[k] : 0;
    for (int k = 0; k < GEN_KINDS; k++) {
        double records = is_long((enum gen_kind)k) ? g->ops->span : 1;
        if (g->options.kinds >> k & 1)
            below += g->options.anomalies * weight[k] / total / records;
        g->begins_below[k] = below;
    }
}

/* Half to one and a half of the model's span. */
static uint32_t draw_length(struct gen *g, enum gen_kind kind)
{
    uint32_t span = g->ops->span;
    if (kind == GEN_SPIKE)
        return 0;
    return span / 2 + (uint32_t)rng_below(&g->rng_begin, span + 1);
}

static void begin(struct gen *g, struct gen_incident *i, enum gen_kind kind,
                  int64_t step_ns)
{
    int64_t length = draw_length(g, kind);
    i->kind = kind;
    i->number = ++g->incidents;
    i->start_ns = g->row.time_ns;
    i->end_ns = g->row.time_ns + (length > 0 ? length - 1 : 0) * step_ns;
    i->choice = rng_next(&g->rng_begin);
    i->strength = rng_unit(&g->rng_begin);
}

static void label(struct gen *g, const struct gen_incident *i)
{
    g->row.label = (struct gen_label){ .kind = i->kind,
                                       .incident = i->number,
                                       .start_ns = i->start_ns,
                                       .end_ns = i->end_ns };
}

const struct gen_incident *incident_at(struct gen *g, uint32_t key,
                                       int64_t step_ns)
{
    struct gen_incident *i = &g->incident[key];
    g->row.label = (struct gen_label){ .kind = GEN_ORDINARY };
    if (g->options.kinds == 0)
        return NULL;
    if (i->kind != GEN_ORDINARY && g->row.time_ns > i->end_ns) {
        if (i->kind == GEN_GAP) {
            label(g, i);
            g->row.label.end_ns = g->row.time_ns;
        }
        i->kind = GEN_ORDINARY;
        if (g->row.label.kind == GEN_GAP)
            return NULL;
    }
    if (i->kind == GEN_ORDINARY) {
        double u = rng_unit(&g->rng_begin);
        int k = GEN_SPIKE;
        while (k < GEN_KINDS && u >= g->begins_below[k])
            k++;
        if (k == GEN_KINDS)
            return NULL;
        begin(g, i, (enum gen_kind)k, step_ns);
    }
    if (i->kind != GEN_GAP)
        label(g, i);
    return i;
}

uint32_t incident_pick(const struct gen_incident *i, unsigned nth,
                       uint32_t count)
{
    return (uint32_t)(hash_fold(i->choice, nth) % count);
}

struct gen_label incident_single(struct gen *g, enum gen_kind kind)
{
    return (struct gen_label){ .kind = kind,
                               .incident = ++g->incidents,
                               .start_ns = g->row.time_ns,
                               .end_ns = g->row.time_ns };
}
