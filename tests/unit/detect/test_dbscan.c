/*
 * Both halves of DBSCAN together: the answer is the definition's, whole and
 * split, with or without context; what comes back is checked.
 */
#include "dbscan_support.h"
#include "engine/detect/dbscan.h"
#include "engine/learn/learn.h"
#include "proto/wire/dbscan.h"
#include "tests/lib/seed.h"

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

TestSuite(dbscan, .init = arena_up, .fini = arena_down);

static bool row_is_complete(const struct matrix *m, uint32_t row)
{
    for (uint32_t j = 0; j < m->cols; j++)
        if (isnan(matrix_column(m, j)[row]))
            return false;
    return true;
}

static void expect_brute(const struct matrix *rows, double eps,
                         uint32_t min_points)
{
    struct detect_config c = dbscan_support_config(eps, min_points);
    struct detect_batch batch = { 1, *rows, { .cols = rows->cols } };
    struct detect_result r;
    struct brute b;
    struct detect_state *st = dbscan_support_run(&c, &batch, &r);
    dbscan_support_brute(rows, eps, min_points, &arena, &b);
    for (uint32_t i = 0; i < rows->rows; i++) {
        cr_assert_eq(r.core[i], b.core[i], "row %u", i);
        cr_assert_eq(r.cluster[i], b.cluster[i], "row %u", i);
        if (!row_is_complete(rows, i))
            cr_assert_eq(r.bin[i], DETECT_NO_BIN);
        else if (b.cluster[i] >= 0)
            cr_assert(r.score[i] == 0 && r.bin[i] == 0);
        else
            cr_assert_eq(r.score[i], dbscan_score(b.square[i], eps));
    }
    detect_dbscan.close(st);
}

Test(dbscan, answers_are_those_of_the_definition)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t k = 0; k < 24; k++) {
        uint32_t cols = 1 + (uint32_t)rng_below(&r, 6);
        struct matrix rows =
            dbscan_support_rows(&arena, &r, 300, cols, k % 3 == 0 ? 0.02 : 0.0);
        expect_brute(&rows, 0.25 + rng_unit(&r) * cols,
                     1 + (uint32_t)rng_below(&r, 12));
    }
}

/* Whole and in 2 to 16 parts. */
static void expect_parts(const struct detect_config *c,
                         const struct detect_batch *batch)
{
    struct detect_result whole, split;
    struct detect_state *a = dbscan_support_run(c, batch, &whole);
    for (uint32_t parts = 2; parts <= 16; parts++) {
        struct detect_state *b =
            dbscan_support_run_split(c, batch, parts, &split);
        dbscan_support_expect_equal(a, &whole, b, &split);
        detect_dbscan.close(b);
    }
    detect_dbscan.close(a);
}

Test(dbscan, no_cut_into_parts_shows_in_the_answer)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t k = 0; k < 12; k++) {
        uint32_t cols = 1 + (uint32_t)rng_below(&r, 5);
        double eps = 0.1 + rng_unit(&r) * cols;
        struct detect_batch batch = {
            1,
            dbscan_support_rows(&arena, &r, 480, cols, k % 3 == 0 ? 0.02 : 0.0),
            { .cols = cols }
        };
        struct detect_config c =
            dbscan_support_config(eps, 1 + (uint32_t)rng_below(&r, 10));
        expect_parts(&c, &batch);
    }
}

Test(dbscan, no_cut_shows_where_eps_is_found_and_columns_are_scaled)
{
    static const enum detect_scale scale[] = { DETECT_SCALE_AUTO,
                                               DETECT_SCALE_NONE,
                                               DETECT_SCALE_STANDARD,
                                               DETECT_SCALE_ROBUST };
    struct rng r = seed_rng(seed_any());
    for (uint32_t k = 0; k < 8; k++) {
        uint32_t cols = 1 + (uint32_t)rng_below(&r, 5);
        struct detect_batch batch = {
            k,
            dbscan_support_rows(&arena, &r, 800, cols, k % 2 == 0 ? 0.01 : 0.0),
            dbscan_support_rows(&arena, &r, 1500, cols, 0.01)
        };
        struct detect_config c = dbscan_support_config(k < 4 ? 0.0 : 0.7, 6);
        c.scale = scale[k % 4];
        c.context_rows = 1920; /* more points than are sampled */
        expect_parts(&c, &batch);
    }
}

