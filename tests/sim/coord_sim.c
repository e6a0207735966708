/*
 * The coordinator's shell in the simulated world: reads the input, carries
 * out the core's actions, starts again after a crash from what is stored.
 */
#include "tests/sim/sim.h"

#include "proto/base/check.h"
#include "proto/wire/iforest.h"

#include <inttypes.h>
#include <string.h>

struct sim_batch *coord_batch(struct sim *s, uint64_t number)
{
    struct sim_batch *b = &s->coord.batch[number % COORD_DEPTH_MAX];
    check(b->used && b->number == number);
    return b;
}

static void config_fill(struct sim *s, struct coord_config *f)
{
    *f = (struct coord_config){
        .epoch = s->store.epoch,
        .last_batch = s->store.last_batch,
        .tuning = s->store.tuning,
        .replayable = true,
        .lease_ms = 5000,
        .silence_ms = 10000,
        .beat_ms = 1000,
        .commit_retry_ms = 1000,
        .algorithm_version = SIM_ALGORITHM,
        .selftest_digest = 7,
        .detector_count = s->mix.detectors,
    };
    for (uint32_t d = 0; d < s->mix.detectors; d++)
        f->detector[d] =
            (struct coord_detector){ IFOREST_NAME, &s->plan_config[d],
                                     sim_plan };
    memcpy(f->run_id, "simulated run 1", sizeof f->run_id);
    if (f->last_batch > 0) {
        f->last_state_batch = s->store.batch[f->last_batch - 1].state_batch;
    }
}

void coord_start(struct sim *s)
{
    struct sim_coord *c = &s->coord;
    check(!c->up);
    s->store.epoch++;
    memset(c->request, 0, sizeof c->request);
    c->up = true;
    c->life = ++s->next_life;
    c->skew_us = sim_between(s, 0, 1000) * SECOND - s->now_us;
    c->stalled_us = 0;
    c->tick_us = INT64_MAX;
    c->open_from = c->appended = c->parsed = c->read = s->store.position;
    c->reading = c->ended = c->finished = c->drained = false;
    c->history = store_history(&s->store, &s->mix);
    config_fill(s, &c->config);
    check(coord_new(&c->config, s->now_us + c->skew_us, &c->core) == 0);
    judge_start(s);
    trace_line(s, "coord",
               "starts: epoch %u, batch %" PRIu64 " is the last committed",
               c->config.epoch, c->config.last_batch);
    struct coord_event tick = { .kind = COORD_EV_TICK };
    coord_do(s, &tick);
}

static void stats_add(struct sim *s)
{
    struct coord_stats now;
    coord_stats_get(s->coord.core, &now);
    s->seen.coord.retries += now.retries;
    s->seen.coord.duplicates += now.duplicates;
    s->seen.coord.alarms += now.alarms;
    s->seen.coord.invalid += now.invalid;
    s->seen.coord.overruns += now.overruns;
    s->seen.coord.speculations += now.speculations;
}

void coord_end(struct sim *s)
{
    struct sim_coord *c = &s->coord;
    if (!c->up) {
        return;
    }
    stats_add(s);
    c->up = false;
    c->life = 0;
    for (uint32_t i = 0; i < s->mix.workers; i++) {
        net_break(s, i, true, false);
    }
    for (uint32_t i = 0; i < COORD_DEPTH_MAX; i++) {
        batch_release(&c->batch[i]);
    }
    learn_history_free(c->history);
    coord_free(c->core);
    c->core = NULL;
}

static void job(struct sim *s, enum event_kind kind,
                const struct coord_action *a, int64_t most_us)
{
    sim_at(s, s->now_us + sim_between(s, most_us / 2, most_us), kind, WHO_COORD,
           a->batch, a->detector << 8 | a->phase_index);
}

static void accept(struct sim *s, const struct coord_action *a,
                   const struct coord_event *event)
{
    const struct detect_run *r =
        batch_run(coord_batch(s, a->batch), a->detector);
    check(r->ops->accept(r->state, a->phase_index, a->part,
                         &event->message->body.result.payload) == 0);
}

