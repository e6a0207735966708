/*
 * The judge: keeps books of its own from events and actions alone, and stops
 * the world where the core breaks a rule.
 *
 * Lease rule  a task goes to one worker; to a second one only when the first
 *             lease ended (its worker asked for work, its pipe was lost, it
 *             ran out), or as the one announced extra copy. A lease lives
 *             while heartbeats show progress, and no longer than lease_ms
 *             without.
 */
#include "tests/sim/sim.h"

#include "proto/base/check.h"

#include <string.h>

#define ALIVE_STEP_MAX_US (2 * SECOND)

void judge_start(struct sim *s)
{
    struct judge *j = &s->coord.judge;
    *j = (struct judge){ .now_us = s->now_us + s->coord.skew_us,
                         .sealed_batch = s->coord.config.last_batch,
                         .state_batch = s->coord.config.last_state_batch };
    judge_cut_start(s);
}

/* Ends live leases: of a worker (id), of a pipe, of a task; 0 = any. */
static void leases_end(struct judge *j, uint64_t worker_id, uint32_t pipe,
                       uint64_t task)
{
    for (uint32_t i = 0; i < SIM_LEASES_MAX; i++) {
        struct judge_lease *l = &j->lease[i];
        if ((worker_id == 0 || l->worker_id == worker_id) &&
            (pipe == 0 || l->pipe == pipe) && (task == 0 || l->task == task)) {
            l->live = false;
        }
    }
}

