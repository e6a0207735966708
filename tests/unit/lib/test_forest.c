#include "guarded.h"

#include "proto/base/isa.h"
#include "proto/wire/iforest.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

struct fitted {
    struct fyke_matrix rows;
    struct fyke_forest_options options;
    struct guarded memory, workspace;
    const struct fyke_forest *forest;
};

static struct fitted fit(uint64_t seed, uint32_t rows, uint32_t cols,
                         uint32_t trees, uint32_t subsample, double missing)
{
    struct fitted f = { .rows = matrix_make(seed, rows, cols, missing) };
    fyke_forest_defaults(&f.options);
    f.options.trees = trees;
    f.options.subsample = subsample;
    f.memory = guarded_make(fyke_forest_bytes(&f.options, rows, cols), seed);
    f.workspace = guarded_make(
        fyke_forest_fit_workspace(&f.options, rows, cols), seed / 64);
    cr_assert_eq(
        fyke_forest_fit(&f.options, &f.rows, f.memory.bytes, f.memory.count,
                        f.workspace.bytes, f.workspace.count, &f.forest),
        FYKE_OK, "%u x %u, %u trees of %u", rows, cols, trees, subsample);
    guarded_free(&f.workspace);
    f.workspace = guarded_make(fyke_forest_workspace(f.forest), seed);
    return f;
}

static void fitted_free(struct fitted *f)
{
    guarded_free(&f->memory);
    guarded_free(&f->workspace);
    free((void *)(uintptr_t)f->rows.data);
}

static double *score(const struct fitted *f)
{
    double *s = calloc(f->rows.rows, sizeof *s);
    cr_assert_not_null(s);
    cr_assert_eq(fyke_forest_score(f->forest, &f->rows, s, f->workspace.bytes,
                                   f->workspace.count),
                 FYKE_OK);
    return s;
}

/* From the contributions the path sum, and from that the score. */
static void expect_additive(const struct fitted *f)
{
    const struct fyke_matrix *m = &f->rows;
    uint32_t psi =
        f->options.subsample < m->rows ? f->options.subsample : m->rows;
    double *s = score(f), expected = 0;
    double *why = calloc((size_t)m->rows * m->cols, sizeof *why);
    cr_assert_not_null(why);
    cr_assert_eq(fyke_forest_explain(f->forest, m, why, &expected,
                                     f->workspace.bytes, f->workspace.count),
                 FYKE_OK);
    for (uint32_t i = 0; i < m->rows; i++) {
        double path = expected;
        for (uint32_t j = 0; j < m->cols; j++)
            path -= why[(size_t)j * m->rows + i];
        double sum = path * IFOREST_ONE;
        cr_assert_eq(sum, floor(sum));
        cr_assert_eq(iforest_score((uint32_t)sum, f->options.trees, psi), s[i],
                     "row %u", i);
    }
    free(why);
    free(s);
}

Test(forest, memory_that_was_told_suffices_and_contributions_add_up)
{
    static const uint32_t rows[] = { 1, 2, 5, 255, 700, 5000 };
    static const uint32_t cols[] = { 1, 3, 40 };
    static const uint32_t subsample[] = { 2, 64, 256, 257, 1024, 4096 };
    struct rng r = seed_rng(seed_any());
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 3; j++)
            for (size_t k = 0; k < 6; k++) {
                uint32_t trees = 1 + (uint32_t)rng_below(&r, 60);
                struct fitted f = fit(rng_next(&r), rows[i], cols[j], trees,
                                      subsample[k], k % 2 ? 0.05 : 0);
                expect_additive(&f);
                fitted_free(&f);
            }
}

