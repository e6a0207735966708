/*
 * Votes, flags, near misses and the delta of one batch. All decisions are
 * made on levels and integers; severity never falls from one level to the
 * next, so limits become levels.
 */
#include "engine/detect/verdict.h"

#include "engine/detect/verdict_parts.h"
#include "proto/base/check.h"

#include <stdlib.h>
#include <string.h>

#define NEAR_LIMIT 990000u
#define NEAR_SHARE .02
#define NEAR_MIN 100u

/* Which rows are kept: flagged ones from level `flag`, near misses in the
 * levels above `near`, and of `near` itself those up to `near_key`. */
struct limits {
    uint32_t flag, near;
    uint64_t near_key;
    bool has_near_key;
};

/* What the steps of a verdict share. */
struct judging {
    const struct verdict_config *config;
    const struct matrix *rows;
    const struct detect_run *run;
    uint32_t runs;
    struct arena *arena;
    struct ladder ladder;
    struct limits limits;
};

struct verdict_config verdict_config_of(uint32_t flag, uint32_t votes,
                                        uint32_t recent_max)
{
    return (struct verdict_config){
        .flag = flag,
        .votes = votes,
        .near = flag < NEAR_LIMIT ? flag : NEAR_LIMIT,
        .near_share = NEAR_SHARE,
        .near_min = NEAR_MIN,
        .recent_max = recent_max,
    };
}

/* Order within a level: the score that its detector finds stranger first, then
 * the lower row. */
static uint64_t row_key(const struct detect_result *r, uint32_t row)
{
    uint32_t score = r->score[row];
    if (r->order == DETECT_HIGHER_STRANGER)
        score = ~score;
    return (uint64_t)score << 32 | row;
}

static const struct detect_result *decider(const struct judging *j,
                                           uint32_t level)
{
    return &j->run[ladder_decider(&j->ladder, level)].result;
}

static int key_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The `take`-th key of a level that has more rows than that, 1 <= take. */
static int level_key(const struct judging *j, uint32_t level, uint32_t take,
                     uint64_t *ret_key)
{
    const struct ladder *l = &j->ladder;
    const struct detect_result *r = decider(j, level);
    uint64_t *key = arena_alloc(j->arena, l->own[level], sizeof *key);
    uint32_t n = 0;
    if (key == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < j->rows->rows; i++)
        if (l->level[i] == level)
            key[n++] = row_key(r, i);
    qsort(key, n, sizeof *key, key_compare);
    *ret_key = key[take - 1];
    return 0;
}

/* Walks down from the flagged levels until the near misses are enough. */
static int limit_near(struct judging *j, struct verdict *v)
{
    const struct verdict_config *c = j->config;
    const uint32_t *own = j->ladder.own;
    struct limits *limits = &j->limits;
    uint32_t first = ladder_reach(&j->ladder, v, c->near), b = limits->flag;
    uint32_t left = (uint32_t)(c->near_share * v->rows);
    left = left < c->near_min ? c->near_min : left;
    limits->near = b;
    while (b > first && left > 0) {
        limits->near = --b;
        if (own[b] > left) {
            limits->has_near_key = true;
            v->near += left;
            return level_key(j, b, left, &limits->near_key);
        }
        left -= own[b];
        v->near += own[b];
    }
    return 0;
}

static bool row_is_kept(const struct judging *j, uint32_t row)
{
    const struct limits *limits = &j->limits;
    uint32_t level = j->ladder.level[row];
    if (level < limits->near || level < j->ladder.first)
        return false;
    return level > limits->near || level >= limits->flag ||
           !limits->has_near_key ||
           row_key(decider(j, level), row) <= limits->near_key;
}

/* A row's answer of one detector, and why, where that matters. */
static int answer_fill(const struct judging *j, const struct verdict *v,
                       uint32_t detector, const struct verdict_row *kept,
                       struct verdict_answer *a)
{
    const struct detect_run *run = &j->run[detector];
    const struct verdict_scale *scale = &v->scale[detector];
    const struct detect_result *r = &run->result;
    uint32_t row = kept->row, bin = r->bin[row];
    if (bin >= LEARN_BINS)
        return 0;
    a->answered = true;
    a->score = r->score[row];
    a->below = scale->below_bin[bin];
    a->of = scale->of;
    a->vote = verdict_reaches(a->below, a->of, j->config->flag);
    a->cluster = r->cluster != NULL ? r->cluster[row] : 0;
    a->core = r->core != NULL ? r->core[row] : 0;
    if (j->config->unexplained || (!a->vote && detector != kept->decider))
        return 0;
    return run->ops->explain(run->state, r, row, a->reason,
                             kept->flagged ? VERDICT_REASONS
                                           : VERDICT_REASONS_NEAR,
                             &a->reason_count);
}

static int row_fill(const struct judging *j, const struct verdict *v,
                    uint32_t row, struct verdict_row *ret_row)
{
    uint32_t level = j->ladder.level[row];
    ret_row->row = row;
    ret_row->flagged = level >= j->limits.flag;
    ret_row->decider = ladder_decider(&j->ladder, level);
    for (uint32_t d = 0; d < j->runs; d++) {
        struct verdict_answer *a = &ret_row->answer[d];
        int err = answer_fill(j, v, d, ret_row, a);
        if (err != 0)
            return err;
        ret_row->votes += a->vote;
    }
    return 0;
}

