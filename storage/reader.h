/*
 * Read-only access to a fyke database: own short connections, safe beside a
 * running writer. For restart (through the writer's own connection), replay,
 * checks and export.
 *
 * Thread rule  one thread at a time per reader.
 */
#ifndef FYKE_STORAGE_READER_H
#define FYKE_STORAGE_READER_H

#include "storage/store.h"

struct reader;

/* Errors with faults: ERR_NOTFOUND, ERR_PERM, ERR_CONTENT (not a fyke
 * database: names what it is), ERR_CORRUPT, ERR_VERSION (newer fyke). */
FYKE_MUST_USE int reader_open(const char *path, struct reader **ret_r,
                              struct fault *fault);
void reader_close(struct reader *r);
/* Texts live until the next call of the same function or close. */
FYKE_MUST_USE int reader_source_get(struct reader *r,
                                    struct store_source *ret_source,
                                    struct fault *fault);
FYKE_MUST_USE int reader_setting_get(struct reader *r, const char *name,
                                     uint64_t batch, struct buf *out);

/* A stored batch, for replay. Answers are read on their own. */
struct reader_batch {
    uint64_t batch, state_batch;
    uint32_t records, rows_scored, rows_quarantined, rows_flagged;
    uint32_t flag, votes;
    char detector[64]; /* as in struct store_batch */
    uint64_t seed;
    uint32_t algorithm;
    uint64_t content_hash, result_hash;
    int64_t interval_us; /* as in struct store_batch */
    uint64_t from_position, to_position, from_line;
};
/* ERR_NOTFOUND when the batch is not there (any more). */
FYKE_MUST_USE int reader_batch_get(struct reader *r, uint64_t batch,
                                   struct reader_batch *ret_b,
                                   struct fault *fault);
/* First and last batch retained; ERR_NOTFOUND when there is none. */
FYKE_MUST_USE int reader_batch_range(struct reader *r, uint64_t *ret_first,
                                     uint64_t *ret_last, struct fault *fault);

/* The learned state after `batch` is the newest full state at or before it
 * plus the deltas behind that. Appends the snapshot to `snapshot` and its
 * batch number to *ret_from; empty = start from nothing. 0 and not empty is
 * what was learned before the first batch. */
FYKE_MUST_USE int reader_snapshot(struct reader *r, uint64_t batch,
                                  struct buf *snapshot, uint64_t *ret_from,
                                  struct fault *fault);

/* The deltas of batches first..last (none when first > last) in order through
 * `each`, which returns 0 to go on. ERR_NOTFOUND when one is missing
 * (retention). */
FYKE_MUST_USE int reader_deltas(struct reader *r, uint64_t first, uint64_t last,
                                int (*each)(void *context, uint64_t batch,
                                            const void *delta, size_t n),
                                void *context, struct fault *fault);

/* The kept answers of one batch in row order, without opinions; texts live
 * during the call. */
FYKE_MUST_USE int reader_answers(struct reader *r, uint64_t batch,
                                 int (*each)(void *context,
                                             const struct store_answer *a),
                                 void *context, struct fault *fault);

/* Runs one SQL query and hands out rows: `each` gets the column count, names
 * (first call only has row == NULL) and texts (NULL = SQL NULL). */
FYKE_MUST_USE int reader_query(struct reader *r, const char *sql,
                               int (*each)(void *context, uint32_t columns,
                                           const char *const *names,
                                           const char *const *row),
                               void *context, struct fault *fault);

/* PRAGMA integrity_check plus our own invariants (dense batches, positions
 * join, counts add up), findings as lines; returns how many were found or a
 * negative error. */
int reader_check(struct reader *r, struct buf *findings, struct fault *fault);

/* The only model whose hash begins with `hash`: appends its file to `payload`.
 * ERR_NOTFOUND without touching the fault; ERR_USAGE when there are several. */
FYKE_MUST_USE int reader_model_get(struct reader *r, const char *hash,
                                   char ret_hash[STORE_MODEL_HASH],
                                   struct buf *payload, struct fault *fault);

/* The newest model of that origin. ERR_NOTFOUND without touching the fault. */
FYKE_MUST_USE int reader_model_of(struct reader *r, const char *origin,
                                  char ret_hash[STORE_MODEL_HASH],
                                  struct fault *fault);

/* A reader over the writer's own connection (restart; closes nothing). */
FYKE_MUST_USE int reader_of_store(struct store *s, struct reader **ret_r);

#endif
