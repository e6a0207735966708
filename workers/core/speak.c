/*
 * What the worker says: requests, notes, redials. Each function leaves the
 * state as it is after the words were said.
 */
#include "workers/core/state.h"

#include "proto/base/check.h"

#include <string.h>

struct worker_action *worker_action_add(struct worker *w,
                                        enum worker_action_kind kind)
{
    check(w->actions->count < WORKER_ACTIONS_MAX);
    struct worker_action *a = &w->actions->item[w->actions->count++];
    *a = (struct worker_action){ .kind = kind };
    return a;
}

void speak_note(struct worker *w, enum worker_note note)
{
    worker_action_add(w, WORKER_ACT_NOTE)->note = note;
}

void speak_exit(struct worker *w, int exit_code)
{
    w->link = LINK_OVER;
    worker_action_add(w, WORKER_ACT_EXIT)->exit_code = exit_code;
}

static struct worker_action *send(struct worker *w, enum worker_channel channel,
                                  enum wire_kind kind)
{
    struct worker_action *a = worker_action_add(w, WORKER_ACT_SEND);
    struct wire_envelope *e = &a->envelope;
    a->channel = channel;
    e->kind = kind;
    memcpy(e->run_id, w->run_id, sizeof e->run_id);
    e->epoch = w->epoch;
    e->worker_id = w->config.worker_id;
    return a;
}

static struct worker_action *ask(struct worker *w, enum wire_kind kind)
{
    check(w->asked == 0);
    w->asked = kind;
    w->asked_us = w->now_us;
    return send(w, WORKER_CHANNEL_TASK, kind);
}

static void cancel(struct worker *w, enum worker_channel channel)
{
    worker_action_add(w, WORKER_ACT_CANCEL)->channel = channel;
}

static void cancel_asked(struct worker *w)
{
    if (w->asked != 0) {
        cancel(w, WORKER_CHANNEL_TASK);
        w->asked = 0;
    }
}

void speak_hello(struct worker *w)
{
    cancel_asked(w);
    w->link = LINK_HELLO;
    ask(w, WIRE_HELLO);
}

void speak_bye(struct worker *w)
{
    cancel_asked(w);
    w->link = LINK_LEAVING;
    ask(w, WIRE_BYE);
}

void speak_beat(struct worker *w)
{
    struct worker_action *a = send(w, WORKER_CHANNEL_BEAT, WIRE_HEARTBEAT);
    const struct held *held = &w->held;
    w->beating = true;
    w->beat_follows_result = w->asked == WIRE_RESULT;
    w->beat_at_us = w->now_us + (int64_t)w->beat_ms * 1000;
    if (held->state != HELD_NONE && held->state != HELD_DONE) {
        a->heartbeat.held_count = 1;
        a->heartbeat.held[0] =
            (struct wire_held){ held->task, held->attempt,
                                held->progress + held->steps };
    }
}

static void speak_held(struct worker *w, enum wire_kind kind)
{
    struct worker_action *a = ask(w, kind);
    a->envelope.task = w->held.task;
    a->envelope.attempt = w->held.attempt;
    a->model_id = w->held.model_id;
    a->err = w->held.status;
}

void speak_next(struct worker *w)
{
    switch (w->held.state) {
    case HELD_NONE:
        if (w->stopping) {
            speak_bye(w);
        } else {
            ask(w, WIRE_READY);
        }
        break;
    case HELD_WANTING:
        speak_held(w, WIRE_NEED_MODEL);
        break;
    case HELD_LOADING:
    case HELD_COMPUTING:
        break;
    case HELD_DONE:
        speak_held(w, WIRE_RESULT);
        if (w->stopping) {
            w->beat_at_us = w->now_us; /* its reply: the RESULT is there */
        }
        break;
    }
}

void speak_lost(struct worker *w)
{
    if (w->lost_us < 0) {
        speak_note(w, WORKER_NOTE_LOST);
        w->lost_us = w->now_us;
    }
    w->link = LINK_OFF;
    w->asked = 0;
    w->beating = false;
}

void speak_redial(struct worker *w)
{
    if (w->stopping) {
        speak_exit(w, 0); /* nobody to hand anything to */
        return;
    }
    speak_lost(w);
    worker_action_add(w, WORKER_ACT_REDIAL)->delay_ms = w->redial_ms;
    w->redial_ms *= 2;
    if (w->redial_ms > w->config.redial_ms_max) {
        w->redial_ms = w->config.redial_ms_max;
    }
}

void speak_forget(struct worker *w)
{
    if (w->held.state != HELD_NONE) {
        worker_action_add(w, WORKER_ACT_FORGET);
        w->held = (struct held){ 0 };
    }
}

void speak_compute(struct worker *w)
{
    struct worker_action *a = worker_action_add(w, WORKER_ACT_COMPUTE);
    w->held.state = HELD_COMPUTING;
    a->model_id = w->held.model_id;
    if (w->held.model_id != 0) {
        bool hit;
        a->model_slot =
            model_find(w, w->held.model_id, w->held.model_hash, &hit);
        check(hit);
    }
}

uint32_t model_find(struct worker *w, uint64_t id, uint64_t hash, bool *ret_hit)
{
    uint32_t oldest = 0;
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++) {
        struct model_slot *m = &w->model[i];
        if (m->id == id && m->used > 0) {
            /* Another content under the same id takes the old one's slot. */
            *ret_hit = m->valid && m->hash == hash;
            m->used = ++w->use_count;
            return i;
        }
        if (m->used < w->model[oldest].used) {
            oldest = i;
        }
    }
    *ret_hit = false;
    return oldest;
}
