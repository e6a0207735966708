/*
 * The one SQLite file: the writer.
 *
 * Exactly one store is open for writing per file (FILE.lock); it creates,
 * migrates, commits one transaction per batch and checkpoints. Everything
 * else reads through storage/reader.h or plain `sqlite3 -readonly`.
 *
 * Commit       results, learned state and source positions of one batch are
 *              one transaction that begins with the check "meta.last_batch =
 *              n-1 and meta.epoch = ours", synchronous=FULL.
 * Errors       ERR_FULL (disk full: rolled back, try the same again later),
 *              ERR_BUSY (another program holds a write lock: try again),
 *              ERR_UNKNOWN_OUTCOME (I/O error at COMMIT: close, reopen, look),
 *              ERR_IO (before COMMIT: nothing was stored). After either of
 *              these two every later call answers the same; only closing and
 *              opening again helps. ERR_CORRUPT.
 * Thread rule  one thread at a time (the shell's writer thread).
 */
#ifndef FYKE_STORAGE_STORE_H
#define FYKE_STORAGE_STORE_H

#include "proto/base/buf.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_RUN_ID_BYTES 16

struct store;

struct store_options {
    const char *path;
    uint32_t mode; /* 0600; of a new file, its -wal, -shm and .lock, whatever
                    * the umask. An existing file keeps its own. */
    bool fresh;    /* start over; the old file is kept as PATH.old */
    /* retention: 0 = keep all. Deleted in small slices, one per commit. */
    uint64_t keep_rows_scores; /* kept score rows */
    uint64_t keep_state_bytes; /* learned deltas; 256 MiB */
    uint64_t keep_events;      /* 100 000 */
    uint64_t keep_bytes;       /* whole file, oldest batches' results first */
    int64_t keep_age_us;
    /* Asked every 100 ms while another program's lock holds up the start:
     * store_open and what follows until store_started. 0 = wait on, else the
     * call returns ERR_CANCELED. `text` is a line for people, once, after 2 s,
     * otherwise NULL. Without it such a lock is ERR_BUSY after 2 s. The lock
     * of another fyke is ERR_BUSY after half a second, without it at once. */
    int (*waiting)(void *context, const char *text);
    void *waiting_context;
};

/* Takes the lock, opens or creates, migrates, adds 1 to the epoch. No other
 * connection to the file may be open in this process then.
 * Errors: ERR_BUSY (held by another fyke, at once; or `fresh` while another
 * program has the file open; or locked by one), ERR_CANCELED, ERR_CONTENT (not
 * a database, or another program's: never touched), ERR_CORRUPT, ERR_VERSION
 * (written by a newer fyke), ERR_USAGE (the path names no file), ERR_PLACE
 * (network file system, a folder), ERR_NOTFOUND (no such folder), ERR_PERM,
 * ERR_FULL, ERR_IO, ERR_NOMEM. */
FYKE_MUST_USE int store_open(const struct store_options *options,
                             struct store **ret_s, struct fault *fault);
/* The start is over: from now on a lock is ERR_BUSY after 2 s. */
void store_started(struct store *s);
/* `clean`: checkpoint, journal mode DELETE, one plain file; else leave as is.
 * The store is gone in any case. Errors of a clean close lose nothing:
 * ERR_BUSY (another program has the file open: -wal and -shm stay), ERR_FULL,
 * ERR_IO, ERR_UNKNOWN_OUTCOME. */
int store_close(struct store *s, bool clean, struct fault *fault);

struct store_meta {
    uint8_t run_id[STORE_RUN_ID_BYTES];
    uint32_t epoch;      /* of this opening */
    uint64_t last_batch; /* 0 = none */
    bool pinned;         /* a source and schema are stored */
};
const struct store_meta *store_meta_get(const struct store *s);

/* One column of the input, for `columns` and for the views. */
struct store_column {
    const char *name;
    const char *type; /* "number", "integer", "0/1", "time", "text", "empty" */
    const char *role; /* "feature", "time", "key", "out" */
    const char *reason;
};

/* The input this file belongs to. Texts are borrowed for the call. */
struct store_source {
    const char *source;    /* name, e.g. the path as given */
    const char *partition; /* "0" */
    const char *kind;      /* "file", "stdin-file", "pipe", "processes" */
    const char *identity;  /* JSON of source_file_identify, "" for live */
    uint64_t position;     /* next byte to read */
    uint64_t line;         /* its 1-based physical line */
    const char *schema;    /* JSON */
    bool open_end;
};

/* Stores source, schema and columns and creates the views, once; on a
 * re-pin the views are rebuilt. */
FYKE_MUST_USE int store_pin(struct store *s, const struct store_source *source,
                            const struct store_column *column,
                            uint32_t column_count, struct fault *fault);
