/*
 * What people are told: a line in the log, on the screen, in `events`.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/text.h"
#include "proto/host/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define LARGE_RESULTS 3u /* of one task, until it is believed */

struct remark_event {
    struct writer_command command;
    struct store_event event;
    struct engine *engine;
    char what[32];
    char text[640];
};

static void remark_stored(struct writer_command *c)
{
    struct remark_event *r = c->context;
    r->engine->events_pending--;
    free(r);
}

/* Events beside a batch; a few at a time, the log has them all. */
static void remark_store(struct engine *e, const char *what, const char *text)
{
    if (e->writer == NULL || e->events_pending >= 64)
        return;
    struct remark_event *r = calloc(1, sizeof *r);
    if (r == NULL)
        return;
    r->engine = e;
    (void)snprintf(r->what, sizeof r->what, "%s", what);
    (void)snprintf(r->text, sizeof r->text, "%s", text);
    r->event = (struct store_event){ .at_ns = clock_wall_ns(),
                                     .what = r->what,
                                     .new_value = r->text,
                                     .who = "coordinator" };
    r->command = (struct writer_command){ .kind = WRITER_EVENTS,
                                          .event = &r->event,
                                          .count = 1,
                                          .done = remark_stored,
                                          .context = r };
    e->events_pending++;
    writer_post(e->writer, &r->command);
}

void engine_remark(struct engine *e, enum log_level level, const char *event,
                   const char *format, ...)
{
    char text[640];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    char quoted[800];
    log_line(e->log, level, event != NULL ? event : "remark", "text=%s",
             log_quote(text, quoted, sizeof quoted));
    if (e->observer->remark != NULL && level >= LOG_LEVEL_WARN)
        e->observer->remark(e->observer->context, text);
    if (event != NULL)
        remark_store(e, event, text);
}

/* "host pid 4711", or the id where the worker is not known any more. */
static const char *worker_text(struct engine *e, uint64_t worker_id, char *out,
                               size_t out_bytes)
{
    static const uint32_t max = COORD_WORKERS_MAX;
    struct coord_worker_info *info = calloc(max, sizeof *info);
    uint32_t n = info != NULL ? coord_workers_get(e->coord, info, max) : 0;
    (void)snprintf(out, out_bytes, "worker %016" PRIx64, worker_id);
    for (uint32_t i = 0; i < n && i < max; i++)
        if (info[i].worker_id == worker_id)
            (void)snprintf(out, out_bytes,
                           "worker %016" PRIx64 " (%s, pid %" PRIu64 ")",
                           worker_id, info[i].host, info[i].pid);
    free(info);
    return out;
}

/* A note that is about a worker or its task. */
static void note_worker(struct engine *e, const struct coord_action *a,
                        char *text, size_t bytes)
{
    char who[128];
    (void)worker_text(e, a->worker_id, who, sizeof who);
    switch (a->note) {
    case COORD_NOTE_RESULT_DIFFERS:
        (void)snprintf(text, bytes,
                       "determinism alarm: %s answered task %" PRIu64
                       " of batch %" PRIu64
                       " otherwise than the first one; check its hardware",
                       who, a->task, a->batch);
        break;
    case COORD_NOTE_TASK_FAILED:
        (void)snprintf(text, bytes,
                       "%s could not do task %" PRIu64 " of batch %" PRIu64
                       ": %s; it is tried again",
                       who, a->task, a->batch, err_text(a->err));
        break;
    case COORD_NOTE_RESULT_INVALID:
        (void)snprintf(text, bytes,
                       "%s sent an invalid result of task %" PRIu64
                       " of batch %" PRIu64 "; it is tried again",
                       who, a->task, a->batch);
        break;
    case COORD_NOTE_LEASE_EXPIRED:
        (void)snprintf(text, bytes,
                       "%s is silent about task %" PRIu64 " of batch %" PRIu64
                       "; it may go to another one",
                       who, a->task, a->batch);
        break;
    case COORD_NOTE_WORKER_LOST:
        (void)snprintf(text, bytes, "%s was lost: no sign of life", who);
        break;
    case COORD_NOTE_WORKER_LEFT:
        (void)snprintf(text, bytes, "%s left", who);
        break;
    default:
        (void)snprintf(text, bytes, "%s joined", who);
        break;
    }
}

