/*
 * How the isolation forest splits a batch. Internal to the room.
 *
 * A batch whose rows and recent rows fit one part is one fused FIT_SCORE
 * task. Others take two phases: FIT over trees, then SCORE over rows with the
 * joined forest as model.
 */
#ifndef FYKE_DETECT_IFOREST_PLAN_H
#define FYKE_DETECT_IFOREST_PLAN_H

#include "engine/detect/detect.h"

/* Recent rows that a batch is fitted together with. */
uint32_t iforest_recent_used(const struct detect_config *c, uint32_t rows,
                             uint32_t recent_rows);

/* For struct detect_ops. */
FYKE_MUST_USE int iforest_check(const struct detect_config *c, uint32_t cols,
                                struct fault *fault);
int iforest_plan(const void *config, const struct plan_shape *shape,
                 struct plan *ret_plan);

#endif
