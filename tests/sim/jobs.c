/*
 * The coordinator's jobs in the simulated world: assembling, committing, and
 * the replies that the core decided on, with the data that it never sees.
 */
#include "tests/sim/sim.h"

#include "proto/base/check.h"

#include <inttypes.h>
#include <string.h>

void coord_crash(struct sim *s, const char *why)
{
    trace_line(s, "coord", "%s", why);
    s->seen.restarts++;
    coord_end(s);
    sim_at(s, s->now_us + sim_between(s, 50, 3000) * MS, EVENT_COORD_START,
           WHO_COORD, 0, 0);
}

/* Bodies of replies. */
void coord_reply(struct sim *s, const struct coord_action *a)
{
    struct sim_coord *c = &s->coord;
    const struct detect_run *r;
    struct wire_message m = { 0 };
    memcpy(m.envelope.run_id, c->config.run_id, sizeof m.envelope.run_id);
    m.envelope.epoch = c->config.epoch;
    m.envelope.worker_id = a->worker_id;
    m.envelope.task = a->task;
    m.envelope.attempt = a->attempt;
    switch (a->kind) {
    case COORD_ACT_REPLY_HELLO:
        m.envelope.kind = WIRE_HELLO_REPLY;
        m.body.hello_reply =
            (struct wire_hello_reply){ c->config.beat_ms, c->config.lease_ms };
        break;
    case COORD_ACT_REPLY_TASK:
        m.envelope.kind = WIRE_TASK;
        r = batch_run(coord_batch(s, a->batch), a->detector);
        check(r->ops->task(r->state, a->phase_index, a->part, &m.body.task) ==
              0);
        break;
    case COORD_ACT_REPLY_MODEL:
        m.envelope.kind = WIRE_MODEL;
        r = batch_run(coord_batch(s, a->batch), a->detector);
        check(r->ops->model(r->state, &m.body.model) == 0);
        break;
    case COORD_ACT_REPLY_BEAT:
        m.envelope.kind = WIRE_HEARTBEAT_REPLY;
        m.body.heartbeat_reply.order = a->order;
        break;
    case COORD_ACT_REPLY_HELLO_FIRST:
        m.envelope.kind = WIRE_HELLO_FIRST;
        break;
    case COORD_ACT_REPLY_REFUSED:
        m.envelope.kind = WIRE_REFUSED;
        m.body.refused =
            (struct wire_refused){ a->err,
                                   { a->text, (uint32_t)strlen(a->text) } };
        break;
    default:
        m.envelope.kind = WIRE_BYE_REPLY;
        break;
    }
    net_reply(s, a->request, &m);
}

void coord_seal(struct sim *s, const struct coord_action *a)
{
    struct sim_coord *c = &s->coord;
    struct sim_batch *b = &c->batch[a->batch % COORD_DEPTH_MAX];
    check(!b->used);
    *b = (struct sim_batch){ .used = true,
                             .number = a->batch,
                             .state_batch = a->state_batch,
                             .from = c->open_from,
                             .to = c->appended,
                             .reason = a->reason };
    c->open_from = c->appended;
    batch_look(s, b);
    sim_at(s, s->now_us + sim_between(s, 0, s->mix.job_us), EVENT_SEALED,
           WHO_COORD, a->batch, 0);
}

static void commit_apply(struct sim *s, const struct sim_batch *b)
{
    struct store *store = &s->store;
    judge_commit(s, b);
    check(b->number <= SIM_BATCHES_MAX);
    struct buf delta = b->delta;
    struct stored_batch *to = &store->batch[b->number - 1];
    *to = (struct stored_batch){ .from = b->from,
                                 .to = b->to,
                                 .state_batch = b->state_batch,
                                 .result_hash = b->result_hash,
                                 .reason = b->reason,
                                 .delta_bytes = delta.length };
    to->delta = memcpy(sim_alloc(delta.length + 1), delta.data, delta.length);
    store->last_batch = b->number;
    store->position = b->to;
    trace_line(s, "store", "batch %" PRIu64 " is on disk", b->number);
}

void coord_commit(struct sim *s, uint64_t number)
{
    const struct sim_batch *b = coord_batch(s, number);
    uint32_t crash = s->commit_crash, unknown = s->commit_unknown;
    enum coord_outcome outcome = COORD_COMMIT_OK;
    s->commit_crash = 0;
    s->commit_unknown = 0;
    if (crash == 1) {
        coord_crash(s, "is killed before the commit");
        return;
    }
    if (s->now_us < s->disk_full_us) {
        outcome = COORD_COMMIT_FULL;
    } else if (unknown != 1) {
        commit_apply(s, b);
    }
    if (crash == 2) {
        coord_crash(s, "is killed after the commit");
        return;
    }
    if (unknown != 0 && outcome == COORD_COMMIT_OK) {
        outcome = COORD_COMMIT_UNKNOWN;
    }
    sim_at(s, s->now_us + sim_between(s, 0, s->mix.job_us), EVENT_COMMITTED,
           WHO_COORD, number, outcome);
}

void coord_committed(struct sim *s, const struct sim_event *e)
{
    struct sim_batch *b = coord_batch(s, e->a);
    struct coord_event event = { .kind = COORD_EV_COMMITTED,
                                 .batch = e->a,
                                 .outcome = (enum coord_outcome)e->b };
    if (event.outcome == COORD_COMMIT_OK) {
        struct arena arena;
        struct learn_delta delta;
        arena_init(&arena, SIZE_MAX);
        check(learn_delta_decode(b->delta.data, b->delta.length, &arena,
                                 &delta) == 0);
        check(learn_history_push(s->coord.history, b->number, &delta) == 0);
        arena_release(&arena);
    }
    coord_do(s, &event);
}

void coord_sealed(struct sim *s, uint64_t number)
{
    struct sim_batch *b = coord_batch(s, number);
    batch_assemble(s, b);
    struct coord_event event = { .kind = COORD_EV_SEALED,
                                 .batch = number,
                                 .rows = b->rows.rows,
                                 .cols = b->rows.cols,
                                 .recent_rows = b->view.recent.rows,
                                 .ingest_delta = number };
    coord_do(s, &event);
}
