/*
 * Verdicts against the definition, row by row.
 */
#include "engine/detect/reason.h"
#include "engine/detect/verdict.h"
#include "engine/learn/learn.h"
#include "support.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLS 2u
#define MOST 3u /* detectors */

struct seen {
    uint32_t *score, *bin, *reference;
    float usual[COLS], spread[COLS];
    bool silent; /* answers some rows only */
};

struct problem {
    struct arena arena;
    struct matrix rows;
    uint32_t detectors;
    struct seen seen[MOST];
    struct detect_run run[MOST];
    struct learn_view view;
    struct verdict_config config;
};

/* A detector's state here is the batch's rows. */
static int explain(struct detect_state *st, const struct detect_result *r,
                   uint32_t row, struct detect_reason *ret_reason, uint32_t max,
                   uint32_t *ret_count)
{
    const struct matrix *rows = (const void *)st;
    *ret_count = 0;
    for (uint32_t j = 0; j < rows->cols; j++) {
        float value = matrix_column(rows, j)[row];
        double away = fabs((double)value - (double)r->usual[j]);
        struct detect_reason reason = { .feature = j,
                                        .value = value,
                                        .usual = r->usual[j],
                                        .direction =
                                            value > r->usual[j] ? 1 : -1,
                                        .contribution = away,
                                        .distance = away };
        if (away > 0.0)
            reason_add(ret_reason, max, ret_count, &reason);
    }
    return 0;
}

static const struct detect_ops ops[MOST] = {
    { .name = "one", .id = 1, .explain = explain },
    { .name = "two", .id = 2, .explain = explain },
    { .name = "three", .id = 3, .explain = explain },
};

/* One detector's answers over bins below `bins` and its reference of
 * `reference` rows. Strange bins are rare. */
static void detector_init(struct problem *p, struct rng *r, uint32_t bins,
                          uint32_t reference)
{
    uint32_t rows = p->rows.rows, d = p->detectors++;
    struct seen *s = &p->seen[d];
    bool higher = d % 2 == 1;
    s->score = arena_alloc(&p->arena, rows, 4);
    s->bin = arena_alloc(&p->arena, rows, 4);
    s->reference = arena_zalloc(&p->arena, LEARN_BINS, 4);
    for (uint32_t i = 0; i < rows; i++) {
        s->bin[i] = (uint32_t)rng_below(r, 1 + rng_below(r, bins));
        uint32_t strange = s->bin[i] * 4 + (uint32_t)rng_below(r, 3);
        s->score[i] = higher ? strange : LEARN_BINS * 4 - strange;
    }
    for (uint32_t i = 0; i < reference; i++)
        s->reference[rng_below(r, 1 + rng_below(r, bins))]++;
    s->usual[0] = 150.0f;
    s->usual[1] = 149.0f;
    s->spread[0] = s->spread[1] = 40.0f + (float)d;
    p->view.reference[d] =
        (struct learn_reference){ d + 1, reference, s->reference };
    p->view.detector_count = p->detectors;
    p->run[d].ops = &ops[d];
    p->run[d].state = (void *)&p->rows;
    p->run[d].result =
        (struct detect_result){ .rows = rows,
                                .cols = COLS,
                                .score = s->score,
                                .bin = s->bin,
                                .order = higher ? DETECT_HIGHER_STRANGER
                                                : DETECT_LOWER_STRANGER,
                                .trees = 100,
                                .psi = 256,
                                .usual = s->usual,
                                .spread = s->spread };
}

/* A batch of `rows` rows that one detector looks at. */
static void problem_init(struct problem *p, struct rng *r, uint32_t rows,
                         uint32_t bins, uint32_t reference)
{
    memset(p, 0, sizeof *p);
    arena_init(&p->arena, SIZE_MAX);
    p->rows = support_matrix(&p->arena, rng_next(r), rows, COLS, 0.05);
    p->config = verdict_config_of(999000, 1, 50);
    detector_init(p, r, bins, reference);
}

static struct verdict make(struct problem *p)
{
    struct verdict v;
    cr_assert_eq(verdict_make(&p->config, &p->rows, p->run, p->detectors,
                              &p->view, &p->arena, &v),
                 0);
    return v;
}

