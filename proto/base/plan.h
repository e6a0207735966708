/*
 * How a batch is split for one detector: phases in order, each cut into tasks
 * over units (rows or trees). Header only. A plan is a function of the
 * batch's shape and the configuration, never of the workers alive.
 */
#ifndef FYKE_BASE_PLAN_H
#define FYKE_BASE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define PLAN_PHASES_MAX 4u
#define PLAN_TASKS_MAX 1024u /* per phase */

struct plan_shape {
    uint32_t rows; /* good rows of the batch */
    uint32_t cols;
    uint32_t recent_rows; /* of the learned state that this batch uses */
};

struct plan_phase {
    uint32_t phase;          /* the detector's wire number */
    uint32_t units;          /* rows or trees */
    uint32_t units_per_task; /* >= 1 */
    uint32_t tasks;          /* ceil(units / units_per_task) */
    bool prepare;            /* a job must run before the tasks can be sent */
    bool model;              /* tasks name a model; who lacks it asks for it */
};

struct plan {
    uint32_t phase_count; /* 0: nothing to compute (no rows) */
    struct plan_phase phase[PLAN_PHASES_MAX];
};

static inline uint32_t plan_task_first(const struct plan_phase *p,
                                       uint32_t part)
{
    return part * p->units_per_task;
}

static inline uint32_t plan_task_count(const struct plan_phase *p,
                                       uint32_t part)
{
    uint32_t left = p->units - plan_task_first(p, part);
    return left < p->units_per_task ? left : p->units_per_task;
}

#endif