Test(forest, extended_ones_fit_score_and_explain)
{
    for (uint32_t extension = 1; extension < 4; extension++) {
        struct fitted f = fit(extension, 3000, 5, 20, 256, 0.01);
        struct fyke_forest_options o = f.options;
        double *plain = score(&f), *s;
        o.extension = extension;
        struct guarded memory =
            guarded_make(fyke_forest_bytes(&o, 3000, 5), extension);
        struct guarded space =
            guarded_make(fyke_forest_fit_workspace(&o, 3000, 5), extension);
        cr_assert_eq(fyke_forest_fit(&o, &f.rows, memory.bytes, memory.count,
                                     space.bytes, space.count, &f.forest),
                     FYKE_OK);
        s = score(&f);
        cr_expect_neq(s[7], plain[7]);
        cr_expect(s[7] > 0.2 && s[7] < 0.9);
        expect_additive(&f);
        guarded_free(&memory);
        guarded_free(&space);
        free(plain);
        free(s);
        fitted_free(&f);
    }
}

Test(forest, a_large_one_fits_as_well)
{
    struct fitted f = fit(3, 9000, 5, 2000, 256, 0);
    expect_additive(&f);
    fitted_free(&f);
}

Test(forest, less_memory_is_an_error_and_nothing_is_written_outside)
{
    struct fitted f = fit(9, 3000, 4, 30, 256, 0);
    double *s = calloc(f.rows.rows, sizeof *s);
    for (size_t part = 0; part < 8; part++) {
        struct guarded memory = guarded_make(f.memory.count / 8 * part / 2, 5);
        struct guarded space = guarded_make(
            fyke_forest_fit_workspace(&f.options, 3000, 4) / 8 * part, part);
        struct guarded work = guarded_make(f.workspace.count / 8 * part, 17);
        const struct fyke_forest *forest;
        cr_expect_eq(fyke_forest_fit(&f.options, &f.rows, memory.bytes,
                                     memory.count, space.bytes, space.count,
                                     &forest),
                     FYKE_ERROR_WORKSPACE);
        cr_expect_eq(
            fyke_forest_score(f.forest, &f.rows, s, work.bytes, work.count),
            FYKE_ERROR_WORKSPACE);
        guarded_free(&memory);
        guarded_free(&space);
        guarded_free(&work);
    }
    cr_expect_eq(fyke_forest_score(f.forest, &f.rows, s, NULL, 0),
                 FYKE_ERROR_WORKSPACE);
    free(s);
    fitted_free(&f);
}

static void expect_refused(struct fyke_forest_options o, uint32_t rows,
                           uint32_t cols)
{
    cr_expect_eq(fyke_forest_bytes(&o, rows, cols), 0);
    cr_expect_eq(fyke_forest_fit_workspace(&o, rows, cols), 0);
}

Test(forest, options_and_shapes_out_of_range_are_refused)
{
    struct fyke_forest_options good, o;
    fyke_forest_defaults(&good);
    cr_expect_gt(fyke_forest_bytes(&good, 1, 1), 0);
    expect_refused(good, 0, 1);
    expect_refused(good, 1, 0);
    expect_refused(good, 1, FYKE_FOREST_COLS_MAX + 1);
    o = good;
    o.trees = 0;
    expect_refused(o, 1, 1);
    o.trees = FYKE_FOREST_TREES_MAX + 1;
    expect_refused(o, 1, 1);
    o = good;
    o.subsample = 1;
    expect_refused(o, 1, 1);
    o = good;
    o.extension = 1;
    expect_refused(o, 1, 1);
    o = good;
    o.size = 8;
    expect_refused(o, 1, 1);
}

