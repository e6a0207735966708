#include "tests/unit/core/rig.h"

#include "proto/base/check.h"

#include <string.h>

static int rig_make_plan(const void *config, const struct plan_shape *shape,
                         struct plan *ret_plan)
{
    const struct rig_plan *p = config;
    *ret_plan = (struct plan){ .phase_count = p->phases };
    for (uint32_t i = 0; i < p->phases; i++) {
        uint32_t tasks = p->tasks[i] == 0 ? shape->rows : p->tasks[i];
        ret_plan->phase[i] = (struct plan_phase){ .phase = i + 1,
                                                  .units = tasks,
                                                  .units_per_task = 1,
                                                  .tasks = tasks,
                                                  .prepare = p->prepare,
                                                  .model = p->model };
    }
    return 0;
}

void rig_init(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->now_us = 1000000;
    r->plan = (struct rig_plan){ .phases = 1, .tasks = { 1 } };
    r->config = (struct coord_config){ .run_id = "a run",
                                       .epoch = 3,
                                       .tuning.cut = COORD_CUT_COUNT,
                                       .tuning.max_rows = 10,
                                       .tuning.max_bytes = 1000,
                                       .tuning.depth = 2,
                                       .tuning.cap_bytes = 4000,
                                       .tuning.cap_rows = 100,
                                       .replayable = true,
                                       .lease_ms = 5000,
                                       .silence_ms = 10000,
                                       .beat_ms = 1000,
                                       .commit_retry_ms = 1000,
                                       .algorithm_version = 4,
                                       .selftest_digest = 5,
                                       .detector_count = 1 };
}

void rig_start(struct rig *r)
{
    for (uint32_t i = 0; i < r->config.detector_count; i++) {
        r->config.detector[i] =
            (struct coord_detector){ i == 0 ? "first" : "second", &r->plan,
                                     rig_make_plan };
    }
    check(coord_new(&r->config, r->now_us, &r->c) == 0);
}

void rig_end(struct rig *r)
{
    coord_free(r->c);
}

void rig_step(struct rig *r, const struct coord_event *e)
{
    coord_step(r->c, r->now_us, e, &r->a);
    coord_check(r->c);
}

void rig_event(struct rig *r, enum coord_event_kind kind)
{
    struct coord_event e = { .kind = kind };
    rig_step(r, &e);
}

void rig_tick(struct rig *r, int64_t ms)
{
    r->now_us += ms * 1000;
    rig_event(r, COORD_EV_TICK);
}

void rig_wait(struct rig *r, int64_t ms)
{
    for (; ms > 1000; ms -= 1000) {
        rig_tick(r, 1000);
    }
    rig_tick(r, ms);
}

void rig_append(struct rig *r, uint32_t records, uint32_t bytes_each)
{
    struct coord_event e = { .kind = COORD_EV_READ,
                             .bytes = (uint64_t)records * bytes_each };
    rig_step(r, &e);
    e.kind = COORD_EV_APPENDED;
    e.records = records;
    e.position = 77;
    rig_step(r, &e);
}

void rig_sealed(struct rig *r, uint64_t batch, uint32_t rows)
{
    struct coord_event e = { .kind = COORD_EV_SEALED,
                             .batch = batch,
                             .rows = rows,
                             .cols = 2,
                             .ingest_delta = 900 + batch };
    rig_step(r, &e);
}

void rig_merged(struct rig *r, uint64_t batch)
{
    struct coord_event e = { .kind = COORD_EV_MERGED, .batch = batch };
    rig_step(r, &e);
}

void rig_committed(struct rig *r, uint64_t batch, enum coord_outcome outcome)
{
    struct coord_event e = { .kind = COORD_EV_COMMITTED,
                             .batch = batch,
                             .outcome = outcome };
    rig_step(r, &e);
}

void rig_batch(struct rig *r, uint64_t batch)
{
    rig_append(r, r->config.tuning.max_rows, 1);
    rig_sealed(r, batch, 8);
}

static uint64_t say(struct rig *r, const struct wire_message *m, uint32_t pipe)
{
    struct coord_event e = { .kind = COORD_EV_REQUEST,
                             .request = ++r->request,
                             .pipe = pipe,
                             .message = m };
    rig_step(r, &e);
    return r->request;
}

