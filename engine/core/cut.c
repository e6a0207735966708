/*
 * The open batch: how much it takes, when it is cut, when the source may be
 * read.
 *
 * A batch is full at `max_rows` records or once its bytes reach `max_bytes`
 * (the record that reaches it belongs to it), so whether it is full depends on
 * the records alone, never on what comes next. Deadlines lie on a fixed grid:
 * multiples of the interval from the coordinator's start; a batch is due at
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
    if (c->ended || c->draining) {
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
           !is_full(c) && bytes < c->config.tuning.cap_bytes &&
           records < c->config.tuning.cap_rows;
}

static int64_t next_grid_us(const struct coord *c, int64_t at_us)
{
    int64_t step = c->config.tuning.interval_us;
    return c->start_us + ((at_us - c->start_us) / step + 1) * step;
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
    check(event->records <= c->config.tuning.max_rows - open->records);
    if (open->records == 0) {
        open->opened_us = c->now_us;
        if (c->config.tuning.cut == COORD_CUT_INTERVAL) {
            open->deadline_us = next_grid_us(c, c->now_us);
        }
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
    return c->config.tuning.cut == COORD_CUT_ASAP ? COORD_REASON_ASAP : 0;
}

void cut_try(struct coord *c)
{
    enum coord_reason reason = reason_to_cut(c);
    if (reason == 0) {
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
                 c->open.records > 0 && (has_room(c) || !c->open.overrun);
    return waits ? c->open.deadline_us : INT64_MAX;
}
