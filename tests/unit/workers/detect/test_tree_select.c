/* Selecting against sorting. */
#include "dbscan_points.h"
#include "tests/lib/seed.h"
#include "workers/detect/dbscan/tree_select.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

Test(tree_select, the_value_is_the_one_that_sorting_gives)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 400; round++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        uint32_t count = 1 + (uint32_t)rng_below(&r, round % 2 ? 40 : 2000);
        struct matrix m = points_make(&a, &r, round % POINTS_SHAPES, count, 1);
        float *x = arena_alloc(&a, count, sizeof *x);
        float *sorted = arena_alloc(&a, count, sizeof *sorted);
        uint32_t *scratch = arena_alloc(&a, count, sizeof *scratch);
        cr_assert(x != NULL && sorted != NULL && scratch != NULL);
        for (uint32_t i = 0; i < count; i++)
            x[i] = sorted[i] = m.data[i] + 0.0f;
        qsort(sorted, count, sizeof *sorted, by_value);
        for (uint32_t k = 0; k < 5; k++) {
            uint32_t place = k == 0   ? 0
                             : k == 1 ? count - 1
                                      : (uint32_t)rng_below(&r, count);
            float got = select_value(x, count, place, sorted[0],
                                     sorted[count - 1], scratch);
            cr_assert_eq(got, sorted[place], "place %u of %u", place, count);
        }
        arena_release(&a);
    }
}
