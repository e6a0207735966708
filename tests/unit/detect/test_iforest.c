/*
 * Both halves together: no cut into parts shows in the answer, what comes
 * back is checked, and the usual is what was fitted on.
 */
#include "engine/detect/iforest_state.h"
#include "engine/learn/learn.h"
#include "proto/wire/iforest.h"
#include "support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct arena arena;

static void arena_up(void)
{
    arena_init(&arena, SIZE_MAX);
}

static void arena_down(void)
{
    arena_release(&arena);
}

TestSuite(iforest, .init = arena_up, .fini = arena_down);

Test(iforest, part_sizes_do_not_change_an_answer)
{
    static const uint32_t part_bytes[] = { 1u << 20, 40000, 4096, 100000 };
    static const uint32_t trees[] = { 100, 100, 100, 7 };
    struct matrix recent = support_matrix(&arena, 1, 3000, 5, 0.02);
    struct detect_batch b = { 3, support_matrix(&arena, 2, 6000, 5, 0.02),
                              recent };
    struct detect_config c = support_config();
    c.fit_rows = 8000; /* 2000 recent rows join */
    for (uint32_t t = 0; t < 4; t += 3) {
        struct detect_result want, got;
        c.trees = trees[t];
        c.part_bytes = part_bytes[0];
        struct detect_state *first = support_detect(&c, &b, &want);
        for (uint32_t k = 1; k < 4; k++) {
            c.part_bytes = part_bytes[k];
            struct detect_state *st = support_detect(&c, &b, &got);
            cr_assert_arr_eq(got.score, want.score, 6000 * 4);
            cr_assert_arr_eq(got.bin, want.bin, 6000 * 4);
            cr_assert_arr_eq(got.usual, want.usual, 5 * 4);
            cr_assert_arr_eq(got.spread, want.spread, 5 * 4);
            detect_iforest.close(st);
        }
        detect_iforest.close(first);
    }
}

/* It says why a row stands out, whichever road it came along. */
Test(iforest, the_forest_stays_with_the_batch_on_both_roads)
{
    struct detect_batch b = { 3,
                              support_matrix(&arena, 2, 5000, 5, 0.02),
                              { .cols = 5 } };
    struct detect_config c = support_config();
    struct detect_result r;
    struct detect_state *fused = support_detect(&c, &b, &r);
    c.part_bytes = 4096;
    struct detect_state *parts = support_detect(&c, &b, &r);
    cr_assert_eq(fused->plan.phase_count, 1);
    cr_assert_eq(parts->plan.phase_count, 2);
    const struct iforest_forest *f, *g;
    cr_assert_eq(iforest_forest_of(fused, &f), 0);
    cr_assert_eq(iforest_forest_of(parts, &g), 0);
    size_t n = f->node_count;
    cr_assert(f->trees == 100 && f->subsample == 256 && f->features == 5);
    cr_assert(g->trees == 100 && g->subsample == 256 && g->features == 5);
    cr_assert_eq(g->node_count, n);
    cr_assert_arr_eq(f->tree_first, g->tree_first, 101 * 4);
    cr_assert_arr_eq(f->feature, g->feature, n * 2);
    cr_assert_arr_eq(f->threshold, g->threshold, n * 4);
    cr_assert_arr_eq(f->right, g->right, n * 4);
    cr_assert_arr_eq(f->count, g->count, n * 4);
    detect_iforest.close(fused);
    detect_iforest.close(parts);
}

