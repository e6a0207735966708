/*
 * A batch from its seal to its release. At most `depth` of them are sealed
 * and not committed when one more is sealed, so batch n finds its place free,
 * and the state of batch n - depth committed, whatever depth was before.
 */
#include "engine/core/state.h"

#include "proto/base/check.h"

static struct batch *batch_place(const struct coord *c, uint64_t number)
{
    return &c->batch[number % COORD_DEPTH_MAX];
}

struct batch *batch_find(const struct coord *c, uint64_t number)
{
    struct batch *b = batch_place(c, number);
    return b->state != BATCH_FREE && b->number == number ? b : NULL;
}

static struct batch *batch_in(const struct coord *c, uint64_t number,
                              enum batch_state state)
{
    struct batch *b = batch_find(c, number);
    check(b != NULL && b->state == state);
    return b;
}

void batch_seal(struct coord *c, enum coord_reason reason)
{
    uint64_t number = c->sealed_batch + 1;
    struct batch *b = batch_place(c, number);
    check(b->state == BATCH_FREE && c->in_flight < c->config.tuning.depth);
    uint64_t depth = c->config.tuning.depth;
    uint64_t lagged = number > depth ? number - depth : 0;
    if (c->state_batch < lagged) {
        c->state_batch = lagged;
    }
    struct open_batch *open = &c->open;
    b->state = BATCH_SEALING;
    b->number = number;
    b->records = open->records;
    b->bytes = open->bytes;
    b->position = open->position;
    b->due_us = cut_due_us(c);
    b->runs_left = 0;
    b->timing = (struct coord_timing){ .opened_us = open->opened_us,
                                       .cut_us = c->now_us };
    c->sealed_batch = number;
    c->in_flight++;
    c->flight_bytes += b->bytes;
    c->flight_records += b->records;

    struct coord_action *a = action_add(c, COORD_ACT_SEAL);
    a->batch = number;
    a->reason = reason;
    a->state_batch = c->state_batch;
    a->records = open->records;
    a->overrun = open->overrun;
    a->position = open->position;
    a->interval_us = cut_interval_us(c);
    *open = (struct open_batch){ 0 };
}

static void batch_merge(struct coord *c, struct batch *b)
{
    b->state = BATCH_MERGING;
    action_add(c, COORD_ACT_MERGE)->batch = b->number;
}

/* Goes on to the next phase that has tasks, or ends the run. */
static void run_enter_phase(struct coord *c, struct run *run)
{
    const struct plan *plan = &run->plan;
    while (run->phase_index < plan->phase_count &&
           plan->phase[run->phase_index].tasks == 0) {
        run->phase_index++;
    }
    run->done = 0;
    run->worker_us += run->longest_us;
    run->longest_us = 0;
    if (run->phase_index == plan->phase_count) {
        struct coord_timing *timing = &run->batch->timing;
        if (timing->worker_us < run->worker_us) {
            timing->worker_us = run->worker_us;
        }
        run->batch->runs_left--;
        return;
    }
    if (!plan->phase[run->phase_index].prepare) {
        task_open_phase(c, run);
        return;
    }
    run->preparing = true;
    struct coord_action *a = action_add(c, COORD_ACT_PREPARE);
    a->batch = run->batch->number;
    a->detector = run->detector;
    a->phase_index = run->phase_index;
}

static void run_plan(const struct coord *c, struct run *run,
                     const struct plan_shape *shape)
{
    const struct coord_detector *d = &c->config.detector[run->detector];
    run->plan = (struct plan){ 0 };
    run->phase_index = 0;
    run->longest_us = 0;
    run->worker_us = 0;
    run->preparing = false;
    if (shape->rows == 0) {
        return;
    }
    int err = d->plan(d->config, shape, &run->plan);
    check(err == 0 && run->plan.phase_count <= PLAN_PHASES_MAX);
    for (uint32_t i = 0; i < run->plan.phase_count; i++) {
        check(run->plan.phase[i].tasks <= PLAN_TASKS_MAX);
    }
}

