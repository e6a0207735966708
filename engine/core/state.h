/*
 * The coordinator's tables: what the files of this room share, and nobody
 * else sees. Everything is sized by coord_new.
 *
 * Two clocks  `now_us` is the caller's monotonic clock. `alive_us` advances
 *             with it, but by at most ALIVE_STEP_MAX_US a step: leases and
 *             silence are measured in it, so that a coordinator that was
 *             itself stopped for a minute does not blame its workers.
 */
#ifndef FYKE_CORE_STATE_H
#define FYKE_CORE_STATE_H

#include "engine/core/coord.h"
#include "engine/core/list.h"
#include "engine/core/map.h"
#include "engine/core/pace.h"

#define ALIVE_STEP_MAX_US 2000000
#define TICK_MAX_US 1000000 /* with workers: so that alive_us keeps up */

#define TASK_COPIES_MAX 2u /* one attempt and one extra copy */
#define TASK_LOST_OFTEN 5u
#define TASK_DELAY_US 200000 /* before a task lost often is tried on */
#define IDLE_BEATS_MAX 3u    /* then a worker that waits for nobody is told */
#define NO_WORKER_US 1000000
#define TIMES_MAX 64u /* recent task times per detector and phase */

enum task_state {
    TASK_WAITING = 0, /* in its run's queue, or delayed */
    TASK_OUT,         /* at least one live lease */
    TASK_DONE,        /* a result was accepted */
};

struct run;

struct task {
    struct list link; /* in run->waiting or coord->delayed while WAITING */
    struct run *run;
    uint64_t hash;         /* of the accepted payload, once DONE */
    int64_t not_before_us; /* while delayed */
    uint32_t attempt;      /* the last one given out, 0 = none yet */
    uint32_t lost;
    uint16_t phase_index;
    uint16_t part;
    uint16_t holder[TASK_COPIES_MAX]; /* workers with a live lease */
    uint8_t live;                     /* how many */
    uint8_t state;
    bool delayed;
};

struct batch;

/* One detector's work on one batch. */
struct run {
    struct batch *batch;
    uint32_t detector;
    struct plan plan;
    uint32_t phase_index; /* plan.phase_count = finished */
    bool preparing;
    uint32_t done;       /* tasks of the current phase */
    int64_t longest_us;  /* computing of a task of the current phase */
    int64_t worker_us;   /* the longest of each phase before it, summed */
    struct list waiting; /* of the current phase, without the delayed ones */
    struct task *task;   /* PLAN_PHASES_MAX x PLAN_TASKS_MAX */
};

enum batch_state {
    BATCH_FREE = 0,
    BATCH_SEALING,
    BATCH_RUNNING,
    BATCH_MERGING,
    BATCH_MERGED, /* waits for its turn, or for the disk */
    BATCH_COMMITTING,
};

struct batch {
    enum batch_state state;
    uint64_t number;
    uint32_t records;
    uint64_t bytes;
    uint64_t position;
    uint64_t ingest_delta;
    int64_t due_us; /* where it had to wait to be cut; else cut_us */
    uint32_t runs_left;
    struct coord_timing timing;
    struct run run[COORD_DETECTORS_MAX];
};

struct open_batch {
    uint32_t records;
    uint64_t bytes;
    uint64_t position;
    int64_t opened_us;
    /* COORD_CUT_INTERVAL with records > 0: */
    int64_t deadline_us, interval_us;
    bool overrun;
    bool tuned; /* the limits changed while it was open */
};

/* A change that is to come. */
enum hold {
    HOLD_NONE = 0,
    HOLD_ASKED, /* the open batch is to be sealed first */
    HOLD_HELD,  /* HELD was said: nothing is sealed until TUNE */
};

/* A worker holds at most one task: its lease lies here. */
struct lease {
    uint64_t task; /* id; 0 = the worker holds nothing that we know of */
    uint32_t attempt;
    uint64_t progress;
    int64_t renewed_us; /* alive clock */
    int64_t given_us;
    int64_t given_alive_us;
    bool live; /* false: expired or overtaken; the result still counts */
    struct list link;
};

