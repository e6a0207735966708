/*
 * Inside of struct store, for this room's files only.
 */
#ifndef FYKE_STORAGE_STORE_IMPL_H
#define FYKE_STORAGE_STORE_IMPL_H

#include "storage/db.h"
#include "storage/store.h"

#define STORE_BUSY_MS 2000
#define WAL_RESTART_PAGES 16000 /* 128 MiB: wait for readers a moment */
/* Batches whose results and state no retention takes: a restart or a replay
 * needs the states of twice the deepest pipeline (16). */
#define STORE_KEEP_BATCHES 32u

enum sql_id {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_EPOCH,
    SQL_ADVANCE,
    SQL_BATCH,
    SQL_COMMIT_US,
    SQL_RANGE,
    SQL_SOURCE,
    SQL_ANSWER,
    SQL_OPINION,
    SQL_REASON,
    SQL_BAD_RECORD,
    SQL_SCORE,
    SQL_DELTA,
    SQL_SNAPSHOT,
    SQL_EVENT,
    SQL_SILENCE,
    SQL_SETTING,
    SQL_REQUEST,
    SQL_WORKER_CLEAR,
    SQL_WORKER,
    SQL_PAGE_COUNT,
    SQL_FREE_COUNT,
    SQL_FIRST_BATCH,
    SQL_CUT_OF,
    SQL_KEPT_BATCH,
    SQL_KEPT_LESS,
    SQL_DROP_SCORES,
    SQL_DROP_REASONS,
    SQL_DROP_OPINIONS,
    SQL_DROP_ANSWERS,
    SQL_DROP_BAD,
    SQL_DROP_RANGES,
    SQL_DROP_BATCH,
    SQL_DROP_MODELS,
    SQL_DROP_SETTINGS,
    SQL_DROP_EVENTS,
    SQL_DROP_SILENCES,
    SQL_STATE_LOW,
    SQL_STATE_NEXT,
    SQL_STATE_SLICE,
    SQL_DROP_DELTAS,
    SQL_SNAPSHOTS_BELOW,
    SQL_DROP_SNAPSHOTS,
    SQL_FORGET_SNAPSHOTS,
    SQL_VACUUM,
    SQL_COUNT,
};

/* What retention counts; kept beside the file, moved on after COMMIT. */
struct retain {
    uint64_t score_rows;
    uint64_t state_bytes;
};

struct store {
    struct db db;
    int lock_fd;
    struct store_options options; /* path and fresh are not used later */
    struct store_meta meta;
    sqlite3_stmt *q[SQL_COUNT];
    int broken; /* after an I/O error: what every later call answers */
    struct retain retain;
    int wal_pages;      /* in the WAL after the last commit */
    int wal_restart_at; /* pages that call for waiting for readers */
    int64_t commit_us;  /* of batch meta.last_batch, -1 = written or none */
    int64_t total_us;   /* of the same, -1 = not known */
    struct buf texts;   /* of store_source_get */
    bool wait_told;     /* options.waiting has had its text */
    bool gave_up;       /* options.waiting did */
};

/* Waits a moment for another program's lock; false: no more. `tries` of this
 * wait were before. */
bool store_wait(struct store *s, int tries);
/* The connection waits by store_wait, until store_started. */
void store_wait_start(struct store *s);
/* ERR_BUSY after giving up is ERR_CANCELED. */
FYKE_MUST_USE int store_wait_result(const struct store *s, int err,
                                    struct fault *fault);

/* Prepares every statement of q. */
FYKE_MUST_USE int store_prepare(struct store *s, struct fault *fault);
FYKE_MUST_USE int store_run(struct store *s, enum sql_id id,
                            struct fault *fault);
/* First column of a statement with up to two integers bound; ERR_NOTFOUND
 * without a row or when NULL (without touching the fault). */
FYKE_MUST_USE int store_integer(struct store *s, enum sql_id id, int64_t one,
                                int64_t two, int64_t *ret_value,
                                struct fault *fault);
/* Runs a statement with up to two integers bound. */
FYKE_MUST_USE int store_run_with(struct store *s, enum sql_id id, int64_t one,
                                 int64_t two, struct fault *fault);
void store_finalize(struct store *s);

/* BEGIN IMMEDIATE. ERR_BUSY: try again later. */
FYKE_MUST_USE int store_begin(struct store *s, struct fault *fault);
/* As store_begin, and refuses with ERR_CLOSED when the epoch is not ours. */
FYKE_MUST_USE int store_begin_ours(struct store *s, struct fault *fault);
/* Ends the transaction: `err` == 0 commits, else rolls back and returns err. */
FYKE_MUST_USE int store_end(struct store *s, int err, struct fault *fault);

/* Writes how long the last commit took, once that is known. */
FYKE_MUST_USE int store_commit_us(struct store *s, struct fault *fault);
/* The disk is full: gives back what the WAL holds, if the file has room. */
void store_give_back(struct store *s);
FYKE_MUST_USE int store_event_add(struct store *s, const struct store_event *e,
                                  struct fault *fault);

/* One slice of retention inside a commit's transaction. */
FYKE_MUST_USE int retain_step(struct store *s, const struct store_batch *b,
                              struct retain *next, struct fault *fault);
FYKE_MUST_USE int retain_load(struct store *s, struct fault *fault);

/* Shared with the reader. Texts go to `texts`. */
FYKE_MUST_USE int source_load(const struct db *d, struct buf *texts,
                              struct store_source *ret_source,
                              struct fault *fault);
FYKE_MUST_USE int setting_load(const struct db *d, const char *name,
                               uint64_t batch, struct buf *out,
                               struct fault *fault);
FYKE_MUST_USE int meta_load(const struct db *d, struct store_meta *ret_meta,
                            struct fault *fault);

#endif