Test(forest, an_infinite_value_and_other_columns_are_errors)
{
    struct fitted f = fit(4, 300, 3, 10, 256, 0.01);
    const struct fyke_forest *forest;
    double s[300];
    float *x = (float *)(uintptr_t)f.rows.data;
    struct fyke_matrix two = f.rows, thin = f.rows;
    two.cols = 2;
    thin.stride = 299;
    cr_expect_eq(fyke_forest_score(f.forest, &two, s, f.workspace.bytes,
                                   f.workspace.count),
                 FYKE_ERROR_OPTION);
    cr_expect_eq(fyke_forest_score(f.forest, &thin, s, f.workspace.bytes,
                                   f.workspace.count),
                 FYKE_ERROR_OPTION);
    x[f.rows.stride + 7] = -INFINITY;
    cr_expect_eq(fyke_forest_fit(&f.options, &f.rows, f.memory.bytes,
                                 f.memory.count, f.workspace.bytes,
                                 f.workspace.count, &forest),
                 FYKE_ERROR_VALUE);
    x[f.rows.stride + 7] = NAN;
    f.options.isa = 9;
    cr_expect_eq(fyke_forest_fit(&f.options, &f.rows, f.memory.bytes,
                                 f.memory.count, f.workspace.bytes,
                                 f.workspace.count, &forest),
                 FYKE_ERROR_OPTION);
    fitted_free(&f);
}

Test(forest, every_level_of_this_cpu_gives_the_same_bits)
{
    struct fitted f = fit(8, 4500, 6, 50, 256, 0.01);
    double *want = score(&f);
    enum isa highest = isa_detect();
    for (uint32_t isa = FYKE_ISA_C; isa <= (uint32_t)highest; isa++) {
        struct guarded fit_space =
            guarded_make(fyke_forest_fit_workspace(&f.options, 4500, 6), isa);
        f.options.isa = isa;
        cr_assert_eq(fyke_forest_fit(&f.options, &f.rows, f.memory.bytes,
                                     f.memory.count, fit_space.bytes,
                                     fit_space.count, &f.forest),
                     FYKE_OK);
        double *got = score(&f);
        cr_expect_arr_eq(got, want, f.rows.rows * sizeof *got);
        free(got);
        guarded_free(&fit_space);
    }
    free(want);
    fitted_free(&f);
}

struct slice {
    const struct fitted *f;
    uint32_t first, count;
    double *score;
    pthread_t thread;
};

static void *score_slice(void *argument)
{
    struct slice *s = argument;
    struct fyke_matrix some = s->f->rows;
    size_t bytes = fyke_forest_workspace(s->f->forest);
    void *workspace = malloc(bytes);
    some.data += s->first;
    some.rows = s->count;
    cr_assert_eq(fyke_forest_score(s->f->forest, &some, s->score + s->first,
                                   workspace, bytes),
                 FYKE_OK);
    free(workspace);
    return NULL;
}

Test(forest, threads_may_share_one)
{
    struct fitted f = fit(6, 20000, 4, 80, 256, 0);
    double *want = score(&f), *got = calloc(f.rows.rows, sizeof *got);
    struct slice slice[4];
    for (uint32_t k = 0; k < 4; k++) {
        slice[k] = (struct slice){ &f, 5000 * k, 5000, got, 0 };
        cr_assert_eq(
            pthread_create(&slice[k].thread, NULL, score_slice, &slice[k]), 0);
    }
    for (uint32_t k = 0; k < 4; k++)
        (void)pthread_join(slice[k].thread, NULL);
    cr_expect_arr_eq(got, want, f.rows.rows * sizeof *got);
    free(want);
    free(got);
    fitted_free(&f);
}

Test(forest, usual_is_the_median_and_a_spread)
{
    const float x[] = { 5, 1, 3, 2, 4, 7, 7, 7, 7, 7, NAN, NAN, NAN, NAN, NAN };
    const struct fyke_matrix m = { x, 5, 3, 5 };
    struct guarded work = guarded_make(fyke_usual_workspace(5), 3);
    float usual[3], spread[3];
    cr_assert_eq(fyke_usual(&m, usual, spread, work.bytes, work.count),
                 FYKE_OK);
    cr_expect_eq(usual[0], 3);
    cr_expect_float_eq(spread[0], 1.4826f, 1e-4f);
    cr_expect_eq(usual[1], 7);
    cr_expect_eq(spread[1], 0);
    cr_expect(isnan(usual[2]) && isnan(spread[2]));
    cr_expect_eq(fyke_usual(&m, usual, spread, work.bytes, 100),
                 FYKE_ERROR_WORKSPACE);
    guarded_free(&work);
}
