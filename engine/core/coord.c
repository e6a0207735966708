/*
 * The step: the event is handed to the file that knows it, then everything
 * that time or the event made possible is done, in one fixed order. Deciding
 * happens here, computing in the other files.
 */
#include "engine/core/state.h"

#include "proto/base/check.h"

#include <stdlib.h>
#include <string.h>

static bool config_is_valid(const struct coord_config *f)
{
    bool times = f->lease_ms > 0 && f->silence_ms > 0 && f->beat_ms > 0 &&
                 f->commit_retry_ms > 0;
    bool detectors =
        f->detector_count >= 1 && f->detector_count <= COORD_DETECTORS_MAX;
    return coord_tuning_check(&f->tuning) == 0 && times && detectors &&
           f->epoch > 0 && f->last_state_batch <= f->last_batch;
}

static void lists_init(struct coord *c)
{
    list_init(&c->free);
    list_init(&c->heard);
    list_init(&c->idle);
    list_init(&c->leases);
    list_init(&c->delayed);
    for (uint32_t i = 0; i < COORD_WORKERS_MAX; i++) {
        list_init(&c->peer[i].idle_link);
        list_append(&c->free, &c->peer[i].idle_link);
    }
}

static void runs_init(struct coord *c)
{
    struct task *task = c->task;
    for (uint32_t i = 0; i < COORD_DEPTH_MAX; i++) {
        for (uint32_t d = 0; d < c->config.detector_count; d++) {
            struct run *run = &c->batch[i].run[d];
            run->batch = &c->batch[i];
            run->detector = d;
            run->task = task;
            list_init(&run->waiting);
            task += (size_t)PLAN_PHASES_MAX * PLAN_TASKS_MAX;
        }
    }
}

int coord_new(const struct coord_config *config, int64_t now_us,
              struct coord **ret_c)
{
    if (!config_is_valid(config)) {
        return ERR_INVALID;
    }
    struct coord *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return ERR_NOMEM;
    }
    /* For any depth: what is never used is never touched. */
    size_t runs = (size_t)COORD_DEPTH_MAX * config->detector_count;
    c->batch = calloc(COORD_DEPTH_MAX, sizeof *c->batch);
    c->task = calloc(runs * PLAN_PHASES_MAX * PLAN_TASKS_MAX, sizeof *c->task);
    if (c->batch == NULL || c->task == NULL ||
        map_init(&c->peer_by_id, COORD_WORKERS_MAX) != 0 ||
        map_init(&c->peer_by_pipe, COORD_WORKERS_MAX) != 0) {
        coord_free(c);
        return ERR_NOMEM;
    }
    c->config = *config;
    c->now_us = now_us;
    c->grid_us = now_us;
    auto_set(c, false);
    cut_follow_grid(c);
    c->sealed_batch = config->last_batch;
    c->committed_batch = config->last_batch;
    c->state_batch = config->last_state_batch;
    c->lonely_us = -1;
    lists_init(c);
    runs_init(c);
    *ret_c = c;
    return 0;
}

void coord_free(struct coord *c)
{
    if (c != NULL) {
        map_release(&c->peer_by_id);
        map_release(&c->peer_by_pipe);
        free(c->task);
        free(c->batch);
        free(c);
    }
}

static void clock_advance(struct coord *c, int64_t now_us)
{
    if (now_us > c->now_us) {
        int64_t passed = now_us - c->now_us;
        c->now_us = now_us;
        c->alive_us += passed < ALIVE_STEP_MAX_US ? passed : ALIVE_STEP_MAX_US;
    }
}

static void event_handle(struct coord *c, const struct coord_event *event)
{
    struct peer *p;
    switch (event->kind) {
    case COORD_EV_TICK:
        break;
    case COORD_EV_READ:
        c->read_bytes += event->bytes;
        break;
    case COORD_EV_APPENDED:
        cut_append(c, event);
        break;
    case COORD_EV_END:
        c->read_bytes = 0;
        c->ended = !c->draining;
        break;
    case COORD_EV_DRAIN:
        cut_drain(c);
        break;
    case COORD_EV_SEALED:
        batch_sealed(c, event);
        break;
    case COORD_EV_PREPARED:
        batch_prepared(c, event);
        break;
    case COORD_EV_MERGED:
        batch_merged(c, event->batch);
        break;
    case COORD_EV_COMMITTED:
        batch_committed(c, event);
        break;
    case COORD_EV_REQUEST:
        request_step(c, event);
        break;
    case COORD_EV_BAD_REQUEST:
        request_bad(c, event);
        break;
    case COORD_EV_PIPE_LOST:
        p = peer_by_pipe(c, event->pipe);
        if (p != NULL) {
            peer_lose_pipe(c, p);
        }
        break;
    case COORD_EV_HOLD:
        tune_hold(c, event);
        break;
    case COORD_EV_TUNE:
        tune_change(c, event);
        break;
    }
}