struct peer {
    bool used;
    uint64_t id;
    uint32_t pipe; /* 0 = lost */
    uint64_t pid;
    char host[64];
    uint64_t tasks_done;
    int64_t busy_us;     /* alive clock, without the task now out */
    uint32_t idle_beats; /* beats with nothing held and nothing parked */
    int64_t joined_us;   /* alive clock */
    int64_t heard_us;    /* alive clock */
    struct list heard_link;
    bool parked;
    uint64_t request;
    struct list idle_link; /* in coord->idle while parked, else in ->free */
    struct lease lease;
};

struct task_times {
    uint32_t count; /* up to TIMES_MAX */
    uint32_t next;
    int64_t ring_us[TIMES_MAX];
    int64_t sorted_us[TIMES_MAX];
};

struct coord {
    struct coord_config config;
    int64_t now_us, alive_us;
    struct coord_actions *actions; /* of the step under way */

    struct open_batch open;
    /* Deadlines: grid_us + n * grid_step_us; step 0 = not cut by time. */
    int64_t grid_us, grid_step_us;
    enum hold hold;
    bool hold_cut;
    struct pace pace;    /* tuning.share.on */
    uint64_t read_bytes; /* read, not yet appended or skipped */
    uint64_t sealed_batch, committed_batch;
    uint64_t state_batch; /* of the newest sealed batch */
    uint32_t in_flight;   /* batches sealed and not committed */
    uint64_t flight_bytes, flight_records; /* of these */
    struct batch *batch;                   /* at number % COORD_DEPTH_MAX */
    struct task *task;                     /* all runs' tasks, one block */
    int64_t commit_at_us;                  /* not before, after a full disk */
    bool committing, disk_full;
    bool ended, draining, finished, gave_up;

    uint32_t tasks_ready, tasks_delayed, tasks_out;
    struct list delayed; /* by not_before_us */

    struct peer peer[COORD_WORKERS_MAX];
    struct list free, heard, idle, leases; /* heard, leases: oldest first */
    uint32_t peers, peers_connected, peers_parked;
    struct map peer_by_id, peer_by_pipe;
    int64_t lonely_us; /* since when tasks wait with nobody there, -1 = not */
    bool lonely_noted;
    int64_t speculate_at_us;
    struct task_times times[COORD_DETECTORS_MAX][PLAN_PHASES_MAX];

    struct coord_stats stats; /* the counters among them */
};

/* notes.c: actions and notes of this step. */
struct coord_action *action_add(struct coord *c, enum coord_action_kind kind);
struct coord_action *action_reply(struct coord *c, enum coord_action_kind kind,
                                  uint64_t request);
void action_refuse(struct coord *c, uint64_t request, uint64_t worker_id,
                   int err, const char *text);
struct coord_action *note_add(struct coord *c, enum coord_note note);

/* cut.c: the open batch. */
void cut_append(struct coord *c, const struct coord_event *event);
void cut_drain(struct coord *c);
void cut_try(struct coord *c);
int64_t cut_deadline_us(const struct coord *c);
/* What SEAL says of the open batch. */
int64_t cut_interval_us(const struct coord *c);
/* When the open batch, cut now, should have been. */
int64_t cut_due_us(const struct coord *c);
/* The grid of the interval in force, from the last point of the old one. */
void cut_follow_grid(struct coord *c);
/* The tuning changed under the open batch. */
void cut_retime(struct coord *c);
/* The same, and its interval follows the load: it keeps its deadline. */
void cut_keep(struct coord *c);

/* auto.c: the interval that follows what batches take. */
bool auto_is_on(const struct coord *c);
/* The tuning is a new one. `was_on`: the interval goes on where it was. */
void auto_set(struct coord *c, bool was_on);
/* A batch is committed. */
void auto_follow(struct coord *c, const struct batch *b);
/* Tells people of it. */
void auto_note(struct coord *c);
int64_t auto_note_at_us(const struct coord *c);

/* tune.c: a change between two batches. */
void tune_hold(struct coord *c, const struct coord_event *event);
void tune_change(struct coord *c, const struct coord_event *event);
/* Says HELD where it is due. */
void tune_hold_try(struct coord *c);
/* The open batch takes nothing: it is closed for a change. */
bool tune_is_closed(const struct coord *c);