/* below and of, counted one by one; 0 of 1 without an answer. */
static void severity_by_counting(const struct problem *p, uint32_t d,
                                 uint32_t row, uint64_t *ret_below,
                                 uint64_t *ret_of)
{
    const struct seen *s = &p->seen[d];
    uint64_t rows = p->view.reference[d].rows, below = 0, of = rows + 1;
    *ret_below = 0;
    *ret_of = 1;
    if (s->bin[row] == DETECT_NO_BIN)
        return;
    for (uint32_t b = 0; b < s->bin[row]; b++)
        below += s->reference[b];
    for (uint32_t i = 0; rows < 1000 && i < p->rows.rows; i++)
        below += s->bin[i] < s->bin[row];
    if (rows < 1000) {
        of = rows;
        for (uint32_t i = 0; i < p->rows.rows; i++)
            of += s->bin[i] != DETECT_NO_BIN;
    }
    *ret_below = below;
    *ret_of = of;
}

struct wanted {
    uint64_t below, of, strange;
    uint32_t row, votes, decider;
    bool flagged, near, kept;
};

/* Below 0: x is the more severe one. */
static int by_severity(const struct wanted *x, const struct wanted *y)
{
    uint64_t a = x->below * y->of, b = y->below * x->of;
    return a > b ? -1 : a < b;
}

static int by_decider(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    int order = by_severity(x, y);
    return order != 0 ? order : (int)x->decider - (int)y->decider;
}

static int by_strange(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    int order = by_decider(x, y);
    if (order != 0)
        return order;
    if (x->strange != y->strange)
        return x->strange > y->strange ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

static int by_near_order(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    if (x->near != y->near)
        return x->near ? -1 : 1;
    return by_strange(a, b);
}

static int by_row(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    return x->row < y->row ? -1 : 1;
}

/* Votes, and the votes-th of the detectors' answers sorted by severity. */
static struct wanted wanted_of(const struct problem *p, uint32_t row)
{
    struct wanted of[MOST];
    uint32_t votes = 0;
    for (uint32_t d = 0; d < p->detectors; d++) {
        uint32_t score = p->seen[d].score[row];
        of[d] = (struct wanted){ .row = row, .decider = d };
        severity_by_counting(p, d, row, &of[d].below, &of[d].of);
        of[d].strange = p->run[d].result.order == DETECT_HIGHER_STRANGER
                            ? score
                            : UINT32_MAX - score;
        votes += of[d].below * 1000000 >= p->config.flag * of[d].of;
    }
    qsort(of, p->detectors, sizeof of[0], by_decider);
    struct wanted w = of[p->config.votes - 1];
    w.votes = votes;
    w.flagged = w.kept = votes >= p->config.votes;
    cr_assert_eq(w.flagged, w.below * 1000000 >= p->config.flag * w.of);
    w.near = !w.flagged && w.below * 1000000 >= p->config.near * w.of;
    cr_assert_lt(w.below, w.of);
    return w;
}

static void expect_row(const struct problem *p, const struct verdict *v,
                       const struct verdict_row *row, const struct wanted *w)
{
    cr_assert_eq(row->row, w->row);
    cr_assert_eq(row->flagged, w->flagged);
    cr_assert_eq(row->votes, w->votes);
    cr_assert_eq(row->decider, w->decider);
    cr_assert_eq(row->answer[row->decider].below, w->below);
    cr_assert_eq(row->answer[row->decider].of, w->of);
    for (uint32_t d = 0; d < p->detectors; d++) {
        const struct verdict_answer *a = &row->answer[d];
        uint64_t below, of;
        severity_by_counting(p, d, w->row, &below, &of);
        cr_assert_eq(a->answered, p->seen[d].bin[w->row] != DETECT_NO_BIN);
        if (!a->answered) {
            cr_assert_eq(a->vote, false);
            continue;
        }
        cr_assert_eq(a->score, p->seen[d].score[w->row]);
        cr_assert_eq(a->below, below);
        cr_assert_eq(a->of, of);
        cr_assert_eq(v->scale[d].below_bin[p->seen[d].bin[w->row]], below);
        cr_assert_eq(v->scale[d].of, of);
        cr_assert_eq(a->vote, below * 1000000 >= p->config.flag * of);
        cr_assert(a->vote || d == row->decider || a->reason_count == 0);
    }
}

static void expect_best(const struct problem *p, const struct verdict *v,
                        const struct wanted *w)
{
    uint32_t rows = p->rows.rows;
    const struct wanted *best = NULL;
    for (uint32_t i = 0; i < rows; i++)
        if (best == NULL || by_strange(&w[i], best) < 0)
            best = &w[i];
    cr_assert(best == NULL ||
              v->best_below * best->of == best->below * v->best_of);
    if (best != NULL && best->below > 0)
        cr_assert_eq(v->best_row, best->row);
}

static void expect_definition(struct problem *p)
{
    uint32_t rows = p->rows.rows, near = 0, kept = 0;
    struct wanted *w = calloc(rows, sizeof *w);
    struct verdict v = make(p);
    for (uint32_t i = 0; i < rows; i++)
        w[i] = wanted_of(p, i);
    expect_best(p, &v, w);
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
        expect_row(p, &v, &v.row[kept++], &w[i]);
    }
    cr_assert_eq(kept, v.kept);
    cr_assert_eq(v.near, near);
    cr_assert_eq(v.flagged, kept - near);
    cr_assert_eq(v.rows, rows);
    free(w);
}

