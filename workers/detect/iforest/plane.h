/*
 * Scoring extended forests: rows down the trees one by one, in plain C.
 *
 * Memory   walks the forest as it came, without a layout of its own.
 * Repeat   sums are integers; a row's side of a plane is decided in double, in
 *          the order of the features (see proto/wire/iforest.h).
 */
#ifndef FYKE_WORKERS_IFOREST_PLANE_H
#define FYKE_WORKERS_IFOREST_PLANE_H

#include "proto/wire/iforest.h"
#include "workers/detect/compute.h"

#include <stdbool.h>

/* Adds every row's path lengths in all trees of an extended forest to
 * sums[row]. `c` as form_c_table gives it. Errors: ERR_CANCELED. */
FYKE_MUST_USE int plane_score(const struct iforest_forest *f, const uint32_t *c,
                              const struct matrix *rows,
                              const struct compute_context *context,
                              uint32_t *sums);

#endif
