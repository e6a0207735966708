/*
 * The inside of a worker process: what run.c, act.c, send.c and job.c share.
 *
 * The loop thread owns all of it. A job's own fields belong to the pool's
 * thread from uv_queue_work until its after-work callback; only `progress` and
 * `stop` are touched from both sides.
 */
#ifndef FYKE_WORKERS_SHELL_SHELL_H
#define FYKE_WORKERS_SHELL_SHELL_H

#include "proto/base/arena.h"
#include "proto/link/link.h"
#include "proto/wire/wire.h"
#include "workers/core/worker.h"
#include "workers/detect/compute.h"
#include "workers/shell/run.h"

#include <stdatomic.h>
#include <uv.h>

struct shell;

/* One computation, or the loading of one model. */
struct job {
    struct shell *shell;
    uv_work_t work;
    struct link_event *event;      /* owns the bytes of `message` */
    struct wire_message message;   /* TASK or MODEL */
    const struct compute_ops *ops; /* NULL: no such detector here */
    _Atomic uint64_t progress;
    _Atomic int stop;
    bool running;   /* between uv_queue_work and after-work */
    bool abandoned; /* nobody waits for it: after-work frees it */
    int status;
    /* TASK */
    const struct compute_model *model; /* borrowed from the cache */
    struct wire_payload payload;       /* in the shell's arena */
    uint64_t compute_us;
    /* CPU time by kind of work */
    enum compute_work work_now;
    int64_t work_begun_ns; /* of the pool's thread */
    int64_t work_ns[COMPUTE_WORKS];
    /* MODEL */
    struct compute_model *loaded;
    uint32_t slot;
};

struct cached_model {
    const struct compute_ops *ops;
    struct compute_model *model; /* NULL = empty */
    uint64_t id;
};

struct shell {
    const struct worker_run_options *options;
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t timer;  /* the core's next deadline */
    uv_timer_t redial; /* the delay before a new link */
    uv_signal_t terminate, interrupt;
    struct worker *core;
    struct worker_actions actions;
    struct link_client *link; /* NULL while waiting to redial */
    uint32_t link_number;     /* +1 with every link */
    struct link_event *event; /* being stepped; KEEP and LOAD take it */
    const struct wire_message *event_message;
    int failed[LINK_CHANNELS]; /* sends that failed at once: told later */
    struct wire_hello hello;
    char host[128];
    struct arena arena; /* of the one computation */
    enum isa isa;       /* of its kernels */
    struct job *kept;   /* the TASK and, when computed, its result */
    struct job *load;   /* the MODEL being loaded */
    struct job *running;
    struct job *next; /* kept or load, waits for `running` to end */
    struct cached_model models[WORKER_MODELS_MAX];
    bool leaving;
    int64_t work_ns[COMPUTE_WORKS]; /* CPU of all jobs that have ended */
    uint32_t stops;                 /* signals that asked to stop */
    int exit_err;                   /* enum err of the way out */
    char exit_text[256];
};

/* run.c */
/* One event through the core and its actions; sets the timer. */
void shell_step(struct shell *s, const struct worker_event *event);
/* Closes every handle; the loop ends when jobs have ended too. */
void shell_leave(struct shell *s);
/* Closes the link and dials again after the delay. */
void shell_redial(struct shell *s, uint32_t delay_ms);

/* act.c */
void shell_act(struct shell *s, const struct worker_action *action);

/* send.c */
int shell_send(struct shell *s, const struct worker_action *action);

/* job.c */
FYKE_MUST_USE int shell_keep(struct shell *s);
FYKE_MUST_USE int shell_load(struct shell *s, uint32_t slot);
void shell_compute(struct shell *s, uint64_t model_id, uint32_t slot);
void shell_forget(struct shell *s);
void shell_models_free(struct shell *s);

#endif