Test(dbscan, equal_rows_may_fill_several_parts)
{
    static float x[2][480];
    for (uint32_t i = 0; i < 480; i++) {
        x[0][i] = i % 5 == 0 ? (float)i : 3.0f;
        x[1][i] = i % 5 == 0 ? 1.0f : 7.0f;
    }
    struct detect_batch batch = { 1, { &x[0][0], 480, 2, 480 }, { .cols = 2 } };
    struct detect_config c = dbscan_support_config(0.5, 4);
    expect_parts(&c, &batch);
    c.eps = 0.0;
    expect_parts(&c, &batch);
    c.eps = 1e6; /* every halo is everything */
    expect_parts(&c, &batch);
}

Test(dbscan, constant_rows_are_one_cluster_and_nobody_is_strange)
{
    static float x[3][480];
    for (uint32_t i = 0; i < 480; i++)
        x[0][i] = x[1][i] = x[2][i] = 1.25f;
    struct detect_batch batch = { 1, { &x[0][0], 480, 3, 480 }, { .cols = 3 } };
    struct detect_config c = dbscan_support_config(0.0, 10);
    struct detect_result r;
    struct detect_state *st = dbscan_support_run(&c, &batch, &r);
    cr_expect_eq(r.eps->why, DBSCAN_EPS_DUPLICATES);
    for (uint32_t i = 0; i < 480; i++)
        cr_assert(r.cluster[i] == 0 && r.core[i] == 1 && r.bin[i] == 0);
    detect_dbscan.close(st);
    expect_parts(&c, &batch);
}

Test(dbscan, a_row_with_a_missing_value_has_no_answer)
{
    struct rng g = seed_rng(seed_any());
    struct matrix rows = dbscan_support_rows(&arena, &g, 400, 3, 0.1);
    struct detect_batch batch = { 1, rows, { .cols = 3 } };
    struct detect_config c = dbscan_support_config(1.0, 5);
    struct detect_result r;
    struct detect_state *st = dbscan_support_run(&c, &batch, &r);
    uint32_t without = 0;
    for (uint32_t i = 0; i < 400; i++) {
        struct detect_reason reason[3];
        uint32_t count = 7;
        if (row_is_complete(&rows, i)) {
            cr_assert_lt(r.bin[i], LEARN_BINS);
            continue;
        }
        without++;
        cr_assert(r.bin[i] == DETECT_NO_BIN && r.cluster[i] == -1 &&
                  r.core[i] == 0 && r.score[i] == 0);
        cr_assert_eq(detect_dbscan.explain(st, &r, i, reason, 3, &count), 0);
        cr_assert_eq(count, 0);
    }
    cr_assert_gt(without, 0);
    cr_assert_eq(r.eps->points, 400 - without);
    detect_dbscan.close(st);
}

Test(dbscan, rows_that_are_all_incomplete_have_no_answers)
{
    static float x[480];
    for (uint32_t i = 0; i < 480; i++)
        x[i] = NAN;
    struct detect_batch batch = { 1, { x, 480, 1, 480 }, { .cols = 1 } };
    struct detect_config c = dbscan_support_config(0.0, 5);
    expect_parts(&c, &batch);
    c.eps = 1.0;
    expect_parts(&c, &batch);
}

