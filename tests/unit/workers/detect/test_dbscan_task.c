/* Tasks in, results out: what is asked for is answered, what is malformed is
 * not. The answers themselves are compared with the definition in the tests
 * of both halves. */
#include "proto/wire/dbscan.h"
#include "tests/lib/seed.h"
#include "workers/detect/compute.h"
#include "workers/detect/dbscan/task.h"

#include <criterion/criterion.h>
#include <math.h>

static struct arena arena;
static struct wire_task task;
static struct wire_payload result;

static void arena_up(void)
{
    arena_init(&arena, SIZE_MAX);
}

static void arena_down(void)
{
    arena_release(&arena);
}

TestSuite(dbscan_task, .init = arena_up, .fini = arena_down);

static int run(uint32_t phase)
{
    struct compute_context context = { .arena = &arena };
    task.phase = phase;
    return compute_dbscan.run(&task, NULL, &context, &result);
}

/* A line of points 1 apart, and one that is 3 away from its end. */
static struct matrix line(void)
{
    static const float x[] = { 9, 0, 1, 2, 3, 4, 5, 6 };
    return (struct matrix){ x, 8, 1, 8 };
}

static void expect_line(const struct dbscan_whole *r)
{
    static const uint32_t cluster[] = { DBSCAN_NO_POINT, 2, 2, 2, 2, 2, 2, 2 };
    static const uint8_t core[] = { 0, 0, 1, 1, 1, 1, 1, 0 };
    cr_expect_arr_eq(r->cluster, cluster, sizeof cluster);
    cr_expect_arr_eq(r->core, core, sizeof core);
    cr_assert_eq(r->noise, 1);
    cr_expect_eq(r->nearest[0], 6);
    cr_expect_eq(r->square[0], 16.0);
}

Test(dbscan_task, a_whole_batch_comes_back_with_everything)
{
    struct dbscan_whole_task t = { 1, 1, 1.0, 3, 0, line() };
    struct dbscan_whole r;
    cr_assert_eq(dbscan_pack_whole_task(&t, &arena, &task.payload), 0);
    cr_assert_eq(run(DBSCAN_WHOLE), 0);
    cr_assert_eq(dbscan_unpack_whole(&result, 8, 0, &arena, &r), 0);
    cr_expect(r.eps.eps == 1.0 && r.eps.why == DBSCAN_EPS_GIVEN);
    expect_line(&r);
    t.eps = 0.0; /* the third nearest is 1 away but at the ends */
    cr_assert_eq(dbscan_pack_whole_task(&t, &arena, &task.payload), 0);
    cr_assert_eq(run(DBSCAN_WHOLE), 0);
    cr_assert_eq(dbscan_unpack_whole(&result, 8, 0, &arena, &r), 0);
    cr_expect(r.eps.eps == 1.0 && r.eps.why == DBSCAN_EPS_KNEE);
    cr_expect(r.eps.sampled == 8 && r.eps.within == 5);
    expect_line(&r);
}

Test(dbscan_task, context_points_are_not_searched_for)
{
    struct dbscan_whole_task t = { 1, 1, 1.0, 3, 1, line() };
    struct dbscan_whole r;
    cr_assert_eq(dbscan_pack_whole_task(&t, &arena, &task.payload), 0);
    cr_assert_eq(run(DBSCAN_WHOLE), 0);
    cr_assert_eq(dbscan_unpack_whole(&result, 8, 1, &arena, &r), 0);
    cr_expect_eq(r.noise, 0);
    cr_expect_eq(r.cluster[0], DBSCAN_NO_POINT);
}

Test(dbscan_task, a_border_point_joins_the_earlier_cluster)
{
    static const float x[] = { 11, 10, 9, 12, 6, 0, 1, 2, 3 };
    static const uint32_t cluster[] = { 0, 0, 0, 0, 0, 5, 5, 5, 5 };
    struct dbscan_whole_task t = { 1, 1, 3.0, 4, 0, { x, 9, 1, 9 } };
    struct dbscan_whole r;
    cr_assert_eq(dbscan_pack_whole_task(&t, &arena, &task.payload), 0);
    cr_assert_eq(run(DBSCAN_WHOLE), 0);
    cr_assert_eq(dbscan_unpack_whole(&result, 9, 0, &arena, &r), 0);
    cr_assert_eq(r.core[4], 0);
    cr_expect_arr_eq(r.cluster, cluster, sizeof cluster);
}