static int keep_rows(const struct judging *j, struct verdict *v)
{
    v->kept = v->flagged + v->near;
    v->row = arena_zalloc(j->arena, v->kept, sizeof *v->row);
    struct verdict_answer *answer =
        arena_zalloc(j->arena, (size_t)v->kept * j->runs, sizeof *answer);
    if (v->row == NULL || answer == NULL)
        return ERR_NOMEM;
    uint32_t n = 0;
    for (uint32_t i = 0; i < v->rows; i++) {
        if (!row_is_kept(j, i))
            continue;
        struct verdict_row *row = &v->row[n];
        row->answer = answer + (size_t)n++ * j->runs;
        int err = row_fill(j, v, i, row);
        if (err != 0)
            return err;
    }
    return 0;
}

static void find_best(const struct judging *j, struct verdict *v)
{
    const struct ladder *l = &j->ladder;
    uint32_t level = l->levels, best = UINT32_MAX;
    while (level > 0 && l->own[level - 1] == 0)
        level--;
    if (level <= l->first) { /* no rows, or none that has an answer */
        v->best_of = 1;
        return;
    }
    level--;
    const struct detect_result *r = decider(j, level);
    for (uint32_t i = 0; i < v->rows; i++)
        if (l->level[i] == level &&
            (best == UINT32_MAX || row_key(r, i) < row_key(r, best)))
            best = i;
    v->best_row = best;
    v->best_below = l->below[level];
    v->best_of = v->scale[ladder_decider(l, level)].of;
}

static int delta_counts(const struct judging *j, uint32_t d,
                        struct learn_delta *delta)
{
    const uint32_t *own = j->ladder.bins[d];
    uint32_t n = 0;
    for (uint32_t b = 0; b < LEARN_BINS; b++)
        n += own[b] > 0;
    uint32_t *bin = arena_alloc(j->arena, n, sizeof *bin);
    uint32_t *count = arena_alloc(j->arena, n, sizeof *count);
    if (bin == NULL || count == NULL)
        return ERR_NOMEM;
    struct learn_counts *c = &delta->detector[delta->detector_count];
    *c = (struct learn_counts){ .detector = j->run[d].ops->id,
                                .bin = bin,
                                .count = count };
    for (uint32_t b = 0; b < LEARN_BINS; b++) {
        if (own[b] == 0)
            continue;
        bin[c->bin_count] = b;
        count[c->bin_count++] = own[b];
        c->rows += own[b];
    }
    delta->detector_count += c->rows > 0;
    return 0;
}

/* The last `recent_max` rows that are not flagged. */
static int delta_recent(const struct judging *j, struct verdict *v)
{
    const struct matrix *rows = j->rows;
    uint32_t n = v->rows - v->flagged;
    n = n < j->config->recent_max ? n : j->config->recent_max;
    float *data = arena_alloc(j->arena, (size_t)n * rows->cols, sizeof *data);
    v->recent_row = arena_alloc(j->arena, n, sizeof *v->recent_row);
    if (v->recent_row == NULL || data == NULL)
        return ERR_NOMEM;
    for (uint32_t i = v->rows, left = n; left > 0;)
        if (j->ladder.level[--i] < j->limits.flag)
            v->recent_row[--left] = i;
    for (uint32_t k = 0; k < rows->cols && n > 0; k++) {
        const float *column = matrix_column(rows, k);
        for (uint32_t i = 0; i < n; i++)
            data[(size_t)k * n + i] = column[v->recent_row[i]];
    }
    v->delta.recent = (struct matrix){ data, n, rows->cols, n };
    return 0;
}

static int delta_make(const struct judging *j, struct verdict *v)
{
    int err = 0;
    v->delta.rows = v->rows;
    for (uint32_t d = 0; d < j->runs && err == 0; d++)
        err = delta_counts(j, d, &v->delta);
    return err != 0 ? err : delta_recent(j, v);
}

int verdict_make(const struct verdict_config *config, const struct matrix *rows,
                 const struct detect_run *run, uint32_t runs,
                 const struct learn_view *view, struct arena *arena,
                 struct verdict *ret_v)
{
    struct verdict v = { .rows = rows->rows, .detectors = runs };
    struct judging j = {
        .config = config, .rows = rows, .run = run, .runs = runs, .arena = arena
    };
    check(runs >= 1 && runs <= DETECT_MAX);
    check(config->votes >= 1 && config->votes <= runs);
    int err = ladder_make(config, run, runs, view, arena, &v, &j.ladder);
    if (err != 0)
        return err;
    j.limits.flag = ladder_reach(&j.ladder, &v, config->flag);
    for (uint32_t b = j.limits.flag; b < j.ladder.levels; b++)
        v.flagged += j.ladder.own[b];
    find_best(&j, &v);
    err = limit_near(&j, &v);
    if (err == 0)
        err = keep_rows(&j, &v);
    if (err == 0)
        err = delta_make(&j, &v);
    if (err != 0)
        return err;
    v.level = j.ladder.level;
    v.level_first = j.ladder.first;
    v.level_below = j.ladder.below;
    v.level_decider = j.ladder.decider;
    v.result_hash = verdict_hash(&v, run, runs);
    *ret_v = v;
    return 0;
}

struct verdict_severity verdict_severity_of(const struct verdict *v,
                                            uint32_t row)
{
    uint32_t level = v->level[row];
    uint32_t d = v->level_decider != NULL ? v->level_decider[level] : 0;
    if (level < v->level_first)
        return (struct verdict_severity){ .of = 1 };
    return (struct verdict_severity){ v->level_below[level], v->scale[d].of, d,
                                      true };
}

const struct verdict_answer *verdict_speaker(const struct verdict *v,
                                             const struct verdict_row *row)
{
    const struct verdict_answer *decider = &row->answer[row->decider];
    if (decider->reason_count > 0)
        return decider;
    for (uint32_t d = 0; d < v->detectors; d++)
        if (row->answer[d].vote && row->answer[d].reason_count > 0)
            return &row->answer[d];
    return decider;
}