Test(iforest, a_fused_result_is_checked_as_sums_and_as_a_forest)
{
    struct detect_batch b = { 3,
                              support_matrix(&arena, 2, 400, 2, 0),
                              { .cols = 2 } };
    struct detect_config c = support_config();
    struct plan_shape shape = { 400, 2, 0 };
    struct plan plan;
    struct detect_state *st;
    uint32_t sums[400];
    cr_assert_eq(detect_iforest.plan(&c, &shape, &plan), 0);
    cr_assert_eq(detect_iforest.open(&c, &b, &plan, &st), 0);
    struct wire_payload good = support_run_task(st, 0, 0, &arena), p = good;
    struct iforest_forest f;
    cr_assert_eq(iforest_unpack_fit_scored(&good, 400, &arena, sums, &f), 0);
    cr_assert_eq(detect_iforest.validate(st, 0, 0, &good), 0);
    cr_assert_eq(st->forest.trees, 0, "a check keeps nothing");
    p.block_count--;
    cr_assert_eq(detect_iforest.validate(st, 0, 0, &p), ERR_PROTO);
    cr_assert_eq(iforest_pack_sums(sums, 400, &p), 0);
    cr_assert_eq(detect_iforest.validate(st, 0, 0, &p), ERR_PROTO);
    struct iforest_forest fewer = f;
    fewer.trees--;
    fewer.node_count = f.tree_first[fewer.trees];
    cr_assert_eq(iforest_pack_fit_scored(sums, 400, &fewer, &arena, &p), 0);
    cr_assert_eq(detect_iforest.validate(st, 0, 0, &p), ERR_PROTO);
    sums[399] = UINT32_MAX;
    cr_assert_eq(iforest_pack_fit_scored(sums, 400, &f, &arena, &p), 0);
    cr_assert_eq(detect_iforest.validate(st, 0, 0, &p), ERR_PROTO);
    cr_assert_eq(detect_iforest.accept(st, 0, 0, &good), 0);
    cr_assert_eq(st->forest.trees, 0, "not before it is asked for");
    const struct iforest_forest *kept;
    cr_assert_eq(iforest_forest_of(st, &kept), 0);
    cr_assert_eq(kept->trees, 100);
    cr_assert_arr_eq(kept->threshold, f.threshold, f.node_count * 4);
    detect_iforest.close(st);
}

Test(iforest, the_newest_recent_rows_join_and_strides_do_not_matter)
{
    struct matrix all = support_matrix(&arena, 5, 2000, 3, 0);
    struct detect_config c = support_config();
    struct detect_batch b = { 1, matrix_slice(&all, 1900, 100),
                              matrix_slice(&all, 0, 1900) };
    struct detect_batch newest = b, older = b;
    struct detect_result want, got;
    newest.recent = matrix_slice(&all, 1900 - 924, 924);
    older.recent = matrix_slice(&all, 1900 - 925, 924);
    struct detect_state *a = support_detect(&c, &b, &want);
    struct detect_state *st = support_detect(&c, &newest, &got);
    cr_assert_arr_eq(got.score, want.score, 100 * 4);
    detect_iforest.close(st);
    st = support_detect(&c, &older, &got);
    cr_assert_arr_neq(got.score, want.score, 100 * 4);
    detect_iforest.close(st);
    detect_iforest.close(a);
}

Test(iforest, batch_and_seed_change_the_trees)
{
    struct detect_batch b = { 1,
                              support_matrix(&arena, 5, 500, 3, 0),
                              { .cols = 3 } };
    struct detect_config c = support_config();
    struct detect_result want, got;
    struct detect_state *a = support_detect(&c, &b, &want), *st;
    b.batch = 2;
    st = support_detect(&c, &b, &got);
    cr_assert_arr_neq(got.score, want.score, 500 * 4);
    detect_iforest.close(st);
    b.batch = 1;
    c.seed = 2;
    st = support_detect(&c, &b, &got);
    cr_assert_arr_neq(got.score, want.score, 500 * 4);
    detect_iforest.close(st);
    detect_iforest.close(a);
}

Test(iforest, bins_rise_with_strangeness_and_the_expected_path_is_the_middle)
{
    struct detect_batch b = { 1,
                              support_matrix(&arena, 5, 3000, 2, 0),
                              { .cols = 2 } };
    struct detect_config c = support_config();
    struct detect_result r;
    struct detect_state *st = support_detect(&c, &b, &r);
    for (uint32_t i = 1; i < 3000; i++) {
        cr_assert_lt(r.bin[i], LEARN_BINS);
        if (r.score[i] < r.score[i - 1])
            cr_assert_geq(r.bin[i], r.bin[i - 1]);
        double score = iforest_score(r.score[i], r.trees, r.psi);
        if (score > 0.501)
            cr_assert_geq(r.bin[i], LEARN_BINS / 2);
        if (score < 0.499)
            cr_assert_lt(r.bin[i], LEARN_BINS / 2);
    }
    detect_iforest.close(st);
}