Test(dbscan_task, few_points_have_no_eps)
{
    struct dbscan_whole_task t = { 1, 1, 0.0, 9, 0, line() };
    struct dbscan_whole r;
    for (uint32_t rows = 0; rows <= 8; rows += 4) {
        t.points.rows = rows;
        cr_assert_eq(dbscan_pack_whole_task(&t, &arena, &task.payload), 0);
        cr_assert_eq(run(DBSCAN_WHOLE), 0);
        cr_assert_eq(dbscan_unpack_whole(&result, rows, 0, &arena, &r), 0);
        cr_expect(r.eps.why == DBSCAN_EPS_FEW && r.eps.eps == 0.0);
        cr_expect_eq(r.noise, rows);
    }
}

Test(dbscan_task, a_part_tells_what_it_touches)
{
    static const float x[] = { 2, 3, 4, 5, 1, 6 };
    struct dbscan_part_task t = { 1.0, 3, 4, { x, 6, 1, 6 } };
    struct dbscan_part r;
    cr_assert_eq(dbscan_pack_part_task(&t, &arena, &task.payload), 0);
    cr_assert_eq(run(DBSCAN_PART), 0);
    cr_assert_eq(dbscan_unpack_part(&result, 4, 2, &arena, &r), 0);
    cr_assert_eq(r.touches, 2);
    for (uint32_t i = 0; i < 4; i++)
        cr_expect(r.core[i] == 1 && r.cluster[i] == 0);
    cr_expect(r.touch_point[0] == 4 && r.touch_cluster[0] == 0);
    cr_expect(r.touch_point[1] == 5 && r.touch_cluster[1] == 0);
}

Test(dbscan_task, lists_and_searches_are_by_distance)
{
    static const float x[] = { 1, 5, 2, 8 }, q[] = { 4, 100 };
    struct matrix points = { x, 4, 1, 4 }, queries = { q, 2, 1, 2 };
    struct dbscan_near_task near = { 5, queries, points };
    struct dbscan_search_task search = { points, queries };
    static const double want[] = {
        1,       4,       9,       16,      (double)INFINITY,
        92 * 92, 95 * 95, 98 * 98, 99 * 99, (double)INFINITY
    };
    const uint32_t *nearest;
    const double *square;
    cr_assert_eq(dbscan_pack_near_task(&near, &arena, &task.payload), 0);
    cr_assert_eq(run(DBSCAN_NEAR), 0);
    cr_assert_eq(dbscan_unpack_near(&result, 5, 2, &arena, &square), 0);
    cr_expect_arr_eq(square, want, sizeof want);
    cr_assert_eq(dbscan_pack_search_task(&search, &arena, &task.payload), 0);
    cr_assert_eq(run(DBSCAN_SEARCH), 0);
    cr_assert_eq(dbscan_unpack_search(&result, 4, 2, &arena, &nearest, &square),
                 0);
    cr_expect(nearest[0] == 1 && nearest[1] == 3 && square[1] == 92 * 92);
    search.points.rows = 0;
    cr_assert_eq(dbscan_pack_search_task(&search, &arena, &task.payload), 0);
    cr_assert_eq(run(DBSCAN_SEARCH), 0);
    cr_assert_eq(dbscan_unpack_search(&result, 0, 2, &arena, &nearest, &square),
                 0);
}

Test(dbscan_task, what_is_malformed_or_unknown_is_refused)
{
    struct dbscan_whole_task t = { 1, 1, 1.0, 3, 0, line() };
    cr_assert_eq(dbscan_pack_whole_task(&t, &arena, &task.payload), 0);
    cr_expect_eq(run(0), ERR_PROTO);
    cr_expect_eq(run(DBSCAN_SEARCH + 1), ERR_PROTO);
    cr_expect_eq(run(DBSCAN_NEAR), ERR_PROTO);
    cr_expect_eq(run(DBSCAN_PART), ERR_PROTO);
    cr_expect_eq(run(DBSCAN_SEARCH), ERR_PROTO);
    struct compute_model *model;
    cr_expect_eq(compute_dbscan.model_new(&task.payload, &model), ERR_PROTO);
}

Test(dbscan_task, it_stops_when_told_to)
{
    struct rng g = seed_rng(seed_any());
    const _Atomic int stop = 1;
    struct compute_context context = { .arena = &arena, .stop = &stop };
    float *x = arena_alloc(&arena, 60000, sizeof *x);
    for (uint32_t i = 0; i < 60000; i++)
        x[i] = (float)rng_unit(&g);
    struct dbscan_whole_task t = { 1, 1, 0.01, 3, 0, { x, 20000, 3, 20000 } };
    cr_assert_eq(dbscan_pack_whole_task(&t, &arena, &task.payload), 0);
    task.phase = DBSCAN_WHOLE;
    cr_expect_eq(compute_dbscan.run(&task, NULL, &context, &result),
                 ERR_CANCELED);
}

Test(dbscan_task, its_self_test_has_one_digest)
{
    cr_expect_neq(dbscan_selftest(), 0);
    cr_expect_eq(dbscan_selftest(), dbscan_selftest());
}
