/*
 * The worker as a pure state machine: events in, actions out.
 *
 * A worker says HELLO on every new pipe, then asks for work (READY), holds at
 * most one task, computes, and sends the RESULT as its next request, which
 * asks for work again. Heartbeats travel on their own channel every beat,
 * idle or computing. No reply to a heartbeat for `silence_ms`: close and
 * redial, with a delay that doubles up to `redial_ms_max`.
 *
 * It knows tasks by their ids: task data, models and results are the
 * shell's, which keeps the bytes of the last TASK until the core lets go.
 *
 * Memory  a plain struct, no allocation. Thread rule: one owner.
 */
#ifndef FYKE_WORKERS_CORE_WORKER_H
#define FYKE_WORKERS_CORE_WORKER_H

#include "proto/base/err.h"
#include "proto/wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

#define WORKER_MODELS_MAX 4u
#define WORKER_ACTIONS_MAX 16u

enum worker_channel { WORKER_CHANNEL_TASK = 0, WORKER_CHANNEL_BEAT = 1 };

struct worker_config {
    uint64_t worker_id;
    uint32_t beat_ms;       /* until HELLO's reply says otherwise: 1000 */
    uint32_t silence_ms;    /* 5000 */
    uint32_t redial_ms_max; /* 2000 */
    bool
        leave_when_lost; /* a local worker exits when its coordinator is gone */
};

enum worker_event_kind {
    WORKER_EV_TICK = 1,  /* `progress` of the running computation */
    WORKER_EV_UP,        /* a pipe is there */
    WORKER_EV_DOWN,      /* the pipe is gone */
    WORKER_EV_REPLY,     /* `channel`, `message` (borrowed for the step) */
    WORKER_EV_BAD_REPLY, /* `channel`: bytes that do not decode */
    WORKER_EV_FAILED,    /* `channel`, `err`: the request got no answer */
    WORKER_EV_COMPUTED,  /* `status`: the computation ended; never for one
                          * that was forgotten */
    WORKER_EV_LOADED,    /* `status`: the model of the last MODEL is ready; if
                          * not 0, it is the status of the RESULT to send */
    WORKER_EV_STOP,      /* SIGTERM: finish the task, hand it in, say BYE */
};

struct worker_event {
    enum worker_event_kind kind;
    enum worker_channel channel;
    const struct wire_message *message;
    int err;
    int status;
    uint64_t progress;
};

enum worker_action_kind {
    WORKER_ACT_SEND = 1, /* `channel`; `envelope` is complete; HELLO and RESULT
                          * bodies are the shell's (a RESULT's status is
                          * `err`); HEARTBEAT and NEED_MODEL bodies are in
                          * `heartbeat`, `model_id` */
    WORKER_ACT_KEEP,     /* keep the TASK of this event: it will be computed */
    WORKER_ACT_COMPUTE,  /* start computing the kept task, with the model in
                          * cache slot `model_slot` unless `model_id` is 0,
                          * then COMPUTED */
    WORKER_ACT_LOAD,     /* take the MODEL of this event into cache slot
                          * `model_slot`, then LOADED */
    WORKER_ACT_FORGET,   /* drop the kept task and its result; a running
                          * computation is to be stopped, without COMPUTED */
    WORKER_ACT_CANCEL,   /* abandon the request under way on `channel` */
    WORKER_ACT_REDIAL,   /* close the link (every request on it is gone, no
                          * event follows), dial again after `delay_ms` */
    WORKER_ACT_NOTE,     /* `note`, `err`, `text` for the log */
    WORKER_ACT_EXIT,     /* leave with `exit_code`: 0 after BYE and STOP, 1 when
                          * refused or, for a local worker, when its
                          * coordinator stays away for silence_ms */
};

enum worker_note {
    WORKER_NOTE_JOINED = 1,
    WORKER_NOTE_WAITING, /* nobody answers yet; once per outage */
    WORKER_NOTE_LOST,
    WORKER_NOTE_REFUSED, /* `err`, `text` */
    WORKER_NOTE_BYE,
};

struct worker_action {
    enum worker_action_kind kind;
    enum worker_channel channel;
    struct wire_envelope envelope;
    struct wire_heartbeat heartbeat;
    uint64_t model_id;
    uint32_t model_slot;
    uint32_t delay_ms;
    enum worker_note note;
    int err;
    char text[160];
    int exit_code;
};

struct worker_actions {
    uint32_t count;
    struct worker_action item[WORKER_ACTIONS_MAX];
};

struct worker; /* opaque here; worker_size for the owner's memory */

FYKE_MUST_USE int worker_new(const struct worker_config *config, int64_t now_us,
                             struct worker **ret_w);
void worker_free(struct worker *w);
void worker_step(struct worker *w, int64_t now_us,
                 const struct worker_event *event,
                 struct worker_actions *actions);
int64_t worker_next_deadline_us(const struct worker *w);
void worker_check(const struct worker *w);

#endif