Test(iforest, one_row_and_constant_rows_score_a_half)
{
    static float x[300];
    const uint32_t rows[] = { 1, 2, 300 };
    for (uint32_t i = 0; i < 300; i++)
        x[i] = 1.25f;
    for (uint32_t k = 0; k < 3; k++) {
        struct detect_batch b = { 1,
                                  { x, rows[k], 1, rows[k] },
                                  { .cols = 1 } };
        struct detect_config c = support_config();
        struct detect_result r;
        struct detect_state *st = support_detect(&c, &b, &r);
        for (uint32_t i = 0; i < rows[k]; i++) {
            cr_assert_eq(iforest_score(r.score[i], r.trees, r.psi), 0.5);
            cr_assert_eq(r.bin[i], r.bin[0]);
        }
        cr_assert_eq(r.usual[0], 1.25f);
        cr_assert_eq(r.spread[0], 0.0f);
        detect_iforest.close(st);
    }
}

Test(iforest, a_column_that_is_all_missing_has_no_usual)
{
    float x[2][40];
    for (uint32_t i = 0; i < 40; i++) {
        x[0][i] = NAN;
        x[1][i] = (float)i;
    }
    struct detect_batch b = { 1, { &x[0][0], 40, 2, 40 }, { .cols = 2 } };
    struct detect_config c = support_config();
    struct detect_result r;
    struct detect_state *st = support_detect(&c, &b, &r);
    cr_assert(isnan(r.usual[0]) && isnan(r.spread[0]));
    cr_assert_eq(r.usual[1], 19.0f);
    detect_iforest.close(st);
}

/* A two-phase batch, up to the wanted phase. */
static struct detect_state *open_two_phases(const struct detect_config *c,
                                            const struct detect_batch *b,
                                            struct plan *ret_plan)
{
    struct detect_state *st;
    struct plan_shape shape = { b->rows.rows, b->rows.cols, 0 };
    cr_assert_eq(detect_iforest.plan(c, &shape, ret_plan), 0);
    cr_assert_eq(ret_plan->phase_count, 2);
    cr_assert_eq(detect_iforest.open(c, b, ret_plan, &st), 0);
    cr_assert_eq(detect_iforest.prepare(st, 0), 0);
    return st;
}

static int validate(struct detect_state *st, uint32_t phase, uint32_t part,
                    const struct wire_payload *p)
{
    return detect_iforest.validate(st, phase, part, p);
}

/* A worker's forest with one thing changed after the other. */
static void expect_forest_checks(struct detect_state *st, uint32_t part,
                                 const struct wire_payload *good)
{
    struct iforest_forest f;
    struct wire_payload p;
    cr_assert_eq(validate(st, 0, part, good), 0);
    cr_assert_eq(iforest_unpack_forest(good, &arena, &f), 0);
    struct iforest_forest fewer = f, wider = f, larger = f;
    fewer.trees--;
    fewer.node_count = f.tree_first[fewer.trees];
    wider.features++;
    larger.subsample++;
    const struct iforest_forest *wrong[] = { &fewer, &wider, &larger };
    for (uint32_t k = 0; k < 3; k++) {
        cr_assert_eq(iforest_pack_forest(wrong[k], &arena, &p), 0);
        cr_assert_eq(validate(st, 0, part, &p), ERR_PROTO, "case %u", k);
    }
    uint32_t *count = arena_alloc(&arena, f.node_count, 4);
    memcpy(count, f.count, f.node_count * 4ul);
    count[f.node_count - 1]++; /* one row more than was asked for */
    f.count = count;
    cr_assert_eq(iforest_pack_forest(&f, &arena, &p), 0);
    cr_assert_eq(validate(st, 0, part, &p), ERR_PROTO);
}

