/*
 * The simulator: one thread, a virtual clock, the real coordinator core, real
 * worker cores, real detectors on tiny data, every message through the wire,
 * and a world that loses, delays, repeats, breaks, stops, crashes and fills.
 *
 * A seed decides everything: the input, the configuration, which faults can
 * happen and when. Two runs of a seed are the same, event for event.
 *
 *   mix.c      what the seed decides
 *   queue.c    the virtual clock's events
 *   input.c    the records, and which of them are bad
 *   store.c    the simulated database: what is committed, and learned
 *   net.c      links between workers and the coordinator
 *   batch.c    a batch's data at the coordinator, and its jobs
 *   coord_sim.c   carries out the coordinator core's actions
 *   jobs.c        the coordinator's jobs: seal, reply, commit
 *   worker_sim.c  carries out a worker core's actions
 *   worker_talk.c  what it says and hears
 *   fault.c    what goes wrong
 *   change.c   changes while it runs: hold, commit, tune
 *   judge.c judge_cut.c  invariants, kept apart from the core's own books
 *   run.c      one world from start to end; two worlds compared
 *   trace.c    what a person reads
 */
#ifndef FYKE_SIM_H
#define FYKE_SIM_H

#include "engine/core/coord.h"
#include "engine/detect/detect.h"
#include "engine/detect/verdict.h"
#include "engine/learn/learn.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/rng.h"
#include "proto/wire/wire.h"
#include "tests/sim/judge.h"
#include "workers/core/worker.h"
#include "workers/detect/compute.h"

#include <stdio.h>

#define SIM_WORKERS_MAX 6u
#define SIM_RECORDS_MAX 512u
#define SIM_FAULTS_MAX 24u
#define SIM_CHANGES_MAX 6u
#define SIM_BATCHES_MAX 512u /* in a store */
#define SIM_REQUESTS_MAX 512u
#define SIM_LINKS_MAX 65536u
#define SIM_COLS_MAX 3u
#define SIM_ALGORITHM 1u
#define MS INT64_C(1000)
#define SECOND INT64_C(1000000)

/* mix.c: what a seed decides. Probabilities are in percent. */

enum fault_kind {
    FAULT_WORKER_CRASH = 0, /* replaced later by a new process */
    FAULT_WORKER_STALL,     /* SIGSTOP, then SIGCONT */
    FAULT_WORKER_SLOW,
    FAULT_WORKER_STUCK, /* the computation makes no progress for long */
    FAULT_WORKER_LEAVE, /* SIGTERM */
    FAULT_WORKER_GARBAGE,
    FAULT_LINK_BREAK,
    FAULT_PARTITION, /* one way or both */
    FAULT_COORD_CRASH,
    FAULT_COORD_STALL,
    FAULT_COORD_DRAIN, /* SIGTERM, then a new start */
    FAULT_CLOCK_JUMP,
    FAULT_DISK_FULL,
    FAULT_COMMIT_UNKNOWN, /* the next commit: done, or not, and no answer */
    FAULT_COMMIT_CRASH,   /* the next commit: killed before or after it */
    FAULT_FOREIGN,        /* a result of another run or epoch arrives */
    FAULT_KINDS
};

struct fault_event {
    int64_t at_us;
    enum fault_kind kind;
    uint32_t who;
    int64_t for_us;
    uint32_t variant;
};

/* A change while it runs. One that finds another under way is dropped. */
struct sim_change {
    int64_t at_us;
    int64_t wait_us;     /* from HELD on: it is committed */
    int64_t patience_us; /* for HELD, 0 = without end */
    bool cut;
    bool refused; /* it cannot be committed */
    struct coord_tuning tuning;
};

#define SIM_DETECTORS_MAX 2u