static const uint32_t references[] = { 0, 1, 500, 999, 1000, 20000 };

Test(verdict, severities_flags_and_near_misses_are_as_defined)
{
    struct rng r = seed_rng(seed_any());
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

/* Rows without an answer, equal severities of two detectors, every number of
 * votes. */
Test(verdict, a_rows_severity_is_the_one_that_its_votes_need)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t k = 0; k < 300; k++) {
        struct problem p;
        uint32_t rows = 1 + (uint32_t)rng_below(&r, k % 8 ? 300 : 5000);
        uint32_t bins = k % 3 ? LEARN_BINS : 30;
        problem_init(&p, &r, rows, bins, references[k % 6]);
        for (uint32_t more = (uint32_t)rng_below(&r, MOST); more > 0; more--)
            detector_init(&p, &r, bins, references[rng_below(&r, 6)]);
        for (uint32_t d = 0; d < p.detectors; d++) /* 0 of them answer: too */
            for (uint32_t i = 0; i < rows && rng_below(&r, 2); i++)
                if (rng_below(&r, 1 + d * 3) == 0)
                    p.seen[d].bin[i] = DETECT_NO_BIN;
        if (k % 4 == 0 && p.detectors > 1) { /* they agree to the bit */
            memcpy(p.seen[1].bin, p.seen[0].bin, rows * 4);
            memcpy(p.seen[1].score, p.seen[0].bin, rows * 4);
            memcpy(p.seen[1].reference, p.seen[0].reference, LEARN_BINS * 4);
            p.view.reference[1].rows = p.view.reference[0].rows;
        }
        p.config.votes = 1 + (uint32_t)rng_below(&r, p.detectors);
        p.config.flag = 900000 + (uint32_t)rng_below(&r, 100000);
        p.config.near = p.config.flag - (uint32_t)rng_below(&r, 400000);
        p.config.near_min = 5 + (uint32_t)rng_below(&r, 50);
        expect_definition(&p);
        arena_release(&p.arena);
    }
}

/* 3 of 7 and 30 000 000 of 70 000 001 differ by less than a double of either
 * shows; so do fractions of four thousand millions. */
Test(verdict, severities_are_compared_exactly)
{
    cr_assert_eq(verdict_severity_compare(3, 7, 30000000, 70000000), 0);
    cr_assert_gt(verdict_severity_compare(3, 7, 30000000, 70000001), 0);
    cr_assert_lt(verdict_severity_compare(4294967293, 4294967294, 4294967294,
                                          4294967295),
                 0);
    cr_assert(verdict_reaches(4290672329, 4294967295, 999000) ==
              (4290672329.0L / 4294967295.0L >= 0.999L));
}

Test(verdict, detectors_learn_what_they_answered_and_by_their_own_number)
{
    struct problem p;
    struct rng r = seed_rng(seed_any());
    problem_init(&p, &r, 300, LEARN_BINS, 2000);
    detector_init(&p, &r, LEARN_BINS, 2000);
    for (uint32_t i = 0; i < 120; i++)
        p.seen[1].bin[i] = DETECT_NO_BIN;
    struct verdict v = make(&p);
    cr_assert_eq(v.delta.rows, 300);
    cr_assert_eq(v.delta.detector_count, 2);
    cr_assert_eq(v.delta.detector[0].detector, 1);
    cr_assert_eq(v.delta.detector[0].rows, 300);
    cr_assert_eq(v.delta.detector[1].detector, 2);
    cr_assert_eq(v.delta.detector[1].rows, 180);
    cr_assert_eq(v.delta.recent.rows, 50);
    for (uint32_t i = 0; i < 300; i++)
        p.seen[1].bin[i] = DETECT_NO_BIN;
    cr_assert_eq(make(&p).delta.detector_count, 1);
    arena_release(&p.arena);
}

