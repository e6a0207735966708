#include "dbscan_points.h"

#include "workers/detect/dbscan/exact.h"

#include <criterion/criterion.h>
#include <math.h>

const char *const points_name[POINTS_SHAPES] = {
    "blobs",    "outliers", "lattice", "duplicates", "line",
    "constant", "mixed",    "wide",    "denormal",   "same",
};

struct draw {
    struct rng *r;
    uint32_t blob;
    double along;
    double scale; /* of an outlier, else 0 */
};

static double bell(struct rng *r)
{
    return rng_unit(r) + rng_unit(r) + rng_unit(r) - 1.5;
}

static float value_of(enum points_shape shape, const struct draw *d,
                      uint32_t col)
{
    double unit = rng_unit(d->r), blob = d->blob * (1 + col % 3);
    switch (shape) {
    case POINTS_BLOBS:
        return (float)(2 * blob + bell(d->r));
    case POINTS_OUTLIERS:
        return (float)(2 * blob + bell(d->r) + d->scale * (unit - 0.5));
    case POINTS_LATTICE:
        return (float)floor(unit * 3) * 0.1f;
    case POINTS_DUPLICATES:
        return (float)(blob * blob) * 0.7f;
    case POINTS_LINE:
        return (float)(d->along * (col + 1));
    case POINTS_CONSTANT:
        return col % 3 == 0 ? (float)bell(d->r) : -0.0f;
    case POINTS_MIXED:
        return (float)(unit * pow(10, (double)(col % 7) * 10 - 30));
    case POINTS_WIDE:
        return (float)((unit - 0.5) * 6.8e38);
    case POINTS_DENORMAL:
        return (float)((unit - 0.5) * 2e-44);
    case POINTS_SAME:
    case POINTS_SHAPES:
        break;
    }
    return 7.5f;
}

struct matrix points_make(struct arena *a, struct rng *r,
                          enum points_shape shape, uint32_t rows, uint32_t cols)
{
    float *x = arena_alloc(a, (size_t)rows * cols, sizeof *x);
    cr_assert_not_null(x);
    for (uint32_t i = 0; i < rows; i++) {
        struct draw d = { r, (uint32_t)rng_below(r, 4), rng_unit(r), 0 };
        if (rng_below(r, 50) == 0)
            d.scale = pow(10, 4 * rng_unit(r));
        for (uint32_t j = 0; j < cols; j++)
            x[(size_t)j * rows + i] = value_of(shape, &d, j);
    }
    return (struct matrix){ x, rows, cols, rows };
}

double points_eps(struct rng *r, const struct matrix *m)
{
    const float *a = m->data + rng_below(r, m->rows);
    const float *b = m->data + rng_below(r, m->rows);
    double eps = sqrt(exact_square(a, m->stride, b, m->stride, m->cols));
    switch (rng_below(r, 7)) {
    case 0:
        eps = nextafter(eps, 0);
        break;
    case 1:
        eps = nextafter(eps, (double)INFINITY);
        break;
    case 2:
        eps *= rng_unit(r);
        break;
    case 3:
        eps *= 0.4;
        break;
    default:
        break;
    }
    return eps > 0 ? eps : 0.1;
}
