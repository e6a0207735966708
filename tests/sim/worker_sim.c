/*
 * A worker's shell in the simulated world: owns the link, the bytes of a task
 * and the computation, which gives its result at once and says so later.
 */
#include "tests/sim/sim.h"

#include "proto/base/check.h"

#include <stdlib.h>
#include <string.h>

static void forget(struct sim_worker *w)
{
    free(w->kept);
    free(w->loading);
    w->kept = NULL;
    w->loading = NULL;
    w->computing = false;
    arena_reset(&w->arena);
}

void worker_start(struct sim *s, uint32_t who)
{
    struct sim_worker *w = &s->worker[who];
    check(!w->up);
    int64_t cut_out_us = w->cut_out_us, cut_in_us = w->cut_in_us;
    *w = (struct sim_worker){ .up = true,
                              .life = ++s->next_life,
                              .id = ++s->next_worker_id,
                              .tick_us = INT64_MAX,
                              .cut_out_us = cut_out_us,
                              .cut_in_us = cut_in_us };
    arena_init(&w->arena, SIZE_MAX);
    struct worker_config config = { .worker_id = w->id,
                                    .beat_ms = 1000,
                                    .silence_ms = 5000,
                                    .redial_ms_max = 2000,
                                    .leave_when_lost =
                                        who == 0 && s->mix.seed % 2 == 1 };
    check(worker_new(&config, s->now_us, &w->core) == 0);
    net_dial(s, who, sim_between(s, 1, 20) * MS);
    struct worker_event tick = { .kind = WORKER_EV_TICK };
    worker_do(s, who, &tick);
}

void worker_end(struct sim *s, uint32_t who)
{
    struct sim_worker *w = &s->worker[who];
    if (!w->up) {
        return;
    }
    forget(w);
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++) {
        if (w->model[i] != NULL) {
            compute_iforest.model_free(w->model[i]);
            w->model[i] = NULL;
        }
    }
    arena_release(&w->arena);
    worker_free(w->core);
    w->core = NULL;
    w->up = false;
    w->life = 0;
}

static void keep(struct sim_worker *w)
{
    check(w->incoming != NULL && w->kept == NULL);
    w->kept = w->incoming;
    w->task = *w->incoming_message;
    w->incoming = NULL;
}

static void load(struct sim *s, uint32_t who, uint32_t slot)
{
    struct sim_worker *w = &s->worker[who];
    check(w->incoming != NULL && w->loading == NULL);
    w->loading = w->incoming;
    w->model_message = *w->incoming_message;
    w->incoming = NULL;
    w->loading_slot = slot;
    sim_at(s, s->now_us + sim_between(s, 0, s->mix.job_us), EVENT_LOADED, who,
           w->computation, 0);
}

static int64_t compute_time_us(struct sim *s, const struct sim_worker *w)
{
    int64_t took_us = sim_between(s, s->mix.compute_us / 2, s->mix.compute_us);
    if (s->now_us < w->slow_until_us) {
        took_us *= 30;
    }
    if (s->now_us < w->stuck_until_us) {
        took_us += w->stuck_until_us - s->now_us;
    }
    return took_us;
}

static void compute(struct sim *s, uint32_t who, const struct worker_action *a)
{
    struct sim_worker *w = &s->worker[who];
    struct compute_context context = { &w->arena, NULL, NULL };
    const struct wire_task *t = &w->task.body.task;
    const struct compute_model *model = NULL;
    if (a->model_id != 0) {
        model = w->model[a->model_slot];
        check(model != NULL);
    }
    check(w->kept != NULL && !w->computing && t->model_id == a->model_id);
    w->status = compute_iforest.run(t, model, &context, &w->result);
    check(w->status == 0);
    if (!sim_is_healed(s) && sim_percent(s, s->mix.fail_percent)) {
        w->status = ERR_NOMEM;
    }
    w->computing = true;
    w->computing_since_us = s->now_us;
    w->computation++;
    sim_at(s, s->now_us + compute_time_us(s, w), EVENT_COMPUTED, who,
           w->computation, 0);
}

static void redial(struct sim *s, uint32_t who, uint32_t delay_ms)
{
    struct sim_worker *w = &s->worker[who];
    net_break(s, who, false, true);
    w->link = 0;
    w->channel[0].busy = w->channel[1].busy = false;
    net_dial(s, who, delay_ms * MS);
}

static void come_back(struct sim *s, uint32_t who, int64_t delay_us)
{
    s->workers_to_start++;
    sim_at(s, s->now_us + delay_us, EVENT_WORKER_START, who, 0, 0);
}

