/*
 * The interval that changes by itself: pace.h, fed with the batches that are
 * committed. A change holds from the next batch that opens on; the open one
 * keeps its deadline.
 */
#include "engine/core/state.h"

bool auto_is_on(const struct coord *c)
{
    const struct coord_tuning *t = &c->config.tuning;
    return t->cut == COORD_CUT_INTERVAL && t->share.on;
}

void auto_set(struct coord *c, bool was_on)
{
    struct coord_tuning *t = &c->config.tuning;
    if (!auto_is_on(c)) {
        return;
    }
    uint64_t first = c->sealed_batch + 1;
    if (was_on) {
        pace_retune(&c->pace, &t->share, first, c->now_us);
    } else {
        pace_start(&c->pace, &t->share, t->interval_us, first, c->now_us);
    }
    t->interval_us = c->pace.interval_us;
}

/* The first batch that opens from now on. */
static uint64_t next_batch(const struct coord *c)
{
    return c->sealed_batch + (c->open.records > 0 ? 2 : 1);
}

void auto_follow(struct coord *c, const struct batch *b)
{
    struct coord_tuning *t = &c->config.tuning;
    if (!auto_is_on(c)) {
        return;
    }
    if (c->disk_full) {
        pace_forget(&c->pace, next_batch(c), c->now_us);
    } else if (pace_committed(&c->pace, &t->share, b->number,
                              c->now_us - b->due_us, next_batch(c),
                              c->now_us)) {
        t->interval_us = c->pace.interval_us;
    }
}

int64_t auto_note_at_us(const struct coord *c)
{
    return auto_is_on(c) ? pace_note_at_us(&c->pace) : INT64_MAX;
}

void auto_note(struct coord *c)
{
    int64_t from_us;
    if (auto_is_on(c) && pace_note(&c->pace, c->now_us, &from_us)) {
        struct coord_action *a = note_add(c, COORD_NOTE_INTERVAL);
        a->batch = c->pace.changed_batch;
        a->interval_from_us = from_us;
        a->interval_us = c->pace.interval_us;
    }
}
