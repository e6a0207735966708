/*
 * What a reply means. A reply to nothing that was asked is ignored; one that
 * does not fit the question is a broken peer: close and dial again.
 */
#include "workers/core/state.h"

#include <string.h>

#define BEAT_MS_MIN 10u
#define BEAT_MS_MAX 60000u

static bool is_ours(const struct worker *w, const struct wire_envelope *e)
{
    return e->epoch == w->epoch &&
           memcmp(e->run_id, w->run_id, sizeof w->run_id) == 0;
}

static void reply_hello(struct worker *w, const struct wire_message *m)
{
    if (w->joined_once && !is_ours(w, &m->envelope)) {
        speak_forget(w); /* of a coordinator that is gone */
    }
    memcpy(w->run_id, m->envelope.run_id, sizeof w->run_id);
    w->epoch = m->envelope.epoch;
    uint32_t beat_ms = m->body.hello_reply.beat_ms;
    w->beat_ms = beat_ms < BEAT_MS_MIN   ? BEAT_MS_MIN
                 : beat_ms > BEAT_MS_MAX ? BEAT_MS_MAX
                                         : beat_ms;
    bool is_outage = !w->joined_once || w->lost_us >= 0;
    w->link = LINK_JOINED;
    w->joined_once = true;
    w->waiting_noted = false;
    w->lost_us = -1;
    w->redial_ms = REDIAL_MS_MIN;
    w->beat_at_us = w->now_us;
    if (is_outage) {
        speak_note(w, WORKER_NOTE_JOINED);
    }
    speak_next(w);
}

static void reply_work(struct worker *w, const struct wire_message *m)
{
    const struct wire_task *t = &m->body.task;
    speak_forget(w); /* a result was handed in, or is no longer wanted */
    if (w->stopping) {
        speak_bye(w);
        return;
    }
    worker_action_add(w, WORKER_ACT_KEEP);
    w->held = (struct held){ .state = HELD_WANTING,
                             .task = m->envelope.task,
                             .attempt = m->envelope.attempt,
                             .model_id = t->model_id,
                             .model_hash = t->model_hash };
    bool hit = true;
    if (t->model_id != 0) {
        (void)model_find(w, t->model_id, t->model_hash, &hit);
    }
    if (hit) {
        speak_compute(w);
    } else {
        speak_next(w);
    }
}

static void reply_model(struct worker *w, const struct wire_message *m)
{
    const struct wire_model *model = &m->body.model;
    struct held *held = &w->held;
    if (model->model_id != held->model_id ||
        model->model_hash != held->model_hash) {
        speak_redial(w);
        return;
    }
    bool hit;
    uint32_t slot = model_find(w, model->model_id, model->model_hash, &hit);
    w->model[slot] = (struct model_slot){ .id = model->model_id,
                                          .hash = model->model_hash,
                                          .used = ++w->use_count };
    w->loading_slot = slot;
    w->model_ms = 2 * w->config.silence_ms;
    held->state = HELD_LOADING;
    struct worker_action *a = worker_action_add(w, WORKER_ACT_LOAD);
    a->model_id = model->model_id;
    a->model_slot = slot;
}

static void reply_refused(struct worker *w, const struct wire_refused *r)
{
    if (r->code == ERR_BUSY) {
        speak_redial(w); /* it is full: later */
        return;
    }
    struct worker_action *a = worker_action_add(w, WORKER_ACT_NOTE);
    a->note = WORKER_NOTE_REFUSED;
    a->err = r->code;
    size_t n = r->reason.length;
    if (n > sizeof a->text - 1) {
        n = sizeof a->text - 1;
    }
    if (n > 0) {
        memcpy(a->text, r->reason.text, n);
    }
    a->text[n] = 0;
    speak_exit(w, 1);
}

static void reply_bye(struct worker *w)
{
    speak_note(w, WORKER_NOTE_BYE);
    speak_exit(w, 0);
}

/* TASK, MODEL and HELLO's reply: does it answer the question? */
static void reply_answer(struct worker *w, uint32_t asked,
                         const struct wire_message *m)
{
    uint32_t kind = m->envelope.kind;
    bool asked_work =
        asked == WIRE_READY || asked == WIRE_RESULT || asked == WIRE_NEED_MODEL;
    if (kind == WIRE_HELLO_REPLY && asked == WIRE_HELLO) {
        reply_hello(w, m);
    } else if (asked_work && !is_ours(w, &m->envelope)) {
        speak_hello(w);
    } else if (kind == WIRE_TASK && asked_work) {
        reply_work(w, m);
    } else if (kind == WIRE_MODEL && asked == WIRE_NEED_MODEL) {
        reply_model(w, m);
    } else {
        speak_redial(w);
    }
}

void reply_task(struct worker *w, const struct wire_message *m)
{
    uint32_t asked = w->asked;
    if (asked == 0) {
        return;
    }
    w->asked = 0;
    w->heard_us = w->now_us;
    switch (m->envelope.kind) {
    case WIRE_BYE_REPLY:
        reply_bye(w);
        break;
    case WIRE_REFUSED:
        reply_refused(w, &m->body.refused);
        break;
    case WIRE_HELLO_FIRST:
        if (asked == WIRE_BYE) {
            speak_exit(w, 0); /* it does not know us: nothing to take back */
        } else if (asked == WIRE_HELLO) {
            speak_redial(w);
        } else {
            speak_hello(w);
        }
        break;
    default:
        reply_answer(w, asked, m);
        break;
    }
}

void reply_beat(struct worker *w, const struct wire_message *m)
{
    if (!w->beating) {
        return;
    }
    w->beating = false;
    w->heard_us = w->now_us;
    bool is_beat = m->envelope.kind == WIRE_HEARTBEAT_REPLY;
    bool again = m->envelope.kind == WIRE_HELLO_FIRST ||
                 (is_beat && (m->body.heartbeat_reply.order == 1 ||
                              !is_ours(w, &m->envelope)));
    if (m->envelope.kind == WIRE_REFUSED) {
        reply_refused(w, &m->body.refused);
    } else if (!again && !is_beat) {
        speak_redial(w);
    } else if (w->link != LINK_JOINED) {
        return; /* HELLO or BYE is under way anyway */
    } else if (again) {
        speak_hello(w);
    } else if (w->stopping && w->asked == WIRE_RESULT &&
               w->beat_follows_result) {
        speak_bye(w);
    }
}
