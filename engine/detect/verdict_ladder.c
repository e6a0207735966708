/* Bins of one or several detectors to levels of severity. */
#include "engine/detect/verdict_parts.h"

#include <string.h>

/* Rows per bin; *ret_rows of them have an answer. */
static int count_bins(const struct detect_result *r, struct arena *arena,
                      uint32_t **ret_bins, uint32_t *ret_rows)
{
    uint32_t *bins = arena_zalloc(arena, LEARN_BINS, sizeof *bins);
    uint32_t rows = 0;
    if (bins == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < r->rows; i++) {
        if (r->bin[i] >= LEARN_BINS)
            continue;
        bins[r->bin[i]]++;
        rows++;
    }
    *ret_bins = bins;
    *ret_rows = rows;
    return 0;
}

/* Rows of the reference (with the batch's own, while it is small) below each
 * bin. */
static int scale_make(const struct learn_reference *reference,
                      const uint32_t *bins, struct arena *arena,
                      struct verdict_scale *ret_scale)
{
    bool with_own = reference == NULL || reference->rows < LEARN_SMALL;
    uint64_t *below = arena_alloc(arena, LEARN_BINS, sizeof *below), sum = 0;
    if (below == NULL)
        return ERR_NOMEM;
    for (uint32_t b = 0; b < LEARN_BINS; b++) {
        below[b] = sum;
        sum += reference != NULL ? reference->count[b] : 0;
        sum += with_own ? bins[b] : 0;
    }
    ret_scale->below_bin = below;
    ret_scale->reference_rows = sum;
    ret_scale->of = with_own ? sum : sum + 1;
    return 0;
}

/* Levels of several detectors while they are built. */
struct climb {
    const struct detect_run *run;
    uint32_t runs, levels;
    uint32_t *level_bin[DETECT_MAX]; /* level of each bin that has rows */
    uint64_t *below;
    uint8_t *decider;
};

static uint32_t next_bin(const uint32_t *bins, uint32_t bin)
{
    while (bin < LEARN_BINS && bins[bin] == 0)
        bin++;
    return bin;
}

/* The detector whose next bin is the least severe; of equal ones the last. */
static uint32_t climb_next(const struct climb *c, const struct verdict *v,
                           const uint32_t *at)
{
    uint32_t least = c->runs;
    for (uint32_t d = c->runs; d-- > 0;) {
        if (at[d] == LEARN_BINS)
            continue;
        const struct verdict_scale *a = &v->scale[d];
        const struct verdict_scale *b = &v->scale[least];
        if (least == c->runs ||
            verdict_severity_compare(a->below_bin[at[d]], a->of,
                                     b->below_bin[at[least]], b->of) < 0)
            least = d;
    }
    return least;
}

static void climb_all(struct climb *c, const struct verdict *v,
                      uint32_t *const *bins)
{
    uint32_t at[DETECT_MAX];
    for (uint32_t d = 0; d < c->runs; d++)
        at[d] = next_bin(bins[d], 0);
    for (uint32_t d; (d = climb_next(c, v, at)) < c->runs; c->levels++) {
        c->below[c->levels] = v->scale[d].below_bin[at[d]];
        c->decider[c->levels] = (uint8_t)d;
        c->level_bin[d][at[d]] = c->levels;
        at[d] = next_bin(bins[d], at[d] + 1);
    }
}

static int climb_init(struct climb *c, uint32_t *const *bins,
                      struct arena *arena)
{
    uint32_t used = 1;
    for (uint32_t d = 0; d < c->runs; d++) {
        for (uint32_t b = 0; b < LEARN_BINS; b++)
            used += bins[d][b] > 0;
        c->level_bin[d] = arena_alloc(arena, LEARN_BINS, sizeof(uint32_t));
        if (c->level_bin[d] == NULL)
            return ERR_NOMEM;
    }
    c->below = arena_alloc(arena, used, sizeof *c->below);
    c->decider = arena_alloc(arena, used, sizeof *c->decider);
    if (c->below == NULL || c->decider == NULL)
        return ERR_NOMEM;
    c->below[0] = 0;
    c->decider[0] = 0;
    c->levels = 1;
    return 0;
}

/* The votes-th highest of a row's levels. */
static uint32_t row_level(const struct climb *c, uint32_t row, uint32_t votes)
{
    uint32_t top[DETECT_MAX] = { 0 };
    for (uint32_t d = 0; d < c->runs; d++) {
        uint32_t bin = c->run[d].result.bin[row];
        uint32_t level = bin < LEARN_BINS ? c->level_bin[d][bin] : 0;
        for (uint32_t k = 0; k < votes; k++) {
            uint32_t higher = top[k] > level ? top[k] : level;
            level = top[k] > level ? level : top[k];
            top[k] = higher;
        }
    }
    return top[votes - 1];
}

static int ladder_climb(const struct detect_run *run, uint32_t runs,
                        uint32_t votes, const struct verdict *v,
                        struct arena *arena, struct ladder *l)
{
    struct climb c = { .run = run, .runs = runs };
    int err = climb_init(&c, l->bins, arena);
    if (err != 0)
        return err;
    climb_all(&c, v, l->bins);
    uint32_t *level = arena_alloc(arena, v->rows, sizeof *level);
    l->own = arena_zalloc(arena, c.levels, sizeof *l->own);
    if (level == NULL || l->own == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < v->rows; i++) {
        level[i] = row_level(&c, i, votes);
        l->own[level[i]]++;
    }
    l->level = level;
    l->levels = c.levels;
    l->first = 1;
    l->below = c.below;
    l->decider = c.decider;
    return 0;
}

int ladder_make(const struct verdict_config *config,
                const struct detect_run *run, uint32_t runs,
                const struct learn_view *view, struct arena *arena,
                struct verdict *v, struct ladder *ret_l)
{
    struct ladder l = { .levels = LEARN_BINS };
    uint32_t answered = 0;
    int err = 0;
    for (uint32_t d = 0; d < runs && err == 0; d++) {
        err = count_bins(&run[d].result, arena, &l.bins[d], &answered);
        if (err == 0)
            err = scale_make(learn_view_find(view, run[d].ops->id), l.bins[d],
                             arena, &v->scale[d]);
    }
    if (err == 0 && (runs > 1 || answered < v->rows)) {
        err = ladder_climb(run, runs, config->votes, v, arena, &l);
    } else if (err == 0) {
        l.level = run[0].result.bin;
        l.own = l.bins[0];
        l.below = v->scale[0].below_bin;
    }
    *ret_l = l;
    return err;
}

uint32_t ladder_reach(const struct ladder *l, const struct verdict *v,
                      uint32_t limit)
{
    uint32_t low = l->first, high = l->levels;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint64_t of = v->scale[ladder_decider(l, middle)].of;
        if (verdict_reaches(l->below[middle], of, limit))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
