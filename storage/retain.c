/*
 * Retention: what has grown past its limit goes in small slices, one per
 * commit and inside its transaction, oldest first.
 *
 * Never taken: the last STORE_KEEP_BATCHES batches, and the states from the
 * newest snapshot before them on.
 */
#include "storage/store_impl.h"

#define SLICE_ROWS 10000
#define SLICE_STATES 64
#define SLICE_EVENTS 1000
#define VACUUM_FREE_PAGES 256

int retain_load(struct store *s, struct fault *fault)
{
    int64_t rows = 0;
    int64_t bytes = 0;
    int err = db_integer(&s->db,
                         "select ifnull(sum(rows_kept),0) from batch "
                         "where rows_kept>0",
                         &rows, fault);
    if (err == 0) {
        err = db_integer(
            &s->db,
            "select ifnull((select sum(length(learned)+ifnull(length(ingest),"
            "0)) from state_delta),0)+ifnull((select sum(length(learned)) "
            "from state_snapshot),0)",
            &bytes, fault);
    }
    s->retain.score_rows = (uint64_t)rows;
    s->retain.state_bytes = (uint64_t)bytes;
    return err;
}

/* Deletes up to `limit` score rows of a batch; says how many. */
static int drop_scores(struct store *s, int64_t batch, int64_t limit,
                       struct retain *next, int64_t *ret_rows,
                       struct fault *fault)
{
    int err = store_run_with(s, SQL_DROP_SCORES, batch, limit, fault);
    if (err != 0) {
        return err;
    }
    *ret_rows = sqlite3_changes(s->db.sq);
    next->score_rows -= (uint64_t)*ret_rows;
    return store_run_with(s, SQL_KEPT_LESS, batch, *ret_rows, fault);
}

static int retain_scores(struct store *s, int64_t budget, struct retain *next,
                         struct fault *fault)
{
    uint64_t keep = s->options.keep_rows_scores;
    while (keep > 0 && next->score_rows > keep && budget > 0) {
        int64_t batch = 0;
        int64_t rows = 0;
        int64_t over = (int64_t)(next->score_rows - keep);
        int err = store_integer(s, SQL_KEPT_BATCH, 0, 0, &batch, fault);
        if (err == 0) {
            err = drop_scores(s, batch, over < budget ? over : budget, next,
                              &rows, fault);
        }
        if (err != 0 || rows == 0) {
            return err == ERR_NOTFOUND ? 0 : err;
        }
        budget -= rows;
    }
    return 0;
}

/* The batch itself, when none of its rows are left. */
static int drop_batch(struct store *s, int64_t batch, struct fault *fault)
{
    static const enum sql_id drop[] = { SQL_DROP_BAD, SQL_DROP_RANGES,
                                        SQL_DROP_BATCH };
    int err = 0;
    for (size_t i = 0; i < sizeof drop / sizeof drop[0] && err == 0; i++) {
        err = store_run_with(s, drop[i], batch, 0, fault);
    }
    if (err == 0) {
        err = store_run_with(s, SQL_DROP_MODELS, batch + 1, 0, fault);
    }
    return err == 0 ? store_run_with(s, SQL_DROP_SETTINGS, batch + 1, 0, fault)
                    : err;
}

/* One slice of a batch, or all of it if it fits. */
static int drop_slice(struct store *s, int64_t batch, int64_t *budget,
                      struct retain *next, struct fault *fault)
{
    int64_t rows = 0;
    int err = drop_scores(s, batch, *budget, next, &rows, fault);
    *budget -= rows;
    if (err != 0 || *budget <= 0) {
        return err;
    }
    err = store_run_with(s, SQL_DROP_REASONS, batch, *budget, fault);
    if (err == 0) {
        err = store_run_with(s, SQL_DROP_OPINIONS, batch, *budget, fault);
    }
    if (err == 0) {
        err = store_run_with(s, SQL_DROP_ANSWERS, batch, *budget, fault);
    }
    *budget -= err == 0 ? sqlite3_changes(s->db.sq) : 0;
    if (err != 0 || *budget <= 0) {
        return err;
    }
    *budget -= 100; /* so that many empty batches are a slice too */
    return drop_batch(s, batch, fault);
}

/* Is the oldest batch past the limits of age or of the file's size? */
static int batch_over(struct store *s, int64_t batch, int64_t now_ns,
                      bool *ret_over, struct fault *fault)
{
    *ret_over = false;
    int64_t value = 0;
    int err = 0;
    if (s->options.keep_age_us > 0 && now_ns != INT64_MIN) {
        err = store_integer(s, SQL_CUT_OF, batch, 0, &value, fault);
        *ret_over = err == 0 && value < now_ns - s->options.keep_age_us * 1000;
        err = err == ERR_NOTFOUND ? 0 : err;
    }
    if (err != 0 || *ret_over || s->options.keep_bytes == 0) {
        return err;
    }
    int64_t pages = 0;
    err = store_integer(s, SQL_PAGE_COUNT, 0, 0, &pages, fault);
    if (err == 0) {
        err = store_integer(s, SQL_FREE_COUNT, 0, 0, &value, fault);
    }
    *ret_over = err == 0 && (uint64_t)(pages - value) * DB_PAGE_BYTES >
                                s->options.keep_bytes;
    return err;
}