static struct wire_message message(const struct rig *r, uint64_t worker,
                                   enum wire_kind kind)
{
    struct wire_message m = { 0 };
    m.envelope.kind = kind;
    memcpy(m.envelope.run_id, r->config.run_id, WIRE_RUN_ID_BYTES);
    m.envelope.epoch = r->config.epoch;
    m.envelope.worker_id = worker;
    return m;
}

uint64_t rig_hello_on(struct rig *r, uint64_t worker, uint32_t pipe)
{
    struct wire_message m = message(r, worker, WIRE_HELLO);
    memset(m.envelope.run_id, 0, WIRE_RUN_ID_BYTES);
    m.envelope.epoch = 0;
    m.body.hello.algorithm_version = r->config.algorithm_version;
    m.body.hello.selftest_digest = r->config.selftest_digest;
    m.body.hello.pid = 100 + worker;
    return say(r, &m, pipe);
}

uint64_t rig_hello(struct rig *r, uint64_t worker)
{
    return rig_hello_on(r, worker, (uint32_t)worker);
}

uint64_t rig_simple(struct rig *r, uint64_t worker, enum wire_kind kind)
{
    struct wire_message m = message(r, worker, kind);
    return say(r, &m, (uint32_t)worker);
}

uint64_t rig_ready(struct rig *r, uint64_t worker)
{
    return rig_simple(r, worker, WIRE_READY);
}

void rig_join(struct rig *r, uint64_t worker)
{
    rig_hello(r, worker);
    rig_ready(r, worker);
}

uint64_t rig_beat(struct rig *r, uint64_t worker, uint64_t task,
                  uint32_t attempt, uint64_t progress)
{
    struct wire_message m = message(r, worker, WIRE_HEARTBEAT);
    m.body.heartbeat.held_count = task != 0;
    m.body.heartbeat.held[0] = (struct wire_held){ task, attempt, progress };
    return say(r, &m, (uint32_t)worker);
}

struct wire_message rig_result_of(const struct rig *r,
                                  const struct coord_action *given)
{
    struct wire_message m = message(r, given->worker_id, WIRE_RESULT);
    const char *name = r->config.detector[given->detector].name;
    m.envelope.task = given->task;
    m.envelope.attempt = given->attempt;
    m.body.result.batch = given->batch;
    m.body.result.detector = (struct wire_text){ name, (uint32_t)strlen(name) };
    m.body.result.phase = given->phase_index + 1;
    m.body.result.part = given->part;
    return m;
}

uint64_t rig_result(struct rig *r, uint64_t worker,
                    const struct wire_message *m, int payload_err,
                    uint64_t payload_hash)
{
    struct coord_event e = { .kind = COORD_EV_REQUEST,
                             .request = ++r->request,
                             .pipe = (uint32_t)worker,
                             .message = m,
                             .payload_err = payload_err,
                             .payload_hash = payload_hash };
    rig_step(r, &e);
    return r->request;
}

void rig_pipe_lost(struct rig *r, uint64_t worker)
{
    struct coord_event e = { .kind = COORD_EV_PIPE_LOST,
                             .pipe = (uint32_t)worker };
    rig_step(r, &e);
}

const struct coord_action *rig_find(const struct rig *r,
                                    enum coord_action_kind kind)
{
    for (uint32_t i = 0; i < r->a.count; i++) {
        if (r->a.item[i].kind == kind) {
            return &r->a.item[i];
        }
    }
    return NULL;
}

uint32_t rig_count(const struct rig *r, enum coord_action_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->a.count; i++) {
        count += r->a.item[i].kind == kind;
    }
    return count;
}

bool rig_noted(const struct rig *r, enum coord_note note)
{
    for (uint32_t i = 0; i < r->a.count; i++) {
        if (r->a.item[i].kind == COORD_ACT_NOTE && r->a.item[i].note == note) {
            return true;
        }
    }
    return false;
}

struct coord_stats rig_stats(const struct rig *r)
{
    struct coord_stats s;
    coord_stats_get(r->c, &s);
    return s;
}
