/*
 * One batch, nothing learned before it but by training.
 */
#include "tools/fyke/score_detect.h"

#include "engine/learn/learn.h"
#include "engine/shell/detecting.h"
#include "proto/host/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX ((size_t)64 << 30)

static int compute_one(struct detect_run *run,
                       const struct detect_config *config,
                       const struct matrix *rows, const struct learn_view *view,
                       const struct local_options *options)
{
    struct plan_shape shape = { .rows = rows->rows,
                                .cols = rows->cols,
                                .recent_rows = view->recent.rows };
    struct detect_batch batch = { .batch = 1,
                                  .rows = *rows,
                                  .recent = view->recent };
    int err = run->ops->plan(config, &shape, &run->plan);
    if (err == 0)
        err = run->ops->open(config, &batch, &run->plan, &run->state);
    if (err == 0)
        err = local_compute(options, run->ops, run->state, &run->plan);
    if (err == 0)
        err = run->ops->merge(run->state, &run->result);
    return err;
}

static int compute(struct score_detect *d, const struct detect_config *config,
                   const struct matrix *rows, const struct learn_view *view,
                   const struct local_options *options)
{
    int err = ERR_OK;
    for (uint32_t i = 0; i < d->detectors.count && err == 0; i++) {
        d->run[i].ops = d->detectors.ops[i];
        err = compute_one(&d->run[i], config, rows, view, options);
    }
    return err;
}

static int judge(struct score_detect *d, const struct settings *settings,
                 const struct matrix *rows, const struct learn_view *view)
{
    struct verdict_config config = detecting_verdict(settings, &d->detectors);
    d->flag = config.flag;
    config.unexplained = !settings->explain;
    return verdict_make(&config, rows, d->run, d->detectors.count, view,
                        &d->arena, &d->verdict);
}

/* What the first batch of a run knows: nothing, or what training taught. */
static int view_make(const struct score_detect *d,
                     const struct settings *settings, const struct kept *kept,
                     uint32_t cols, struct learn_view *ret_view)
{
    struct verdict_config config = detecting_verdict(settings, &d->detectors);
    struct learn *learn = NULL;
    int err = kept_learned(kept, cols, config.recent_max, &learn);
    if (err == 0)
        err = learn_view_copy(learn, ret_view);
    learn_free(learn);
    return err;
}

int score_detect_run(const struct settings *settings, const struct kept *kept,
                     const struct batch_input *batch,
                     const struct local_options *options,
                     struct score_detect *d, struct fault *fault)
{
    struct detect_config config = detecting_config(settings);
    config.message_bytes_max = UINT64_MAX; /* none is sent */
    struct matrix rows = batch_matrix(batch);
    int64_t begun_us = clock_monotonic_us();
    memset(d, 0, sizeof *d);
    arena_init(&d->arena, ARENA_BYTES_MAX);
    int err = detecting_set(settings, &d->detectors, fault);
    if (err == 0)
        err = detect_set_check(&d->detectors, &config, rows.cols, fault);
    config.model = kept->model;
    if (err == 0)
        err = view_make(d, settings, kept, rows.cols, &d->view);
    if (err == 0)
        err = compute(d, &config, &rows, &d->view, options);
    int64_t computed_us = clock_monotonic_us();
    d->compute_us = computed_us - begun_us;
    if (err == 0)
        err = judge(d, settings, &rows, &d->view);
    d->judge_us = clock_monotonic_us() - computed_us;
    if (err != 0 && fault->text[0] == '\0')
        (void)fault_set(fault, err, "%s", err_text(err));
    return err;
}

void score_detect_release(struct score_detect *d)
{
    for (uint32_t i = 0; i < d->detectors.count; i++)
        if (d->run[i].state != NULL)
            d->run[i].ops->close(d->run[i].state);
    learn_view_release(&d->view);
    arena_release(&d->arena);
}

double score_detect_score(const struct score_detect *d, uint32_t row)
{
    struct verdict_severity s = verdict_severity_of(&d->verdict, row);
    const struct detect_run *run = &d->run[s.decider];
    return s.answered ? run->ops->score(&run->result, row) : (double)NAN;
}

struct score_answer score_detect_answer(const struct score_detect *d,
                                        uint32_t detector, uint32_t row)
{
    const struct detect_run *run = &d->run[detector];
    const struct verdict_scale *scale = &d->verdict.scale[detector];
    uint32_t bin = run->result.bin[row];
    if (bin == DETECT_NO_BIN)
        return (struct score_answer){ .score = (double)NAN };
    uint64_t below = scale->below_bin[bin];
    return (struct score_answer){
        .score = run->ops->score(&run->result, row),
        .severity = (uint32_t)(below * VERDICT_SEVERITY_ONE / scale->of),
        .vote = verdict_reaches(below, scale->of, d->flag),
    };
}

uint32_t score_detect_severity(const struct score_detect *d, uint32_t row)
{
    struct verdict_severity s = verdict_severity_of(&d->verdict, row);
    return (uint32_t)(s.below * VERDICT_SEVERITY_ONE / s.of);
}

bool score_detect_flagged(const struct score_detect *d, uint32_t row)
{
    struct verdict_severity s = verdict_severity_of(&d->verdict, row);
    return verdict_reaches(s.below, s.of, d->flag);
}

const struct detect_result *score_detect_clusters(const struct score_detect *d)
{
    for (uint32_t i = 1; i < d->detectors.count; i++)
        if (d->run[i].result.cluster != NULL)
            return &d->run[i].result;
    return &d->run[0].result;
}
