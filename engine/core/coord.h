/*
 * The coordinator as a pure state machine: events in, actions out.
 *
 * It decides when the open batch is cut, which task goes to which worker,
 * whose result counts, when a batch is merged and committed, and when the
 * source may be read. It never touches row data, a clock, a thread or I/O:
 * time comes with every event, row data is known by counts.
 *
 * Life of a batch here
 *   open --SEAL--> sealing --SEALED--> [per detector and phase: PREPARE,
 *   PREPARED, tasks out and in] --MERGE--> merging --MERGED--> waiting for its
 *   turn --COMMIT--> committing --COMMITTED--> released
 *
 * Tuning       COORD_EV_HOLD asks for a moment between two batches: with
 *              `cut`, a non-empty open batch is sealed first (reason `set`, as
 *              soon as the pipeline has room); until then it takes no record.
 *              HELD says the first batch that a change would hold for, and no
 *              batch is sealed until COORD_EV_TUNE brings the change, or its
 *              refusal. So a change can be committed before it is used. With
 *              `cut` the open batch, empty now, takes no record until then;
 *              without, it goes on taking them, and where new limits are
 *              below what it holds it is cut as it is.
 *              Before HELD was said, TUNE without a change takes the HOLD
 *              back: HELD is not said any more.
 * Auto         with `tuning.share.on` the interval follows what batches take:
 *              see pace.h.
 * Cutting      a batch is full at max_rows records, or once its bytes reach
 *              max_bytes (the record that does so belongs to it). Deadlines
 *              lie on a fixed grid: multiples of the interval from coord_new,
 *              or, after a change of the interval, from the last point of the
 *              grid before; a batch is due at the first one after its first
 *              record.
 * Workers      known by worker_id from their HELLO on. A lost pipe drops what
 *              the worker asked for and hands its task to someone else at
 *              once; the worker itself is forgotten after silence_ms. Silence
 *              and leases do not count time in which coord_step was not
 *              called (more than 2 s: this process was stopped).
 * Memory       everything is allocated by coord_new; coord_step allocates
 *              nothing. Actions go into the caller's array.
 * Thread rule  one owner.
 * Order        actions are to be carried out in the order given.
 */
#ifndef FYKE_CORE_COORD_H
#define FYKE_CORE_COORD_H

#include "proto/base/err.h"
#include "proto/base/plan.h"
#include "proto/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COORD_DEPTH_MAX 16u
#define COORD_DETECTORS_MAX 4u
#define COORD_WORKERS_MAX 512u
/* At most one request of a worker is kept. */
#define COORD_PARKED_MAX COORD_WORKERS_MAX
#define COORD_ACTIONS_MAX 4096u /* no step emits more */

/* The coordinator's half of a detector, as far as the core sees it. */
struct coord_detector {
    const char *name;
    const void *config;
    /* Pure, O(1). 0 or a negative error (the batch then fails: a defect). */
    int (*plan)(const void *config, const struct plan_shape *shape,
                struct plan *ret_plan);
};

enum coord_cut { COORD_CUT_COUNT = 0, COORD_CUT_INTERVAL, COORD_CUT_ASAP };

/* COORD_CUT_INTERVAL: keeps the time from cut to commit at a share of the
 * interval. */
struct coord_share {
    bool on;
    uint32_t target_ppm; /* of the interval: 500000 = half of it */
    uint32_t step_ppm;   /* largest change at once: 1500000 = x 1.5 or / 1.5 */
    int64_t min_us, max_us;
};

/* What may change while it runs, from one batch on. */
struct coord_tuning {
    enum coord_cut cut;
    int64_t interval_us; /* COORD_CUT_INTERVAL; with share.on the first one,
                          * kept within its limits, and in a change from
                          * share.on to share.on of no meaning */
    struct coord_share share;
    uint32_t max_rows;  /* records of a batch */
    uint64_t max_bytes; /* source bytes of a batch */
    uint32_t depth;     /* D: batches between seal and commit */
    uint64_t cap_bytes; /* source bytes in flight, >= 2 max_bytes */
    uint64_t cap_rows;  /* records in flight, >= 2 max_rows */
};

struct coord_config {
    uint8_t run_id[WIRE_RUN_ID_BYTES];
    uint32_t epoch;
    uint64_t last_batch;       /* committed so far, 0 = none */
    uint64_t last_state_batch; /* state_batch of that batch */
    struct coord_tuning tuning;
    bool replayable;     /* a drain may drop the open batch (cut by count) */
    uint32_t lease_ms;   /* 5000 */
    uint32_t silence_ms; /* 10000: then the pipe is closed */
    uint32_t beat_ms;    /* 1000 */
    uint32_t commit_retry_ms; /* 1000, after a full disk */
    uint32_t algorithm_version;
    uint64_t selftest_digest;
    uint32_t detector_count;
    struct coord_detector detector[COORD_DETECTORS_MAX];
};

/* Why a batch was cut. Stored: never renumber. */
enum coord_reason {
    COORD_REASON_INTERVAL = 1,
    COORD_REASON_ROWS = 2,
    COORD_REASON_BYTES = 3,
    COORD_REASON_END = 4,
    COORD_REASON_DRAIN = 5,
    COORD_REASON_SET = 6,
    COORD_REASON_ASAP = 7,
};
const char *coord_reason_name(enum coord_reason r); /* "interval", ... */