Test(iforest, results_that_are_not_what_was_asked_for_are_refused)
{
    struct detect_batch b = { 1,
                              support_matrix(&arena, 5, 5000, 2, 0),
                              { .cols = 2 } };
    struct detect_config c = support_config();
    struct plan plan;
    c.part_bytes = 4096;
    struct detect_state *st = open_two_phases(&c, &b, &plan);
    for (uint32_t k = 0; k < plan.phase[0].tasks; k++) {
        struct wire_payload p = support_run_task(st, 0, k, &arena);
        expect_forest_checks(st, k, &p);
        cr_assert_eq(detect_iforest.accept(st, 0, k, &p), 0);
    }
    cr_assert_eq(detect_iforest.prepare(st, 1), 0);
    uint32_t last = plan.phase[1].tasks - 1;
    struct wire_payload sums = support_run_task(st, 1, last, &arena);
    cr_assert_eq(validate(st, 1, last, &sums), 0);
    cr_assert_eq(validate(st, 1, 0, &sums), ERR_PROTO, "other rows");
    cr_assert_eq(validate(st, 0, 0, &sums), ERR_PROTO, "no forest");
    cr_assert_eq(validate(st, 1, last + 1, &sums), ERR_PROTO);
    cr_assert_eq(validate(st, 2, 0, &sums), ERR_PROTO);
    uint32_t rows = sums.block[0].rows;
    uint32_t *x = arena_alloc(&arena, rows, 4);
    memcpy(x, sums.block[0].data, rows * 4ul);
    x[rows - 1] = UINT32_MAX;
    sums.block[0].data = x;
    cr_assert_eq(validate(st, 1, last, &sums), ERR_PROTO, "no such path");
    detect_iforest.close(st);
    detect_iforest.close(NULL);
}

Test(iforest, a_task_asked_for_again_is_the_same)
{
    struct detect_batch b = { 9,
                              support_matrix(&arena, 5, 5000, 2, 0),
                              { .cols = 2 } };
    struct detect_config c = support_config();
    struct plan plan;
    c.part_bytes = 4096;
    struct detect_state *st = open_two_phases(&c, &b, &plan);
    struct wire_task t;
    cr_assert_eq(detect_iforest.task(st, 0, 3, &t), 0);
    uint64_t hash = wire_payload_hash(&t.payload);
    cr_assert_eq(t.batch, 9);
    cr_assert_eq(t.part, 3);
    cr_assert_eq(t.phase, IFOREST_FIT);
    cr_assert_eq(t.model_id, 0);
    cr_assert_eq(detect_iforest.task(st, 0, 2, &t), 0);
    cr_assert_neq(wire_payload_hash(&t.payload), hash);
    cr_assert_eq(detect_iforest.task(st, 0, 3, &t), 0);
    cr_assert_eq(wire_payload_hash(&t.payload), hash);
    detect_iforest.close(st);
}

Test(iforest, what_is_done_meanwhile_changes_no_task_and_no_answer)
{
    struct detect_batch b = { 9,
                              support_matrix(&arena, 6, 700, 3, 0.1),
                              { .cols = 3 } };
    struct detect_config c = support_config();
    struct plan_shape shape = { 700, 3, 0 };
    struct plan plan;
    struct detect_state *plain, *st;
    struct detect_result expected, r;
    plain = support_detect(&c, &b, &expected);
    cr_assert_eq(detect_iforest.plan(&c, &shape, &plan), 0);
    cr_assert_eq(detect_iforest.open(&c, &b, &plan, &st), 0);
    struct wire_task t;
    cr_assert_eq(detect_iforest.task(st, 0, 0, &t), 0);
    uint64_t hash = wire_payload_hash(&t.payload);
    cr_assert_eq(detect_iforest.meanwhile(st), 0);
    cr_assert_eq(detect_iforest.task(st, 0, 0, &t), 0); /* tried again */
    cr_assert_eq(wire_payload_hash(&t.payload), hash);
    struct wire_payload sums = support_run_task(st, 0, 0, &arena);
    cr_assert_eq(detect_iforest.accept(st, 0, 0, &sums), 0);
    cr_assert_eq(detect_iforest.merge(st, &r), 0);
    cr_expect_arr_eq(r.usual, expected.usual, 3 * sizeof(float));
    cr_expect_arr_eq(r.spread, expected.spread, 3 * sizeof(float));
    cr_expect_arr_eq(r.score, expected.score, 700 * sizeof(uint32_t));
    cr_expect_arr_eq(r.bin, expected.bin, 700 * sizeof(uint32_t));
    detect_iforest.close(st);
    detect_iforest.close(plain);
}
