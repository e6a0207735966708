/*
 * Both halves of a detector in one process: what coordinator and workers do
 * together, without a wire or a clock.
 */
#ifndef FYKE_TOOLS_LOCAL_COMPUTE_H
#define FYKE_TOOLS_LOCAL_COMPUTE_H

#include "engine/detect/detect.h"
#include "proto/base/isa.h"
#include "tools/fyke/pool.h"

/* How the tasks are computed; no answer depends on it. */
struct local_options {
    struct pool *pool; /* the tasks of a phase side by side; NULL: one after
                        * the other. Borrowed */
    enum isa isa;      /* of the kernels */
};

/* One thread, and the level that FYKE_ISA in the environment names, else the
 * best one. Errors: ERR_USAGE with a fault that names the choices. */
FYKE_MUST_USE int local_options_default(struct local_options *ret_options,
                                        struct fault *fault);

/* Runs every phase of the plan on an open state; then it can be merged.
 * Errors: what the halves return; ERR_PROTO when they do not fit. */
FYKE_MUST_USE int local_compute(const struct local_options *options,
                                const struct detect_ops *ops,
                                struct detect_state *state,
                                const struct plan *plan);

#endif