/* batch.c: from sealed to released. */
struct batch *batch_find(const struct coord *c, uint64_t number);
void batch_seal(struct coord *c, enum coord_reason reason);
void batch_sealed(struct coord *c, const struct coord_event *event);
void batch_prepared(struct coord *c, const struct coord_event *event);
void batch_merged(struct coord *c, uint64_t number);
void batch_committed(struct coord *c, const struct coord_event *event);
void batch_commit_try(struct coord *c);
/* The task was accepted: its run may go on. */
void batch_task_done(struct coord *c, struct run *run, uint64_t compute_us);

/* task.c: the task table. */
uint64_t task_id(const struct task *t);
/* The task of an id that was ever given out in this epoch and whose batch is
 * still here, open or done; else NULL. */
struct task *task_find(const struct coord *c, uint64_t id);
/* Makes the current phase's tasks wait for workers. */
void task_open_phase(struct coord *c, struct run *run);
/* The next task to give out (oldest batch first), NULL when none is ready. */
struct task *task_next(const struct coord *c);
/* A live lease of the task ended without a result. */
void task_lost(struct coord *c, struct task *t, bool counts);
void task_close(struct coord *c, struct task *t, uint64_t hash);
void task_wake_delayed(struct coord *c);

enum task_verdict {
    TASK_ACCEPT = 1, /* the first valid result of an open task */
    TASK_DUPLICATE,  /* equal to the accepted one */
    TASK_DIFFERS,    /* not equal: a determinism alarm */
    TASK_FAILED,     /* the worker's half returned an error */
    TASK_INVALID,    /* not what the task asked for */
    TASK_VOID,       /* of another run or epoch */
    TASK_UNKNOWN,    /* of no task here: released, or never given out */
};
/* The accept rule: pure. `ret_t` is set where a task is known. */
enum task_verdict task_judge(const struct coord *c,
                             const struct wire_message *m, int payload_err,
                             uint64_t payload_hash, struct task **ret_t);

/* lease.c: who holds what. */
void lease_give(struct coord *c, struct peer *p, struct task *t);
/* Ends the peer's live lease, if any, without a word to the task. */
void lease_end(struct coord *c, struct peer *p);
/* The peer no longer holds its task; an open task waits again. */
void lease_lose(struct coord *c, struct peer *p, bool counts);
void lease_beat(struct coord *c, struct peer *p,
                const struct wire_heartbeat *beat);
void lease_expire(struct coord *c);
/* Gives ready tasks to parked workers. */
void lease_dispatch(struct coord *c);

/* worker_table.c: who is there. */
struct peer *peer_by_id(struct coord *c, uint64_t id);
struct peer *peer_by_pipe(struct coord *c, uint32_t pipe);
struct peer *peer_add(struct coord *c, uint64_t id); /* NULL: table full */
void peer_remove(struct coord *c, struct peer *p);
void peer_set_pipe(struct coord *c, struct peer *p, uint32_t pipe);
void peer_lose_pipe(struct coord *c, struct peer *p);
void peer_heard(struct coord *c, struct peer *p);
void peer_park(struct coord *c, struct peer *p, uint64_t request);
/* Takes the parked request out without an action. */
void peer_unpark(struct coord *c, struct peer *p);
/* As peer_unpark, and the request is dropped. */
void peer_drop_parked(struct coord *c, struct peer *p);
void peer_drop_silent(struct coord *c);
void peer_note_lonely(struct coord *c);
/* How long it had a task out, the one now out included. */
int64_t peer_busy_us(const struct coord *c, const struct peer *p);

/* requests.c: what workers say. */
void request_step(struct coord *c, const struct coord_event *event);
void request_bad(struct coord *c, const struct coord_event *event);
/* Everything is committed: lets go of the parked. */
void request_finish(struct coord *c);

/* speculate.c: stragglers. */
void speculate_time(struct coord *c, const struct task *t, int64_t took_us);
void speculate_try(struct coord *c);

/* Time on the alive clock as a time of the caller's clock. */
static inline int64_t alive_to_now_us(const struct coord *c, int64_t alive_us)
{
    return c->now_us + (alive_us - c->alive_us);
}

static inline int64_t ms_to_us(uint32_t ms)
{
    return (int64_t)ms * 1000;
}

#endif
