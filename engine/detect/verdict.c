/*
 * Severities, flags, near misses and the delta of one batch. All decisions
 * are made on bins and integers; severity never falls from one bin to the
 * next, so limits become bins.
 */
#include "engine/detect/verdict.h"

#include "engine/detect/reason.h"
#include "engine/detect/verdict_parts.h"
#include "engine/learn/learn.h"

#include <stdlib.h>
#include <string.h>

#define NEAR_LIMIT 990000u
#define NEAR_SHARE .02
#define NEAR_MIN 100u

/* Which rows are kept: flagged ones from `flag_bin`, near misses in the bins
 * above `near_bin`, and of near_bin itself those up to `near_key`. */
struct limits {
    uint32_t flag_bin, near_bin;
    uint64_t near_key;
    bool has_near_key;
};

struct verdict_config verdict_config_of(uint32_t flag, uint32_t recent_max)
{
    return (struct verdict_config){
        .flag = flag,
        .near = flag < NEAR_LIMIT ? flag : NEAR_LIMIT,
        .near_share = NEAR_SHARE,
        .near_min = NEAR_MIN,
        .recent_max = recent_max,
    };
}

/* Order within a bin: stranger (the lower score) first, then the lower row. */
static uint64_t row_key(const struct detect_result *r, uint32_t row)
{
    return (uint64_t)r->score[row] << 32 | row;
}

static int count_own(const struct detect_result *r, struct arena *arena,
                     uint32_t **ret_own)
{
    uint32_t *own = arena_zalloc(arena, LEARN_BINS, sizeof *own);
    if (own == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < r->rows; i++)
        own[r->bin[i]]++;
    *ret_own = own;
    return 0;
}

/* Rows of the reference (with the batch's own, while it is small) below each
 * bin. */
static int count_below(const struct verdict_reference *reference,
                       const uint32_t *own, struct arena *arena,
                       struct verdict *v)
{
    bool with_own = reference->rows < LEARN_SMALL;
    uint64_t *below = arena_alloc(arena, LEARN_BINS, sizeof *below), sum = 0;
    if (below == NULL)
        return ERR_NOMEM;
    for (uint32_t b = 0; b < LEARN_BINS; b++) {
        below[b] = sum;
        sum += reference->count[b];
        sum += with_own ? own[b] : 0;
    }
    v->below_bin = below;
    v->reference_rows = sum;
    v->of = with_own ? sum : sum + 1;
    return 0;
}

/* The first bin whose severity reaches `limit`, LEARN_BINS if none does. */
static uint32_t limit_bin(const struct verdict *v, uint32_t limit)
{
    uint32_t b = 0;
    while (b < LEARN_BINS &&
           v->below_bin[b] * VERDICT_SEVERITY_ONE < limit * v->of)
        b++;
    return b;
}

static int key_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The `take`-th key of a bin that has `count` rows, 1 <= take < count. */
static int bin_key(const struct detect_result *r, uint32_t bin, uint32_t count,
                   uint32_t take, struct arena *arena, uint64_t *ret_key)
{
    uint64_t *key = arena_alloc(arena, count, sizeof *key);
    uint32_t n = 0;
    if (key == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < r->rows; i++)
        if (r->bin[i] == bin)
            key[n++] = row_key(r, i);
    qsort(key, n, sizeof *key, key_compare);
    *ret_key = key[take - 1];
    return 0;
}

/* Walks down from the flagged bins until the near misses are enough. */
static int limit_near(const struct verdict_config *config,
                      const struct detect_result *r, const uint32_t *own,
                      struct arena *arena, struct verdict *v,
                      struct limits *limits)
{
    uint32_t first = limit_bin(v, config->near), b = limits->flag_bin;
    uint32_t left = (uint32_t)(config->near_share * r->rows);
    left = left < config->near_min ? config->near_min : left;
    limits->has_near_key = false;
    limits->near_bin = b;
    while (b > first && left > 0) {
        limits->near_bin = --b;
        if (own[b] > left) {
            limits->has_near_key = true;
            v->near += left;
            return bin_key(r, b, own[b], left, arena, &limits->near_key);
        }
        left -= own[b];
        v->near += own[b];
    }
    return 0;
}

static bool row_is_near(const struct detect_result *r, uint32_t row,
                        const struct limits *limits)
{
    uint32_t bin = r->bin[row];
    if (bin >= limits->flag_bin || bin < limits->near_bin)
        return false;
    return bin > limits->near_bin || !limits->has_near_key ||
           row_key(r, row) <= limits->near_key;
}

