/*
 * The loop's turn: an event goes to the core, its actions are carried out.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/check.h"
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

void job_here(struct engine *e, struct job *j)
{
    check(!j->busy);
    j->engine = e;
    j->next = NULL;
    j->err = j->run(j);
    *e->here_end = j;
    e->here_end = &j->next;
}

/* What was done at once; it may make more of the kind. */
static void jobs_done_here(struct engine *e)
{
    while (e->here_first != NULL) {
        struct job *j = e->here_first;
        e->here_first = j->next;
        if (e->here_first == NULL)
            e->here_end = &e->here_first;
        if (e->failed == 0)
            j->done(j);
    }
}

struct slot *engine_slot(struct engine *e, uint64_t batch)
{
    return &e->slot[batch % ENGINE_SLOTS];
}

/* What to do, where the error alone says it. */
static const char *way_out(int err)
{
    return err == ERR_NOMEM ? "; smaller batches need less (--max-rows, "
                              "--max-bytes); what was committed is kept"
                            : "";
}

void engine_fail(struct engine *e, int err, const char *format, ...)
{
    if (e->failed == 0) {
        char text[400];
        va_list ap;
        va_start(ap, format);
        (void)vsnprintf(text, sizeof text, format, ap);
        va_end(ap);
        e->failed = fault_set(e->fault, err, "%s%s", text, way_out(err));
    }
    uv_stop(&e->loop);
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
    progress_flush(e);
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
    case COORD_ACT_HELD:
        tune_held(e, a);
        break;
    case COORD_ACT_NOTE:
        remark_note(e, a);
        break;
    case COORD_ACT_FINISHED:
        leave(e);
        break;
    case COORD_ACT_GIVE_UP:
        engine_fail(e, ERR_IO,
                    "%.200s: whether batch %" PRIu64
                    " was committed is unknown (%.120s); start again: what was "
                    "committed is found and the rest is read again",
                    e->db, a->batch,
                    engine_slot(e, a->batch)->command.fault.text);
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
    if (e->stepping)
        return; /* inside jobs_done_here */
    e->stepping = true;
    jobs_done_here(e);
    e->stepping = false;
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