Test(dbscan, without_a_core_point_nothing_is_stranger_than_anything)
{
    struct rng g = seed_rng(seed_any());
    struct matrix rows = dbscan_support_rows(&arena, &g, 480, 3, 0.0);
    struct detect_batch batch = { 1, rows, { .cols = 3 } };
    struct detect_config c = dbscan_support_config(1e-6, 500);
    struct detect_result r;
    struct detect_state *st = dbscan_support_run(&c, &batch, &r);
    for (uint32_t i = 0; i < 480; i++) {
        struct detect_reason reason[3];
        uint32_t count = 7;
        cr_assert(r.cluster[i] == -1 && r.core[i] == 0);
        cr_assert(r.score[i] == 0 && r.bin[i] == 0);
        cr_assert_eq(detect_dbscan.explain(st, &r, i, reason, 3, &count), 0);
        cr_assert_eq(count, 0);
    }
    detect_dbscan.close(st);
    expect_parts(&c, &batch);
    c.eps = 0.0; /* fewer rows than a cluster has: no eps, and no error */
    st = dbscan_support_run(&c, &batch, &r);
    cr_assert_eq(r.eps->why, DBSCAN_EPS_FEW);
    cr_assert(r.cluster[7] == -1 && r.bin[7] == 0);
    detect_dbscan.close(st);
    expect_parts(&c, &batch);
}

Test(dbscan, the_newest_recent_rows_join_a_small_batch)
{
    struct rng g = seed_rng(seed_any());
    struct matrix all = dbscan_support_rows(&arena, &g, 700, 2, 0.0);
    struct detect_batch batch = { 1, matrix_slice(&all, 600, 100),
                                  matrix_slice(&all, 0, 600) };
    struct detect_batch newest = { 1,
                                   matrix_slice(&all, 300, 400),
                                   { .cols = 2 } };
    struct detect_config c = dbscan_support_config(0.8, 5);
    struct detect_result joined, alone;
    struct detect_state *b = dbscan_support_run(&c, &newest, &alone);
    c.context_rows = 400;
    struct detect_state *a = dbscan_support_run(&c, &batch, &joined);
    cr_assert_eq(joined.rows, 100);
    cr_assert_eq(joined.eps->points, 400);
    for (uint32_t i = 0; i < 100; i++) {
        cr_assert_eq(joined.cluster[i], alone.cluster[300 + i]);
        cr_assert_eq(joined.core[i], alone.core[300 + i]);
        cr_assert_eq(joined.score[i], alone.score[300 + i]);
    }
    detect_dbscan.close(a);
    detect_dbscan.close(b);
}

Test(dbscan, bins_rise_with_the_distance)
{
    struct rng g = seed_rng(seed_any());
    struct matrix rows = dbscan_support_rows(&arena, &g, 2000, 2, 0.0);
    float *x = arena_alloc(&arena, 4000, sizeof *x);
    memcpy(x, rows.data, 4000 * sizeof *x);
    for (uint32_t i = 0; i < 50; i++) /* up to beyond what is told apart */
        x[i * 40] = (float)ldexp(40.0, (int)i);
    struct detect_batch batch = { 1, { x, 2000, 2, 2000 }, { .cols = 2 } };
    struct detect_config c = dbscan_support_config(0.5, 8);
    struct detect_result r;
    struct detect_state *st = dbscan_support_run(&c, &batch, &r);
    cr_assert_eq(r.order, DETECT_HIGHER_STRANGER);
    for (uint32_t i = 0; i < 2000; i++) {
        cr_assert_lt(r.bin[i], LEARN_BINS);
        cr_assert_eq(r.bin[i] > 0, r.cluster[i] < 0);
        cr_assert_eq(detect_dbscan.score(&r, i), r.score[i] / 65536.0);
        for (uint32_t k = 0; k < i; k++)
            cr_assert((r.score[k] < r.score[i]) <= (r.bin[k] <= r.bin[i]));
    }
    cr_assert_eq(r.score[1960], 0xffff0000u);
    cr_assert_eq(r.bin[1960], LEARN_BINS - 1);
    detect_dbscan.close(st);
}

