/*
 * The step: what happened, then what time made due.
 */
#include "workers/core/worker.h"

#include "proto/base/check.h"
#include "workers/core/state.h"

#include <stdlib.h>

int worker_new(const struct worker_config *config, int64_t now_us,
               struct worker **ret_w)
{
    if (config->worker_id == 0 || config->beat_ms == 0 ||
        config->silence_ms == 0 || config->redial_ms_max == 0) {
        return ERR_INVALID;
    }
    struct worker *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return ERR_NOMEM;
    }
    w->config = *config;
    w->now_us = now_us;
    w->lost_us = now_us;
    w->beat_ms = config->beat_ms;
    w->redial_ms = REDIAL_MS_MIN < config->redial_ms_max
                       ? REDIAL_MS_MIN
                       : config->redial_ms_max;
    w->model_ms = 2 * config->silence_ms;
    *ret_w = w;
    return 0;
}

void worker_free(struct worker *w)
{
    free(w);
}

static int64_t ms_to_us(uint32_t ms)
{
    return (int64_t)ms * 1000;
}

/* What was under way on the old pipe has no answer. */
static void cancel_all(struct worker *w)
{
    if (w->asked != 0) {
        worker_action_add(w, WORKER_ACT_CANCEL)->channel = WORKER_CHANNEL_TASK;
    }
    if (w->beating) {
        worker_action_add(w, WORKER_ACT_CANCEL)->channel = WORKER_CHANNEL_BEAT;
    }
}

static void link_down(struct worker *w)
{
    if (w->link == LINK_OFF) {
        return;
    }
    cancel_all(w);
    speak_lost(w);
    if (w->stopping) {
        speak_exit(w, 0);
    }
}

static void link_up(struct worker *w)
{
    link_down(w); /* in case the old one's end was not told */
    if (w->link != LINK_OFF) {
        return;
    }
    w->heard_us = w->now_us;
    speak_hello(w);
}

/* A request that has no answer, or an answer that is none. */
static void link_failed(struct worker *w, enum worker_channel channel)
{
    bool under_way =
        channel == WORKER_CHANNEL_TASK ? w->asked != 0 : w->beating;
    if (under_way) {
        speak_redial(w);
    }
}

static void computed(struct worker *w, int status)
{
    w->held.state = HELD_DONE;
    w->held.status = status;
    if (w->link == LINK_JOINED && w->asked == 0) {
        speak_next(w);
    }
}

static void loaded(struct worker *w, int status)
{
    w->held.steps++;
    if (status != 0) {
        computed(w, status);
        return;
    }
    w->model[w->loading_slot].valid = true;
    speak_compute(w);
}

static void stop(struct worker *w)
{
    w->stopping = true;
    if (w->link == LINK_OFF || w->link == LINK_HELLO) {
        speak_exit(w, 0);
    } else if (w->link == LINK_JOINED && w->held.state == HELD_NONE) {
        speak_bye(w);
    } else {
        w->beat_at_us = w->now_us;
    }
}

static void event_handle(struct worker *w, const struct worker_event *event)
{
    switch (event->kind) {
    case WORKER_EV_TICK:
        w->held.progress = event->progress;
        break;
    case WORKER_EV_UP:
        link_up(w);
        break;
    case WORKER_EV_DOWN:
        link_down(w);
        break;
    case WORKER_EV_REPLY:
        if (event->channel == WORKER_CHANNEL_TASK) {
            reply_task(w, event->message);
        } else {
            reply_beat(w, event->message);
        }
        break;
    case WORKER_EV_BAD_REPLY:
    case WORKER_EV_FAILED:
        link_failed(w, event->channel);
        break;
    case WORKER_EV_COMPUTED:
        if (w->held.state == HELD_COMPUTING) {
            computed(w, event->status);
        }
        break;
    case WORKER_EV_LOADED:
        if (w->held.state == HELD_LOADING) {
            loaded(w, event->status);
        }
        break;
    case WORKER_EV_STOP:
        stop(w);
        break;
    }
}