static bool step_has(const struct sim *s, enum coord_action_kind kind)
{
    for (uint32_t i = 0; i < s->coord.actions.count; i++) {
        if (s->coord.actions.item[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* Is this request one by which a known worker says that it holds nothing? */
static bool asks_for_work(const struct sim *s, const struct coord_event *e)
{
    if (e->kind != COORD_EV_REQUEST ||
        step_has(s, COORD_ACT_REPLY_HELLO_FIRST)) {
        return false;
    }
    uint32_t kind = e->message->envelope.kind;
    return kind == WIRE_READY || kind == WIRE_RESULT || kind == WIRE_BYE ||
           (kind == WIRE_NEED_MODEL && !step_has(s, COORD_ACT_REPLY_MODEL));
}

void judge_event(struct sim *s, int64_t now_us, const struct coord_event *e)
{
    struct judge *j = &s->coord.judge;
    if (now_us > j->now_us) {
        int64_t passed = now_us - j->now_us;
        j->now_us = now_us;
        j->alive_us += passed < ALIVE_STEP_MAX_US ? passed : ALIVE_STEP_MAX_US;
    }
    j->speculated = 0;
    if (asks_for_work(s, e)) {
        leases_end(j, e->message->envelope.worker_id, 0, 0);
    }
    if (e->kind == COORD_EV_PIPE_LOST) {
        leases_end(j, 0, e->pipe, 0);
    }
    judge_cut_event(s, e);
}

static void judge_beat(struct sim *s, const struct coord_event *e)
{
    struct judge *j = &s->coord.judge;
    const struct wire_heartbeat *beat = &e->message->body.heartbeat;
    if (e->message->envelope.epoch != s->coord.config.epoch) {
        return;
    }
    for (uint32_t h = 0; h < beat->held_count; h++) {
        for (uint32_t i = 0; i < SIM_LEASES_MAX; i++) {
            struct judge_lease *l = &j->lease[i];
            if (l->live && l->task == beat->held[h].task &&
                l->attempt == beat->held[h].attempt &&
                l->worker_id == e->message->envelope.worker_id &&
                l->progress != beat->held[h].progress) {
                l->progress = beat->held[h].progress;
                l->moved_us = j->alive_us;
            }
        }
    }
}

static void judge_given(struct sim *s, const struct coord_action *a)
{
    struct judge *j = &s->coord.judge;
    struct judge_lease *free_one = j->lease + SIM_LEASES_MAX;
    uint32_t copies = 0;
    for (uint32_t i = 0; i < SIM_LEASES_MAX; i++) {
        struct judge_lease *l = &j->lease[i];
        if (!l->live) {
            free_one = l;
            continue;
        }
        copies += l->task == a->task;
        if (l->worker_id == a->worker_id) {
            sim_fail(s, "a worker that holds a task was given another");
        }
        if (l->task == a->task && l->attempt >= a->attempt) {
            sim_fail(s, "attempt %u was given out twice", a->attempt);
        }
    }
    if (copies > 1 || (copies == 1 && j->speculated != a->task)) {
        sim_fail(s, "a task went out while it was held by %u others", copies);
    }
    const struct sim_request *r =
        &s->coord.request[a->request % SIM_REQUESTS_MAX];
    if (!r->open || r->handle != a->request) {
        sim_fail(s, "a task was sent to a request that is gone");
    }
    check(free_one < j->lease + SIM_LEASES_MAX);
    *free_one = (struct judge_lease){ .live = true,
                                      .task = a->task,
                                      .attempt = a->attempt,
                                      .worker_id = a->worker_id,
                                      .pipe = a->pipe,
                                      .moved_us = j->alive_us };
}

/* A closed task's payload is not validated: what a broken worker says of it
 * rightly raises the alarm. */
static bool says_garbage(const struct sim *s, uint64_t worker_id)
{
    for (uint32_t i = 0; i < s->mix.workers; i++) {
        const struct sim_worker *w = &s->worker[i];
        if (w->id == worker_id) {
            return w->garbage_until_us > 0;
        }
    }
    return false;
}

static void judge_note(struct sim *s, const struct coord_action *a)
{
    struct judge *j = &s->coord.judge;
    if (a->note == COORD_NOTE_SPECULATED) {
        j->speculated = a->task;
    }
    if (a->note == COORD_NOTE_WORKER_LOST) {
        leases_end(j, a->worker_id, 0, 0);
    }
    if (a->note == COORD_NOTE_RESULT_DIFFERS &&
        !says_garbage(s, a->worker_id)) {
        sim_fail(s, "a determinism alarm: two results of a task differ");
    }
    if (a->note != COORD_NOTE_LEASE_EXPIRED) {
        return;
    }
    for (uint32_t i = 0; i < SIM_LEASES_MAX; i++) {
        struct judge_lease *l = &j->lease[i];
        if (l->live && l->task == a->task && l->attempt == a->attempt) {
            if (j->alive_us - l->moved_us < s->coord.config.lease_ms * MS) {
                sim_fail(s, "a lease ended though its progress moved");
            }
            l->live = false;
            return;
        }
    }
    sim_fail(s, "a lease ended that nobody held");
}

static void judge_accept(struct sim *s, const struct coord_event *e,
                         const struct coord_action *a)
{
    const struct wire_envelope *v = &e->message->envelope;
    if (v->epoch != s->coord.config.epoch ||
        memcmp(v->run_id, s->coord.config.run_id, sizeof v->run_id) != 0) {
        sim_fail(s, "a result of another run or epoch was accepted");
    }
    if (v->task != a->task || e->message->body.result.batch != a->batch ||
        e->message->body.result.status != 0 || e->payload_err != 0) {
        sim_fail(s, "a result was accepted that is not the task's");
    }
    leases_end(&s->coord.judge, 0, 0, a->task);
}

void judge_action(struct sim *s, const struct coord_event *e,
                  const struct coord_action *a)
{
    struct judge *j = &s->coord.judge;
    bool is_hello =
        e->kind == COORD_EV_REQUEST && e->message->envelope.kind == WIRE_HELLO;
    switch (a->kind) {
    case COORD_ACT_REPLY_BEAT:
        judge_beat(s, e);
        break;
    case COORD_ACT_REPLY_TASK:
        judge_given(s, a);
        break;
    case COORD_ACT_REPLY_HELLO:
        for (uint32_t i = 0; i < SIM_LEASES_MAX; i++) {
            if (j->lease[i].worker_id == a->worker_id) {
                j->lease[i].pipe = e->pipe; /* what it holds goes on */
            }
        }
        break;
    case COORD_ACT_CLOSE_PIPE:
        if (!is_hello) {
            leases_end(j, 0, a->pipe, 0);
        }
        break;
    case COORD_ACT_NOTE:
        judge_note(s, a);
        break;
    case COORD_ACT_ACCEPT:
        judge_accept(s, e, a);
        break;
    case COORD_ACT_SEAL:
        judge_seal(s, a);
        break;
    case COORD_ACT_HELD:
        judge_held(s, a);
        break;
    default:
        break;
    }
}

void judge_step(struct sim *s)
{
    const struct sim_coord *c = &s->coord;
    const struct judge *j = &c->judge;
    struct coord_stats now;
    coord_stats_get(c->core, &now);
    uint32_t open = 0;
    for (uint32_t i = 0; i < SIM_REQUESTS_MAX; i++) {
        open += c->request[i].open;
    }
    if (open != now.workers_parked) {
        sim_fail(s, "%u requests wait for an answer, %u are parked", open,
                 now.workers_parked);
    }
    for (uint32_t i = 0; i < SIM_LEASES_MAX; i++) {
        const struct judge_lease *l = &j->lease[i];
        if (l->live && j->alive_us - l->moved_us >= c->config.lease_ms * MS &&
            !c->finished) {
            sim_fail(s, "a lease lives on without progress");
        }
    }
    judge_limits(s, &now);
    if (now.workers > s->mix.workers + s->seen.faults + 2) {
        sim_fail(s, "workers are counted that are not there");
    }
}

void judge_commit(struct sim *s, const struct sim_batch *b)
{
    const struct store *store = &s->store;
    if (store->epoch != s->coord.config.epoch) {
        sim_fail(s, "a coordinator of the past commits");
    }
    if (b->number != store->last_batch + 1) {
        sim_fail(s, "batch %llu is committed after batch %llu",
                 (unsigned long long)b->number,
                 (unsigned long long)store->last_batch);
    }
    if (b->from != store->position || b->to <= b->from) {
        sim_fail(s, "records %u..%u are committed after record %u", b->from,
                 b->to, store->position);
    }
}

void judge_end(struct sim *s)
{
    struct coord_stats now;
    coord_stats_get(s->coord.core, &now);
    if (s->store.position != s->input.records) {
        sim_fail(s, "finished with %u of %u records committed",
                 s->store.position, s->input.records);
    }
    if (now.tasks_open != 0 || now.workers_parked != 0 ||
        now.batches_in_flight != 0 || now.bytes_in_flight != 0) {
        sim_fail(s, "finished with something left in the tables");
    }
}
