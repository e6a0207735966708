/*
 * Runs a coordinator: input to committed batches, with local worker
 * processes, remote ones, or both. The tools call this and draw what it tells.
 *
 * Thread rule  engine_run blocks its thread (the loop thread) until the input
 *              ends, a drain finishes, or a fault stops it. Observer calls
 *              come on that thread.
 */
#ifndef FYKE_SHELL_ENGINE_H
#define FYKE_SHELL_ENGINE_H

#include "engine/shell/kept.h"
#include "engine/shell/labels.h"
#include "engine/shell/settings.h"
#include "engine/shell/votes.h"
#include "proto/host/log.h"

/* What was found out before the first record. Borrowed for the call. */
struct engine_started {
    const char *input; /* label */
    const char *kind;  /* "file", "stdin-file", "pipe", "processes" */
    const char *db;
    const struct schema *schema;
    int64_t interval_us; /* OPTION_INTERVAL_* or a duration */
    uint64_t max_rows;
    uint32_t workers;      /* local ones */
    const char *url;       /* where workers may join, NULL for private ipc */
    uint64_t first_batch;  /* 1 for a new database */
    uint64_t position;     /* source bytes committed before this start */
    const char *remark;    /* one line for people ("stdin is a pipe: ..."), or
                            * NULL */
    uint32_t left_out;     /* host:processes: fyke's own processes */
    const char *model;     /* mode frozen: the model's hash, else NULL */
    uint64_t trained_rows; /* it was fitted on so many rows now, else 0 */
    uint64_t trees, subsample, extension, fit_rows, seed;
    double severity;
    const char *detectors; /* "iforest,dbscan" */
    uint32_t detector_count, votes;
};

/* Where things stand; at most ten times a second and at the end. */
struct engine_progress {
    int64_t elapsed_us;
    uint64_t records, rows_scored, quarantined, flagged, near;
    uint64_t batches;
    double rows_per_s; /* committed, over the last second */
    uint32_t workers;
    int64_t lag_us;                   /* age of the oldest uncommitted record */
    uint64_t bytes_read, bytes_total; /* total 0 = unknown */
    uint64_t gaps;                    /* samples skipped under backpressure */
    bool waiting_for_worker, disk_full;
    struct votes_tally votes;
};

struct engine_summary {
    struct engine_progress progress;
    bool drained;          /* stopped by a signal */
    bool nothing_new;      /* file was read to its end before */
    uint64_t position;     /* source bytes committed */
    uint64_t lost_records; /* pipe: read but not committed at a forced stop */
    /* best of this run when nothing was flagged */
    double best_severity;
    uint64_t best_line;
    double severity;       /* in force at the end */
    bool severity_changed; /* while it ran: the counts are of several */
    uint32_t workers;      /* started, or the most that were there at once */
    uint32_t restarts;
    uint64_t retries, duplicates, alarms;
    struct labels_measured labels; /* of this run */
    char db[4096];
};

struct engine_observer {
    void *context;
    void (*started)(void *context, const struct engine_started *started);
    void (*progress)(void *context, const struct engine_progress *progress);
    /* One line for people, e.g. "worker 4711 was killed by signal 9;
     * restarted" ; also in the log. */
    void (*remark)(void *context, const char *text);
    /* One line that belongs to what `started` shows and is known only after
     * the first batch; wherever that is shown, log or not. */
    void (*learned)(void *context, const char *text);
};

/* What the engine must know of the binary that it runs in. */
struct engine_binary {
    const char *executable; /* path, to start local workers */
    const char *version;
    uint32_t algorithm_version;  /* of the workers' halves in this binary; a */
    uint64_t selftest_digest;    /* worker that differs is refused */
    struct kept_compute compute; /* for --train: in this process */
};

/* `input` is a path, "-" or "host:processes". `given[i]` tells which rows of
 * `table` the user named. Local workers are started as
 * `EXECUTABLE worker --join URL --parent PID`.
 * Signals: SIGINT and SIGTERM drain, a second one stops at once.
 * Errors: faults for people; err_exit_code gives the exit code. */
FYKE_MUST_USE int
engine_run(const struct settings *settings, const struct option *table,
           size_t table_count, const bool *given, const char *input,
           const struct engine_binary *binary, struct log *log,
           const struct engine_observer *observer,
           struct engine_summary *ret_summary, struct fault *fault);

/* The database a command means: --db, $FYKE_DB, by the input's name, or the
 * only *.fyke.db / fyke.db here (input NULL). */
FYKE_MUST_USE int engine_find_db(const char *db, const char *input, char *out,
                                 size_t out_bytes, struct fault *fault);

#endif
