/* Parts share all points evenly, and no neighbour is missing from a halo. */
#include "dbscan_support.h"
#include "engine/detect/dbscan_space.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct arena arena, scratch;

static void arenas_up(void)
{
    arena_init(&arena, SIZE_MAX);
    arena_init(&scratch, SIZE_MAX);
}

static void arenas_down(void)
{
    arena_release(&arena);
    arena_release(&scratch);
}

TestSuite(dbscan_space, .init = arenas_up, .fini = arenas_down);

static double square_of(const struct matrix *m, uint32_t a, uint32_t b)
{
    double sum = 0.0;
    for (uint32_t j = 0; j < m->cols; j++) {
        const float *x = matrix_column(m, j);
        double step = (double)x[a] - (double)x[b];
        sum += step * step;
    }
    return sum;
}

/* Marks own points 1 and the halo 2, checking order and that nothing is there
 * twice. */
static void region_mark(const struct dbscan_region *r, uint32_t rows,
                        uint8_t *ret_mark)
{
    memset(ret_mark, 0, rows);
    for (uint32_t i = 0; i < r->own + r->halo; i++) {
        uint32_t point = r->point[i];
        cr_assert_lt(point, rows);
        cr_assert_eq(ret_mark[point], 0);
        cr_assert(i == 0 || i == r->own || r->point[i - 1] < point);
        ret_mark[point] = i < r->own ? 1 : 2;
    }
}

static void expect_cut(const struct matrix *m, uint32_t parts, double eps)
{
    struct dbscan_region region[16];
    uint8_t *mark = arena_alloc(&arena, m->rows, 1);
    uint32_t *owners = arena_zalloc(&arena, m->rows, 4);
    cr_assert_eq(dbscan_space_cut(m, parts, eps, &arena, &scratch, region), 0);
    for (uint32_t p = 0; p < parts; p++) {
        region_mark(&region[p], m->rows, mark);
        cr_assert_leq(region[p].own, m->rows / parts + 5);
        for (uint32_t i = 0; i < m->rows; i++) {
            owners[i] += mark[i] == 1;
            for (uint32_t k = 0; k < m->rows && mark[i] == 1; k++)
                cr_assert(mark[k] != 0 || !(square_of(m, i, k) <= eps * eps));
        }
    }
    for (uint32_t i = 0; i < m->rows; i++)
        cr_assert_eq(owners[i], 1, "row %u", i);
}

Test(dbscan_space, every_point_has_one_owner_and_its_neighbours_are_there)
{
    struct rng g = seed_rng(seed_any());
    for (uint32_t k = 0; k < 15; k++) {
        uint32_t cols = 1 + (uint32_t)rng_below(&g, 5);
        struct matrix m = dbscan_support_rows(&arena, &g, 300, cols, 0.0);
        expect_cut(&m, 2 + k, rng_unit(&g) * 2.0);
        arena_reset(&scratch);
    }
}

Test(dbscan_space, distances_of_exactly_eps_are_in_the_halo)
{
    float x[64];
    for (uint32_t i = 0; i < 64; i++)
        x[i] = 0.1f * (float)i;
    struct matrix m = { x, 64, 1, 64 };
    for (uint32_t parts = 2; parts <= 16; parts++)
        for (uint32_t i = 0; i + 1 < 64; i++)
            expect_cut(&m, parts, (double)x[i + 1] - (double)x[i]);
}

Test(dbscan_space, far_points_are_in_no_halo)
{
    static float x[1000];
    for (uint32_t i = 0; i < 1000; i++)
        x[i] = (float)(i + (i < 500 ? 0 : 500));
    struct matrix m = { x, 1000, 1, 1000 };
    struct dbscan_region region[2];
    cr_assert_eq(dbscan_space_cut(&m, 2, 3.0, &arena, &scratch, region), 0);
    cr_expect(region[0].own == 500 && region[0].halo == 0);
    cr_expect(region[1].own == 500 && region[1].halo == 0);
}

Test(dbscan_space, fewer_points_than_parts_leave_some_empty)
{
    float x[3] = { 1, 2, 3 };
    struct matrix m = { x, 3, 1, 3 }, none = { x, 0, 1, 0 };
    struct dbscan_region region[16];
    uint32_t own = 0;
    cr_assert_eq(dbscan_space_cut(&m, 16, 5.0, &arena, &scratch, region), 0);
    for (uint32_t p = 0; p < 16; p++) {
        own += region[p].own;
        cr_expect_eq(region[p].halo, region[p].own > 0 ? 3 - region[p].own : 0);
    }
    cr_expect_eq(own, 3);
    cr_assert_eq(dbscan_space_cut(&none, 16, 5.0, &arena, &scratch, region), 0);
    for (uint32_t p = 0; p < 16; p++)
        cr_expect_eq(region[p].own + region[p].halo, 0);
}
