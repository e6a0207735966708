/*
 * The worker's state: what the files of this room share, and nobody else sees.
 */
#ifndef FYKE_WORKERS_CORE_STATE_H
#define FYKE_WORKERS_CORE_STATE_H

#include "workers/core/worker.h"

#define REDIAL_MS_MIN 100u
#define WAITING_US 1000000 /* nobody answers: said after this */
#define BYE_US 1000000     /* how long a BYE waits for its answer */

enum link_state {
    LINK_OFF = 0, /* no pipe */
    LINK_HELLO,   /* a pipe, HELLO is under way */
    LINK_JOINED,
    LINK_LEAVING, /* BYE is under way */
    LINK_OVER,    /* EXIT was said */
};

enum held_state {
    HELD_NONE = 0,
    HELD_WANTING, /* kept, its model is not here */
    HELD_LOADING,
    HELD_COMPUTING,
    HELD_DONE, /* its result is to be handed in */
};

struct held {
    enum held_state state;
    uint64_t task;
    uint32_t attempt;
    uint64_t model_id, model_hash;
    uint64_t progress; /* of the computation */
    uint64_t steps;    /* models loaded: progress as well */
    int status;
};

struct model_slot {
    bool valid;
    uint64_t id, hash;
    uint64_t used; /* larger = later */
};

struct worker {
    struct worker_config config;
    int64_t now_us;
    struct worker_actions *actions; /* of the step under way */

    enum link_state link;
    uint32_t asked; /* kind under way on the task channel, 0 = none */
    int64_t asked_us;
    bool beating; /* a heartbeat is under way */
    bool beat_follows_result;
    int64_t beat_at_us; /* the next one */
    int64_t heard_us;   /* last reply, or the pipe came */
    int64_t lost_us;    /* since when not joined */
    uint32_t redial_ms; /* next delay */
    uint32_t model_ms;  /* patience with NEED_MODEL */
    uint32_t beat_ms;

    uint8_t run_id[WIRE_RUN_ID_BYTES]; /* of the last HELLO's reply */
    uint32_t epoch;
    bool joined_once, waiting_noted, stopping;

    struct held held;
    struct model_slot model[WORKER_MODELS_MAX];
    uint32_t loading_slot;
    uint64_t use_count;
};

/* speak.c */
struct worker_action *worker_action_add(struct worker *w,
                                        enum worker_action_kind kind);
void speak_note(struct worker *w, enum worker_note note);
void speak_exit(struct worker *w, int exit_code);
/* Abandons what is under way on the task channel and says HELLO. */
void speak_hello(struct worker *w);
void speak_bye(struct worker *w);
void speak_beat(struct worker *w);
/* Joined, and nothing under way on the task channel: says what is next. */
void speak_next(struct worker *w);
/* The link is gone: nothing is under way on it any more. */
void speak_lost(struct worker *w);
void speak_redial(struct worker *w);
void speak_forget(struct worker *w);
void speak_compute(struct worker *w);
/* The cache slot of a model, or where it should go (ret_hit false). */
uint32_t model_find(struct worker *w, uint64_t id, uint64_t hash,
                    bool *ret_hit);

/* replies.c */
void reply_task(struct worker *w, const struct wire_message *m);
void reply_beat(struct worker *w, const struct wire_message *m);

#endif