static void finish_try(struct coord *c)
{
    bool over =
        (c->ended || c->draining) && c->open.records == 0 && c->in_flight == 0;
    if (over && !c->finished) {
        c->finished = true;
        request_finish(c);
        action_add(c, COORD_ACT_FINISHED);
    }
}

void coord_step(struct coord *c, int64_t now_us,
                const struct coord_event *event, struct coord_actions *actions)
{
    actions->count = 0;
    if (c->gave_up) {
        return;
    }
    c->actions = actions;
    clock_advance(c, now_us);
    event_handle(c, event);
    if (!c->gave_up) {
        lease_expire(c);
        peer_drop_silent(c);
        task_wake_delayed(c);
        batch_commit_try(c);
        cut_try(c);
        tune_hold_try(c);
        lease_dispatch(c);
        speculate_try(c);
        peer_note_lonely(c);
        auto_note(c);
        finish_try(c);
    }
    c->actions = NULL;
}

static int64_t earlier_us(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t coord_next_deadline_us(const struct coord *c)
{
    if (c->gave_up) {
        return INT64_MAX;
    }
    int64_t at = earlier_us(cut_deadline_us(c), auto_note_at_us(c));
    if (c->peers > 0) {
        at = earlier_us(at, c->now_us + TICK_MAX_US);
        const struct peer *p =
            list_owner(c->heard.next, struct peer, heard_link);
        at = earlier_us(
            at,
            alive_to_now_us(c, p->heard_us + ms_to_us(c->config.silence_ms)));
    }
    if (!list_is_empty(&c->leases)) {
        const struct peer *p =
            list_owner(c->leases.next, struct peer, lease.link);
        at = earlier_us(at,
                        alive_to_now_us(c, p->lease.renewed_us +
                                               ms_to_us(c->config.lease_ms)));
        if (!list_is_empty(&c->idle)) {
            at = earlier_us(at, c->speculate_at_us);
        }
    }
    if (!list_is_empty(&c->delayed)) {
        const struct task *t = list_owner(c->delayed.next, struct task, link);
        at = earlier_us(at, t->not_before_us);
    }
    if (c->disk_full && !c->committing) {
        at = earlier_us(at, c->commit_at_us);
    }
    if (c->lonely_us >= 0 && !c->lonely_noted) {
        at = earlier_us(at, c->lonely_us + NO_WORKER_US);
    }
    return at;
}

void coord_stats_get(const struct coord *c, struct coord_stats *ret_stats)
{
    struct coord_stats s = c->stats;
    s.records_in_flight = c->open.records + c->flight_records;
    s.bytes_in_flight = c->read_bytes + c->open.bytes + c->flight_bytes;
    s.batches_in_flight = c->in_flight;
    s.workers = c->peers_connected;
    s.workers_parked = c->peers_parked;
    s.tasks_open = c->tasks_ready + c->tasks_delayed + c->tasks_out;
    s.tasks_out = c->tasks_out;
    s.disk_full = c->disk_full;
    s.draining = c->draining;
    s.ended = c->ended;
    s.finished = c->finished;
    *ret_stats = s;
}

uint32_t coord_workers_get(const struct coord *c, struct coord_worker_info *out,
                           uint32_t max)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < COORD_WORKERS_MAX; i++) {
        const struct peer *p = &c->peer[i];
        if (!p->used) {
            continue;
        }
        if (count < max) {
            struct coord_worker_info *w = &out[count];
            *w = (struct coord_worker_info){ .worker_id = p->id,
                                             .pid = p->pid,
                                             .tasks_done = p->tasks_done };
            memcpy(w->host, p->host, sizeof w->host);
            w->joined_us = alive_to_now_us(c, p->joined_us);
            w->heard_us = alive_to_now_us(c, p->heard_us);
            w->computing = p->lease.task != 0;
            w->busy_us = peer_busy_us(c, p);
        }
        count++;
    }
    return count;
}
