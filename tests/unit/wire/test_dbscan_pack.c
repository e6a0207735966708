#include "proto/wire/dbscan.h"

#include <criterion/criterion.h>
#include <math.h>

static struct arena arena;
static const float values[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const struct matrix strided = { values, 3, 2, 4 };
static struct wire_payload p;

static void open_arena(void)
{
    arena_init(&arena, 1u << 22);
}

static void close_arena(void)
{
    arena_release(&arena);
}

TestSuite(dbscan_pack, .init = open_arena, .fini = close_arena);

static void expect_strided(const struct matrix *m)
{
    cr_assert(m->rows == 3 && m->cols == 2 && m->stride == 3);
    cr_expect(m->data[0] == 1 && m->data[2] == 3);
    cr_expect(m->data[3] == 5 && m->data[5] == 7);
}

Test(dbscan_pack, tasks_come_back_as_they_went)
{
    struct dbscan_whole_task w = { 7, 8, 0.0, 5, 1, strided }, w2;
    struct dbscan_near_task n = { 9, strided, strided }, n2;
    struct dbscan_part_task t = { 0.5, 6, 2, strided }, t2;
    struct dbscan_search_task s = { strided, strided }, s2;
    cr_assert_eq(dbscan_pack_whole_task(&w, &arena, &p), 0);
    cr_assert_eq(dbscan_unpack_whole_task(&p, &arena, &w2), 0);
    cr_expect(w2.seed == 7 && w2.batch == 8 && w2.eps == 0.0);
    cr_expect(w2.min_points == 5 && w2.context == 1);
    expect_strided(&w2.points);
    cr_assert_eq(dbscan_pack_near_task(&n, &arena, &p), 0);
    cr_assert_eq(dbscan_unpack_near_task(&p, &arena, &n2), 0);
    cr_expect_eq(n2.k, 9);
    expect_strided(&n2.queries);
    expect_strided(&n2.points);
    cr_assert_eq(dbscan_pack_part_task(&t, &arena, &p), 0);
    cr_assert_eq(dbscan_unpack_part_task(&p, &arena, &t2), 0);
    cr_expect(t2.eps == 0.5 && t2.min_points == 6 && t2.own == 2);
    expect_strided(&t2.points);
    cr_assert_eq(dbscan_pack_search_task(&s, &arena, &p), 0);
    cr_assert_eq(dbscan_unpack_search_task(&p, &arena, &s2), 0);
    expect_strided(&s2.points);
    expect_strided(&s2.queries);
}

Test(dbscan_pack, results_come_back_as_they_went)
{
    const uint8_t core[] = { 1, 0, 1, 0 };
    const uint32_t cluster[] = { 0, 0, 0, DBSCAN_NO_POINT }, nearest[] = { 2 };
    const double square[] = { 6.25, 7.0 };
    struct dbscan_whole w = { { 0.5, DBSCAN_EPS_KNEE, 2, 4, 4, 3 },
                              4,
                              1,
                              core,
                              cluster,
                              nearest,
                              square };
    struct dbscan_whole w2;
    dbscan_pack_whole(&w, &p);
    cr_assert_eq(dbscan_unpack_whole(&p, 4, 0, &arena, &w2), 0);
    cr_expect(w2.eps.eps == 0.5 && w2.eps.why == DBSCAN_EPS_KNEE);
    cr_expect(w2.eps.k == 2 && w2.eps.points == 4 && w2.eps.sampled == 4);
    cr_expect_eq(w2.eps.within, 3);
    cr_expect(w2.points == 4 && w2.noise == 1);
    cr_expect_arr_eq(w2.core, core, sizeof core);
    cr_expect_arr_eq(w2.cluster, cluster, sizeof cluster);
    cr_expect(w2.nearest[0] == 2 && w2.square[0] == 6.25);

    const double *near;
    dbscan_pack_near(square, 2, 1, &p);
    cr_assert_eq(dbscan_unpack_near(&p, 2, 1, &arena, &near), 0);
    cr_expect_arr_eq(near, square, sizeof square);

    const uint32_t *found;
    dbscan_pack_search(nearest, square, 1, &p);
    cr_assert_eq(dbscan_unpack_search(&p, 3, 1, &arena, &found, &near), 0);
    cr_expect(found[0] == 2 && near[0] == 6.25);
}

Test(dbscan_pack, parts_come_back_as_they_went)
{
    const uint8_t core[] = { 1, 0, 1 };
    const uint32_t cluster[] = { 0, DBSCAN_NO_POINT, 2 };
    const uint32_t point[] = { 1, 1, 3 }, touched[] = { 0, 2, 2 };
    struct dbscan_part r = { 3, 3, core, cluster, point, touched }, r2;
    dbscan_pack_part(&r, &p);
    cr_assert_eq(dbscan_unpack_part(&p, 3, 1, &arena, &r2), 0);
    cr_expect(r2.own == 3 && r2.touches == 3);
    cr_expect_arr_eq(r2.core, core, sizeof core);
    cr_expect_arr_eq(r2.cluster, cluster, sizeof cluster);
    cr_expect_arr_eq(r2.touch_point, point, sizeof point);
    cr_expect_arr_eq(r2.touch_cluster, touched, sizeof touched);
}

Test(dbscan_pack, too_many_columns_are_refused_and_no_rows_are_not)
{
    struct dbscan_search_task s = { { values, 0, 2, 0 }, { values, 0, 2, 0 } };
    cr_expect_eq(dbscan_pack_search_task(&s, &arena, &p), 0);
    cr_expect_eq(dbscan_unpack_search_task(&p, &arena, &s), 0);
    s.points.cols = DBSCAN_FEATURES_MAX + 1;
    cr_expect_eq(dbscan_pack_search_task(&s, &arena, &p), ERR_LIMIT);
    s.points.cols = 0;
    cr_expect_eq(dbscan_pack_search_task(&s, &arena, &p), ERR_LIMIT);
}

Test(dbscan_pack, without_memory_it_says_so)
{
    struct arena tiny;
    struct dbscan_whole_task w = { 7, 8, 0.0, 5, 1, strided };
    arena_init(&tiny, 0);
    cr_expect_eq(dbscan_pack_whole_task(&w, &tiny, &p), ERR_NOMEM);
    cr_assert_eq(dbscan_pack_whole_task(&w, &arena, &p), 0);
    cr_expect_eq(dbscan_unpack_whole_task(&p, &tiny, &w), ERR_NOMEM);
    arena_release(&tiny);
}
