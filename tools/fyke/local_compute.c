/*
 * Plan, tasks, computing and results in one process.
 */
#include "tools/fyke/local_compute.h"

#include "proto/base/arena.h"
#include "proto/host/cores.h"
#include "workers/detect/compute.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX ((size_t)2 << 30)

struct local {
    const struct local_options *options;
    const struct detect_ops *ops;
    struct detect_state *state;
    const struct compute_ops *compute;
    struct compute_model *model; /* made when a phase first needs it */
    pthread_mutex_t lock;        /* of the state: one call at a time */
    struct arena *arena;         /* one a thread */
    uint32_t phase_index;
};

int local_options_default(struct local_options *ret_options,
                          struct fault *fault)
{
    *ret_options = (struct local_options){ 0 };
    return host_isa(&ret_options->isa, fault);
}

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

/* Numbers and shapes stay; what blocks point to becomes the arena's. */
static int payload_own(struct wire_payload *p, struct arena *arena)
{
    for (uint32_t i = 0; i < p->block_count; i++) {
        struct wire_block *b = &p->block[i];
        size_t bytes = wire_block_bytes(b);
        void *copy = arena_alloc(arena, bytes, 1);
        if (copy == NULL)
            return ERR_NOMEM;
        if (bytes > 0)
            memcpy(copy, b->data, bytes);
        b->data = copy;
    }
    return ERR_OK;
}

/* A task stays only until the state is asked for the next one. */
static int local_task(struct local *l, uint32_t part, struct arena *arena,
                      struct wire_task *ret_task)
{
    (void)pthread_mutex_lock(&l->lock);
    int err = l->ops->task(l->state, l->phase_index, part, ret_task);
    if (err == 0 && pool_threads(l->options->pool) > 1)
        err = payload_own(&ret_task->payload, arena);
    (void)pthread_mutex_unlock(&l->lock);
    return err;
}

static int local_accept(struct local *l, uint32_t part,
                        const struct wire_payload *payload)
{
    (void)pthread_mutex_lock(&l->lock);
    int err = l->ops->validate(l->state, l->phase_index, part, payload);
    if (err == 0)
        err = l->ops->accept(l->state, l->phase_index, part, payload);
    (void)pthread_mutex_unlock(&l->lock);
    return err;
}

static int local_part(void *context, uint32_t part, uint32_t thread)
{
    struct local *l = context;
    struct wire_task task;
    struct wire_payload payload;
    struct arena *arena = &l->arena[thread];
    struct compute_context compute = { .arena = arena, .isa = l->options->isa };
    arena_reset(arena);
    int err = local_task(l, part, arena, &task);
    if (err == 0)
        err = l->compute->run(&task, l->model, &compute, &payload);
    return err != 0 ? err : local_accept(l, part, &payload);
}

static int local_phase(struct local *l, const struct plan_phase *phase)
{
    int err = ERR_OK;
    if (phase->prepare)
        err = l->ops->prepare(l->state, l->phase_index);
    if (err == 0 && phase->model)
        err = local_model(l);
    if (err == 0)
        err = pool_run(l->options->pool, phase->tasks, local_part, l);
    return err;
}

static int local_run(struct local *l, const struct plan *plan)
{
    uint32_t threads = pool_threads(l->options->pool);
    int err = ERR_OK;
    l->arena = calloc(threads, sizeof *l->arena);
    if (l->arena == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < threads; i++)
        arena_init(&l->arena[i], ARENA_BYTES_MAX);
    (void)pthread_mutex_init(&l->lock, NULL);
    for (uint32_t i = 0; i < plan->phase_count && err == 0; i++) {
        l->phase_index = i;
        err = local_phase(l, &plan->phase[i]);
    }
    (void)pthread_mutex_destroy(&l->lock);
    for (uint32_t i = 0; i < threads; i++)
        arena_release(&l->arena[i]);
    free(l->arena);
    return err;
}

int local_compute(const struct local_options *options,
                  const struct detect_ops *ops, struct detect_state *state,
                  const struct plan *plan)
{
    struct local l = { .options = options, .ops = ops, .state = state };
    l.compute = compute_find(ops->name, strlen(ops->name));
    if (l.compute == NULL || l.compute->algorithm != ops->algorithm)
        return ERR_UNSUPPORTED;
    int err = local_run(&l, plan);
    if (l.model != NULL)
        l.compute->model_free(l.model);
    return err;
}