void batch_sealed(struct coord *c, const struct coord_event *event)
{
    struct batch *b = batch_in(c, event->batch, BATCH_SEALING);
    struct plan_shape shape = { event->rows, event->cols, event->recent_rows };
    b->state = BATCH_RUNNING;
    b->ingest_delta = event->ingest_delta;
    b->timing.sealed_us = c->now_us;
    b->runs_left = c->config.detector_count;
    for (uint32_t i = 0; i < c->config.detector_count; i++) {
        run_plan(c, &b->run[i], &shape);
        run_enter_phase(c, &b->run[i]);
    }
    if (b->runs_left == 0) {
        batch_merge(c, b);
    }
}

void batch_prepared(struct coord *c, const struct coord_event *event)
{
    struct batch *b = batch_in(c, event->batch, BATCH_RUNNING);
    check(event->detector < c->config.detector_count);
    struct run *run = &b->run[event->detector];
    check(run->preparing && run->phase_index == event->phase_index);
    run->preparing = false;
    task_open_phase(c, run);
}

/* What a worker says of itself is not believed beyond what can be. */
static int64_t believed_us(const struct coord *c, const struct batch *b,
                           uint64_t compute_us)
{
    int64_t most_us = c->now_us - b->timing.sealed_us;
    return compute_us < (uint64_t)most_us ? (int64_t)compute_us : most_us;
}

void batch_task_done(struct coord *c, struct run *run, uint64_t compute_us)
{
    struct batch *b = run->batch;
    int64_t took_us = believed_us(c, b, compute_us);
    if (run->longest_us < took_us) {
        run->longest_us = took_us;
    }
    run->done++;
    if (run->done < run->plan.phase[run->phase_index].tasks) {
        return;
    }
    run->phase_index++;
    run_enter_phase(c, run);
    if (b->runs_left == 0) {
        b->timing.computed_us = c->now_us;
        batch_merge(c, b);
    }
}

void batch_merged(struct coord *c, uint64_t number)
{
    struct batch *b = batch_in(c, number, BATCH_MERGING);
    b->state = BATCH_MERGED;
    b->timing.merged_us = c->now_us;
}

void batch_commit_try(struct coord *c)
{
    struct batch *b = batch_find(c, c->committed_batch + 1);
    if (b == NULL || b->state != BATCH_MERGED || c->committing ||
        c->now_us < c->commit_at_us) {
        return;
    }
    c->committing = true;
    b->state = BATCH_COMMITTING;
    b->timing.commit_us = c->now_us;
    struct coord_action *a = action_add(c, COORD_ACT_COMMIT);
    a->batch = b->number;
    a->timing = b->timing;
    a->ingest_delta = b->ingest_delta;
    a->position = b->position;
    a->records = b->records;
}

static void batch_release(struct coord *c, struct batch *b)
{
    auto_follow(c, b);
    c->committed_batch = b->number;
    c->in_flight--;
    c->flight_bytes -= b->bytes;
    c->flight_records -= b->records;
    c->stats.batches_committed++;
    c->stats.records_committed += b->records;
    struct coord_action *a = action_add(c, COORD_ACT_SOURCE_COMMITTED);
    a->batch = b->number;
    a->position = b->position;
    action_add(c, COORD_ACT_RELEASE)->batch = b->number;
    b->state = BATCH_FREE;
    if (c->disk_full) {
        c->disk_full = false;
        note_add(c, COORD_NOTE_DISK_OK)->batch = b->number;
    }
}

void batch_committed(struct coord *c, const struct coord_event *event)
{
    struct batch *b = batch_in(c, event->batch, BATCH_COMMITTING);
    check(b->number == c->committed_batch + 1);
    c->committing = false;
    switch (event->outcome) {
    case COORD_COMMIT_OK:
        batch_release(c, b);
        break;
    case COORD_COMMIT_FULL:
        b->state = BATCH_MERGED;
        c->commit_at_us = c->now_us + ms_to_us(c->config.commit_retry_ms);
        if (!c->disk_full) {
            c->disk_full = true;
            note_add(c, COORD_NOTE_DISK_FULL)->batch = b->number;
        }
        break;
    case COORD_COMMIT_UNKNOWN:
        c->gave_up = true;
        action_add(c, COORD_ACT_GIVE_UP)->batch = b->number;
        break;
    }
}