static void act(struct sim *s, const struct coord_action *a,
                const struct coord_event *event)
{
    struct sim_coord *c = &s->coord;
    trace_action(s, a);
    judge_action(s, event, a);
    switch (a->kind) {
    case COORD_ACT_SEAL:
        coord_seal(s, a);
        break;
    case COORD_ACT_DROP_OPEN:
        c->appended = c->open_from;
        break;
    case COORD_ACT_PREPARE:
        job(s, EVENT_PREPARED, a, s->mix.job_us);
        break;
    case COORD_ACT_DROP_REQUEST:
        net_drop(s, a->request);
        break;
    case COORD_ACT_CLOSE_PIPE:
        net_pipe_closed(s, a->pipe);
        break;
    case COORD_ACT_ACCEPT:
        accept(s, a, event);
        break;
    case COORD_ACT_MERGE:
        job(s, EVENT_MERGED, a, s->mix.job_us);
        break;
    case COORD_ACT_COMMIT:
        job(s, EVENT_COMMIT, a, s->mix.commit_us);
        break;
    case COORD_ACT_SOURCE_COMMITTED:
        break;
    case COORD_ACT_RELEASE:
        batch_release(coord_batch(s, a->batch));
        break;
    case COORD_ACT_NOTE:
        s->seen.notes[a->note]++;
        break;
    case COORD_ACT_HELD:
        change_held(s);
        break;
    case COORD_ACT_FINISHED:
        c->finished = true;
        break;
    case COORD_ACT_GIVE_UP:
        c->finished = true;
        c->drained = true; /* exits; the next start looks */
        break;
    default:
        coord_reply(s, a);
        break;
    }
}

static void schedule_tick(struct sim *s)
{
    struct sim_coord *c = &s->coord;
    int64_t deadline_us = coord_next_deadline_us(c->core);
    if (deadline_us == INT64_MAX) {
        return;
    }
    int64_t at_us = deadline_us - c->skew_us;
    at_us = (at_us < s->now_us ? s->now_us : at_us) + sim_between(s, 0, 500);
    if (at_us < c->tick_us) {
        c->tick_us = at_us;
        sim_at(s, at_us, EVENT_COORD_TICK, WHO_COORD, ++c->tick, 0);
    }
}

/* What was parsed joins the open batch as far as it fits; then more is read,
 * or the end is told. */
static void feed(struct sim *s)
{
    struct sim_coord *c = &s->coord;
    uint64_t life = c->life;
    c->feeding = true;
    while (c->life == life && c->parsed > c->appended && !c->drained) {
        uint32_t n = coord_fit(c->core, &s->input.bytes[c->appended],
                               c->parsed - c->appended);
        struct coord_event e = { .kind = COORD_EV_APPENDED, .records = n };
        if (n == 0) {
            break;
        }
        for (uint32_t i = 0; i < n; i++) {
            e.bytes += s->input.bytes[c->appended++];
        }
        e.position = c->appended;
        coord_do(s, &e);
    }
    c->feeding = false;
    if (c->life != life || c->drained) {
        return;
    }
    if (c->appended == s->input.records && !c->ended) {
        struct coord_event end = { .kind = COORD_EV_END };
        c->ended = true;
        trace_line(s, "coord", "the input ends");
        coord_do(s, &end);
    } else if (!c->reading && c->read < s->input.records &&
               coord_wants_input(c->core)) {
        c->reading = true;
        sim_at(s,
               s->now_us + sim_between(s, s->mix.feed_us / 2, s->mix.feed_us),
               EVENT_READ, WHO_COORD, 0, 0);
    }
}

static void leave(struct sim *s)
{
    struct sim_coord *c = &s->coord;
    if (c->drained) {
        coord_crash(s, "exits");
    } else if (!s->over) {
        s->over = true;
        judge_end(s);
    }
}

