/*
 * What the tasks of all detectors begin with. Internal to the room.
 */
#ifndef FYKE_DETECT_TASK_H
#define FYKE_DETECT_TASK_H

#include "proto/base/check.h"
#include "proto/base/plan.h"
#include "proto/wire/wire.h"

#include <string.h>

/* The task `part` of a phase, still without a payload. `name` is the
 * detector's and stays. Returns the phase. */
static inline const struct plan_phase *
task_begin(const struct plan *plan, uint32_t phase_index, uint32_t part,
           uint64_t batch, const char *name, struct wire_task *ret_task)
{
    check(phase_index < plan->phase_count &&
          part < plan->phase[phase_index].tasks);
    const struct plan_phase *phase = &plan->phase[phase_index];
    memset(ret_task, 0, sizeof *ret_task);
    ret_task->batch = batch;
    ret_task->detector = (struct wire_text){ name, (uint32_t)strlen(name) };
    ret_task->phase = phase->phase;
    ret_task->part = part;
    return phase;
}

#endif
