/* One world from its start to its end, and two worlds compared. */
#include "tests/sim/sim.h"

#include "proto/base/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int64_t sim_between(struct sim *s, int64_t low, int64_t high)
{
    return low + (int64_t)rng_below(&s->rng, (uint64_t)(high - low) + 1);
}

bool sim_percent(struct sim *s, uint32_t percent)
{
    return percent > 0 && rng_below(&s->rng, 100) < percent;
}

bool sim_is_healed(const struct sim *s)
{
    return s->now_us >= s->mix.heal_us;
}

void *sim_alloc(size_t bytes)
{
    void *memory = malloc(bytes);
    check(memory != NULL);
    return memory;
}

void sim_at(struct sim *s, int64_t at_us, enum event_kind kind, uint32_t who,
            uint64_t a, uint64_t b)
{
    struct sim_event e = {
        .at_us = at_us, .kind = kind, .who = who, .a = a, .b = b
    };
    bool is_start = kind == EVENT_COORD_START || kind == EVENT_WORKER_START ||
                    kind == EVENT_FAULT || kind == EVENT_CHANGE;
    if (!is_start) {
        e.life = who == WHO_COORD ? s->coord.life : s->worker[who].life;
    }
    queue_push(&s->queue, e);
}

/* Until when the process that the event is for is stopped. */
static int64_t stalled_us(const struct sim *s, const struct sim_event *e)
{
    if (e->life == 0) {
        return 0;
    }
    return e->who == WHO_COORD ? s->coord.stalled_us
                               : s->worker[e->who].stalled_us;
}

static bool is_for_the_dead(const struct sim *s, const struct sim_event *e)
{
    uint64_t life =
        e->who == WHO_COORD ? s->coord.life : s->worker[e->who].life;
    return e->life != 0 && e->life != life;
}

static void dispatch(struct sim *s, struct sim_event *e)
{
    switch (e->kind) {
    case EVENT_FAULT:
        fault_do(s, &s->mix.fault[e->a]);
        break;
    case EVENT_CHANGE:
        change_ask(s, (uint32_t)e->a);
        break;
    case EVENT_COORD_START:
        coord_start(s);
        break;
    case EVENT_WORKER_START:
        s->workers_to_start--;
        worker_start(s, e->who);
        break;
    default:
        if (e->who == WHO_COORD) {
            coord_event(s, e);
        } else {
            worker_event_in(s, e);
        }
        break;
    }
}

static bool is_everyone_home(const struct sim *s)
{
    bool home = s->over && s->workers_to_start == 0;
    for (uint32_t i = 0; i < s->mix.workers; i++) {
        home = home && !s->worker[i].up;
    }
    return home;
}

/* When it must be over: after the faults, at one task at a time. */
static int64_t patience_us(const struct sim_mix *m)
{
    int64_t tasks = (int64_t)m->records * (m->trees + 2) * m->detectors;
    int64_t batches = m->records;
    return m->heal_us + (120 + m->change_count) * SECOND +
           2 * tasks * m->compute_us +
           batches * (m->commit_us + (4 + 2 * m->detectors) * m->job_us +
                      2 * m->feed_us) +
           8 * tasks * m->delay_max_us;
}

static void sim_init(struct sim *s, const struct sim_mix *mix, FILE *trace,
                     bool trace_beats)
{
    uint64_t words[] = { mix->seed, 3 };
    s->mix = *mix;
    s->store.tuning = mix->tuning;
    s->trace = trace;
    s->trace_beats = trace_beats;
    rng_init(&s->rng, words, 2);
    input_make(mix, &s->input);
    for (uint32_t d = 0; d < mix->detectors; d++) {
        s->plan_config[d].part_rows = mix->part_rows;
        s->plan_config[d].trees_per_task = mix->trees_per_task;
        config_of_mix(mix, d, &s->plan_config[d].detect);
    }
    sim_at(s, 0, EVENT_COORD_START, WHO_COORD, 0, 0);
    for (uint32_t i = 0; i < mix->workers; i++) {
        s->workers_to_start++;
        sim_at(s, sim_between(s, 0, 100) * MS, EVENT_WORKER_START, i, 0, 0);
    }
    for (uint32_t i = 0; i < mix->fault_count; i++) {
        sim_at(s, mix->fault[i].at_us, EVENT_FAULT, mix->fault[i].who, i, 0);
    }
    for (uint32_t i = 0; i < mix->change_count; i++) {
        sim_at(s, mix->change[i].at_us, EVENT_CHANGE, WHO_COORD, i, 0);
    }
}

