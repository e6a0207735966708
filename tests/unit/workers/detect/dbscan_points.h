/*
 * Point sets for tests of DBSCAN, of any number of columns: ordinary ones and
 * ones that are not.
 */
#ifndef FYKE_TEST_WORKERS_DETECT_DBSCAN_POINTS_H
#define FYKE_TEST_WORKERS_DETECT_DBSCAN_POINTS_H

#include "proto/base/arena.h"
#include "proto/base/matrix.h"
#include "proto/base/rng.h"

enum points_shape {
    POINTS_BLOBS,
    POINTS_OUTLIERS,   /* blobs, and some far out, on all scales */
    POINTS_LATTICE,    /* many distances are equal */
    POINTS_DUPLICATES, /* a few different points */
    POINTS_LINE,
    POINTS_CONSTANT, /* but for one column in three */
    POINTS_MIXED,    /* columns from 1e-30 to 1e30 */
    POINTS_WIDE,     /* up to FLT_MAX */
    POINTS_DENORMAL,
    POINTS_SAME,
    POINTS_SHAPES
};

extern const char *const points_name[POINTS_SHAPES];

/* Memory from the arena; none fails the test. */
struct matrix points_make(struct arena *a, struct rng *r,
                          enum points_shape shape, uint32_t rows,
                          uint32_t cols);

/* Mostly the distance of two of the points, or a double next to it, so that
 * they just are neighbours, or are not; else a part of one. Above 0. */
double points_eps(struct rng *r, const struct matrix *m);

#endif
