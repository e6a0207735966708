/*
 * Verdicts against the definition, row by row.
 */
#include "engine/detect/verdict.h"
#include "engine/learn/learn.h"
#include "support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLS 2u

struct problem {
    struct arena arena;
    struct matrix rows;
    uint32_t *score, *bin, *reference;
    float usual[COLS], spread[COLS];
    struct detect_result result;
    struct verdict_reference ref;
    struct verdict_config config;
};

/* A batch of `rows` rows over bins below `bins`, a reference of `reference`
 * rows. Strange bins are rare. */
static void problem_init(struct problem *p, struct rng *r, uint32_t rows,
                         uint32_t bins, uint32_t reference)
{
    memset(p, 0, sizeof *p);
    arena_init(&p->arena, SIZE_MAX);
    p->rows = support_matrix(&p->arena, rng_next(r), rows, COLS, 0.05);
    p->score = arena_alloc(&p->arena, rows, 4);
    p->bin = arena_alloc(&p->arena, rows, 4);
    p->reference = arena_zalloc(&p->arena, LEARN_BINS, 4);
    for (uint32_t i = 0; i < rows; i++) {
        p->bin[i] = (uint32_t)rng_below(r, 1 + rng_below(r, bins));
        p->score[i] = (LEARN_BINS - p->bin[i]) * 4 + (uint32_t)rng_below(r, 3);
    }
    for (uint32_t i = 0; i < reference; i++)
        p->reference[rng_below(r, 1 + rng_below(r, bins))]++;
    p->usual[0] = 150.0f;
    p->usual[1] = 149.0f;
    p->spread[0] = p->spread[1] = 40.0f;
    p->result = (struct detect_result){ .rows = rows,
                                        .cols = COLS,
                                        .score = p->score,
                                        .bin = p->bin,
                                        .trees = 100,
                                        .psi = 256,
                                        .usual = p->usual,
                                        .spread = p->spread };
    p->ref = (struct verdict_reference){ reference, p->reference };
    p->config = (struct verdict_config){ 999000, 990000, .02, 100, 50 };
}

static struct verdict make(struct problem *p)
{
    struct verdict v;
    cr_assert_eq(
        verdict_make(&p->config, &p->rows, &p->result, &p->ref, &p->arena, &v),
        0);
    return v;
}

/* below and of, counted one by one. */
static void severity_by_counting(const struct problem *p, uint32_t row,
                                 uint64_t *ret_below, uint64_t *ret_of)
{
    *ret_below = 0;
    *ret_of = p->ref.rows + 1;
    for (uint32_t b = 0; b < p->bin[row]; b++)
        *ret_below += p->reference[b];
    if (p->ref.rows >= 1000)
        return;
    *ret_of = p->ref.rows + p->result.rows;
    for (uint32_t i = 0; i < p->result.rows; i++)
        *ret_below += p->bin[i] < p->bin[row];
}

struct wanted {
    uint64_t below, of;
    uint32_t row, score;
    bool flagged, near, kept;
};