struct sim_mix {
    uint64_t seed;
    struct coord_tuning tuning;
    uint32_t records, cols, workers;
    uint32_t detectors, votes; /* forests that differ by their seeds */
    uint32_t trees, subsample, fit_rows;
    uint32_t part_rows, trees_per_task; /* any value: the same results */
    uint32_t bad_percent;               /* records that go to quarantine */
    int64_t feed_us;                    /* between two reads */
    uint32_t chunk;                     /* records of a read at most */
    /* network */
    uint32_t loss, duplicate, garbage; /* per mille of messages */
    bool reorder;
    int64_t delay_min_us, delay_max_us;
    /* times */
    int64_t compute_us, job_us, commit_us;
    uint32_t fail_percent; /* results with a status, until healed */
    int64_t heal_us;       /* nothing goes wrong from here on */
    uint32_t fault_count;
    struct fault_event fault[SIM_FAULTS_MAX];
    uint32_t change_count;
    struct sim_change change[SIM_CHANGES_MAX];
};

void mix_draw(uint64_t seed, struct sim_mix *ret_mix);
/* The same input and cuts, one steady worker, other part sizes, no fault. */
void mix_calm(const struct sim_mix *mix, struct sim_mix *ret_mix);
const char *fault_name(enum fault_kind kind);

/* queue.c */

enum event_kind {
    EVENT_COORD_TICK = 1,
    EVENT_COORD_START,
    EVENT_READ,
    EVENT_PARSED,   /* a: records */
    EVENT_SEALED,   /* a: batch */
    EVENT_PREPARED, /* a: batch, b: detector << 8 | phase */
    EVENT_MERGED,
    EVENT_COMMIT,    /* the writer does it now */
    EVENT_COMMITTED, /* b: outcome */
    EVENT_REQUEST,   /* bytes; a: link << 8 | worker, b: token << 1 | channel */
    EVENT_PIPE_LOST, /* a: pipe */
    EVENT_WORKER_START,
    EVENT_WORKER_TICK,
    EVENT_DIAL,     /* a: number of the attempt */
    EVENT_REPLY,    /* bytes; a: link, b: token << 1 | channel */
    EVENT_DOWN,     /* a: link */
    EVENT_COMPUTED, /* a: number of the computation */
    EVENT_LOADED,
    EVENT_FAULT,         /* a: index */
    EVENT_CHANGE,        /* a: index; it is asked for */
    EVENT_CHANGE_OVER,   /* a: index; without HELD it is taken back */
    EVENT_CHANGE_STORED, /* a: index */
    EVENT_CHANGED,       /* a: index; the core hears of it */
};

#define WHO_COORD UINT32_MAX

struct sim_event {
    int64_t at_us;
    uint64_t order; /* equal times: first come */
    enum event_kind kind;
    uint32_t who;  /* worker index, WHO_COORD */
    uint64_t life; /* of the process that it is for, 0 = any */
    uint64_t a, b;
    uint8_t *bytes; /* owned */
    size_t byte_count;
};

struct queue {
    struct sim_event *item;
    size_t count, capacity;
    uint64_t order;
};

void queue_push(struct queue *q, struct sim_event e);
bool queue_pop(struct queue *q, struct sim_event *ret_e);
void queue_release(struct queue *q);

/* input.c */

struct input {
    uint32_t records, cols;
    uint32_t bytes[SIM_RECORDS_MAX];
    bool bad[SIM_RECORDS_MAX];
    float value[SIM_RECORDS_MAX][SIM_COLS_MAX];
};

void input_make(const struct sim_mix *mix, struct input *ret_input);
/* The good rows of [from, to), column-major; memory from malloc. */
float *input_rows(const struct input *in, uint32_t from, uint32_t to,
                  uint32_t *ret_rows);

/* store.c */

struct stored_batch {
    uint32_t from, to; /* records */
    uint64_t state_batch;
    uint64_t result_hash;
    enum coord_reason reason;
    uint8_t *delta;
    size_t delta_bytes;
};

struct store {
    uint32_t epoch;
    uint64_t last_batch;
    uint32_t position;                          /* records committed */
    struct coord_tuning tuning;                 /* the last one committed */
    struct stored_batch batch[SIM_BATCHES_MAX]; /* batch n at n - 1 */
};

/* What the learned state was after any batch that may still be asked for. */
struct learn_history *store_history(const struct store *s,
                                    const struct sim_mix *mix);
uint64_t store_hash(const struct store *s);
void store_release(struct store *s);

/* batch.c */

