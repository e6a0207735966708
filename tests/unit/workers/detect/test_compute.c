/*
 * The table of detectors, the self-test digest, refusals, progress and stop.
 */
#include "support.h"
#include "workers/detect/compute.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(compute, detectors_are_found_by_their_whole_name)
{
    cr_assert_eq(compute_find("iforest", 7), &compute_iforest);
    cr_assert_eq(compute_find("iforestX", 7), &compute_iforest);
    cr_assert_null(compute_find("iforest", 6));
    cr_assert_eq(compute_find("dbscan", 6), &compute_dbscan);
    cr_assert_null(compute_find("", 0));
}

/* A change here is a change of the numbers: raise IFOREST_ALGORITHM or
 * DBSCAN_ALGORITHM with it, for workers of both versions may meet. */
Test(compute, the_self_test_digest_is_a_golden_value)
{
    cr_assert_eq(compute_selftest_digest(), UINT64_C(0xc25d9d407debe78f),
                 "0x%llx", (unsigned long long)compute_selftest_digest());
    cr_assert_eq(compute_algorithm_version(), 3);
}

static int run_phase(uint32_t phase, const struct wire_payload *payload,
                     const struct compute_model *model, struct arena *a)
{
    struct compute_context context = { .arena = a };
    struct wire_task task = { .phase = phase, .payload = *payload };
    struct wire_payload result;
    return compute_iforest.run(&task, model, &context, &result);
}

Test(compute, what_does_not_belong_together_is_refused)
{
    struct arena a;
    struct compute_model *model;
    struct wire_payload forest, score, fit_score, empty = { 0 };
    arena_init(&a, SIZE_MAX);
    struct matrix m = support_matrix(&a, 1, 50, 3, 0);
    struct matrix narrow = { m.data, 50, 2, 50 };
    struct iforest_forest f = support_fit(&a, &m, 1, 0, 5, 20);
    struct iforest_score_task st = { m }, narrow_st = { narrow };
    struct iforest_fit_score_task fst = { 1, 1, 5, 20, m, { .cols = 3 } };
    cr_assert_eq(iforest_pack_forest(&f, &a, &forest), 0);
    cr_assert_eq(compute_iforest.model_new(&forest, &model), 0);
    cr_assert_eq(iforest_pack_score(&st, &a, &score), 0);
    cr_assert_eq(iforest_pack_fit_score(&fst, &a, &fit_score), 0);
    cr_assert_eq(run_phase(IFOREST_SCORE, &score, model, &a), 0);
    cr_assert_eq(run_phase(IFOREST_SCORE, &score, NULL, &a), ERR_PROTO);
    cr_assert_eq(run_phase(0, &fit_score, NULL, &a), ERR_PROTO);
    cr_assert_eq(run_phase(99, &fit_score, NULL, &a), ERR_PROTO);
    cr_assert_eq(run_phase(IFOREST_FIT, &fit_score, NULL, &a), ERR_PROTO);
    cr_assert_eq(run_phase(IFOREST_FIT_SCORE, &empty, NULL, &a), ERR_PROTO);
    cr_assert_eq(iforest_pack_score(&narrow_st, &a, &score), 0);
    cr_assert_eq(run_phase(IFOREST_SCORE, &score, model, &a), ERR_PROTO);
    compute_iforest.model_free(model);
    forest.number[0]++;
    cr_assert_eq(compute_iforest.model_new(&forest, &model), ERR_PROTO);
    compute_iforest.model_free(NULL);
    arena_release(&a);
}

/* More rows than are read at a time, at an odd address. */
Test(compute, rows_are_scored_where_they_lie_in_a_message)
{
    struct arena a;
    struct compute_model *model;
    struct wire_payload forest, task;
    arena_init(&a, SIZE_MAX);
    struct matrix m = support_matrix(&a, 1, 30000, 9, 0);
    struct matrix end = matrix_slice(&m, 29000, 1000);
    struct iforest_forest f = support_fit(&a, &m, 1, 0, 5, 256);
    struct iforest_score_task st = { m };
    const uint32_t *sums = support_score(&a, &f, &end);
    size_t bytes = (size_t)m.rows * m.cols * sizeof *m.data;
    uint8_t *message = arena_alloc(&a, bytes + 1, 1);
    uint32_t *odd = arena_alloc(&a, m.rows, sizeof *odd);
    cr_assert(message && odd);
    cr_assert_eq(iforest_pack_forest(&f, &a, &forest), 0);
    cr_assert_eq(compute_iforest.model_new(&forest, &model), 0);
    cr_assert_eq(iforest_pack_score(&st, &a, &task), 0);
    memcpy(message + 1, m.data, bytes);
    task.block[0].data = message + 1;
    struct compute_context context = { .arena = &a };
    struct wire_task t = { .phase = IFOREST_SCORE, .payload = task };
    struct wire_payload result;
    cr_assert_eq(compute_iforest.run(&t, model, &context, &result), 0);
    cr_assert_eq(iforest_unpack_sums(&result, m.rows, odd), 0);
    cr_expect_arr_eq(odd + 29000, sums, 1000 * sizeof *sums);
    const float infinity = INFINITY;
    memcpy(message + 1 + bytes - sizeof infinity, &infinity, sizeof infinity);
    cr_expect_eq(run_phase(IFOREST_SCORE, &task, model, &a), ERR_PROTO);
    compute_iforest.model_free(model);
    arena_release(&a);
}

Test(compute, an_arena_that_is_too_small_is_an_error)
{
    struct arena a, tiny;
    struct wire_payload payload;
    arena_init(&a, SIZE_MAX);
    struct matrix m = support_matrix(&a, 1, 2000, 3, 0);
    struct iforest_fit_score_task t = { 1, 1, 50, 256, m, { .cols = 3 } };
    cr_assert_eq(iforest_pack_fit_score(&t, &a, &payload), 0);
    for (size_t bytes = 0; bytes < 200000; bytes += 9973) {
        arena_init(&tiny, bytes);
        cr_assert_eq(run_phase(IFOREST_FIT_SCORE, &payload, NULL, &tiny),
                     ERR_NOMEM);
        arena_release(&tiny);
    }
    arena_release(&a);
}

Test(compute, progress_moves_and_stop_ends_the_work)
{
    struct arena a;
    _Atomic uint64_t progress = 0;
    _Atomic int stop = 0;
    arena_init(&a, SIZE_MAX);
    struct compute_context context = { &a, &progress, &stop };
    struct matrix m = support_matrix(&a, 1, 5000, 3, 0);
    struct iforest_fit_score_task t = { 1, 1, 50, 256, m, { .cols = 3 } };
    struct wire_task task = { .phase = IFOREST_FIT_SCORE };
    struct wire_payload result;
    cr_assert_eq(iforest_pack_fit_score(&t, &a, &task.payload), 0);
    cr_assert_eq(compute_iforest.run(&task, NULL, &context, &result), 0);
    cr_assert_eq(progress, 5000 + 50); /* rows and trees */
    stop = 1;
    cr_assert_eq(compute_iforest.run(&task, NULL, &context, &result),
                 ERR_CANCELED);
    cr_assert_eq(progress, 5054); /* the first trees, side by side */
    arena_release(&a);
}
