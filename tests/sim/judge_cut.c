/* Cuts, limits and changes: see judge.h. */
#include "tests/sim/sim.h"

#include <string.h>

void judge_cut_start(struct sim *s)
{
    s->coord.judge.tuning = s->coord.config.tuning;
}

static bool is_closed(const struct judge *j)
{
    return j->hold_cut && (j->asked || j->held);
}

/* Records joined: each of them while there was room for it. */
static void judge_append(struct sim *s, uint32_t records)
{
    const struct sim_coord *c = &s->coord;
    const struct coord_tuning *t = &c->judge.tuning;
    if (records > 0 && is_closed(&c->judge)) {
        sim_fail(s, "a batch that is closed for a change took records");
    }
    uint64_t bytes = 0;
    for (uint32_t i = c->open_from; i < c->appended; i++) {
        bool is_new = i >= c->appended - records;
        if (is_new &&
            (bytes >= t->max_bytes || i - c->open_from >= t->max_rows)) {
            sim_fail(s, "a batch went on after it was full");
        }
        bytes += s->input.bytes[i];
    }
}

static void judge_tune(struct sim *s, const struct coord_event *e)
{
    struct judge *j = &s->coord.judge;
    struct coord_tuning now;
    if (j->asked ? e->tuning != NULL : !j->held) {
        sim_fail(s, "a change without HELD");
    }
    j->asked = false;
    j->held = false;
    if (e->tuning != NULL) {
        j->tuning = *e->tuning;
        j->open_tuned = s->coord.appended > s->coord.open_from;
    }
    coord_tuning_get(s->coord.core, &now);
    if (now.cut != j->tuning.cut || now.max_rows != j->tuning.max_rows ||
        now.max_bytes != j->tuning.max_bytes || now.depth != j->tuning.depth) {
        sim_fail(s, "a change is not what it was to be");
    }
}

void judge_cut_event(struct sim *s, const struct coord_event *e)
{
    struct judge *j = &s->coord.judge;
    switch (e->kind) {
    case COORD_EV_APPENDED:
        judge_append(s, e->records);
        break;
    case COORD_EV_HOLD:
        j->asked = true;
        j->hold_cut = e->cut;
        break;
    case COORD_EV_TUNE:
        judge_tune(s, e);
        break;
    default:
        break;
    }
}

void judge_held(struct sim *s, const struct coord_action *a)
{
    struct judge *j = &s->coord.judge;
    if (!j->asked) {
        sim_fail(s, "HELD, but nobody asked, or twice");
    }
    if (a->batch != j->sealed_batch + 1 ||
        (j->hold_cut && s->coord.appended > s->coord.open_from)) {
        sim_fail(s, "HELD names batch %llu, which is open already",
                 (unsigned long long)a->batch);
    }
    j->asked = false;
    j->held = true;
}

static bool is_interval_right(const struct coord_tuning *t, int64_t interval_us)
{
    switch (t->cut) {
    case COORD_CUT_INTERVAL:
        return t->share.on ? interval_us >= t->share.min_us &&
                                 interval_us <= t->share.max_us
                           : interval_us == t->interval_us;
    case COORD_CUT_ASAP:
        return interval_us == 0;
    default:
        return interval_us == -1;
    }
}

static void judge_size(struct sim *s, const struct coord_action *a)
{
    const struct sim_coord *c = &s->coord;
    const struct judge *j = &c->judge;
    uint64_t bytes = 0;
    for (uint32_t i = c->open_from; i < c->appended; i++) {
        bytes += s->input.bytes[i];
    }
    uint32_t records = c->appended - c->open_from;
    bool is_over = records > j->tuning.max_rows && !j->open_tuned;
    if (records == 0 || records != a->records || is_over) {
        sim_fail(s, "a batch of %u records was sealed as %u", records,
                 a->records);
    }
    bool is_full =
        records >= j->tuning.max_rows || bytes >= j->tuning.max_bytes;
    if (j->tuning.cut == COORD_CUT_COUNT && !is_full && !c->ended &&
        a->reason != COORD_REASON_SET) {
        sim_fail(s, "a batch cut by count is not full");
    }
}

void judge_seal(struct sim *s, const struct coord_action *a)
{
    struct judge *j = &s->coord.judge;
    uint64_t depth = j->tuning.depth;
    uint64_t state = a->batch > depth ? a->batch - depth : 0;
    if (state < j->state_batch) {
        state = j->state_batch;
    }
    if (a->batch != j->sealed_batch + 1 || a->state_batch != state) {
        sim_fail(s, "batch %llu was sealed with the state of batch %llu",
                 (unsigned long long)a->batch,
                 (unsigned long long)a->state_batch);
    }
    if (a->batch - s->store.last_batch > depth) {
        sim_fail(s, "more than %u batches are in flight", j->tuning.depth);
    }
    if (j->held) {
        sim_fail(s, "a batch was sealed between HELD and TUNE");
    }
    if (a->reason == COORD_REASON_SET && !(j->asked && j->hold_cut)) {
        sim_fail(s, "a batch was cut for a change that nobody asked for");
    }
    if (!is_interval_right(&j->tuning, a->interval_us)) {
        sim_fail(s, "a batch says that its interval was %lld us",
                 (long long)a->interval_us);
    }
    judge_size(s, a);
    j->sealed_batch = a->batch;
    j->state_batch = a->state_batch;
    j->open_tuned = false;
}

/* A limit that was lowered holds for what comes, not for what is there. */
static bool is_over(uint64_t now, uint64_t before, uint64_t limit)
{
    return now > limit && now > before;
}

void judge_limits(struct sim *s, const struct coord_stats *now)
{
    struct judge *j = &s->coord.judge;
    const struct coord_tuning *t = &j->tuning;
    uint64_t chunk_bytes = s->mix.chunk * 60 + 3;
    uint64_t records =
        now->records_in_flight + s->coord.read - s->coord.appended;
    if (is_over(now->bytes_in_flight, j->last.bytes_in_flight,
                t->cap_bytes + chunk_bytes) ||
        is_over(records, j->last_records, t->cap_rows + s->mix.chunk) ||
        is_over(now->batches_in_flight, j->last.batches_in_flight, t->depth)) {
        sim_fail(s, "more is in flight than the caps allow");
    }
    j->last = *now;
    j->last_records = records;
    bool is_open = s->coord.appended > s->coord.open_from;
    bool may_wait =
        j->hold_cut && is_open && now->batches_in_flight >= t->depth;
    if (j->asked && !may_wait) {
        sim_fail(s, "a change waits though nothing is in its way");
    }
    if (is_closed(j) && coord_wants_input(s->coord.core)) {
        sim_fail(s, "the source is read while the batch is closed");
    }
}
