/*
 * What is learned between batches: for each detector its severity reference,
 * and the recent rows, with the lag that makes answers independent of timing.
 *
 * State     after batch b: per detector a ring of integer score histograms
 *           (about the last million rows that it scored: LEARN_SEGMENTS closed
 *           segments of at least LEARN_SEGMENT_ROWS rows and an open one; the
 *           oldest falls out whole), and the last `recent_max` scored,
 *           unflagged rows. A detector's ring begins, empty, with the first
 *           rows that it scores, and waits while it is not in use.
 * Delta     what one batch adds; committed with the batch. State(b) =
 *           apply(state(b-1), delta(b)): a snapshot and the deltas behind it
 *           rebuild any retained state, exactly.
 * Repeat    integers and copies of float32 only: the same bytes everywhere.
 * Thread    one owner; a view is a copy and may go to a job.
 */
#ifndef FYKE_LEARN_LEARN_H
#define FYKE_LEARN_LEARN_H

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/matrix.h"

#include <stdint.h>

#define LEARN_BINS 16384u /* bin 0 = least anomalous */
#define LEARN_DETECTORS_MAX 4u
#define LEARN_SEGMENTS 16u
#define LEARN_SEGMENT_ROWS 65536u
#define LEARN_SMALL 1000u /* below this a batch counts itself as well */

/* One detector's share of a batch: a sparse histogram. */
struct learn_counts {
    uint32_t detector; /* its number, as in seeds */
    uint64_t rows;     /* that it scored = sum of counts */
    uint32_t bin_count;
    const uint32_t *bin; /* ascending, distinct */
    const uint32_t *count;
};

/* Histograms and new recent rows (oldest first) of one batch. */
struct learn_delta {
    uint64_t rows; /* of the batch; no detector scored more */
    uint32_t detector_count;
    struct learn_counts detector[LEARN_DETECTORS_MAX]; /* by number */
    struct matrix recent; /* the batch's last unflagged rows, at most
                           * recent_max */
};

int learn_delta_encode(const struct learn_delta *d, struct buf *out);
/* Checks everything; memory from `arena`. Errors: ERR_CORRUPT, ERR_NOMEM. */
FYKE_MUST_USE int learn_delta_decode(const void *bytes, size_t n,
                                     struct arena *arena,
                                     struct learn_delta *ret_d);

struct learn;

FYKE_MUST_USE int learn_new(uint32_t cols, uint32_t recent_max,
                            struct learn **ret_l);
void learn_free(struct learn *l);
uint64_t learn_batch(const struct learn *l); /* last batch applied, 0 = none */
/* Applies the delta of batch learn_batch + 1. Errors: ERR_INVALID. */
FYKE_MUST_USE int learn_apply(struct learn *l, uint64_t batch,
                              const struct learn_delta *d);
/* From here on it keeps this many recent rows; of more the newest stay. A
 * state that is rebuilt begins with the number that the batches behind it were
 * computed with. Errors: ERR_INVALID, ERR_NOMEM: nothing has changed. */
FYKE_MUST_USE int learn_recent_max_set(struct learn *l, uint32_t recent_max);
uint32_t learn_recent_max(const struct learn *l);
/* Applies what rows before the first batch taught; the state stays that of
 * batch 0. Errors: ERR_INVALID (there was a batch), ERR_NOMEM. */
FYKE_MUST_USE int learn_train(struct learn *l, const struct learn_delta *d);
/* The full state, for snapshots. */
int learn_encode(const struct learn *l, struct buf *out);
FYKE_MUST_USE int learn_decode(const void *bytes, size_t n,
                               struct learn **ret_l);

/* How strange rows were to one detector. */
struct learn_reference {
    uint32_t detector;
    uint64_t rows;
    uint32_t *count; /* LEARN_BINS */
};

/* What a batch reads of a state. Owned copy. */
struct learn_view {
    uint64_t state_batch;
    uint32_t detector_count;
    struct learn_reference reference[LEARN_DETECTORS_MAX];
    float *recent_data;   /* column-major, stride = recent.rows */
    struct matrix recent; /* oldest first */
};

/* NULL: that detector has scored nothing yet. */
static inline const struct learn_reference *
learn_view_find(const struct learn_view *v, uint32_t detector)
{
    for (uint32_t i = 0; i < v->detector_count; i++)
        if (v->reference[i].detector == detector)
            return &v->reference[i];
    return NULL;
}

FYKE_MUST_USE int learn_view_copy(const struct learn *l,
                                  struct learn_view *ret_v);
void learn_view_release(struct learn_view *v);
size_t learn_view_bytes_held(const struct learn_view *v);

/* The states of the last `lag_max` batches: the oldest in full, the deltas of
 * the later ones. */
struct learn_history;

/* Takes ownership of `base`. */
FYKE_MUST_USE int learn_history_new(struct learn *base, uint32_t lag_max,
                                    struct learn_history **ret_h);
void learn_history_free(struct learn_history *h);
/* The delta of the next batch was committed. Keeps a copy. When more than
 * lag_max deltas wait, the oldest is applied to the base for good. */
FYKE_MUST_USE int learn_history_push(struct learn_history *h, uint64_t batch,
                                     const struct learn_delta *d);
/* The state after `batch`: ERR_RANGE when it is older than the base or not
 * there yet. Batches ask in non-decreasing order; the base moves up to it. */
FYKE_MUST_USE int learn_history_view(struct learn_history *h, uint64_t batch,
                                     struct learn_view *ret_v);
/* The newest state in full, encoded (for a snapshot at a commit). */
int learn_history_encode_newest(const struct learn_history *h, struct buf *out);

#endif
