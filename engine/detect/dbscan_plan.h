/*
 * How DBSCAN splits a batch. Internal to the room.
 *
 * A batch of at most DBSCAN_PART_ROWS rows, context included, is one task.
 * Others are cut in space into parts, which are clustered (PART) and then
 * searched for the nearest core points of noise rows (SEARCH); where eps is to
 * be found, runs of rows are searched for it before (NEAR).
 */
#ifndef FYKE_DETECT_DBSCAN_PLAN_H
#define FYKE_DETECT_DBSCAN_PLAN_H

#include "engine/detect/detect.h"

#define DBSCAN_PART_ROWS                                                       \
    131072u                  /* below, splitting costs more than it gives      \
                              */
#define DBSCAN_PARTS_MAX 16u /* few and fat: each carries its halo */

/* Recent rows that join a batch of `rows` rows. */
uint32_t dbscan_context_used(const struct detect_config *c, uint32_t rows,
                             uint32_t recent_rows);

/* Parts of a batch of `rows` rows, context included; 1: it is not split. */
uint32_t dbscan_parts(const struct detect_config *c, uint32_t rows);

/* For struct detect_ops. */
int dbscan_plan(const void *config, const struct plan_shape *shape,
                struct plan *ret_plan);
int dbscan_check(const struct detect_config *c, uint32_t cols,
                 struct fault *fault);
uint32_t dbscan_recent_rows(const struct detect_config *c);

#endif