/* The stored source; texts live until the next call or close.
 * ERR_NOTFOUND when none is pinned. */
FYKE_MUST_USE int store_source_get(struct store *s,
                                   struct store_source *ret_source,
                                   struct fault *fault);

/* A row of `events`. `at_ns` is wall time. */
struct store_event {
    int64_t at_ns;
    const char *what, *name, *old_value, *new_value, *who;
    uint64_t first_batch; /* 0 = none */
};

struct store_setting {
    const char *name, *value;
};

/* Settings that change together, and what `events` says of it. */
struct store_change {
    uint64_t from_batch;
    const struct store_setting *setting;
    uint32_t setting_count;
    const struct store_event *event;
    uint32_t event_count;
    const char *actor;      /* who, NULL = nobody in particular */
    const char *request_id; /* NULL = not asked by anyone */
};
/* Settings are history: the newest with from_batch <= n holds for batch n.
 * One transaction. ERR_EXISTS: a change with this request_id is stored;
 * nothing is added, and store_request_find tells what it said. */
FYKE_MUST_USE int store_change_put(struct store *s,
                                   const struct store_change *change,
                                   struct fault *fault);
/* Appends the value that holds for batch `batch` to `out`.
 * ERR_NOTFOUND when none is stored. */
FYKE_MUST_USE int store_setting_get(struct store *s, const char *name,
                                    uint64_t batch, struct buf *out);

/* One setting of an earlier change, in the order of its store_setting; the
 * notes about flags (flag.NAME) are left out. */
struct store_changed {
    const char *name, *value;
    const char *old_value; /* as its event says, else that it replaced, "" =
                            * there was none */
    uint64_t from_batch;
};
/* What the change with this request_id stored: at most `max` of its settings.
 * Texts stand in `texts`, which is emptied first.
 * ERR_NOTFOUND when there is none, without touching the fault. */
FYKE_MUST_USE int store_request_find(struct store *s, const char *request_id,
                                     struct buf *texts,
                                     struct store_changed *ret_changed,
                                     uint32_t max, uint32_t *ret_count,
                                     struct fault *fault);

struct store_range {
    const char *source, *partition;
    uint64_t from_position, to_position;
    uint64_t from_line;
    uint64_t records;
};

struct store_reason {
    const char *feature;
    double value, usual;
    int direction;       /* +1 high, -1 low, 0 neither */
    double contribution; /* what it is ranked by */
};

#define STORE_REASONS_MAX 16
#define STORE_OPINIONS_MAX 3 /* beside the detector that decides */

/* What a detector that finds clusters says of a row. */
struct store_place {
    bool clustered;  /* else the rest says nothing: NULL */
    int32_t cluster; /* -1 = noise */
    bool core;
};

/* What another detector than the one that decides says of a kept row. */
struct store_opinion {
    const char *detector;
    uint32_t score_raw; /* fixed point */
    double score;
    uint64_t below, of; /* severity = 100 * below / of */
    uint64_t reference_rows;
    struct store_place place;
    uint32_t reason_count;
    struct store_reason reason[STORE_REASONS_MAX];
};

/* A kept row: flagged, or a near miss. Score and severity are those of the
 * detector that decides, and so are reasons and place. */
struct store_answer {
    uint32_t row; /* record index in the batch */
    bool flagged;
    uint32_t votes; /* detectors that find it strange */
    const char
        *detector;   /* the one that decides; NULL = the batch's only one */
    int64_t time_ns; /* INT64_MIN = none: the view uses the cut time */
    const char *key; /* may hold any bytes; invalid UTF-8 is replaced;
                      * empty = no key, NULL in the views */
    uint32_t key_bytes;
    uint32_t score_raw; /* fixed point */
    double score;
    uint64_t below, of; /* severity = 100 * below / of */
    uint64_t reference_rows;
    struct store_place place;
    const char *why;
    uint64_t byte, line; /* of the record in the source */
    const char *record;  /* JSON object column -> text */
    uint32_t record_bytes;
    uint32_t reason_count;
    struct store_reason reason[STORE_REASONS_MAX];
    uint32_t opinion_count;
    struct store_opinion opinion[STORE_OPINIONS_MAX];
};

struct store_quarantine {
    uint32_t row;     /* record index in the batch */
    uint32_t records; /* 1, or more for a range row */
    uint64_t byte, line;
    uint64_t length; /* of the record in bytes */
    const char *reason;
    const char *text; /* at most 4 KiB, any bytes */
    uint32_t text_bytes;
};

/* One detector's kept score of one row. */
struct store_score {
    uint32_t row;
    const char *detector; /* NULL = the batch's only one */
    bool flagged;         /* by this detector's severity */
    int64_t time_ns;
    const char *key;
    uint32_t key_bytes;
    uint32_t score_raw;
    double score;
    uint64_t below, of;
    struct store_place place;
};