struct sim_batch {
    bool used;
    uint64_t number, state_batch;
    uint32_t from, to;
    enum coord_reason reason;
    float *data;
    struct matrix rows;
    bool has_view;
    struct learn_view view;
    struct detect_run run[SIM_DETECTORS_MAX]; /* no state without good rows */
    struct arena arena;
    uint64_t result_hash;
    struct buf delta;
};

int sim_plan(const void *config, const struct plan_shape *shape,
             struct plan *ret_plan);

struct sim;
void batch_look(struct sim *s, struct sim_batch *b);
void batch_assemble(struct sim *s, struct sim_batch *b);
/* Answers, verdicts and what the batch adds to the learned state. */
void batch_merge(struct sim *s, struct sim_batch *b);
void batch_release(struct sim_batch *b);
void config_of_mix(const struct sim_mix *mix, uint32_t detector,
                   struct detect_config *ret_c);
/* Of a batch that has rows. */
const struct detect_run *batch_run(const struct sim_batch *b,
                                   uint32_t detector);
/* Computes stored batch n again, in one process; its result hash. */
uint64_t batch_replay(const struct sim_mix *mix, const struct input *input,
                      const struct store *store, uint64_t number);

/* the world */

struct sim_plan_config {
    struct detect_config detect;
    uint32_t part_rows, trees_per_task;
};

struct sim_request {
    bool open; /* neither answered nor dropped */
    uint64_t handle;
    uint32_t worker;
    uint32_t link;
    uint64_t token;
    enum worker_channel channel;
};

struct sim_coord {
    bool up;
    uint64_t life;
    struct coord *core;
    struct coord_config config;
    struct coord_actions actions;
    int64_t skew_us;    /* its clock minus the world's */
    int64_t stalled_us; /* until then it does not run */
    int64_t tick_us;    /* a TICK with this number is on its way for then */
    uint64_t tick;
    uint32_t open_from;              /* first record of the open batch */
    uint32_t appended, parsed, read; /* next record of each kind */
    bool reading, ended, finished, drained;
    bool feeding;    /* inside coord_feed */
    uint32_t change; /* the one under way */
    struct learn_history *history;
    struct sim_batch batch[COORD_DEPTH_MAX];
    struct sim_request request[SIM_REQUESTS_MAX];
    uint64_t request_count; /* handles given out: slot: number % MAX */
    uint8_t pipe_worker[SIM_LINKS_MAX]; /* worker index + 1, 0 = closed */
    struct judge judge;
};

struct sim_channel {
    bool busy;
    uint64_t token;
};

struct sim_worker {
    bool up;
    uint64_t life;
    uint64_t id;
    struct worker *core;
    struct worker_actions actions;
    int64_t stalled_us, tick_us;
    uint64_t tick;
    int64_t slow_until_us, stuck_until_us, garbage_until_us;
    int64_t cut_out_us, cut_in_us; /* partition, each way, until then */
    bool link_up;                  /* in truth; either side may not know yet */
    uint32_t link; /* its number, unique in the world: the pipe's id */
    uint64_t dial; /* number of the last attempt */
    int64_t last_out_us, last_in_us; /* keeps order when not reordering */
    struct sim_channel channel[2];
    uint8_t *incoming; /* the reply being stepped; KEEP and LOAD take it */
    const struct wire_message *incoming_message;
    uint8_t *kept; /* bytes of the TASK */
    struct wire_message task;
    struct arena arena;
    struct wire_payload result;
    int status;
    bool computing;
    uint64_t computation;
    int64_t computing_since_us;
    uint8_t *loading; /* bytes of the MODEL */
    struct wire_message model_message;
    uint32_t loading_slot;
    struct compute_model *model[WORKER_MODELS_MAX];
    bool stopping;
};

struct sim {
    struct sim_mix mix;
    struct input input;
    struct sim_plan_config plan_config[SIM_DETECTORS_MAX];
    struct rng rng;
    struct queue queue;
    int64_t now_us;
    struct store store;
    uint32_t next_epoch;
    uint64_t next_life, next_worker_id, next_dial;
    uint32_t next_link;
    int64_t disk_full_us;
    uint32_t commit_unknown, commit_crash; /* 1: before, 2: after the commit */
    struct sim_coord coord;
    struct sim_worker worker[SIM_WORKERS_MAX];
    uint32_t workers_to_start;
    bool over; /* the stream is done */
    uint64_t steps;
    FILE *trace;
    bool trace_beats;
    struct {
        uint64_t notes[32];
        uint64_t restarts, faults, changes, taken_back;
        struct coord_stats coord; /* summed over lives */
    } seen;
};

