/*
 * What DBSCAN measures distances between: the complete rows of a batch and
 * its context, scaled. Internal to the room.
 *
 * Fit set  the context (the newest recent rows), then the batch's rows,
 *          numbered through.
 * Point    a row of the fit set without a missing value; points are numbered
 *          in that order.
 * Scale    none: the values themselves. Else (x - middle) / spread, computed
 *          in double from the float32 value and rounded to float32 once;
 *          0 in a column whose spread is 0; beyond float32 +-FLT_MAX.
 *          standard: mean and standard deviation (of the population) over the
 *          points, sums in double in their order. robust: usual_column's
 *          median and spread of the points.
 */
#ifndef FYKE_DETECT_DBSCAN_POINTS_H
#define FYKE_DETECT_DBSCAN_POINTS_H

#include "engine/detect/detect.h"
#include "engine/detect/draw.h"

struct dbscan_points {
    struct draw_rows fit;
    uint32_t count;
    uint32_t context;    /* points that are rows of the context */
    const uint32_t *row; /* per point: its row of the fit set, ascending */
    struct matrix scaled;
};

/* What DETECT_SCALE_AUTO stands for. */
enum detect_scale dbscan_scale_of(const struct detect_config *c);

/* Borrows the fit set; memory from `arena`, scratch from `scratch`. Errors:
 * ERR_NOMEM. */
FYKE_MUST_USE int dbscan_points_make(const struct draw_rows *fit,
                                     enum detect_scale scale,
                                     struct arena *arena, struct arena *scratch,
                                     struct dbscan_points *ret_p);

/* The point that a row of the batch is, or DBSCAN_NO_POINT. */
uint32_t dbscan_point_of(const struct dbscan_points *p, uint32_t row);

/* A value as it was read. */
float dbscan_value(const struct dbscan_points *p, uint32_t point, uint32_t col);

/* The scaled values of some points, dense. Errors: ERR_NOMEM. */
FYKE_MUST_USE int dbscan_gather(const struct dbscan_points *p,
                                const uint32_t *point, uint32_t count,
                                struct arena *arena, struct matrix *ret_m);

#endif