Test(dbscan, reasons_share_the_distance_to_the_nearest_core_row)
{
    struct rng g = seed_rng(seed_any());
    struct matrix rows = dbscan_support_rows(&arena, &g, 600, 4, 0.01);
    struct detect_batch batch = { 1, rows, { .cols = 4 } };
    struct detect_config c = dbscan_support_config(1.0, 5);
    struct detect_result r;
    struct brute b;
    uint32_t explained = 0;
    struct detect_state *st = dbscan_support_run(&c, &batch, &r);
    dbscan_support_brute(&rows, 1.0, 5, &arena, &b);
    for (uint32_t i = 0; i < 600; i++) {
        struct detect_reason reason[4], two[2];
        uint32_t count, count_two;
        double sum = 0.0;
        cr_assert_eq(detect_dbscan.explain(st, &r, i, reason, 4, &count), 0);
        cr_assert_eq(count > 0, b.nearest[i] != DBSCAN_NO_POINT);
        for (uint32_t k = 0; k < count; k++) {
            const float *x = matrix_column(&rows, reason[k].feature);
            sum += reason[k].contribution;
            cr_assert_eq(reason[k].value, x[i]);
            cr_assert_eq(reason[k].usual, x[b.nearest[i]]);
            cr_assert_eq(reason[k].direction, x[i] > x[b.nearest[i]] ? 1 : -1);
            cr_assert(k == 0 ||
                      reason[k - 1].contribution >= reason[k].contribution);
        }
        if (count == 0)
            continue;
        explained++;
        cr_assert_float_eq(sum, detect_dbscan.score(&r, i), 1e-9);
        cr_assert_eq(detect_dbscan.explain(st, &r, i, two, 2, &count_two), 0);
        cr_assert_eq(count_two, count < 2 ? count : 2);
        for (uint32_t k = 0; k < count_two; k++)
            cr_assert_eq(two[k].feature, reason[k].feature);
    }
    cr_assert_gt(explained, 10);
    detect_dbscan.close(st);
}

Test(dbscan, a_moved_feature_is_the_first_reason_in_its_own_units)
{
    struct rng g = seed_rng(seed_any());
    float *x = arena_alloc(&arena, 3000, sizeof *x);
    for (uint32_t i = 0; i < 1000; i++) {
        x[i] = (float)(rng_unit(&g) * 1e6);
        x[1000 + i] = (float)(rng_unit(&g) * 1e-3);
        x[2000 + i] = 5.0f;
    }
    x[1000 + 77] = 0.005f;
    struct detect_batch batch = { 1, { x, 1000, 3, 1000 }, { .cols = 3 } };
    struct detect_config c = dbscan_support_config(0.0, 10);
    struct detect_result r;
    struct detect_reason reason[3];
    uint32_t count;
    struct detect_state *st = dbscan_support_run(&c, &batch, &r);
    cr_assert_eq(r.cluster[77], -1);
    cr_assert_eq(detect_dbscan.explain(st, &r, 77, reason, 3, &count), 0);
    cr_assert_geq(count, 1);
    cr_expect_eq(reason[0].feature, 1);
    cr_expect_eq(reason[0].value, 0.005f);
    cr_expect(reason[0].usual <= 1e-3f && reason[0].direction == 1);
    detect_dbscan.close(st);
}