enum coord_event_kind {
    COORD_EV_TICK = 1,    /* time passed (coord_next_deadline_us) */
    COORD_EV_READ,        /* `bytes` were read from the source */
    COORD_EV_APPENDED,    /* `records` of `bytes` joined the open batch, which
                           * was asked with coord_fit; `position` is opaque;
                           * `skipped_bytes` of those read were no records */
    COORD_EV_END,         /* end of input: no more READ or APPENDED */
    COORD_EV_DRAIN,       /* finish, commit, stop; no more READ or APPENDED */
    COORD_EV_SEALED,      /* `batch` is assembled: `rows`, `cols`,
                           * `recent_rows`, `ingest_delta` */
    COORD_EV_PREPARED,    /* `batch`, `detector`, `phase_index` */
    COORD_EV_MERGED,      /* `batch` */
    COORD_EV_COMMITTED,   /* `batch`, `outcome` */
    COORD_EV_REQUEST,     /* `request`, `pipe`, `message`; for RESULT also
                           * `payload_err` and `payload_hash` */
    COORD_EV_BAD_REQUEST, /* `request`, `pipe`: bytes that do not decode;
                           * `payload_err`: what wire_decode returned */
    COORD_EV_PIPE_LOST,   /* `pipe`: a hint */
    COORD_EV_HOLD,        /* a change is to come; HELD follows once, also
                           * while draining and after the end, unless it is
                           * taken back before. `cut`: the open batch is closed
                           * for it. One at a time */
    COORD_EV_TUNE,        /* after HELD: `tuning`, or NULL = as before; after
                           * HOLD alone: NULL, which takes it back */
};

enum coord_outcome {
    COORD_COMMIT_OK = 0,
    COORD_COMMIT_FULL, /* disk full or file locked: same commit again later */
    COORD_COMMIT_UNKNOWN, /* exit, reopen, look */
};

struct coord_event {
    enum coord_event_kind kind;
    uint64_t batch;
    uint32_t detector; /* index in the config */
    uint32_t phase_index;
    uint32_t records;
    uint32_t rows, cols, recent_rows;
    uint64_t bytes, skipped_bytes;
    uint64_t position;
    uint64_t ingest_delta; /* opaque, comes back with COMMIT */
    enum coord_outcome outcome;
    uint64_t request;
    uint32_t pipe;
    const struct wire_message *message; /* borrowed for the step */
    int payload_err;       /* 0 = the detector's half finds the payload valid;
                            * asked through coord_task_find (0 when the task
                            * is not open) */
    uint64_t payload_hash; /* wire_payload_hash */
    bool cut;
    const struct coord_tuning *tuning; /* borrowed for the step */
};

enum coord_action_kind {
    COORD_ACT_SEAL = 1,  /* close the open batch as `batch`; assemble it, then
                          * SEALED. `reason`, `state_batch`, `overrun`,
                          * `interval_us`: the one that it was cut by, 0 =
                          * as soon as possible, -1 = by count */
    COORD_ACT_DROP_OPEN, /* forget the open batch (it will be read again) */
    COORD_ACT_PREPARE,   /* job, then PREPARED. `batch detector phase_index` */
    COORD_ACT_REPLY_HELLO,       /* `request` */
    COORD_ACT_REPLY_TASK,        /* `request task attempt batch detector
                                  * phase_index part worker_id` */
    COORD_ACT_REPLY_MODEL,       /* `request batch detector` */
    COORD_ACT_REPLY_BEAT,        /* `request order` */
    COORD_ACT_REPLY_HELLO_FIRST, /* `request` */
    COORD_ACT_REPLY_REFUSED,     /* `request err text` */
    COORD_ACT_REPLY_BYE,         /* `request` */
    COORD_ACT_DROP_REQUEST,      /* forget a parked request */
    COORD_ACT_CLOSE_PIPE,        /* `pipe`; no PIPE_LOST is needed */
    COORD_ACT_ACCEPT,            /* keep the payload of this event's RESULT:
                                  * `batch detector phase_index part` */
    COORD_ACT_MERGE,             /* job, then MERGED. `batch` */
    COORD_ACT_COMMIT, /* then COMMITTED. `batch`, `timing`, `ingest_delta` */
    COORD_ACT_SOURCE_COMMITTED, /* `batch position` */
    COORD_ACT_RELEASE,          /* free everything of `batch` */
    COORD_ACT_NOTE,     /* something people want to know: `note` and fields */
    COORD_ACT_FINISHED, /* everything is committed; END: every worker was
                         * told BYE as it asked, later ones will be too:
                         * stats.workers says how many are still to ask */
    COORD_ACT_GIVE_UP,  /* commit outcome unknown: exit now */
    COORD_ACT_HELD,     /* `batch`: the first one that TUNE will hold for */
};

