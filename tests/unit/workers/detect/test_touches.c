/* Touches are collected in any order and come back sorted, each once. */
#include "tests/lib/seed.h"
#include "workers/detect/dbscan/touches.h"

#include <criterion/criterion.h>

Test(touches, come_back_by_point_and_cluster_each_once)
{
    enum { ADDED = 20000, POINTS = 300, CLUSTERS = 7 };
    static bool seen[POINTS][CLUSTERS];
    struct arena a;
    struct dbscan_touch *touch;
    uint32_t count, k = 0;
    struct rng r = seed_rng(seed_any());
    arena_init(&a, SIZE_MAX);
    struct touches t = { .arena = &a };
    for (uint32_t i = 0; i < ADDED; i++) {
        uint32_t point = (uint32_t)rng_below(&r, POINTS) / 2 * 2;
        uint32_t cluster = (uint32_t)rng_below(&r, CLUSTERS);
        seen[point][cluster] = true;
        /* Numbers up to the largest ones. */
        cr_assert_eq(touches_add(&t, UINT32_MAX - POINTS + point,
                                 UINT32_MAX - CLUSTERS + cluster),
                     0);
    }
    cr_assert_eq(touches_finish(&t, &touch, &count), 0);
    for (uint32_t p = 0; p < POINTS; p++)
        for (uint32_t c = 0; c < CLUSTERS; c++) {
            if (!seen[p][c])
                continue;
            cr_assert_lt(k, count);
            cr_assert_eq(touch[k].point, UINT32_MAX - POINTS + p);
            cr_assert_eq(touch[k++].cluster, UINT32_MAX - CLUSTERS + c);
        }
    cr_assert_eq(k, count);
    arena_release(&a);
}

Test(touches, none_are_none)
{
    struct arena a;
    struct dbscan_touch *touch;
    uint32_t count = 1;
    arena_init(&a, SIZE_MAX);
    struct touches t = { .arena = &a };
    cr_assert_eq(touches_finish(&t, &touch, &count), 0);
    cr_assert_eq(count, 0);
    arena_release(&a);
}
