/*
 * A batch's data at the coordinator: what the shell's jobs do, at once. The
 * time that they take is the world's.
 */
#include "tests/sim/sim.h"

#include "proto/base/check.h"
#include "proto/wire/iforest.h"

#include <stdlib.h>
#include <string.h>

void config_of_mix(const struct sim_mix *mix, uint32_t detector,
                   struct detect_config *ret_c)
{
    *ret_c = (struct detect_config){ .seed = mix->seed + detector,
                                     .trees = mix->trees,
                                     .subsample = mix->subsample,
                                     .fit_rows = mix->fit_rows,
                                     .part_bytes = 4096,
                                     .message_bytes_max = 1 << 20 };
}

/* The forest again under another number: its reference is its own. */
static struct detect_ops second;

static const struct detect_ops *ops_of(uint32_t detector)
{
    if (detector == 0) {
        return &detect_iforest;
    }
    second = detect_iforest;
    second.id = 2;
    return &second;
}

const struct detect_run *batch_run(const struct sim_batch *b, uint32_t detector)
{
    check(b->run[detector].state != NULL);
    return &b->run[detector];
}

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

static struct plan_phase phase_of(uint32_t phase, uint32_t units,
                                  uint32_t units_per_task)
{
    return (struct plan_phase){ .phase = phase,
                                .units = units,
                                .units_per_task = units_per_task,
                                .tasks = ceil_div(units, units_per_task) };
}

/* As iforest_plan, with parts so small that tiny batches have several. */
int sim_plan(const void *config, const struct plan_shape *shape,
             struct plan *ret_plan)
{
    const struct sim_plan_config *c = config;
    struct plan plan = { 0 };
    if (shape->rows > 0 && shape->rows <= c->part_rows) {
        plan.phase_count = 1;
        plan.phase[0] = phase_of(IFOREST_FIT_SCORE, shape->rows, shape->rows);
    } else if (shape->rows > 0) {
        plan.phase_count = 2;
        plan.phase[0] =
            phase_of(IFOREST_FIT, c->detect.trees, c->trees_per_task);
        plan.phase[1] = phase_of(IFOREST_SCORE, shape->rows, c->part_rows);
        plan.phase[0].prepare = true;
        plan.phase[1].prepare = true;
        plan.phase[1].model = true;
    }
    *ret_plan = plan;
    return 0;
}

static void batch_open(const struct sim_plan_config *config,
                       const struct sim_mix *mix, const struct input *input,
                       struct sim_batch *b)
{
    uint32_t rows;
    b->data = input_rows(input, b->from, b->to, &rows);
    b->rows = (struct matrix){ b->data, rows, input->cols, rows };
    struct plan_shape shape = { rows, input->cols, b->view.recent.rows };
    struct detect_batch batch = { b->number, b->rows, b->view.recent };
    for (uint32_t d = 0; d < mix->detectors; d++) {
        struct detect_run *r = &b->run[d];
        r->ops = ops_of(d);
        check(sim_plan(&config[d], &shape, &r->plan) == 0);
        if (rows > 0) {
            check(r->ops->open(&config[d].detect, &batch, &r->plan,
                               &r->state) == 0);
        }
    }
}

/* At the seal: batches ask for states in order, jobs may end in any. */
void batch_look(struct sim *s, struct sim_batch *b)
{
    int err = learn_history_view(s->coord.history, b->state_batch, &b->view);
    if (err != 0) {
        sim_fail(s, "batch %llu: no state after batch %llu",
                 (unsigned long long)b->number,
                 (unsigned long long)b->state_batch);
    }
    b->has_view = true;
    buf_init(&b->delta, 1 << 24);
    arena_init(&b->arena, SIZE_MAX);
}

void batch_assemble(struct sim *s, struct sim_batch *b)
{
    batch_open(s->plan_config, &s->mix, &s->input, b);
}

static void batch_learn(const struct sim_mix *mix, struct sim_batch *b)
{
    struct verdict_config config =
        verdict_config_of(999000, mix->votes, mix->fit_rows);
    struct verdict v;
    for (uint32_t d = 0; d < mix->detectors; d++) {
        struct detect_run *r = &b->run[d];
        check(r->ops->merge(r->state, &r->result) == 0);
    }
    check(verdict_make(&config, &b->rows, b->run, mix->detectors, &b->view,
                       &b->arena, &v) == 0);
    b->result_hash = v.result_hash;
    check(learn_delta_encode(&v.delta, &b->delta) == 0);
}

void batch_merge(struct sim *s, struct sim_batch *b)
{
    if (b->run[0].state != NULL) {
        batch_learn(&s->mix, b);
        return;
    }
    struct learn_delta none = { .recent = { .cols = s->mix.cols } };
    b->result_hash = 0;
    check(learn_delta_encode(&none, &b->delta) == 0);
}

void batch_release(struct sim_batch *b)
{
    if (!b->used) {
        return;
    }
    for (uint32_t d = 0; d < SIM_DETECTORS_MAX; d++) {
        if (b->run[d].state != NULL) {
            b->run[d].ops->close(b->run[d].state);
        }
    }
    if (b->has_view) {
        learn_view_release(&b->view);
        arena_release(&b->arena);
        buf_release(&b->delta);
    }
    free(b->data);
    *b = (struct sim_batch){ 0 };
}

/* One fused task, computed on the spot. */
static void run_compute(const struct detect_run *r)
{
    struct arena arena;
    struct wire_task task;
    struct wire_payload payload;
    arena_init(&arena, SIZE_MAX);
    struct compute_context context = { &arena, NULL, NULL };
    check(r->ops->task(r->state, 0, 0, &task) == 0);
    check(compute_iforest.run(&task, NULL, &context, &payload) == 0);
    check(r->ops->accept(r->state, 0, 0, &payload) == 0);
    arena_release(&arena);
}

uint64_t batch_replay(const struct sim_mix *mix, const struct input *input,
                      const struct store *store, uint64_t number)
{
    const struct stored_batch *stored = &store->batch[number - 1];
    struct sim_plan_config config[SIM_DETECTORS_MAX];
    for (uint32_t d = 0; d < mix->detectors; d++) {
        config[d].part_rows = UINT32_MAX;
        config[d].trees_per_task = 1;
        config_of_mix(mix, d, &config[d].detect);
    }
    struct store past = *store;
    past.last_batch = stored->state_batch;
    struct learn_history *history = store_history(&past, mix);
    struct sim_batch b = {
        .used = true, .number = number, .from = stored->from, .to = stored->to
    };
    check(learn_history_view(history, stored->state_batch, &b.view) == 0);
    b.has_view = true;
    buf_init(&b.delta, 1 << 24);
    arena_init(&b.arena, SIZE_MAX);
    batch_open(config, mix, input, &b);
    if (b.run[0].state != NULL) {
        for (uint32_t d = 0; d < mix->detectors; d++) {
            run_compute(&b.run[d]);
        }
        batch_learn(mix, &b);
    }
    uint64_t hash = b.result_hash;
    batch_release(&b);
    learn_history_free(history);
    return hash;
}