static int keep_rows(const struct matrix *rows, const struct detect_result *r,
                     const struct limits *limits, struct arena *arena,
                     struct verdict *v)
{
    v->kept = v->flagged + v->near;
    v->row = arena_zalloc(arena, v->kept, sizeof *v->row);
    if (v->row == NULL)
        return ERR_NOMEM;
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->rows; i++) {
        bool flagged = r->bin[i] >= limits->flag_bin;
        if (!flagged && !row_is_near(r, i, limits))
            continue;
        struct verdict_row *row = &v->row[n++];
        row->row = i;
        row->score = r->score[i];
        row->below = v->below_bin[r->bin[i]];
        row->of = v->of;
        row->flagged = flagged;
        row->reason_count = reasons_find(rows, i, r->usual, r->spread,
                                         row->reason, VERDICT_REASONS);
    }
    return 0;
}

static void find_best(const struct detect_result *r, struct verdict *v)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < r->rows; i++)
        if (r->bin[i] > r->bin[best] ||
            (r->bin[i] == r->bin[best] && r->score[i] < r->score[best]))
            best = i;
    v->best_row = best;
    v->best_below = r->rows > 0 ? v->below_bin[r->bin[best]] : 0;
    v->best_of = v->of;
}

static int delta_bins(const uint32_t *own, struct arena *arena,
                      struct verdict *v)
{
    uint32_t n = 0;
    for (uint32_t b = 0; b < LEARN_BINS; b++)
        n += own[b] > 0;
    v->bin = arena_alloc(arena, n, sizeof *v->bin);
    v->bin_rows = arena_alloc(arena, n, sizeof *v->bin_rows);
    if (v->bin == NULL || v->bin_rows == NULL)
        return ERR_NOMEM;
    for (uint32_t b = 0; b < LEARN_BINS; b++) {
        if (own[b] == 0)
            continue;
        v->bin[v->bin_count] = b;
        v->bin_rows[v->bin_count++] = own[b];
    }
    return 0;
}

/* The last `recent_max` rows that are not flagged. */
static int delta_recent(const struct matrix *rows,
                        const struct detect_result *r, uint32_t recent_max,
                        uint32_t flag_bin, struct arena *arena,
                        struct verdict *v)
{
    uint32_t n = r->rows - v->flagged;
    n = n < recent_max ? n : recent_max;
    v->recent_count = n;
    v->recent_row = arena_alloc(arena, n, sizeof *v->recent_row);
    v->recent_data =
        arena_alloc(arena, (size_t)n * rows->cols, sizeof *v->recent_data);
    if (v->recent_row == NULL || v->recent_data == NULL)
        return ERR_NOMEM;
    for (uint32_t i = r->rows, left = n; left > 0;)
        if (r->bin[--i] < flag_bin)
            v->recent_row[--left] = i;
    for (uint32_t j = 0; j < rows->cols && n > 0; j++) {
        const float *column = matrix_column(rows, j);
        for (uint32_t i = 0; i < n; i++)
            v->recent_data[(size_t)j * n + i] = column[v->recent_row[i]];
    }
    return 0;
}

int verdict_make(const struct verdict_config *config, const struct matrix *rows,
                 const struct detect_result *result,
                 const struct verdict_reference *reference, struct arena *arena,
                 struct verdict *ret_v)
{
    struct verdict v = { .rows = result->rows };
    struct limits limits = { 0 };
    uint32_t *own = NULL;
    int err = count_own(result, arena, &own);
    if (err == 0)
        err = count_below(reference, own, arena, &v);
    if (err != 0)
        return err;
    limits.flag_bin = limit_bin(&v, config->flag);
    for (uint32_t b = limits.flag_bin; b < LEARN_BINS; b++)
        v.flagged += own[b];
    find_best(result, &v);
    err = limit_near(config, result, own, arena, &v, &limits);
    if (err == 0)
        err = keep_rows(rows, result, &limits, arena, &v);
    if (err == 0)
        err = delta_bins(own, arena, &v);
    if (err == 0)
        err = delta_recent(rows, result, config->recent_max, limits.flag_bin,
                           arena, &v);
    if (err != 0)
        return err;
    v.result_hash = verdict_hash(&v, result);
    *ret_v = v;
    return 0;
}