/* When each thing is due; INT64_MAX = not waited for. */
static int64_t silence_us(const struct worker *w)
{
    bool waits = w->link == LINK_HELLO || w->link == LINK_JOINED;
    return waits ? w->heard_us + ms_to_us(w->config.silence_ms) : INT64_MAX;
}

static int64_t model_us(const struct worker *w)
{
    return w->asked == WIRE_NEED_MODEL ? w->asked_us + ms_to_us(w->model_ms)
                                       : INT64_MAX;
}

static int64_t beat_us(const struct worker *w)
{
    return w->link == LINK_JOINED && !w->beating ? w->beat_at_us : INT64_MAX;
}

static int64_t bye_us(const struct worker *w)
{
    return w->link == LINK_LEAVING ? w->asked_us + BYE_US : INT64_MAX;
}

static int64_t waiting_us(const struct worker *w)
{
    return w->lost_us >= 0 && !w->waiting_noted ? w->lost_us + WAITING_US
                                                : INT64_MAX;
}

static int64_t gone_us(const struct worker *w)
{
    bool waits = w->config.leave_when_lost && w->joined_once && w->lost_us >= 0;
    return waits ? w->lost_us + ms_to_us(w->config.silence_ms) : INT64_MAX;
}

static void timers_run(struct worker *w)
{
    if (w->now_us >= bye_us(w)) {
        speak_exit(w, 0);
        return;
    }
    if (w->now_us >= gone_us(w)) {
        speak_exit(w, 1);
        return;
    }
    if (w->now_us >= model_us(w)) {
        /* A large model on a slow line: more patience the next time. */
        w->model_ms *= w->model_ms < UINT32_MAX / 2 ? 2 : 1;
        speak_redial(w);
    } else if (w->now_us >= silence_us(w)) {
        speak_redial(w);
    }
    if (w->now_us >= waiting_us(w)) {
        w->waiting_noted = true;
        speak_note(w, WORKER_NOTE_WAITING);
    }
    if (w->link == LINK_JOINED && w->now_us >= beat_us(w)) {
        speak_beat(w);
    }
}

void worker_step(struct worker *w, int64_t now_us,
                 const struct worker_event *event,
                 struct worker_actions *actions)
{
    actions->count = 0;
    if (w->link == LINK_OVER) {
        return;
    }
    w->actions = actions;
    if (now_us > w->now_us) {
        w->now_us = now_us;
    }
    event_handle(w, event);
    if (w->link != LINK_OVER) {
        timers_run(w);
    }
    w->actions = NULL;
}

int64_t worker_next_deadline_us(const struct worker *w)
{
    if (w->link == LINK_OVER) {
        return INT64_MAX;
    }
    int64_t due[] = { silence_us(w), model_us(w),   beat_us(w),
                      bye_us(w),     waiting_us(w), gone_us(w) };
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
        first = due[i] < first ? due[i] : first;
    }
    return first;
}

void worker_check(const struct worker *w)
{
    const struct held *held = &w->held;
    if (w->link == LINK_OVER) {
        return;
    }
    check(w->link != LINK_OFF || (w->asked == 0 && !w->beating));
    check((w->link == LINK_HELLO) == (w->asked == WIRE_HELLO));
    check((w->link == LINK_LEAVING) == (w->asked == WIRE_BYE));
    check(w->asked != WIRE_READY || held->state == HELD_NONE);
    check(w->asked != WIRE_RESULT || held->state == HELD_DONE);
    check(w->asked != WIRE_NEED_MODEL || held->state == HELD_WANTING);
    /* Joined, it always asks for something or works. */
    check(w->link != LINK_JOINED || w->asked != 0 ||
          held->state == HELD_LOADING || held->state == HELD_COMPUTING);
    check((w->lost_us >= 0) || w->joined_once);
    check(w->redial_ms <= w->config.redial_ms_max);
}