Test(verdict, who_decides_speaks_unless_it_has_no_reasons)
{
    struct verdict_answer answer[2] = { { .vote = true },
                                        { .vote = true, .reason_count = 1 } };
    struct verdict_row row = { .answer = answer };
    struct verdict v = { .detectors = 2 };
    cr_assert_eq(verdict_speaker(&v, &row), &answer[1]);
    answer[1].vote = false;
    cr_assert_eq(verdict_speaker(&v, &row), &answer[0]);
    answer[0].reason_count = 1;
    answer[1].vote = true;
    cr_assert_eq(verdict_speaker(&v, &row), &answer[0]);
}

Test(verdict, ties_never_lift_each_other_and_constant_streams_stay_quiet)
{
    struct problem p;
    struct rng r;
    rng_init(&r, &(uint64_t){ 1 }, 1);
    const uint32_t seen[] = { 0, 5000 };
    for (uint32_t k = 0; k < 2; k++) {
        problem_init(&p, &r, 2000, 1, seen[k]); /* one bin */
        struct verdict v = make(&p);
        cr_assert_eq(v.kept, 0);
        cr_assert_eq(v.best_below, 0);
        for (uint32_t i = 0; i < 2000; i++) /* two values, half and half */
            p.seen[0].bin[i] = i % 2 ? 100 : 9000;
        p.seen[0].reference[100] = p.seen[0].reference[9000] =
            references[k] / 2;
        p.seen[0].reference[0] = 0;
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
    p.seen[0].reference[LEARN_BINS - 1] = 0;
    p.view.reference[0].rows = 0;
    for (uint32_t b = 0; b < LEARN_BINS; b++)
        p.view.reference[0].rows += p.seen[0].reference[b];
    p.seen[0].bin[0] = LEARN_BINS - 1;
    struct verdict v = make(&p);
    cr_assert_eq(v.best_below, p.view.reference[0].rows);
    cr_assert_eq(v.best_of, p.view.reference[0].rows + 1);
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
    uint32_t counted = 0, at = v.delta.recent.rows;
    const struct learn_counts *counts = &v.delta.detector[0];
    cr_assert_gt(v.flagged, 100);
    for (uint32_t i = 0; i < counts->bin_count; i++) {
        counted += counts->count[i];
        cr_assert(i == 0 || counts->bin[i] > counts->bin[i - 1]);
    }
    cr_assert_eq(counted, 3000);
    cr_assert_eq(v.delta.recent.rows, 500);
    for (uint32_t i = 3000; i-- > 0 && at > 0;) {
        if (v.scale[0].below_bin[p.seen[0].bin[i]] * 1000000 >=
            p.config.flag * v.scale[0].of)
            continue;
        cr_assert_eq(v.recent_row[--at], i);
        for (uint32_t j = 0; j < COLS; j++) {
            float kept = v.delta.recent.data[j * 500 + at];
            float value = matrix_column(&p.rows, j)[i];
            cr_assert(kept == value || (isnan(kept) && isnan(value)));
        }
    }
    cr_assert_eq(at, 0);
    p.config.recent_max = 100000;
    v = make(&p);
    cr_assert_eq(v.delta.recent.rows, 3000 - v.flagged);
    p.config.recent_max = 0;
    cr_assert_eq(make(&p).delta.recent.rows, 0);
    arena_release(&p.arena);
}

Test(verdict, the_best_row_is_the_strangest_then_the_first)
{
    struct problem p;
    struct rng r;
    rng_init(&r, &(uint64_t){ 4 }, 1);
    problem_init(&p, &r, 100, 50, 2000);
    p.seen[0].bin[40] = p.seen[0].bin[60] = p.seen[0].bin[80] = 60;
    p.seen[0].score[40] = 9;
    p.seen[0].score[60] = p.seen[0].score[80] = 8;
    struct verdict v = make(&p);
    cr_assert_eq(v.best_row, 60);
    cr_assert_eq(v.best_below, v.scale[0].below_bin[60]);
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
        p.seen[0].score[i] ^= 1;
        cr_assert_neq(make(&p).result_hash, hash, "row %u", i);
        p.seen[0].score[i] ^= 1;
    }
    for (uint32_t j = 0; j < COLS; j++) {
        p.seen[0].usual[j] += 1.0f;
        cr_assert_neq(make(&p).result_hash, hash);
        p.seen[0].usual[j] -= 1.0f;
    }
    p.config.flag -= 200000;
    cr_assert_neq(make(&p).result_hash, hash);
    p.config.flag += 200000;
    p.view.reference[0].rows++;
    p.seen[0].reference[0]++;
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
    cr_assert_eq(v.rows + v.kept + v.delta.detector_count + v.delta.recent.rows,
                 0);
    arena_release(&p.arena);
}
