/*
 * Cutting points in space: parts of about equal numbers of points, each with
 * the halo of others that may be near to it. Internal to the room.
 *
 * Cut      at the place in the widest column (ties: the lower column) that
 *          halves the parts: the points are ordered by value, then by number.
 * Halo     every point of other parts whose distance to the box around the
 *          part's own points is <= eps, measured as distances between points
 *          are (columns in order, double): rounding is monotone, so no
 *          neighbour of an own point is left out.
 */
#ifndef FYKE_DETECT_DBSCAN_SPACE_H
#define FYKE_DETECT_DBSCAN_SPACE_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/matrix.h"

#include <stdint.h>

struct dbscan_region {
    uint32_t own, halo;    /* how many */
    const uint32_t *point; /* own ones, then the halo; each ascending */
};

/* `parts` regions that share all points. Memory from `arena`, scratch from
 * `scratch`. Errors: ERR_NOMEM. */
FYKE_MUST_USE int dbscan_space_cut(const struct matrix *points, uint32_t parts,
                                   double eps, struct arena *arena,
                                   struct arena *scratch,
                                   struct dbscan_region *ret_region);

#endif
