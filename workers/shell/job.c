/*
 * Jobs: one computation or model at a time in libuv's pool. What the core
 * forgets is stopped and, because a running job cannot be cancelled, waited
 * for: the next one starts when the old one has ended.
 */
#include "workers/shell/shell.h"

#include "proto/base/check.h"
#include "proto/host/clock.h"

#include <stdlib.h>

static void job_free(struct job *job)
{
    if (job == NULL)
        return;
    if (job->loaded != NULL)
        job->ops->model_free(job->loaded);
    link_event_release(job->event);
    free(job);
}

/* Takes the event that is being stepped. */
static int job_new(struct shell *s, struct wire_text detector,
                   struct job **ret_job)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return ERR_NOMEM;
    check(s->event != NULL && s->event_message != NULL);
    job->shell = s;
    job->work.data = job;
    job->message = *s->event_message;
    job->ops = compute_find(detector.text, detector.length);
    job->event = s->event;
    s->event = NULL;
    *ret_job = job;
    return ERR_OK;
}

/* Ends what the pool's thread was doing and begins `work`. */
static void work_begin(void *watcher, enum compute_work work)
{
    struct job *job = watcher;
    int64_t now_ns = clock_thread_cpu_ns();
    if (job->work_begun_ns != 0)
        job->work_ns[job->work_now] += now_ns - job->work_begun_ns;
    job->work_begun_ns = now_ns;
    job->work_now = work;
}

static void work_count(struct shell *s, const struct job *job)
{
    for (uint32_t i = 0; i < COMPUTE_WORKS; i++)
        s->work_ns[i] += job->work_ns[i];
}

static void compute_work(uv_work_t *work)
{
    struct job *job = work->data;
    struct compute_context context = { .arena = &job->shell->arena,
                                       .progress = &job->progress,
                                       .stop = &job->stop,
                                       .begin = work_begin,
                                       .watcher = job,
                                       .isa = job->shell->isa };
    uint64_t begun_ns = uv_hrtime();
    if (job->ops == NULL)
        job->status = ERR_UNSUPPORTED;
    else
        job->status = job->ops->run(&job->message.body.task, job->model,
                                    &context, &job->payload);
    work_begin(job, job->work_now);
    job->compute_us = (uv_hrtime() - begun_ns) / 1000;
}

static void load_work(uv_work_t *work)
{
    struct job *job = work->data;
    work_begin(job, COMPUTE_SCORE); /* trees in the form for scoring */
    if (job->ops == NULL)
        job->status = ERR_UNSUPPORTED;
    else
        job->status =
            job->ops->model_new(&job->message.body.model.payload, &job->loaded);
    work_begin(job, COMPUTE_SCORE);
}

/* No computation runs now that could hold the old one. */
static void model_install(struct shell *s, struct job *job)
{
    struct cached_model *slot = &s->models[job->slot];
    if (job->status != 0)
        return;
    if (slot->model != NULL)
        slot->ops->model_free(slot->model);
    *slot = (struct cached_model){ job->ops, job->loaded,
                                   job->message.body.model.model_id };
    job->loaded = NULL;
}

static void load_done(struct shell *s, struct job *job)
{
    struct worker_event event = { .kind = WORKER_EV_LOADED,
                                  .status = job->status };
    model_install(s, job);
    s->load = NULL;
    job_free(job);
    shell_step(s, &event);
}

static void shell_start_next(struct shell *s);

static void job_after(uv_work_t *work, int status)
{
    struct job *job = work->data;
    struct shell *s = job->shell;
    (void)status; /* never cancelled */
    job->running = false;
    s->running = NULL;
    work_count(s, job);
    if (job->abandoned) {
        job_free(job);
        shell_start_next(s);
    } else if (job == s->load) {
        load_done(s, job);
    } else {
        struct worker_event event = { .kind = WORKER_EV_COMPUTED,
                                      .status = job->status };
        shell_step(s, &event);
    }
}

static void shell_start_next(struct shell *s)
{
    struct job *job = s->next;
    if (job == NULL || s->running != NULL || s->leaving)
        return;
    s->next = NULL;
    s->running = job;
    job->running = true;
    if (job == s->kept)
        arena_reset(&s->arena);
    check(uv_queue_work(&s->loop, &job->work,
                        job == s->load ? load_work : compute_work,
                        job_after) == 0);
}

/* The pool's thread may still be in it. */
static void job_abandon(struct shell *s, struct job *job)
{
    if (job == NULL)
        return;
    if (s->next == job)
        s->next = NULL;
    if (job->running) {
        job->abandoned = true;
        atomic_store(&job->stop, 1);
    } else {
        job_free(job);
    }
}

void shell_forget(struct shell *s)
{
    job_abandon(s, s->load);
    s->load = NULL;
    job_abandon(s, s->kept);
    s->kept = NULL;
    if (s->running == NULL)
        arena_reset(&s->arena);
}

int shell_keep(struct shell *s)
{
    struct job *job;
    int err = job_new(s, s->event_message->body.task.detector, &job);
    if (err != 0)
        return err;
    job_abandon(s, s->kept);
    s->kept = job;
    return ERR_OK;
}

void shell_compute(struct shell *s, uint64_t model_id, uint32_t slot)
{
    struct job *job = s->kept;
    check(job != NULL && slot < WORKER_MODELS_MAX);
    if (model_id != 0) {
        check(s->models[slot].id == model_id);
        job->model = s->models[slot].model;
    }
    s->next = job;
    shell_start_next(s);
}

int shell_load(struct shell *s, uint32_t slot)
{
    struct job *job;
    int err = job_new(s, s->event_message->body.model.detector, &job);
    if (err != 0)
        return err;
    check(slot < WORKER_MODELS_MAX);
    job->slot = slot;
    job_abandon(s, s->load);
    s->load = job;
    s->next = job;
    shell_start_next(s);
    return ERR_OK;
}

void shell_models_free(struct shell *s)
{
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++)
        if (s->models[i].model != NULL)
            s->models[i].ops->model_free(s->models[i].model);
}