Test(dbscan, eps_is_told_with_its_reason)
{
    struct rng g = seed_rng(seed_any());
    struct detect_batch batch = { 1,
                                  dbscan_support_rows(&arena, &g, 3000, 2, 0.0),
                                  { .cols = 2 } };
    struct detect_config c = dbscan_support_config(0.0, 10);
    struct detect_result r, again;
    struct buf text;
    char start[80];
    buf_init(&text, 4096);
    struct detect_state *st = dbscan_support_run(&c, &batch, &r);
    snprintf(start, sizeof start,
             "eps %.4g (auto: knee of the 10-distance curve over 1024 of 3000 "
             "rows, ",
             r.eps->eps);
    cr_assert_eq(dbscan_why_eps(&r, &text), 0);
    cr_expect(memcmp(text.data, start, strlen(start)) == 0, "%.*s",
              (int)text.length, (char *)text.data);
    c.eps = strtod(start + 4, NULL); /* the number that is read */
    c.scale = DETECT_SCALE_ROBUST;
    struct detect_state *b = dbscan_support_run(&c, &batch, &again);
    for (uint32_t i = 0; i < 3000; i++)
        cr_assert(r.cluster[i] == again.cluster[i] &&
                  r.score[i] == again.score[i]);
    buf_reset(&text);
    cr_assert_eq(dbscan_why_eps(&again, &text), 0);
    cr_expect_null(memchr(text.data, '(', text.length));
    detect_dbscan.close(b);
    detect_dbscan.close(st);
    buf_release(&text);
}

Test(dbscan, a_task_asked_for_again_is_the_same)
{
    struct rng g = seed_rng(seed_any());
    struct detect_batch batch = { 9,
                                  dbscan_support_rows(&arena, &g, 500, 2, 0.0),
                                  { .cols = 2 } };
    struct detect_config c = dbscan_support_config(0.5, 5);
    struct plan_shape shape = { 500, 2, 0 };
    struct detect_state *st;
    struct plan plan;
    struct wire_task t;
    c.part_rows = 125;
    cr_assert_eq(detect_dbscan.plan(&c, &shape, &plan), 0);
    cr_assert_eq(detect_dbscan.open(&c, &batch, &plan, &st), 0);
    cr_assert_eq(detect_dbscan.prepare(st, 0), 0);
    cr_assert_eq(detect_dbscan.task(st, 0, 3, &t), 0);
    uint64_t hash = wire_payload_hash(&t.payload);
    cr_assert(t.batch == 9 && t.part == 3 && t.phase == DBSCAN_PART);
    cr_assert_eq(detect_dbscan.task(st, 0, 2, &t), 0);
    cr_assert_neq(wire_payload_hash(&t.payload), hash);
    cr_assert_eq(detect_dbscan.meanwhile(st), 0);
    cr_assert_eq(detect_dbscan.task(st, 0, 3, &t), 0);
    cr_assert_eq(wire_payload_hash(&t.payload), hash);
    cr_assert_gt(detect_dbscan.held(st), 500 * 2 * 4);
    detect_dbscan.close(st);
    detect_dbscan.close(NULL);
}

static int validate(struct detect_state *st, uint32_t phase, uint32_t part,
                    const struct wire_payload *p)
{
    return detect_dbscan.validate(st, phase, part, p);
}

Test(dbscan, results_that_are_not_what_was_asked_for_are_refused)
{
    struct rng g = seed_rng(seed_any());
    struct detect_batch batch = { 9,
                                  dbscan_support_rows(&arena, &g, 502, 2, 0.0),
                                  { .cols = 2 } };
    struct detect_config c = dbscan_support_config(0.0, 5);
    struct plan_shape shape = { 502, 2, 0 };
    struct wire_payload p[3][4];
    struct detect_state *st;
    struct plan plan;
    c.part_rows = 126;
    cr_assert_eq(detect_dbscan.plan(&c, &shape, &plan), 0);
    cr_assert_eq(plan.phase_count, 3);
    cr_assert_eq(detect_dbscan.open(&c, &batch, &plan, &st), 0);
    for (uint32_t phase = 0; phase < 3; phase++) {
        cr_assert_eq(detect_dbscan.prepare(st, phase), 0);
        for (uint32_t part = 0; part < 4; part++) {
            p[phase][part] = dbscan_support_task(st, phase, part, &arena);
            cr_expect_eq(validate(st, phase, part, &p[phase][part]), 0);
            cr_assert_eq(detect_dbscan.accept(st, phase, part, &p[phase][part]),
                         0);
        }
    }
    for (uint32_t phase = 0; phase < 3; phase++) {
        const struct wire_payload *good = &p[phase][0];
        cr_expect_eq(validate(st, (phase + 1) % 3, 0, good), ERR_PROTO);
        cr_expect_eq(validate(st, phase, 4, good), ERR_PROTO);
        cr_expect_eq(validate(st, 3, 0, good), ERR_PROTO);
    }
    struct wire_payload cut = p[1][1];
    cut.block[0].rows--;
    cr_expect_eq(validate(st, 1, 1, &cut), ERR_PROTO);
    detect_dbscan.close(st);
}

