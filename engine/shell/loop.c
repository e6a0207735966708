/*
 * The loop's turn: an event goes to the core, its actions are carried out.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/check.h"
#include "proto/base/text.h"
#include "proto/host/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void job_run(uv_work_t *work)
{
    struct job *j = work->data;
    j->err = j->run(j);
}

static void job_done(uv_work_t *work, int status)
{
    struct job *j = work->data;
    (void)status; /* jobs are never cancelled */
    j->busy = false;
    if (j->engine->stage != STAGE_CLOSING)
        j->done(j);
}

void job_start(struct engine *e, struct job *j)
{
    check(!j->busy);
    j->engine = e;
    j->work.data = j;
    j->busy = true;
    int rc = uv_queue_work(&e->loop, &j->work, job_run, job_done);
    check(rc == 0); /* only fails without a callback */
}

struct slot *engine_slot(struct engine *e, uint64_t batch)
{
    return &e->slot[batch % ENGINE_SLOTS];
}

void engine_fail(struct engine *e, int err, const char *format, ...)
{
    if (e->failed == 0) {
        char text[480];
        va_list ap;
        va_start(ap, format);
        (void)vsnprintf(text, sizeof text, format, ap);
        va_end(ap);
        e->failed = fault_set(e->fault, err, "%s", text);
    }
    uv_stop(&e->loop);
}

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

static void note_tell(struct engine *e, const struct coord_action *a)
{
    const char *what = coord_note_name(a->note);
    enum log_level level = LOG_LEVEL_INFO;
    char text[640] = "";
    switch (a->note) {
    case COORD_NOTE_NO_WORKER:
        level = LOG_LEVEL_WARN;
        (void)snprintf(text, sizeof text,
                       "no worker is here: the stream waits; start one with "
                       "fyke worker --join %s",
                       e->url);
        break;
    case COORD_NOTE_DISK_FULL:
        level = LOG_LEVEL_WARN;
        (void)snprintf(
            text, sizeof text,
            "%.300s cannot grow (disk full or locked): intake waits and "
            "goes on by itself when there is room",
            e->db);
        break;
    case COORD_NOTE_WORKER_JOINED:
    case COORD_NOTE_WORKER_LEFT:
    case COORD_NOTE_WORKER_LOST:
        (void)snprintf(text, sizeof text, "worker %016" PRIx64, a->worker_id);
        break;
    case COORD_NOTE_DISK_OK:
        level = LOG_LEVEL_WARN;
        (void)snprintf(text, sizeof text, "%.300s can be written again", e->db);
        break;
    case COORD_NOTE_RESULT_DIFFERS:
        level = LOG_LEVEL_ERROR;
        (void)snprintf(text, sizeof text,
                       "determinism alarm: worker %016" PRIx64
                       " answered task %" PRIu64
                       " otherwise than the first one; check its hardware",
                       a->worker_id, a->task);
        break;
    case COORD_NOTE_TASK_LOST_OFTEN:
        level = LOG_LEVEL_WARN;
        (void)snprintf(text, sizeof text,
                       "task %" PRIu64 " of batch %" PRIu64
                       " was lost five times; it is tried on",
                       a->task, a->batch);
        break;
    case COORD_NOTE_TASK_FAILED:
        level = LOG_LEVEL_WARN;
        (void)snprintf(text, sizeof text,
                       "worker %016" PRIx64 " could not do task %" PRIu64
                       " of batch %" PRIu64 ": %s; it is tried again",
                       a->worker_id, a->task, a->batch, err_text(a->err));
        break;
    case COORD_NOTE_WORKER_REFUSED:
        level = LOG_LEVEL_WARN;
        (void)snprintf(text, sizeof text, "a worker was refused: %s",
                       a->text != NULL ? a->text : err_text(a->err));
        break;
    default:
        (void)snprintf(text, sizeof text,
                       "worker %016" PRIx64 " task %" PRIu64 " attempt %u"
                       " batch %" PRIu64,
                       a->worker_id, a->task, a->attempt, a->batch);
        break;
    }
    if (a->note == COORD_NOTE_SPECULATED || a->note == COORD_NOTE_OVERRUN)
        return; /* counted in stats and batches */
    engine_remark(e, level, what, "%s", text);
}

static void drop_open(struct engine *e)
{
    batch_input_release(&e->open);
    batch_input_init(&e->open);
}

static void leave(struct engine *e)
{
    if (e->stage >= STAGE_LEAVING)
        return;
    e->stage = STAGE_LEAVING;
    e->leave_us = clock_monotonic_us();
    if (e->supervise != NULL)
        supervise_end(e->supervise, e->drained ? SIGTERM : 0);
}

static void act(struct engine *e, const struct coord_action *a)
{
    switch (a->kind) {
    case COORD_ACT_SEAL:
        slot_seal(e, a);
        break;
    case COORD_ACT_DROP_OPEN:
        drop_open(e);
        break;
    case COORD_ACT_PREPARE:
        slot_prepare(e, a);
        break;
    case COORD_ACT_MERGE:
        slot_merge(e, a);
        break;
    case COORD_ACT_COMMIT:
        slot_commit(e, a);
        break;
    case COORD_ACT_RELEASE:
        slot_release(engine_slot(e, a->batch));
        break;
    case COORD_ACT_SOURCE_COMMITTED: /* files and pipes have nothing to do */
        break;
    case COORD_ACT_ACCEPT:
        serve_accept(e, a);
        break;
    case COORD_ACT_DROP_REQUEST:
        link_server_drop(e->server, a->request);
        break;
    case COORD_ACT_CLOSE_PIPE:
        link_server_close_pipe(e->server, a->pipe);
        break;
    case COORD_ACT_NOTE:
        note_tell(e, a);
        break;
    case COORD_ACT_FINISHED:
        leave(e);
        break;
    case COORD_ACT_GIVE_UP:
        engine_fail(e, ERR_IO,
                    "%s: the outcome of a commit is unknown; start again: what "
                    "was committed is found and the rest is read again",
                    e->db);
        break;
    default:
        serve_reply(e, a);
        break;
    }
}

void engine_step(struct engine *e, const struct coord_event *event)
{
    if (e->stage == STAGE_CLOSING || e->failed != 0)
        return;
    coord_step(e->coord, clock_monotonic_us(), event, &e->actions);
    for (uint32_t i = 0; i < e->actions.count; i++)
        act(e, &e->actions.item[i]);
}

static void core_timer_fired(uv_timer_t *timer)
{
    engine_step(timer->data, &(struct coord_event){ .kind = COORD_EV_TICK });
}

static void arm_core_timer(struct engine *e)
{
    int64_t deadline_us = coord_next_deadline_us(e->coord);
    if (deadline_us == INT64_MAX) {
        (void)uv_timer_stop(&e->core_timer);
        return;
    }
    int64_t wait_us = deadline_us - clock_monotonic_us();
    uint64_t wait_ms = wait_us <= 0 ? 0 : (uint64_t)((wait_us + 999) / 1000);
    uv_update_time(&e->loop);
    (void)uv_timer_start(&e->core_timer, core_timer_fired, wait_ms, 0);
}

void engine_turn(struct engine *e)
{
    if (e->stage == STAGE_CLOSING || e->failed != 0)
        return;
    intake_pump(e);
    if (e->failed == 0)
        arm_core_timer(e);
}