enum coord_note {
    COORD_NOTE_WORKER_JOINED = 1, /* `worker_id` */
    COORD_NOTE_WORKER_LEFT,       /* said BYE */
    COORD_NOTE_WORKER_LOST,       /* silent for silence_ms */
    COORD_NOTE_WORKER_REFUSED,    /* `err`, `text` */
    COORD_NOTE_LEASE_EXPIRED,     /* `task attempt worker_id` */
    COORD_NOTE_SPECULATED,        /* an extra copy went out */
    COORD_NOTE_TASK_LOST_OFTEN,   /* five times: warn, and keep on */
    COORD_NOTE_TASK_FAILED,       /* the worker's half returned `err` */
    COORD_NOTE_RESULT_INVALID,    /* payload refused: tried again */
    COORD_NOTE_RESULT_DIFFERS,    /* determinism alarm */
    COORD_NOTE_DISK_FULL,         /* intake pauses */
    COORD_NOTE_DISK_OK,
    COORD_NOTE_NO_WORKER, /* work waits, nobody is there */
    COORD_NOTE_OVERRUN,   /* `batch`: a deadline found D in flight */
    COORD_NOTE_INTERVAL,  /* auto: `interval_from_us` -> `interval_us` from
                           * `batch` on; at most every 10 s, what happened
                           * since the last one in one */
};
const char *coord_note_name(enum coord_note n);

/* Monotonic microseconds of a batch's steps; 0 = not reached. */
struct coord_timing {
    int64_t opened_us; /* first record appended */
    int64_t cut_us;
    int64_t sealed_us;
    int64_t started_us;  /* first task given out */
    int64_t computed_us; /* last result in */
    int64_t merged_us;
    int64_t commit_us; /* COMMIT emitted */
    int64_t worker_us; /* duration: over the phases, the longest computing
                        * that a worker reported, summed */
};

struct coord_action {
    enum coord_action_kind kind;
    enum coord_reason reason;
    enum coord_note note;
    int err;
    uint64_t batch;
    uint64_t state_batch;
    uint32_t records;
    uint32_t detector, phase_index, part;
    uint64_t task;
    uint64_t worker_id;
    uint64_t request;
    uint32_t attempt;
    uint32_t pipe;
    uint32_t order;
    bool overrun;
    const char *text; /* static */
    uint64_t position;
    uint64_t ingest_delta;
    int64_t interval_us, interval_from_us;
    struct coord_timing timing;
};

struct coord_actions {
    uint32_t count;
    struct coord_action item[COORD_ACTIONS_MAX];
};

struct coord;

/* Errors: ERR_INVALID (a limit in the config is out of range), ERR_NOMEM. */
FYKE_MUST_USE int coord_new(const struct coord_config *config, int64_t now_us,
                            struct coord **ret_c);
void coord_free(struct coord *c);

/* One step. Resets `actions`, then fills it. `now_us` is monotonic; a step
 * back is treated as no time passed. */
void coord_step(struct coord *c, int64_t now_us,
                const struct coord_event *event, struct coord_actions *actions);

/* How many of the next `n` records (of these source bytes each) the open
 * batch takes before it must be cut; 0 = it is full: wait for a SEAL. */
uint32_t coord_fit(const struct coord *c, const uint32_t *record_bytes,
                   uint32_t n);

/* May the source be read now? False at a cap, with a full open batch, while
 * the disk is full, while draining and after the end. */
bool coord_wants_input(const struct coord *c);

/* When to send the next TICK at the latest; INT64_MAX = no need. */
int64_t coord_next_deadline_us(const struct coord *c);

/* The open task of an id, for checking a RESULT's payload before the step:
 * false when the task is not open (the step will deal with it). */
bool coord_task_find(const struct coord *c, uint64_t task, uint64_t *ret_batch,
                     uint32_t *ret_detector, uint32_t *ret_phase_index,
                     uint32_t *ret_part);

struct coord_stats {
    uint64_t batches_committed, records_committed;
    uint64_t records_in_flight, bytes_in_flight;
    uint32_t batches_in_flight; /* sealed, not committed */
    uint32_t workers;           /* with a pipe */
    uint32_t workers_parked;
    uint32_t tasks_open, tasks_out;
    uint64_t retries, duplicates, alarms, invalid, overruns, speculations;
    bool disk_full, draining, ended, finished;
};
void coord_stats_get(const struct coord *c, struct coord_stats *ret_stats);

struct coord_worker_info {
    uint64_t worker_id;
    uint64_t pid;
    char host[64];
    uint64_t tasks_done;
    int64_t joined_us, heard_us;
    int64_t busy_us; /* with a task out, since it joined */
    bool computing;
};
/* The tuning in force for the open batch; with share.on its interval. */
void coord_tuning_get(const struct coord *c, struct coord_tuning *ret_tuning);
/* 0, or ERR_INVALID when a limit is out of range. */
FYKE_MUST_USE int coord_tuning_check(const struct coord_tuning *tuning);
/* Fills up to `max` entries, returns how many workers there are. */
uint32_t coord_workers_get(const struct coord *c, struct coord_worker_info *out,
                           uint32_t max);

/* Walks every structure and checks its invariants (tests, simulator). */
void coord_check(const struct coord *c);

#endif