struct store_batch {
    uint64_t batch;
    uint64_t state_batch;
    int64_t opened_ns, cut_ns; /* wall clock */
    const char *cut_reason;
    int64_t interval_us; /* OPTION_INTERVAL_* for asap, off */
    bool overrun;
    uint32_t records, rows_scored, rows_quarantined, rows_flagged;
    uint32_t flag;  /* severity limit in 10^-4 percent */
    uint32_t votes; /* that flag a row; 0 = not known: 1 */
    uint64_t seed;
    uint32_t algorithm;
    uint64_t content_hash, result_hash;
    /* Durations on the monotonic clock: cut to the first task given out, to
     * the last result, to merged. */
    int64_t queue_us, compute_us, merge_us;
    /* Of compute_us: what the slowest worker of each phase computed. */
    int64_t worker_us;
    /* When it was cut, on clock_monotonic_us; 0 = not known. How long the
     * commit took, and how long it was from here to committed, is measured
     * by store_commit and written with the next commit. */
    int64_t cut_us;
    const struct store_range *range;
    uint32_t range_count;
    /* New position, line, identity and open_end; name and partition are keys.
     * NULL = unchanged. */
    const struct store_source *source;
    const char *detector; /* "iforest", or several: "iforest,dbscan" */
    const struct store_answer *answer;
    uint32_t answer_count;
    /* Instead of `answer`: makes the answers one by one, in order, while they
     * are stored; texts stay until the next call. 0, or an error that undoes
     * the commit. A commit that is tried again makes them again. */
    int (*answer_make)(void *context, uint32_t index,
                       struct store_answer *ret_answer);
    void *answer_context;
    const struct store_quarantine *quarantine;
    uint32_t quarantine_count;
    const struct store_score *score; /* NULL unless kept; in any order, best
                                      * by detector and row */
    uint32_t score_count;
    const void *delta; /* learned delta, encoded */
    size_t delta_bytes;
    const void *snapshot; /* full state after this batch, or NULL */
    size_t snapshot_bytes;
    const void *ingest_delta;
    size_t ingest_delta_bytes;
    const struct store_event *event;
    uint32_t event_count;
};

/* One transaction. See Errors above; ERR_CLOSED when the epoch or last_batch
 * in the file is not ours (another coordinator took over). */
FYKE_MUST_USE int store_commit(struct store *s, const struct store_batch *b,
                               struct fault *fault);

/* Moves what commits have written from the WAL into the file, when it is much.
 * To be called after store_commit, when its result has been handed on, so that
 * nobody waits for it; `idle` = nothing waits to be stored. A failure is tried
 * again; after an I/O error every later call answers ERR_IO. */
void store_tidy(struct store *s, bool idle);

/* Events outside a batch (start, stop, worker lost...). */
FYKE_MUST_USE int store_events_put(struct store *s,
                                   const struct store_event *event,
                                   uint32_t count, struct fault *fault);
/* Forgets the full states after batch `batch`: the deltas say the same of them,
 * from an earlier one on. */
FYKE_MUST_USE int store_snapshots_forget(struct store *s, uint64_t batch,
                                         struct fault *fault);
/* A run of empty intervals. */
FYKE_MUST_USE int store_silence_put(struct store *s, int64_t from_ns,
                                    int64_t to_ns, uint64_t count,
                                    struct fault *fault);
/* What is known of workers now, for the `workers` view (replaces all). */
struct store_worker {
    uint64_t worker_id, pid, tasks;
    const char *host;
    int64_t joined_ns, heard_ns;
};
FYKE_MUST_USE int store_workers_put(struct store *s,
                                    const struct store_worker *worker,
                                    uint32_t count, struct fault *fault);

/* The learned state before the first batch (what training taught), in place of
 * an earlier one; NULL = nothing was learned. ERR_INVALID when there is a
 * batch. */
FYKE_MUST_USE int store_learned_put(struct store *s, const void *state,
                                    size_t bytes, struct fault *fault);

#define STORE_MODEL_HASH 65 /* bytes of a model's hash as text */

/* A model that stays as it is. */
struct store_model {
    const char *hash;    /* 64 hexadecimal digits */
    const char *kind;    /* "iforest" */
    const char *origin;  /* where it is from, for people */
    const void *payload; /* a whole model file */
    size_t payload_bytes;
    uint32_t features, trees, subsample, nodes;
    int64_t at_ns; /* wall time */
};
/* Keeps a model; one with this hash that is there already stays as it is. */
FYKE_MUST_USE int store_model_put(struct store *s, const struct store_model *m,
                                  struct fault *fault);

#endif
