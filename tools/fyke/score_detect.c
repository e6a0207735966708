/*
 * One batch, nothing learned before it.
 */
#include "tools/fyke/score_detect.h"

#include "engine/learn/learn.h"
#include "engine/shell/detecting.h"
#include "proto/host/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX ((size_t)64 << 30)

static int compute(struct score_detect *d, const struct detect_config *config,
                   const struct matrix *rows,
                   const struct local_options *options)
{
    struct plan plan;
    struct plan_shape shape = { .rows = rows->rows, .cols = rows->cols };
    struct detect_batch batch = { .batch = 1,
                                  .rows = *rows,
                                  .recent = { .cols = rows->cols } };
    int err = d->ops->plan(config, &shape, &plan);
    if (err == 0)
        err = d->ops->open(config, &batch, &plan, &d->state);
    if (err == 0)
        err = local_compute(options, d->ops, d->state, &plan);
    if (err == 0)
        err = d->ops->merge(d->state, &d->result);
    return err;
}

static int judge(struct score_detect *d, const struct settings *settings,
                 const struct matrix *rows)
{
    struct verdict_config config =
        verdict_config_of(d->flag, (uint32_t)settings->fit_rows);
    struct verdict_reference reference = { 0 };
    reference.count =
        arena_zalloc(&d->arena, LEARN_BINS, sizeof *reference.count);
    if (reference.count == NULL)
        return ERR_NOMEM;
    return verdict_make(&config, rows, &d->result, &reference, &d->arena,
                        &d->verdict);
}

int score_detect_run(const struct settings *settings,
                     const struct batch_input *batch,
                     const struct local_options *options,
                     struct score_detect *d, struct fault *fault)
{
    struct detect_config config = detecting_config(settings);
    struct matrix rows = batch_matrix(batch);
    int64_t begun_us = clock_monotonic_us();
    memset(d, 0, sizeof *d);
    arena_init(&d->arena, ARENA_BYTES_MAX);
    d->ops = &detect_iforest;
    d->flag = (uint32_t)lround(settings->severity * 1e4);
    int err = detect_config_check(&config, rows.cols, fault);
    if (err == 0)
        err = compute(d, &config, &rows, options);
    int64_t computed_us = clock_monotonic_us();
    d->compute_us = computed_us - begun_us;
    if (err == 0)
        err = judge(d, settings, &rows);
    d->judge_us = clock_monotonic_us() - computed_us;
    if (err != 0 && fault->text[0] == '\0')
        (void)fault_set(fault, err, "%s", err_text(err));
    return err;
}

void score_detect_release(struct score_detect *d)
{
    if (d->state != NULL)
        d->ops->close(d->state);
    arena_release(&d->arena);
}

uint32_t score_detect_severity(const struct score_detect *d, uint32_t row)
{
    uint64_t below = d->verdict.below_bin[d->result.bin[row]];
    return (uint32_t)(below * VERDICT_SEVERITY_ONE / d->verdict.of);
}

bool score_detect_flagged(const struct score_detect *d, uint32_t row)
{
    uint64_t below = d->verdict.below_bin[d->result.bin[row]];
    return below * VERDICT_SEVERITY_ONE >= (uint64_t)d->flag * d->verdict.of;
}
