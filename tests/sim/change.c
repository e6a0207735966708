/*
 * Changes while it runs, as the shell makes them: the core is asked to hold,
 * the change is committed, the core is told. A crash in between leaves the
 * change either done, and found at the next start, or not done.
 */
#include "tests/sim/sim.h"

#include <inttypes.h>

void change_ask(struct sim *s, uint32_t index)
{
    struct sim_coord *c = &s->coord;
    const struct sim_change *change = &s->mix.change[index];
    bool is_there = c->up && s->now_us >= c->stalled_us;
    if (!is_there || c->judge.asked || c->judge.held) {
        return;
    }
    struct coord_event e = { .kind = COORD_EV_HOLD, .cut = change->cut };
    c->change = index;
    s->seen.changes++;
    trace_line(s, "coord", "a change is asked for%s",
               change->cut ? "" : ", the open batch may stay");
    if (change->patience_us > 0) {
        sim_at(s, s->now_us + change->patience_us, EVENT_CHANGE_OVER, WHO_COORD,
               index, 0);
    }
    coord_do(s, &e);
}

void change_over(struct sim *s, uint32_t index)
{
    struct coord_event e = { .kind = COORD_EV_TUNE };
    if (s->coord.judge.asked && s->coord.change == index) {
        s->seen.taken_back++;
        trace_line(s, "coord", "the change is taken back");
        coord_do(s, &e);
    }
}

void change_held(struct sim *s)
{
    uint32_t index = s->coord.change;
    sim_at(s, s->now_us + s->mix.change[index].wait_us, EVENT_CHANGE_STORED,
           WHO_COORD, index, 0);
}

void change_stored(struct sim *s, uint32_t index)
{
    const struct sim_change *change = &s->mix.change[index];
    if (!change->refused) {
        s->store.tuning = change->tuning;
    }
    trace_line(s, "store", "the change is %s",
               change->refused ? "refused" : "on disk");
    sim_at(s, s->now_us + sim_between(s, 0, s->mix.job_us), EVENT_CHANGED,
           WHO_COORD, index, 0);
}

void change_done(struct sim *s, uint32_t index)
{
    const struct sim_change *change = &s->mix.change[index];
    const struct coord_tuning *t = &change->tuning;
    struct coord_event e = { .kind = COORD_EV_TUNE,
                             .tuning = change->refused ? NULL : t };
    trace_line(s, "coord", "TUNE: at most %u records a batch, depth %u",
               change->refused ? s->coord.judge.tuning.max_rows : t->max_rows,
               change->refused ? s->coord.judge.tuning.depth : t->depth);
    coord_do(s, &e);
}
