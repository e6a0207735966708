/*
 * What happens to a sealed batch: assemble, prepare, merge, commit, release.
 * The heavy halves are jobs; their results come back as events.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/check.h"
#include "proto/host/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_ARENA_BYTES_MAX ((size_t)8 << 30)
#define SMALL_RECORDS 2048u
#define SLOT_TEXT_BYTES_MAX ((size_t)1 << 30)

/* The named moments of a batch's life, each one line in the debug log. */
static void slot_log(struct engine *e, const struct slot *s, const char *state)
{
    log_line(e->log, LOG_LEVEL_DEBUG, "batch", "batch=%" PRIu64 " state=%s",
             s->batch, state);
}

/* While a job prepares a run, what it held before. */
static uint64_t run_count(struct slot *s, uint32_t detector)
{
    const struct detect_run *r = &s->run[detector];
    if (r->state != NULL && !s->prepare[detector].busy)
        s->run_bytes[detector] = r->ops->held(r->state);
    return s->run_bytes[detector];
}

void slot_count(struct slot *s)
{
    struct engine *e = s->seal.engine;
    uint64_t bytes = batch_bytes_held(&s->input) + s->arena.bytes_held +
                     s->delta.capacity + s->snapshot.capacity +
                     s->identity.capacity + learn_view_bytes_held(&s->view);
    for (uint32_t d = 0; d < e->detectors.count; d++)
        bytes += run_count(s, d);
    e->flight.slot_bytes += bytes - s->held_bytes;
    s->held_bytes = bytes;
    flight_note(&e->flight);
}

static bool slot_is_small(const struct slot *s)
{
    return s->input.records <= SMALL_RECORDS;
}

/* The loop itself is the quickest for a small batch: no other thread has to
 * wake up, and then the loop again. */
static void slot_job(struct engine *e, struct slot *s, struct job *j)
{
    if (slot_is_small(s))
        job_here(e, j);
    else
        job_start(e, j);
}

static bool slot_job_ok(struct job *j, const char *what)
{
    if (j->err == 0)
        return true;
    engine_fail(j->engine, j->err, "batch %" PRIu64 ": %s failed: %s",
                j->slot->batch, what, err_text(j->err));
    return false;
}

static struct plan_shape slot_shape(const struct slot *s)
{
    return (struct plan_shape){ .rows = s->input.rows,
                                .cols = s->input.cols,
                                .recent_rows = s->view.recent.rows };
}

static int slot_assemble(struct job *j)
{
    struct engine *e = j->engine;
    struct slot *s = j->slot;
    int rc = batch_assemble(&s->input, e->schema->feature_count);
    if (rc != 0 || s->input.rows == 0)
        return rc;
    struct plan_shape shape = slot_shape(s);
    struct detect_batch batch = { .batch = s->batch,
                                  .rows = batch_matrix(&s->input),
                                  .recent = s->view.recent };
    for (uint32_t d = 0; d < e->detectors.count && rc == 0; d++) {
        struct detect_run *r = &s->run[d];
        rc = r->ops->plan(&e->detect, &shape, &r->plan);
        if (rc == 0)
            rc = r->ops->open(&e->detect, &batch, &r->plan, &r->state);
    }
    return rc;
}

static int seal_run(struct job *j)
{
    int64_t begun_ns = clock_thread_cpu_ns();
    int rc = slot_assemble(j);
    (void)stages_add(&j->engine->stages, WORK_ASSEMBLE, begun_ns);
    return rc;
}

/* A detector's first tasks of a small batch are on their way: the loop has
 * time. */
static void slot_meanwhile(struct job *j, uint32_t detector)
{
    struct slot *s = j->slot;
    const struct detect_run *r = &s->run[detector];
    if (r->state == NULL || r->ops->meanwhile == NULL || !slot_is_small(s) ||
        j->engine->failed != 0)
        return;
    int64_t begun_ns = clock_thread_cpu_ns();
    j->err = r->ops->meanwhile(r->state);
    (void)stages_add(&j->engine->stages, WORK_MERGE, begun_ns);
    (void)slot_job_ok(j, "looking for the usual");
}

