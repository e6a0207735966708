/*
 * --pace on the loop: records wait until they are due, and a timer wakes the
 * loop for the next ones.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/text.h"
#include "proto/host/clock.h"

#include <inttypes.h>

#define GAP_TOLD_US 10000000 /* a wait that people are told of */

int intake_pace(struct engine *e, struct fault *fault)
{
    struct intake *in = &e->intake;
    int rc = pace_input_parse(e->settings.pace, &in->pace, fault);
    if (rc != 0 || in->pace.kind == PACE_NONE)
        return rc;
    if (in->kind == SOURCE_PROCESSES)
        return fault_set(fault, ERR_USAGE,
                         "--pace is for files and pipes; %s is sampled "
                         "--every so often",
                         in->label);
    if (in->pace.kind == PACE_TIMES && e->schema != NULL &&
        e->schema->time_column == SCHEMA_NO_COLUMN)
        return fault_set(fault, ERR_USAGE,
                         "--pace %s goes by the time column, and %s has none: "
                         "name it with --time COL, or say so many records a "
                         "second, like --pace 5000/s",
                         e->settings.pace, in->label);
    return 0;
}

/* A gap in the time column looks like a standstill: it is told. */
static void tell_gap(struct engine *e, const struct block *b, int64_t due_us,
                     int64_t wait_us)
{
    struct intake *in = &e->intake;
    char text[32];
    if (wait_us < GAP_TOLD_US || due_us == in->pace_told_us)
        return;
    in->pace_told_us = due_us;
    engine_remark(e, LOG_LEVEL_INFO, NULL,
                  "--pace %s: nothing is due for %s (line %" PRIu64 ")",
                  e->settings.pace,
                  text_duration(wait_us / 1000000 * 1000000, text, sizeof text),
                  block_record_line(b, in->consumed));
}

static void pace_fired(uv_timer_t *timer)
{
    (void)timer; /* the turn that follows appends what is due */
}

/* Nothing is due: the loop sleeps until something is. */
static void wait_for_due(struct engine *e, const struct block *b,
                         int64_t now_us)
{
    struct intake *in = &e->intake;
    int64_t due_us = pace_input_due_us(&in->pace, b, in->consumed, now_us);
    int64_t wait_us = due_us - now_us;
    uint64_t wait_ms = wait_us <= 0 ? 0 : (uint64_t)(wait_us / 1000) + 1;
    tell_gap(e, b, due_us, wait_us);
    uv_update_time(&e->loop);
    (void)uv_timer_start(&in->pace_timer, pace_fired, wait_ms, 0);
}

/* How many of the oldest block's next records may be appended by now. What
 * was read of a pipe leaves with a drain, due or not. */
uint32_t intake_count_due(struct engine *e, const struct block *b,
                          uint32_t left)
{
    struct intake *in = &e->intake;
    if (in->pace.kind == PACE_NONE || e->stage == STAGE_DRAINING)
        return left;
    int64_t now_us = clock_monotonic_us();
    uint32_t due = pace_input_due(&in->pace, b, in->consumed, left, now_us);
    if (due == 0)
        wait_for_due(e, b, now_us);
    return due;
}

int64_t intake_due_us(const struct engine *e, int64_t now_us)
{
    const struct intake *in = &e->intake;
    const struct parse_job *p = &in->parse[in->parse_first];
    if (in->parse_count == 0 || !p->parsed || in->consumed == p->block->records)
        return now_us;
    int64_t due_us =
        pace_input_due_us(&in->pace, p->block, in->consumed, now_us);
    return due_us < now_us ? due_us : now_us;
}