void coord_do(struct sim *s, const struct coord_event *event)
{
    struct sim_coord *c = &s->coord;
    uint64_t life = c->life;
    int64_t now_us = s->now_us + c->skew_us;
    s->steps++;
    coord_step(c->core, now_us, event, &c->actions);
    coord_check(c->core);
    judge_event(s, now_us, event);
    for (uint32_t i = 0; i < c->actions.count; i++) {
        act(s, &c->actions.item[i], event);
    }
    judge_step(s);
    if (c->finished) {
        leave(s);
    }
    if (c->life != life) {
        return;
    }
    schedule_tick(s);
    if (!c->feeding) {
        feed(s);
    }
}

void coord_drain(struct sim *s)
{
    struct sim_coord *c = &s->coord;
    if (!c->up || c->drained || s->over) {
        return;
    }
    struct coord_event e = { .kind = COORD_EV_DRAIN };
    c->drained = true;
    coord_do(s, &e);
}

static void read_input(struct sim *s)
{
    struct sim_coord *c = &s->coord;
    c->reading = false;
    if (c->drained || !coord_wants_input(c->core)) {
        return;
    }
    uint32_t n = (uint32_t)sim_between(s, 1, s->mix.chunk);
    uint32_t left = s->input.records - c->read;
    n = n < left ? n : left;
    uint32_t blank = (uint32_t)sim_between(s, 0, 3);
    struct coord_event e = { .kind = COORD_EV_READ, .bytes = blank };
    for (uint32_t i = 0; i < n; i++) {
        e.bytes += s->input.bytes[c->read++];
    }
    c->reading = true;
    sim_at(s, s->now_us + sim_between(s, 0, s->mix.job_us), EVENT_PARSED,
           WHO_COORD, n, blank);
    coord_do(s, &e);
}

static void parsed(struct sim *s, const struct sim_event *e)
{
    struct sim_coord *c = &s->coord;
    c->reading = false;
    if (c->drained) {
        return;
    }
    c->parsed += (uint32_t)e->a;
    struct coord_event blank = { .kind = COORD_EV_APPENDED,
                                 .skipped_bytes = e->b };
    coord_do(s, &blank);
}

void coord_event(struct sim *s, const struct sim_event *e)
{
    struct sim_coord *c = &s->coord;
    struct coord_event event = { .batch = e->a };
    const struct detect_run *r;
    switch (e->kind) {
    case EVENT_COORD_TICK:
        if (e->a == c->tick) { /* else an earlier one took its place */
            c->tick_us = INT64_MAX;
            event.kind = COORD_EV_TICK;
            coord_do(s, &event);
        }
        break;
    case EVENT_READ:
        read_input(s);
        break;
    case EVENT_PARSED:
        parsed(s, e);
        break;
    case EVENT_SEALED:
        coord_sealed(s, e->a);
        break;
    case EVENT_PREPARED:
        event.kind = COORD_EV_PREPARED;
        event.detector = (uint32_t)(e->b >> 8);
        event.phase_index = (uint32_t)(e->b & 0xff);
        r = batch_run(coord_batch(s, e->a), event.detector);
        check(r->ops->prepare(r->state, event.phase_index) == 0);
        coord_do(s, &event);
        break;
    case EVENT_MERGED:
        batch_merge(s, coord_batch(s, e->a));
        event.kind = COORD_EV_MERGED;
        coord_do(s, &event);
        break;
    case EVENT_COMMIT:
        coord_commit(s, e->a);
        break;
    case EVENT_COMMITTED:
        coord_committed(s, e);
        break;
    case EVENT_CHANGE_OVER:
        change_over(s, (uint32_t)e->a);
        break;
    case EVENT_CHANGE_STORED:
        change_stored(s, (uint32_t)e->a);
        break;
    case EVENT_CHANGED:
        change_done(s, (uint32_t)e->a);
        break;
    case EVENT_PIPE_LOST:
        event.kind = COORD_EV_PIPE_LOST;
        event.pipe = (uint32_t)e->a;
        coord_do(s, &event);
        break;
    default:
        net_hear(s, e);
        break;
    }
}
