#include "guarded.h"

#include "proto/base/rng.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GUARD 192u
#define PATTERN 0xA5

struct guarded guarded_make(size_t count, size_t skew)
{
    struct guarded g = { .count = count, .skew = skew % 64 };
    g.all = malloc(count + 2 * GUARD + 64);
    cr_assert_not_null(g.all);
    memset(g.all, PATTERN, count + 2 * GUARD + 64);
    g.bytes = g.all + GUARD + g.skew;
    return g;
}

void guarded_free(struct guarded *g)
{
    for (unsigned char *p = g->all; p < g->bytes; p++)
        cr_assert_eq(*p, PATTERN, "written %td bytes in front", g->bytes - p);
    for (unsigned char *p = g->bytes + g->count;
         p < g->all + g->count + 2 * GUARD + 64; p++)
        cr_assert_eq(*p, PATTERN, "written %td bytes behind",
                     p - (g->bytes + g->count));
    free(g->all);
}

struct fyke_matrix matrix_make(uint64_t seed, uint32_t rows, uint32_t cols,
                               double missing)
{
    struct rng r;
    struct fyke_matrix m = { .rows = rows, .cols = cols, .stride = rows + 3u };
    float *x = malloc(m.stride * cols * sizeof *x);
    cr_assert_not_null(x);
    rng_init(&r, &seed, 1);
    for (size_t i = 0; i < m.stride * cols; i++) {
        double value = rng_unit(&r) + rng_unit(&r);
        size_t kind = i / m.stride % 3;
        value = kind == 0 ? value * 1e6 : kind == 1 ? floor(8 * value) : value;
        x[i] = rng_unit(&r) < missing ? (float)NAN : (float)value;
    }
    m.data = x;
    return m;
}