/* A note that is about the file, or about nobody being there. */
static void note_state(struct engine *e, const struct coord_action *a,
                       char *text, size_t bytes)
{
    switch (a->note) {
    case COORD_NOTE_NO_WORKER:
        (void)snprintf(text, bytes,
                       "no worker is here: the stream waits; start one with "
                       "fyke worker --join %s",
                       e->url);
        break;
    case COORD_NOTE_DISK_FULL:
        (void)snprintf(text, bytes,
                       e->commit_err == ERR_BUSY
                           ? "%.300s is locked by another program: intake "
                             "waits and goes on by itself afterwards"
                           : "%.300s cannot grow, the disk is full: intake "
                             "waits and goes on by itself when there is room",
                       e->db);
        break;
    case COORD_NOTE_DISK_OK:
        (void)snprintf(text, bytes, "%.300s can be written again", e->db);
        break;
    case COORD_NOTE_TASK_LOST_OFTEN:
        (void)snprintf(text, bytes,
                       "task %" PRIu64 " of batch %" PRIu64
                       " was lost five times; it is tried on",
                       a->task, a->batch);
        break;
    default:
        (void)snprintf(text, bytes, "a worker was refused: %s",
                       a->text != NULL ? a->text : err_text(a->err));
        break;
    }
}

/* A result that fits no message is so whoever computes it: trying on would
 * never end. A few times, since a worker may err. */
static bool is_too_large(struct engine *e, const struct coord_action *a)
{
    if (a->note != COORD_NOTE_TASK_FAILED || a->err != ERR_LIMIT)
        return false;
    e->large_results = a->task == e->large_task ? e->large_results + 1 : 1;
    e->large_task = a->task;
    if (e->large_results < LARGE_RESULTS)
        return false;
    engine_fail(e, ERR_LIMIT,
                "batch %" PRIu64 ": a result of %s does not fit a message of "
                "%u MiB; take fewer rows a batch with --max-rows",
                a->batch, e->detectors.ops[a->detector]->name,
                WIRE_MESSAGE_BYTES_MAX >> 20);
    return true;
}

struct interval_event {
    struct writer_command command;
    struct store_event event;
    struct engine *engine;
    char from[32], to[32];
};

static void interval_stored(struct writer_command *c)
{
    struct interval_event *i = c->context;
    i->engine->events_pending--;
    free(i);
}

/* `interval=auto` moved the interval: not a set, but history as well. */
static void note_interval(struct engine *e, const struct coord_action *a)
{
    struct interval_event *i = calloc(1, sizeof *i);
    if (i == NULL)
        return;
    i->engine = e;
    (void)text_duration(a->interval_from_us, i->from, sizeof i->from);
    (void)text_duration(a->interval_us, i->to, sizeof i->to);
    log_line(e->log, LOG_LEVEL_INFO, "interval",
             "from=%s to=%s first_batch=%" PRIu64, i->from, i->to, a->batch);
    i->event = (struct store_event){ .at_ns = clock_wall_ns(),
                                     .what = "interval",
                                     .name = "interval",
                                     .old_value = i->from,
                                     .new_value = i->to,
                                     .first_batch = a->batch,
                                     .who = "auto" };
    i->command = (struct writer_command){ .kind = WRITER_EVENTS,
                                          .event = &i->event,
                                          .count = 1,
                                          .done = interval_stored,
                                          .context = i };
    e->events_pending++;
    writer_post(e->writer, &i->command);
}

void remark_note(struct engine *e, const struct coord_action *a)
{
    char text[640] = "";
    switch (a->note) {
    case COORD_NOTE_INTERVAL:
        note_interval(e, a);
        return;
    case COORD_NOTE_SPECULATED:
    case COORD_NOTE_OVERRUN:
        return; /* counted in stats and batches */
    case COORD_NOTE_NO_WORKER:
    case COORD_NOTE_DISK_FULL:
    case COORD_NOTE_DISK_OK:
    case COORD_NOTE_TASK_LOST_OFTEN:
    case COORD_NOTE_WORKER_REFUSED:
        note_state(e, a, text, sizeof text);
        engine_remark(e, LOG_LEVEL_WARN, coord_note_name(a->note), "%s", text);
        return;
    case COORD_NOTE_RESULT_DIFFERS:
    case COORD_NOTE_TASK_FAILED:
    case COORD_NOTE_RESULT_INVALID:
        if (is_too_large(e, a))
            return;
        note_worker(e, a, text, sizeof text);
        engine_remark(e, LOG_LEVEL_WARN, coord_note_name(a->note), "%s", text);
        return;
    case COORD_NOTE_WORKER_JOINED:
    case COORD_NOTE_WORKER_LEFT:
    case COORD_NOTE_WORKER_LOST:
    case COORD_NOTE_LEASE_EXPIRED:
        note_worker(e, a, text, sizeof text);
        engine_remark(e, LOG_LEVEL_INFO, coord_note_name(a->note), "%s", text);
        return;
    }
}
