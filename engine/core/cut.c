/*
 * The open batch: how much it takes, when it is cut, when the source may be
 * read.
 *
 * A batch is full at `max_rows` records or once its bytes reach `max_bytes`
 * (the record that reaches it belongs to it), so whether it is full depends on
 * the records alone, never on what comes next. Deadlines lie on a fixed grid:
 * multiples of the interval from the coordinator's start, or, after a change
 * of the interval, from the last point of the grid before; a batch is due at
 * the first grid point after its first record.
 */
#include "engine/core/state.h"

#include "proto/base/check.h"

static bool is_full(const struct coord *c)
{
    return c->open.records >= c->config.tuning.max_rows ||
           c->open.bytes >= c->config.tuning.max_bytes;
}

static bool has_room(const struct coord *c)
{
    return c->in_flight < c->config.tuning.depth;
}

uint32_t coord_fit(const struct coord *c, const uint32_t *record_bytes,
                   uint32_t n)
{
    if (c->ended || c->draining || tune_is_closed(c)) {
        return 0;
    }
    uint64_t records = c->open.records, bytes = c->open.bytes;
    uint32_t fit = 0;
    while (fit < n && records < c->config.tuning.max_rows &&
           bytes < c->config.tuning.max_bytes) {
        records++;
        bytes += record_bytes[fit++];
    }
    return fit;
}

bool coord_wants_input(const struct coord *c)
{
    uint64_t bytes = c->read_bytes + c->open.bytes + c->flight_bytes;
    uint64_t records = c->open.records + c->flight_records;
    return !c->ended && !c->draining && !c->disk_full && !c->gave_up &&
           !tune_is_closed(c) && !is_full(c) &&
           bytes < c->config.tuning.cap_bytes &&
           records < c->config.tuning.cap_rows;
}

void cut_follow_grid(struct coord *c)
{
    const struct coord_tuning *t = &c->config.tuning;
    int64_t step_us = t->cut == COORD_CUT_INTERVAL ? t->interval_us : 0;
    if (step_us == c->grid_step_us) {
        return;
    }
    int64_t past_us = c->now_us - c->grid_us;
    c->grid_us = c->now_us;
    if (c->grid_step_us > 0) {
        c->grid_us -= past_us % c->grid_step_us;
    }
    c->grid_step_us = step_us;
}

/* The open batch is due at the next point of the grid. */
static void cut_time(struct coord *c)
{
    cut_follow_grid(c);
    if (c->grid_step_us > 0) {
        int64_t past_us = c->now_us - c->grid_us;
        c->open.interval_us = c->grid_step_us;
        c->open.deadline_us =
            c->now_us - past_us % c->grid_step_us + c->grid_step_us;
    }
}

void cut_retime(struct coord *c)
{
    struct open_batch *open = &c->open;
    if (open->records == 0) {
        cut_follow_grid(c);
        return;
    }
    bool was_due = c->grid_step_us > 0 && open->deadline_us <= c->now_us;
    int64_t due_us = open->deadline_us;
    open->tuned = true;
    cut_time(c);
    if (was_due) {
        open->deadline_us = due_us;
    }
}

void cut_keep(struct coord *c)
{
    const struct coord_share *share = &c->config.tuning.share;
    struct open_batch *open = &c->open;
    if (open->records == 0 || open->interval_us < share->min_us ||
        open->interval_us > share->max_us) {
        cut_retime(c);
    } else {
        open->tuned = true;
    }
}

int64_t cut_interval_us(const struct coord *c)
{
    switch (c->config.tuning.cut) {
    case COORD_CUT_INTERVAL:
        return c->open.interval_us;
    case COORD_CUT_ASAP:
        return 0;
    default:
        return -1;
    }
}

void cut_append(struct coord *c, const struct coord_event *event)
{
    check(!c->ended && !c->draining);
    uint64_t taken = event->bytes + event->skipped_bytes;
    c->read_bytes -= taken < c->read_bytes ? taken : c->read_bytes;
    if (event->records == 0) {
        return;
    }
    struct open_batch *open = &c->open;
    check(!tune_is_closed(c));
    check(event->records <= c->config.tuning.max_rows - open->records);
    if (open->records == 0) {
        open->opened_us = c->now_us;
        cut_time(c);
    }
    open->records += event->records;
    open->bytes += event->bytes;
    open->position = event->position;
}

void cut_drain(struct coord *c)
{
    c->draining = true;
    c->read_bytes = 0;
    bool can_drop =
        c->config.tuning.cut == COORD_CUT_COUNT && c->config.replayable;
    if (can_drop && c->open.records > 0) {
        c->open = (struct open_batch){ 0 };
        c->ended = false; /* the end is to be read again */
        action_add(c, COORD_ACT_DROP_OPEN);
    }
}

int64_t cut_due_us(const struct coord *c)
{
    bool was_due = c->config.tuning.cut == COORD_CUT_INTERVAL &&
                   c->open.deadline_us < c->now_us;
    return was_due ? c->open.deadline_us : c->now_us;
}

/* Why the open batch should be cut now; 0 = it should not. */
static enum coord_reason reason_to_cut(const struct coord *c)
{
    if (c->open.records == 0) {
        return 0;
    }
    if (c->open.records >= c->config.tuning.max_rows) {
        return COORD_REASON_ROWS;
    }
    if (c->open.bytes >= c->config.tuning.max_bytes) {
        return COORD_REASON_BYTES;
    }
    if (c->config.tuning.cut == COORD_CUT_INTERVAL &&
        c->now_us >= c->open.deadline_us) {
        return COORD_REASON_INTERVAL;
    }
    if (c->ended) {
        return COORD_REASON_END;
    }
    if (c->draining) {
        return COORD_REASON_DRAIN;
    }
    if (c->hold == HOLD_ASKED && c->hold_cut) {
        return COORD_REASON_SET;
    }
    return c->config.tuning.cut == COORD_CUT_ASAP ? COORD_REASON_ASAP : 0;
}

void cut_try(struct coord *c)
{
    enum coord_reason reason = reason_to_cut(c);
    if (reason == 0 || c->hold == HOLD_HELD) {
        return;
    }
    if (has_room(c)) {
        batch_seal(c, reason);
        return;
    }
    if (reason == COORD_REASON_INTERVAL && !c->open.overrun) {
        c->open.overrun = true;
        c->stats.overruns++;
        note_add(c, COORD_NOTE_OVERRUN)->batch = c->sealed_batch + 1;
    }
}

int64_t cut_deadline_us(const struct coord *c)
{
    bool waits = c->config.tuning.cut == COORD_CUT_INTERVAL &&
                 c->open.records > 0 && c->hold != HOLD_HELD &&
                 (has_room(c) || !c->open.overrun);
    return waits ? c->open.deadline_us : INT64_MAX;
}