static void seal_done(struct job *j)
{
    struct slot *s = j->slot;
    if (!slot_job_ok(j, "assembling"))
        return;
    slot_count(s); /* the columns are there twice for a moment */
    batch_columns_done(&s->input);
    slot_log(j->engine, s, "planned");
    struct plan_shape shape = slot_shape(s);
    engine_step(j->engine,
                &(struct coord_event){ .kind = COORD_EV_SEALED,
                                       .batch = s->batch,
                                       .rows = shape.rows,
                                       .cols = shape.cols,
                                       .recent_rows = shape.recent_rows });
    for (uint32_t d = 0; d < j->engine->detectors.count; d++)
        if (s->prepare[d].run == NULL) /* else when that is done */
            slot_meanwhile(j, d);
}

void slot_seal(struct engine *e, const struct coord_action *a)
{
    struct slot *s = engine_slot(e, a->batch);
    check(s->batch == 0);
    s->batch = a->batch;
    s->state_batch = a->state_batch;
    s->reason = a->reason;
    s->overrun = a->overrun;
    s->interval_us = a->interval_us;
    s->judge = e->verdict;
    s->keep_scores = e->settings.keep_scores;
    s->input = e->open;
    batch_input_init(&e->open);
    s->opened_ns = e->open_ns;
    s->opened_us = e->open_us;
    s->cut_ns = e->last_cut_ns = clock_wall_ns();
    for (uint32_t d = 0; d < e->detectors.count; d++)
        s->run[d].ops = e->detectors.ops[d];
    arena_init(&s->arena, SLOT_ARENA_BYTES_MAX);
    buf_init(&s->delta, SLOT_TEXT_BYTES_MAX);
    buf_init(&s->snapshot, SLOT_TEXT_BYTES_MAX);
    buf_init(&s->identity, 4096);
    buf_init(&s->why, SLOT_TEXT_BYTES_MAX);
    buf_init(&s->record, SLOT_TEXT_BYTES_MAX);
    slot_log(e, s, "sealed");
    int rc = learn_history_view(e->history, a->state_batch, &s->view);
    if (rc != 0) {
        engine_fail(e, rc,
                    "batch %" PRIu64 ": the state after batch %" PRIu64
                    " is not at hand: %s",
                    a->batch, a->state_batch, err_text(rc));
        return;
    }
    s->seal = (struct job){ .slot = s, .run = seal_run, .done = seal_done };
    slot_job(e, s, &s->seal);
}

static int prepare_run(struct job *j)
{
    int64_t begun_ns = clock_thread_cpu_ns();
    const struct detect_run *r = &j->slot->run[j->detector];
    int rc = r->ops->prepare(r->state, j->phase_index);
    (void)stages_add(&j->engine->stages, WORK_PREPARE, begun_ns);
    return rc;
}

static void prepare_done(struct job *j)
{
    if (!slot_job_ok(j, "preparing tasks"))
        return;
    slot_count(j->slot);
    engine_step(j->engine,
                &(struct coord_event){ .kind = COORD_EV_PREPARED,
                                       .batch = j->slot->batch,
                                       .detector = j->detector,
                                       .phase_index = j->phase_index });
    if (j->phase_index == 0)
        slot_meanwhile(j, j->detector);
}

void slot_prepare(struct engine *e, const struct coord_action *a)
{
    struct slot *s = engine_slot(e, a->batch);
    struct job *j = &s->prepare[a->detector];
    *j = (struct job){ .slot = s,
                       .detector = a->detector,
                       .phase_index = a->phase_index,
                       .run = prepare_run,
                       .done = prepare_done };
    slot_job(e, s, j);
}

static int slot_verdicts(struct job *j)
{
    struct engine *e = j->engine;
    struct slot *s = j->slot;
    struct matrix rows = batch_matrix(&s->input);
    int rc = 0;
    for (uint32_t d = 0; d < e->detectors.count && rc == 0; d++)
        if (s->run[d].state != NULL)
            rc = s->run[d].ops->merge(s->run[d].state, &s->run[d].result);
    if (rc == 0)
        rc = verdict_make(&s->judge, &rows, s->run, e->detectors.count,
                          &s->view, &s->arena, &s->verdict);
    if (rc == 0)
        rc = learn_delta_encode(&s->verdict.delta, &s->delta);
    return rc != 0 ? rc : result_build(e, s);
}

static int merge_run(struct job *j)
{
    int64_t begun_ns = clock_thread_cpu_ns();
    int rc = slot_verdicts(j);
    (void)stages_add(&j->engine->stages, WORK_MERGE, begun_ns);
    return rc;
}

static void merge_done(struct job *j)
{
    if (!slot_job_ok(j, "merging"))
        return;
    slot_count(j->slot);
    slot_log(j->engine, j->slot, "merged");
    engine_step(j->engine, &(struct coord_event){ .kind = COORD_EV_MERGED,
                                                  .batch = j->slot->batch });
}