static int by_near_order(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    if (x->near != y->near)
        return x->near ? -1 : 1;
    if (x->below != y->below)
        return x->below > y->below ? -1 : 1;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

static int by_row(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    return x->row < y->row ? -1 : 1;
}

static void expect_definition(struct problem *p)
{
    uint32_t rows = p->result.rows, near = 0, kept = 0;
    struct wanted *w = calloc(rows, sizeof *w);
    struct verdict v = make(p);
    for (uint32_t i = 0; i < rows; i++) {
        w[i].row = i;
        w[i].score = p->score[i];
        severity_by_counting(p, i, &w[i].below, &w[i].of);
        double severity = 100.0 * (double)w[i].below / (double)w[i].of;
        w[i].flagged = w[i].kept =
            w[i].below * 1000000 >= p->config.flag * w[i].of;
        cr_assert_eq(w[i].flagged, severity >= p->config.flag / 10000.0 - 1e-9);
        w[i].near =
            !w[i].flagged && w[i].below * 1000000 >= p->config.near * w[i].of;
        cr_assert_lt(severity, 100.0);
        cr_assert_eq(v.below_bin[p->bin[i]], w[i].below);
        cr_assert_eq(v.of, w[i].of);
    }
    uint32_t most = (uint32_t)(p->config.near_share * rows);
    most = most < p->config.near_min ? p->config.near_min : most;
    qsort(w, rows, sizeof *w, by_near_order);
    for (uint32_t i = 0; i < rows && i < most && w[i].near; i++)
        near += w[i].kept = true;
    qsort(w, rows, sizeof *w, by_row);
    for (uint32_t i = 0; i < rows; i++) {
        if (!w[i].kept)
            continue;
        cr_assert_lt(kept, v.kept);
        const struct verdict_row *row = &v.row[kept++];
        cr_assert_eq(row->row, i);
        cr_assert_eq(row->score, p->score[i]);
        cr_assert_eq(row->flagged, w[i].flagged);
        cr_assert_eq(row->below, w[i].below);
        cr_assert_eq(row->of, w[i].of);
    }
    cr_assert_eq(kept, v.kept);
    cr_assert_eq(v.near, near);
    cr_assert_eq(v.flagged, kept - near);
    cr_assert_eq(v.rows, rows);
    free(w);
}

Test(verdict, severities_flags_and_near_misses_are_as_defined)
{
    static const uint32_t references[] = { 0, 1, 500, 999, 1000, 20000 };
    uint64_t seed = 12;
    struct rng r;
    cr_log_info("seed %llu", (unsigned long long)seed);
    rng_init(&r, &seed, 1);
    for (uint32_t k = 0; k < 240; k++) {
        struct problem p;
        uint32_t rows = 1 + (uint32_t)rng_below(&r, k % 8 ? 400 : 9000);
        problem_init(&p, &r, rows, k % 3 ? LEARN_BINS : 40, references[k % 6]);
        if (k % 5 == 0)
            p.config.flag = 950000 + (uint32_t)rng_below(&r, 50000);
        if (k % 7 == 0) {
            p.config.near = 500000;
            p.config.near_min = 3;
        }
        expect_definition(&p);
        arena_release(&p.arena);
    }
}

Test(verdict, ties_never_lift_each_other_and_constant_streams_stay_quiet)
{
    struct problem p;
    struct rng r;
    rng_init(&r, &(uint64_t){ 1 }, 1);
    const uint32_t references[] = { 0, 5000 };
    for (uint32_t k = 0; k < 2; k++) {
        problem_init(&p, &r, 2000, 1, references[k]); /* one bin */
        struct verdict v = make(&p);
        cr_assert_eq(v.kept, 0);
        cr_assert_eq(v.best_below, 0);
        for (uint32_t i = 0; i < 2000; i++) /* two values, half and half */
            p.bin[i] = i % 2 ? 100 : 9000;
        p.reference[100] = p.reference[9000] = references[k] / 2;
        p.reference[0] = 0;
        v = make(&p);
        cr_assert_eq(v.kept, 0);
        cr_assert_lt(v.best_below * 2, v.best_of + 2);
        arena_release(&p.arena);
    }
}

Test(verdict, a_hundred_is_never_reached)
{
    struct problem p;
    struct rng r;
    rng_init(&r, &(uint64_t){ 2 }, 1);
    problem_init(&p, &r, 1, LEARN_BINS, 1000000);
    p.reference[LEARN_BINS - 1] = 0;
    p.ref.rows = 0;
    for (uint32_t b = 0; b < LEARN_BINS; b++)
        p.ref.rows += p.reference[b];
    p.bin[0] = LEARN_BINS - 1;
    struct verdict v = make(&p);
    cr_assert_eq(v.best_below, p.ref.rows);
    cr_assert_eq(v.best_of, p.ref.rows + 1);
    cr_assert_eq(v.flagged, 1);
    p.config.flag = VERDICT_SEVERITY_ONE;
    cr_assert_eq(make(&p).flagged, 0);
    arena_release(&p.arena);
}

Test(verdict, the_delta_counts_every_row_and_teaches_the_unflagged)
{
    struct problem p;
    struct rng r;
    rng_init(&r, &(uint64_t){ 3 }, 1);
    problem_init(&p, &r, 3000, LEARN_BINS, 5000);
    p.config.flag = 900000;
    p.config.recent_max = 500;
    struct verdict v = make(&p);
    uint32_t counted = 0, at = v.recent_count;
    cr_assert_gt(v.flagged, 100);
    for (uint32_t i = 0; i < v.bin_count; i++) {
        counted += v.bin_rows[i];
        cr_assert(i == 0 || v.bin[i] > v.bin[i - 1]);
    }
    cr_assert_eq(counted, 3000);
    cr_assert_eq(v.recent_count, 500);
    for (uint32_t i = 3000; i-- > 0 && at > 0;) {
        if (v.below_bin[p.bin[i]] * 1000000 >= p.config.flag * v.of)
            continue;
        cr_assert_eq(v.recent_row[--at], i);
        for (uint32_t j = 0; j < COLS; j++) {
            float kept = v.recent_data[j * 500 + at];
            float value = matrix_column(&p.rows, j)[i];
            cr_assert(kept == value || (isnan(kept) && isnan(value)));
        }
    }
    cr_assert_eq(at, 0);
    p.config.recent_max = 100000;
    v = make(&p);
    cr_assert_eq(v.recent_count, 3000 - v.flagged);
    p.config.recent_max = 0;
    cr_assert_eq(make(&p).recent_count, 0);
    arena_release(&p.arena);
}

Test(verdict, the_best_row_is_the_strangest_then_the_first)
{
    struct problem p;
    struct rng r;
    rng_init(&r, &(uint64_t){ 4 }, 1);
    problem_init(&p, &r, 100, 50, 2000);
    p.bin[40] = p.bin[60] = p.bin[80] = 60;
    p.score[40] = 9;
    p.score[60] = p.score[80] = 8;
    struct verdict v = make(&p);
    cr_assert_eq(v.best_row, 60);
    cr_assert_eq(v.best_below, v.below_bin[60]);
    arena_release(&p.arena);
}

Test(verdict, the_hash_moves_with_every_score_and_every_decision)
{
    struct problem p;
    struct rng r;
    rng_init(&r, &(uint64_t){ 5 }, 1);
    problem_init(&p, &r, 300, LEARN_BINS, 2000);
    uint64_t hash = make(&p).result_hash;
    cr_assert_eq(make(&p).result_hash, hash);
    for (uint32_t i = 0; i < 300; i++) {
        p.score[i] ^= 1;
        cr_assert_neq(make(&p).result_hash, hash, "row %u", i);
        p.score[i] ^= 1;
    }
    for (uint32_t j = 0; j < COLS; j++) {
        p.usual[j] += 1.0f;
        cr_assert_neq(make(&p).result_hash, hash);
        p.usual[j] -= 1.0f;
    }
    p.config.flag -= 200000;
    cr_assert_neq(make(&p).result_hash, hash);
    p.config.flag += 200000;
    p.ref.rows++;
    p.reference[0]++;
    cr_assert_neq(make(&p).result_hash, hash);
    arena_release(&p.arena);
}

Test(verdict, without_rows_there_is_an_empty_verdict)
{
    struct problem p;
    struct rng r;
    rng_init(&r, &(uint64_t){ 6 }, 1);
    problem_init(&p, &r, 0, 50, 0);
    struct verdict v = make(&p);
    cr_assert_eq(v.rows + v.kept + v.bin_count + v.recent_count, 0);
    arena_release(&p.arena);
}