/* A number in [low, high]. */
int64_t sim_between(struct sim *s, int64_t low, int64_t high);
void *sim_alloc(size_t bytes);
bool sim_percent(struct sim *s, uint32_t percent);
bool sim_is_healed(const struct sim *s);
void sim_at(struct sim *s, int64_t at_us, enum event_kind kind, uint32_t who,
            uint64_t a, uint64_t b);
/* Stops the program: the seed shows a defect. */
_Noreturn void sim_fail(const struct sim *s, const char *format, ...)
    FYKE_PRINTF(2, 3);

/* coord_sim.c */
void coord_start(struct sim *s);
void coord_end(struct sim *s); /* kill -9, or a clean end */
void coord_event(struct sim *s, const struct sim_event *e);
void coord_do(struct sim *s, const struct coord_event *event);
void coord_drain(struct sim *s);
struct sim_batch *coord_batch(struct sim *s, uint64_t number);

/* jobs.c */
/* Ends the coordinator and starts it again a little later. */
void coord_crash(struct sim *s, const char *why);
void coord_reply(struct sim *s, const struct coord_action *a);
void coord_seal(struct sim *s, const struct coord_action *a);
void coord_sealed(struct sim *s, uint64_t number);
void coord_commit(struct sim *s, uint64_t number);
void coord_committed(struct sim *s, const struct sim_event *e);

/* worker_talk.c */
void worker_send(struct sim *s, uint32_t who, const struct worker_action *a);
void worker_replied(struct sim *s, struct sim_event *e);
void worker_down(struct sim *s, const struct sim_event *e);

/* worker_sim.c */
void worker_start(struct sim *s, uint32_t who);
void worker_end(struct sim *s, uint32_t who);
void worker_event_in(struct sim *s, struct sim_event *e);
void worker_do(struct sim *s, uint32_t who, const struct worker_event *event);

/* net.c */
void net_dial(struct sim *s, uint32_t who, int64_t delay_us);
void net_dialed(struct sim *s, uint32_t who, uint64_t attempt);
void net_pipe_closed(struct sim *s, uint32_t pipe);
void net_drop(struct sim *s, uint64_t request);
/* The link is gone; each side is told, sooner or later, where asked. */
void net_break(struct sim *s, uint32_t who, bool tell_worker, bool tell_coord);
void net_request(struct sim *s, uint32_t who, enum worker_channel channel,
                 const struct wire_message *m);
void net_reply(struct sim *s, uint64_t request, const struct wire_message *m);
void net_hear(struct sim *s, const struct sim_event *e);

/* fault.c */
void fault_do(struct sim *s, const struct fault_event *f);

/* change.c */
void change_ask(struct sim *s, uint32_t index);
void change_over(struct sim *s, uint32_t index);
void change_held(struct sim *s);
void change_stored(struct sim *s, uint32_t index);
void change_done(struct sim *s, uint32_t index);

/* trace.c */
void trace_line(const struct sim *s, const char *who, const char *format, ...)
    FYKE_PRINTF(3, 4);
void trace_message(const struct sim *s, bool to_coord, uint32_t worker,
                   const struct wire_message *m, const char *remark);
void trace_action(const struct sim *s, const struct coord_action *a);

/* run.c */
struct sim_outcome {
    uint64_t hash, batches;
    int64_t took_us; /* virtual */
    uint64_t steps;
    uint64_t restarts; /* of the coordinator */
    uint64_t changes, taken_back;
    uint64_t notes[32];
    struct coord_stats coord; /* summed over its lives */
};
/* Runs a world to its end and judges it. The caller releases the store. */
void sim_run(const struct sim_mix *mix, FILE *trace, bool trace_beats,
             struct store *ret_store, struct sim_outcome *ret_outcome);
/* The whole test of a seed. */
void sim_seed(uint64_t seed, FILE *trace, struct sim_outcome *ret_outcome);

#endif