void slot_merge(struct engine *e, const struct coord_action *a)
{
    struct slot *s = engine_slot(e, a->batch);
    s->merge = (struct job){ .slot = s, .run = merge_run, .done = merge_done };
    slot_job(e, s, &s->merge);
}

static enum coord_outcome commit_outcome(int err)
{
    switch (err) {
    case 0:
        return COORD_COMMIT_OK;
    case ERR_FULL:
    case ERR_BUSY:
        return COORD_COMMIT_FULL;
    default:
        return COORD_COMMIT_UNKNOWN;
    }
}

static void commit_done(struct writer_command *c)
{
    struct slot *s = c->context;
    struct engine *e = s->seal.engine;
    if (c->err == ERR_CLOSED) {
        engine_fail(e, ERR_BUSY, "%s: %s", e->db, c->fault.text);
        return;
    }
    if (c->err == ERR_NOMEM) { /* before anything was written */
        engine_fail(e, c->err,
                    "%s: batch %" PRIu64 " is not committed: %s; start again: "
                    "what was committed is found and the rest is read again",
                    e->db, s->batch,
                    c->fault.text[0] != '\0' ? c->fault.text
                                             : err_text(c->err));
        return;
    }
    e->commit_err = c->err;
    if (c->err != 0) /* a note or the end of the run tells people */
        log_line(e->log, LOG_LEVEL_DEBUG, "commit",
                 "batch=%" PRIu64 " error=%s text=%s", s->batch,
                 err_name(c->err), LOG_QUOTE(c->fault.text));
    else {
        slot_log(e, s, "committed");
        e->committed_position = s->input.to_position;
        e->committed_line = s->input.to_line;
        progress_committed(e, s, c->took_us);
        remark_eps(e, s); /* here, since batches are merged in any order */
    }
    engine_step(e, &(struct coord_event){ .kind = COORD_EV_COMMITTED,
                                          .batch = s->batch,
                                          .outcome = commit_outcome(c->err) });
}

/* The learned state moves when the batch's turn to commit has come: nothing
 * may read it before the commit is known, since D batches are in flight at
 * most. A commit that is tried again finds it moved. */
static int commit_learn(struct engine *e, struct slot *s)
{
    if (s->pushed)
        return 0;
    int rc = learn_history_push(e->history, s->batch, &s->verdict.delta);
    if (rc == 0 && s->batch % ENGINE_SNAPSHOT_EVERY == 0)
        rc = learn_history_encode_newest(e->history, &s->snapshot);
    s->pushed = rc == 0;
    return rc;
}

void slot_commit(struct engine *e, const struct coord_action *a)
{
    struct slot *s = engine_slot(e, a->batch);
    int rc = commit_learn(e, s);
    if (rc != 0) {
        engine_fail(e, rc, "batch %" PRIu64 ": %s", s->batch, err_text(rc));
        return;
    }
    const struct coord_timing *t = &a->timing;
    struct store_batch *b = &s->commit;
    b->overrun = a->overrun || s->overrun;
    b->snapshot = s->snapshot.length > 0 ? s->snapshot.data : NULL;
    b->snapshot_bytes = s->snapshot.length;
    if (t->started_us != 0) {
        b->queue_us = t->started_us - t->cut_us;
        b->compute_us = t->computed_us - t->started_us;
        b->merge_us = t->merged_us - t->computed_us;
    } else {
        b->merge_us = t->merged_us - t->cut_us;
    }
    b->cut_us = t->cut_us;
    b->worker_us = t->worker_us;
    slot_log(e, s, "commit");
    s->command = (struct writer_command){
        .kind = WRITER_COMMIT, .batch = b, .done = commit_done, .context = s
    };
    writer_post(e->writer, &s->command);
}

void slot_release(struct slot *s)
{
    struct engine *e = s->seal.engine;
    if (e != NULL) {
        e->flight.slot_bytes -= s->held_bytes;
        for (uint32_t d = 0; d < e->detectors.count; d++)
            if (s->run[d].state != NULL)
                s->run[d].ops->close(s->run[d].state);
    }
    batch_input_release(&s->input);
    learn_view_release(&s->view);
    arena_release(&s->arena);
    buf_release(&s->delta);
    buf_release(&s->snapshot);
    buf_release(&s->identity);
    buf_release(&s->why);
    buf_release(&s->record);
    memset(s, 0, sizeof *s);
}
