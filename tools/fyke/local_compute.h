/*
 * Both halves of a detector in one process, one task after the other: what
 * coordinator and workers do together, without a wire, a clock or a thread.
 */
#ifndef FYKE_TOOLS_LOCAL_COMPUTE_H
#define FYKE_TOOLS_LOCAL_COMPUTE_H

#include "engine/detect/detect.h"

/* Runs every phase of the plan on an open state; then it can be merged.
 * Errors: what the halves return; ERR_PROTO when they do not fit. */
FYKE_MUST_USE int local_compute(const struct detect_ops *ops,
                                struct detect_state *state,
                                const struct plan *plan);

#endif