static int retain_batches(struct store *s, const struct store_batch *b,
                          int64_t budget, struct retain *next,
                          struct fault *fault)
{
    bool wanted = s->options.keep_age_us > 0 || s->options.keep_bytes > 0;
    while (wanted && budget > 0) {
        int64_t first = 0;
        bool over = false;
        int err = store_integer(s, SQL_FIRST_BATCH, 0, 0, &first, fault);
        if (err == 0 && (uint64_t)first + STORE_KEEP_BATCHES > b->batch) {
            return 0;
        }
        if (err == 0) {
            err = batch_over(s, first, b->cut_ns, &over, fault);
        }
        if (err != 0 || !over) {
            return err;
        }
        err = drop_slice(s, first, &budget, next, fault);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

/* Sum of a byte-counting statement; nothing there = 0. */
static int state_bytes(struct store *s, enum sql_id id, int64_t batch,
                       int64_t *ret_bytes, struct fault *fault)
{
    *ret_bytes = 0;
    int err = store_integer(s, id, batch, SLICE_STATES, ret_bytes, fault);
    return err == ERR_NOTFOUND ? 0 : err;
}

/* The oldest snapshot and the deltas behind it, when a later snapshot still
 * lies before every batch that may be asked for. */
static int retain_states(struct store *s, const struct store_batch *b,
                         struct retain *next, struct fault *fault)
{
    uint64_t keep = s->options.keep_state_bytes;
    if (keep == 0 || next->state_bytes <= keep ||
        b->batch <= STORE_KEEP_BATCHES) {
        return 0;
    }
    int64_t low = 0;
    int64_t until = 0;
    int64_t newest = (int64_t)(b->batch - STORE_KEEP_BATCHES);
    int err =
        store_integer(s, SQL_STATE_LOW, (int64_t)b->batch, 0, &low, fault);
    if (err == 0) {
        err = store_integer(s, SQL_STATE_NEXT, low, newest, &until, fault);
    }
    if (err != 0) {
        return err == ERR_NOTFOUND ? 0 : err;
    }
    int64_t deltas = 0;
    int64_t snapshots = 0;
    err = state_bytes(s, SQL_STATE_SLICE, until, &deltas, fault);
    if (err == 0) {
        err = state_bytes(s, SQL_SNAPSHOTS_BELOW, until, &snapshots, fault);
    }
    if (err == 0) {
        err = store_run_with(s, SQL_DROP_SNAPSHOTS, until, 0, fault);
    }
    if (err == 0) {
        err = store_run_with(s, SQL_DROP_DELTAS, until, SLICE_STATES, fault);
    }
    next->state_bytes -= (uint64_t)(deltas + snapshots);
    return err;
}

static int retain_events(struct store *s, struct fault *fault)
{
    int64_t keep = (int64_t)s->options.keep_events;
    if (keep == 0) {
        return 0;
    }
    int err = store_run_with(s, SQL_DROP_EVENTS, keep, SLICE_EVENTS, fault);
    return err == 0
               ? store_run_with(s, SQL_DROP_SILENCES, keep, SLICE_EVENTS, fault)
               : err;
}

/* Gives pages back to the file system when many lie free. */
static int vacuum(struct store *s, struct fault *fault)
{
    int64_t pages = 0;
    int64_t spare = 0;
    int err = store_integer(s, SQL_PAGE_COUNT, 0, 0, &pages, fault);
    if (err == 0) {
        err = store_integer(s, SQL_FREE_COUNT, 0, 0, &spare, fault);
    }
    if (err != 0 || spare < VACUUM_FREE_PAGES || spare < pages / 4) {
        return err;
    }
    int step = 1;
    while (step == 1) {
        step = db_step(&s->db, s->q[SQL_VACUUM], fault);
    }
    (void)sqlite3_reset(s->q[SQL_VACUUM]);
    return step;
}

int retain_step(struct store *s, const struct store_batch *b,
                struct retain *next, struct fault *fault)
{
    if (b->score != NULL) {
        next->score_rows += b->score_count;
    }
    next->state_bytes +=
        b->delta_bytes + b->ingest_delta_bytes + b->snapshot_bytes;
    int64_t budget = SLICE_ROWS + 2 * (int64_t)b->score_count;
    int err = retain_scores(s, budget, next, fault);
    if (err == 0) {
        err = retain_batches(s, b, budget, next, fault);
    }
    if (err == 0) {
        err = retain_states(s, b, next, fault);
    }
    if (err == 0) {
        err = retain_events(s, fault);
    }
    return err == 0 ? vacuum(s, fault) : err;
}