/* An eps that comes of them must be one that tasks may have. */
Test(dbscan, near_points_are_as_many_as_there_are_and_at_a_distance)
{
    struct rng g = seed_rng(seed_any());
    struct detect_batch batch = { 9,
                                  dbscan_support_rows(&arena, &g, 8, 2, 0.0),
                                  { .cols = 2 } };
    struct detect_config c = dbscan_support_config(0.0, 3);
    struct plan_shape shape = { 8, 2, 0 };
    struct detect_state *st;
    struct plan plan;
    c.part_rows = 2; /* the third one is at infinity */
    cr_assert_eq(detect_dbscan.plan(&c, &shape, &plan), 0);
    cr_assert_eq(detect_dbscan.open(&c, &batch, &plan, &st), 0);
    cr_assert_eq(detect_dbscan.prepare(st, 0), 0);
    struct wire_payload p = dbscan_support_task(st, 0, 1, &arena);
    double *square = arena_alloc(&arena, 3 * 8, sizeof *square);
    memcpy(square, p.block[0].data, 3 * 8 * sizeof *square);
    p.block[0].data = square;
    cr_expect_eq(validate(st, 0, 1, &p), 0);
    cr_assert(isinf(square[3 * 7 + 2]));
    square[3 * 7 + 2] = 1e9;
    cr_expect_eq(validate(st, 0, 1, &p), ERR_PROTO, "a point too many");
    square[3 * 7 + 2] = (double)INFINITY;
    square[3 * 7 + 1] = (double)INFINITY;
    cr_expect_eq(validate(st, 0, 1, &p), ERR_PROTO, "a point too few");
    square[3 * 7 + 1] = 1e201;
    cr_expect_eq(validate(st, 0, 1, &p), ERR_PROTO, "too far");
    square[3 * 7 + 1] = 1e199;
    cr_expect_eq(validate(st, 0, 1, &p), 0);
    square[3 * 7] = 1e-201;
    cr_expect_eq(validate(st, 0, 1, &p), ERR_PROTO, "too near");
    square[3 * 7] = 0.0;
    cr_expect_eq(validate(st, 0, 1, &p), 0);
    detect_dbscan.close(st);
}

Test(dbscan, a_whole_batch_is_measured_with_the_eps_that_was_asked_for)
{
    struct rng g = seed_rng(seed_any());
    struct detect_batch batch = { 9,
                                  dbscan_support_rows(&arena, &g, 400, 2, 0.0),
                                  { .cols = 2 } };
    struct detect_config c[3] = { dbscan_support_config(0.5, 5),
                                  dbscan_support_config(0.75, 5),
                                  dbscan_support_config(0.0, 5) };
    struct plan_shape shape = { 400, 2, 0 };
    struct detect_state *st[3];
    struct wire_payload p[3];
    struct plan plan;
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(detect_dbscan.plan(&c[i], &shape, &plan), 0);
        cr_assert_eq(detect_dbscan.open(&c[i], &batch, &plan, &st[i]), 0);
        p[i] = dbscan_support_task(st[i], 0, 0, &arena);
    }
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t k = 0; k < 3; k++)
            cr_expect_eq(validate(st[i], 0, 0, &p[k]), i == k ? 0 : ERR_PROTO);
    for (uint32_t i = 0; i < 3; i++)
        detect_dbscan.close(st[i]);
}
