#include "support.h"

#include "workers/detect/compute.h"

#include <criterion/criterion.h>
#include <math.h>

struct detect_config support_config(void)
{
    return (struct detect_config){ .seed = 1,
                                   .trees = 100,
                                   .subsample = 256,
                                   .fit_rows = 1024,
                                   .part_bytes = 1u << 20,
                                   .message_bytes_max = 64u << 20 };
}

struct matrix support_matrix(struct arena *a, uint64_t seed, uint32_t rows,
                             uint32_t cols, double missing)
{
    struct rng r;
    float *x = arena_alloc(a, (size_t)rows * cols, sizeof *x);
    cr_assert_not_null(x);
    rng_init(&r, &seed, 1);
    for (size_t i = 0; i < (size_t)rows * cols; i++) {
        double sum = rng_unit(&r) + rng_unit(&r) + rng_unit(&r);
        x[i] = rng_unit(&r) < missing ? NAN : (float)(sum * 100.0);
    }
    return (struct matrix){ x, rows, cols, rows };
}

struct wire_payload support_run_task(struct detect_state *st,
                                     uint32_t phase_index, uint32_t part,
                                     struct arena *a)
{
    struct compute_context context = { .arena = a };
    struct compute_model *model = NULL;
    struct wire_task task;
    struct wire_payload result;
    cr_assert_eq(detect_iforest.task(st, phase_index, part, &task), 0);
    if (task.model_id != 0) {
        struct wire_model m;
        cr_assert_eq(detect_iforest.model(st, &m), 0);
        cr_assert_eq(m.model_id, task.model_id);
        cr_assert_eq(m.model_hash, task.model_hash);
        cr_assert_eq(wire_payload_hash(&m.payload), task.model_hash);
        cr_assert_eq(compute_iforest.model_new(&m.payload, &model), 0);
    }
    cr_assert_eq(compute_iforest.run(&task, model, &context, &result), 0);
    compute_iforest.model_free(model);
    return result;
}

static void run_phase(struct detect_state *st, const struct plan_phase *phase,
                      uint32_t phase_index)
{
    if (phase->prepare)
        cr_assert_eq(detect_iforest.prepare(st, phase_index), 0);
    for (uint32_t part = phase->tasks; part-- > 0;) { /* any order will do */
        struct arena a;
        arena_init(&a, SIZE_MAX);
        struct wire_payload p = support_run_task(st, phase_index, part, &a);
        cr_assert_eq(detect_iforest.validate(st, phase_index, part, &p), 0);
        cr_assert_eq(detect_iforest.accept(st, phase_index, part, &p), 0);
        arena_release(&a);
    }
}

struct detect_state *support_detect(const struct detect_config *c,
                                    const struct detect_batch *batch,
                                    struct detect_result *ret_result)
{
    struct plan plan;
    struct detect_state *st;
    struct plan_shape shape = { batch->rows.rows, batch->rows.cols,
                                batch->recent.rows };
    cr_assert_eq(detect_iforest.plan(c, &shape, &plan), 0);
    cr_assert_eq(detect_iforest.open(c, batch, &plan, &st), 0);
    for (uint32_t k = 0; k < plan.phase_count; k++)
        run_phase(st, &plan.phase[k], k);
    cr_assert_eq(detect_iforest.merge(st, ret_result), 0);
    return st;
}