static void leave(struct sim *s, uint32_t who, int exit_code)
{
    struct sim_worker *w = &s->worker[who];
    bool stopping = w->stopping;
    char name[8];
    snprintf(name, sizeof name, "w%u", who + 1);
    trace_line(s, name, "exits with %d", exit_code);
    if (exit_code != 0 && (who != 0 || s->mix.seed % 2 == 0)) {
        sim_fail(s, "worker %u gave up with exit code %d", who + 1, exit_code);
    }
    net_break(s, who, false, true);
    worker_end(s, who);
    if (!s->over || stopping || exit_code != 0) {
        come_back(s, who, sim_between(s, 100, 3000) * MS);
    }
}

static void act(struct sim *s, uint32_t who, const struct worker_action *a)
{
    struct sim_worker *w = &s->worker[who];
    switch (a->kind) {
    case WORKER_ACT_SEND:
        worker_send(s, who, a);
        break;
    case WORKER_ACT_KEEP:
        keep(w);
        break;
    case WORKER_ACT_COMPUTE:
        compute(s, who, a);
        break;
    case WORKER_ACT_LOAD:
        load(s, who, a->model_slot);
        break;
    case WORKER_ACT_FORGET:
        w->computation++; /* the old one's end means nothing */
        forget(w);
        break;
    case WORKER_ACT_CANCEL:
        w->channel[a->channel].busy = false;
        break;
    case WORKER_ACT_REDIAL:
        redial(s, who, a->delay_ms);
        break;
    case WORKER_ACT_NOTE:
        break;
    case WORKER_ACT_EXIT:
        leave(s, who, a->exit_code);
        break;
    }
}

static void schedule_tick(struct sim *s, uint32_t who)
{
    struct sim_worker *w = &s->worker[who];
    int64_t at_us = worker_next_deadline_us(w->core);
    if (at_us == INT64_MAX) {
        return;
    }
    at_us = (at_us < s->now_us ? s->now_us : at_us) + sim_between(s, 0, 500);
    if (at_us < w->tick_us) {
        w->tick_us = at_us;
        sim_at(s, at_us, EVENT_WORKER_TICK, who, ++w->tick, 0);
    }
}

void worker_do(struct sim *s, uint32_t who, const struct worker_event *event)
{
    struct sim_worker *w = &s->worker[who];
    uint64_t life = w->life;
    if (event->kind == WORKER_EV_STOP) {
        w->stopping = true;
    }
    s->steps++;
    worker_step(w->core, s->now_us, event, &w->actions);
    worker_check(w->core);
    for (uint32_t i = 0; i < w->actions.count && w->life == life; i++) {
        act(s, who, &w->actions.item[i]);
    }
    if (w->life == life) {
        schedule_tick(s, who);
    }
}

static void tick(struct sim *s, uint32_t who)
{
    struct sim_worker *w = &s->worker[who];
    struct worker_event event = { .kind = WORKER_EV_TICK };
    w->tick_us = INT64_MAX;
    if (w->computing) {
        bool is_stuck = s->now_us < w->stuck_until_us;
        event.progress =
            is_stuck ? 1 : 2 + (uint64_t)(s->now_us - w->computing_since_us);
    }
    worker_do(s, who, &event);
}

static void loaded(struct sim *s, const struct sim_event *e)
{
    struct sim_worker *w = &s->worker[e->who];
    if (w->loading == NULL || w->computation != e->a) {
        return;
    }
    struct compute_model **slot = &w->model[w->loading_slot];
    if (*slot != NULL) {
        compute_iforest.model_free(*slot);
        *slot = NULL;
    }
    struct worker_event event = { .kind = WORKER_EV_LOADED };
    event.status =
        compute_iforest.model_new(&w->model_message.body.model.payload, slot);
    check(event.status == 0);
    free(w->loading);
    w->loading = NULL;
    worker_do(s, e->who, &event);
}

void worker_event_in(struct sim *s, struct sim_event *e)
{
    struct sim_worker *w = &s->worker[e->who];
    struct worker_event event = { .kind = WORKER_EV_COMPUTED };
    switch (e->kind) {
    case EVENT_WORKER_TICK:
        if (e->a == w->tick) { /* else an earlier one took its place */
            tick(s, e->who);
        }
        break;
    case EVENT_DIAL:
        net_dialed(s, e->who, e->a);
        break;
    case EVENT_REPLY:
        worker_replied(s, e);
        break;
    case EVENT_DOWN:
        worker_down(s, e);
        break;
    case EVENT_LOADED:
        loaded(s, e);
        break;
    default: /* EVENT_COMPUTED */
        if (w->computing && w->computation == e->a) {
            w->computing = false;
            event.status = w->status;
            worker_do(s, e->who, &event);
        }
        break;
    }
}
