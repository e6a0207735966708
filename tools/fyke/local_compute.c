/*
 * Plan, tasks, computing and results in one process.
 */
#include "tools/fyke/local_compute.h"

#include "proto/base/arena.h"
#include "workers/detect/compute.h"

#include <string.h>

#define ARENA_BYTES_MAX ((size_t)2 << 30)

struct local {
    const struct detect_ops *ops;
    struct detect_state *state;
    const struct compute_ops *compute;
    struct compute_model *model; /* made when a phase first needs it */
    struct arena arena;
};

static int local_model(struct local *l)
{
    struct wire_model model;
    if (l->model != NULL)
        return ERR_OK;
    int err = l->ops->model(l->state, &model);
    if (err != 0)
        return err;
    return l->compute->model_new(&model.payload, &l->model);
}

static int local_part(struct local *l, uint32_t phase_index, uint32_t part)
{
    struct wire_task task;
    struct wire_payload payload;
    struct compute_context context = { .arena = &l->arena };
    arena_reset(&l->arena);
    int err = l->ops->task(l->state, phase_index, part, &task);
    if (err != 0)
        return err;
    err = l->compute->run(&task, l->model, &context, &payload);
    if (err != 0)
        return err;
    err = l->ops->validate(l->state, phase_index, part, &payload);
    if (err != 0)
        return err;
    return l->ops->accept(l->state, phase_index, part, &payload);
}

static int local_phase(struct local *l, const struct plan_phase *phase,
                       uint32_t phase_index)
{
    int err = ERR_OK;
    if (phase->prepare)
        err = l->ops->prepare(l->state, phase_index);
    if (err == 0 && phase->model)
        err = local_model(l);
    for (uint32_t part = 0; part < phase->tasks && err == 0; part++)
        err = local_part(l, phase_index, part);
    return err;
}

int local_compute(const struct detect_ops *ops, struct detect_state *state,
                  const struct plan *plan)
{
    struct local l = { .ops = ops, .state = state };
    int err = ERR_OK;
    l.compute = compute_find(ops->name, strlen(ops->name));
    if (l.compute == NULL || l.compute->algorithm != ops->algorithm)
        return ERR_UNSUPPORTED;
    arena_init(&l.arena, ARENA_BYTES_MAX);
    for (uint32_t i = 0; i < plan->phase_count && err == 0; i++)
        err = local_phase(&l, &plan->phase[i], i);
    if (l.model != NULL)
        l.compute->model_free(l.model);
    arena_release(&l.arena);
    return err;
}