void sim_run(const struct sim_mix *mix, FILE *trace, bool trace_beats,
             struct store *ret_store, struct sim_outcome *ret_outcome)
{
    struct sim *s = calloc(1, sizeof *s);
    check(s != NULL);
    sim_init(s, mix, trace, trace_beats);
    int64_t patience = patience_us(mix);
    struct sim_event e;
    while (!is_everyone_home(s) && queue_pop(&s->queue, &e)) {
        s->now_us = e.at_us;
        int64_t stalled = stalled_us(s, &e);
        if (is_for_the_dead(s, &e)) {
            free(e.bytes);
        } else if (e.at_us < stalled) {
            e.at_us = stalled;
            queue_push(&s->queue, e);
        } else {
            dispatch(s, &e);
            free(e.bytes);
        }
        if (s->now_us > patience) {
            sim_fail(s, "it does not come to an end: %u of %u records",
                     s->store.position, s->input.records);
        }
    }
    if (!is_everyone_home(s)) {
        sim_fail(s, "nothing happens any more, and it is not over");
    }
    coord_end(s);
    queue_release(&s->queue);
    *ret_outcome = (struct sim_outcome){ .hash = store_hash(&s->store),
                                         .batches = s->store.last_batch,
                                         .took_us = s->now_us,
                                         .steps = s->steps,
                                         .restarts = s->seen.restarts,
                                         .changes = s->seen.changes,
                                         .taken_back = s->seen.taken_back,
                                         .coord = s->seen.coord };
    memcpy(ret_outcome->notes, s->seen.notes, sizeof ret_outcome->notes);
    *ret_store = s->store;
    free(s);
}

/* Each stored batch, computed again by itself, gives the same results. */
static void replay_all(const struct sim_mix *mix, const struct store *store)
{
    struct input *input = calloc(1, sizeof *input);
    check(input != NULL);
    input_make(mix, input);
    for (uint64_t n = 1; n <= store->last_batch; n++) {
        if (batch_replay(mix, input, store, n) !=
            store->batch[n - 1].result_hash) {
            fprintf(stderr,
                    "sim: seed %" PRIu64 ": batch %" PRIu64
                    " does not replay\n",
                    mix->seed, n);
            abort();
        }
    }
    free(input);
}

void sim_seed(uint64_t seed, FILE *trace, struct sim_outcome *ret_outcome)
{
    struct sim_mix mix;
    struct store store;
    mix_draw(seed, &mix);
    sim_run(&mix, trace, true, &store, ret_outcome);
    if (mix.tuning.cut != COORD_CUT_COUNT || mix.change_count > 0) {
        replay_all(&mix, &store);
        store_release(&store);
        return;
    }
    struct sim_mix calm;
    struct store calm_store;
    struct sim_outcome calm_outcome;
    mix_calm(&mix, &calm);
    sim_run(&calm, NULL, false, &calm_store, &calm_outcome);
    if (calm_outcome.hash != ret_outcome->hash) {
        fprintf(stderr,
                "sim: seed %" PRIu64 ": the store differs from that of a run "
                "without faults (%" PRIu64 " and %" PRIu64 " batches)\n",
                seed, ret_outcome->batches, calm_outcome.batches);
        abort();
    }
    store_release(&store);
    store_release(&calm_store);
}
