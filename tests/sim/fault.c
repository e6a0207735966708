/* What goes wrong, when the seed says so. */
#include "tests/sim/sim.h"

#include "proto/base/check.h"

#include <stdlib.h>
#include <string.h>

static void worker_crash(struct sim *s, const struct fault_event *f)
{
    /* Mostly the coordinator hears of it at once; a lost machine is silent. */
    net_break(s, f->who, false, f->variant % 4 != 0);
    worker_end(s, f->who);
    s->workers_to_start++;
    sim_at(s, s->now_us + f->for_us, EVENT_WORKER_START, f->who, 0, 0);
}

/* A well-formed result of the task that a worker computes now, with other
 * numbers where that is easy, in the name of another run or epoch. */
static void foreign_result(struct sim *s, const struct fault_event *f)
{
    struct sim_worker *w = &s->worker[f->who];
    if (!s->coord.up || !w->link_up || !w->computing || w->status != 0) {
        return;
    }
    const struct wire_task *t = &w->task.body.task;
    struct wire_message m = { .envelope = w->task.envelope };
    uint32_t zero[SIM_RECORDS_MAX] = { 0 };
    m.envelope.kind = WIRE_RESULT;
    m.envelope.worker_id = w->id;
    if (f->variant % 2 == 0) {
        m.envelope.epoch--;
    } else {
        m.envelope.run_id[0] ^= 1;
    }
    m.body.result = (struct wire_result){ .batch = t->batch,
                                          .detector = t->detector,
                                          .phase = t->phase,
                                          .part = t->part,
                                          .payload = w->result };
    struct wire_block *b = &m.body.result.payload.block[0];
    if (m.body.result.payload.block_count == 1 && b->type == WIRE_U32 &&
        b->rows <= SIM_RECORDS_MAX) {
        b->data = zero;
    }
    uint64_t token = w->channel[0].token;
    w->channel[0].token = 0; /* nobody waits for the answer */
    net_request(s, f->who, WORKER_CHANNEL_TASK, &m);
    w->channel[0].token = token;
}

static void worker_fault(struct sim *s, const struct fault_event *f)
{
    struct sim_worker *w = &s->worker[f->who];
    struct worker_event stop = { .kind = WORKER_EV_STOP };
    int64_t until_us = s->now_us + f->for_us;
    if (!w->up) {
        return;
    }
    switch (f->kind) {
    case FAULT_WORKER_CRASH:
        worker_crash(s, f);
        break;
    case FAULT_WORKER_STALL:
        w->stalled_us = until_us;
        break;
    case FAULT_WORKER_SLOW:
        w->slow_until_us = until_us;
        break;
    case FAULT_WORKER_STUCK:
        w->stuck_until_us = until_us;
        break;
    case FAULT_WORKER_LEAVE:
        if (!w->stopping && s->now_us >= w->stalled_us) {
            worker_do(s, f->who, &stop);
        }
        break;
    case FAULT_WORKER_GARBAGE:
        w->garbage_until_us = until_us;
        break;
    case FAULT_LINK_BREAK: /* either side may be the last to know */
        net_break(s, f->who, f->variant % 3 != 0, f->variant % 3 != 1);
        break;
    case FAULT_PARTITION:
        if (f->variant % 3 != 0) {
            w->cut_out_us = until_us;
        }
        if (f->variant % 3 != 1) {
            w->cut_in_us = until_us;
        }
        break;
    default:
        foreign_result(s, f);
        break;
    }
}

static void coord_fault(struct sim *s, const struct fault_event *f)
{
    struct sim_coord *c = &s->coord;
    switch (f->kind) {
    case FAULT_COORD_CRASH:
        if (c->up) {
            s->seen.restarts++;
            coord_end(s);
            sim_at(s, s->now_us + f->for_us, EVENT_COORD_START, WHO_COORD, 0,
                   0);
        }
        break;
    case FAULT_COORD_STALL:
        c->stalled_us = s->now_us + f->for_us;
        break;
    case FAULT_COORD_DRAIN:
        if (s->now_us >= c->stalled_us) {
            coord_drain(s);
        }
        break;
    case FAULT_CLOCK_JUMP:
        c->skew_us += f->variant % 3 == 0 ? -f->for_us : f->for_us;
        break;
    case FAULT_DISK_FULL:
        s->disk_full_us = s->now_us + f->for_us;
        break;
    case FAULT_COMMIT_UNKNOWN:
        s->commit_unknown = 1 + f->variant % 2;
        break;
    default:
        s->commit_crash = 1 + f->variant % 2;
        break;
    }
}

void fault_do(struct sim *s, const struct fault_event *f)
{
    if (s->over) {
        return;
    }
    s->seen.faults++;
    trace_line(s, "world", "%s: w%u, %.3f s", fault_name(f->kind), f->who + 1,
               (double)f->for_us / 1e6);
    switch (f->kind) {
    case FAULT_COORD_CRASH:
    case FAULT_COORD_STALL:
    case FAULT_COORD_DRAIN:
    case FAULT_CLOCK_JUMP:
    case FAULT_DISK_FULL:
    case FAULT_COMMIT_UNKNOWN:
    case FAULT_COMMIT_CRASH:
        coord_fault(s, f);
        break;
    default:
        worker_fault(s, f);
        break;
    }
}
