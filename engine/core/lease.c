/*
 * Leases: which worker holds which attempt, and how long it may be silent
 * about it. A lease is renewed only when the progress in a heartbeat moved.
 * When it runs out the task may be given to someone else too; the old
 * holder's result still counts if it comes first.
 *
 * All leases last equally long, so the list of live ones, with every renewed
 * one moved to the end, is ordered by when they run out.
 */
#include "engine/core/state.h"

#include "proto/base/check.h"

void lease_give(struct coord *c, struct peer *p, struct task *t)
{
    check(p->parked && !p->lease.live && t->live < TASK_COPIES_MAX);
    uint64_t request = p->request;
    peer_unpark(c, p);
    if (t->state == TASK_WAITING) {
        list_remove(&t->link);
        c->tasks_ready--;
        c->tasks_out++;
        t->state = TASK_OUT;
    }
    t->attempt++;
    t->holder[t->live++] = (uint16_t)(p - c->peer);
    p->idle_beats = 0;
    p->lease.task = task_id(t);
    p->lease.attempt = t->attempt;
    p->lease.progress = 0;
    p->lease.renewed_us = c->alive_us;
    p->lease.given_us = c->now_us;
    p->lease.given_alive_us = c->alive_us;
    p->lease.live = true;
    list_append(&c->leases, &p->lease.link);

    struct batch *b = t->run->batch;
    if (b->timing.started_us == 0) {
        b->timing.started_us = c->now_us;
    }
    struct coord_action *a = action_reply(c, COORD_ACT_REPLY_TASK, request);
    a->task = p->lease.task;
    a->attempt = t->attempt;
    a->batch = b->number;
    a->detector = t->run->detector;
    a->phase_index = t->phase_index;
    a->part = t->part;
    a->worker_id = p->id;
    a->pipe = p->pipe;
}

/* The task of a live lease is never released: it is open. */
static struct task *lease_task(const struct coord *c, const struct peer *p)
{
    struct task *t = task_find(c, p->lease.task);
    check(t != NULL && t->state == TASK_OUT);
    return t;
}

void lease_end(struct coord *c, struct peer *p)
{
    if (!p->lease.live) {
        return;
    }
    struct task *t = lease_task(c, p);
    uint16_t index = (uint16_t)(p - c->peer);
    if (t->holder[0] == index) {
        t->holder[0] = t->holder[1];
    }
    t->live--;
    p->lease.live = false;
    list_remove(&p->lease.link);
}

void lease_lose(struct coord *c, struct peer *p, bool counts)
{
    if (p->lease.live) {
        struct task *t = lease_task(c, p);
        lease_end(c, p);
        task_lost(c, t, counts);
    }
}

void lease_beat(struct coord *c, struct peer *p,
                const struct wire_heartbeat *beat)
{
    struct lease *lease = &p->lease;
    for (uint32_t i = 0; i < beat->held_count && lease->live; i++) {
        const struct wire_held *held = &beat->held[i];
        if (held->task == lease->task && held->attempt == lease->attempt &&
            held->progress != lease->progress) {
            lease->progress = held->progress;
            lease->renewed_us = c->alive_us;
            list_remove(&lease->link);
            list_append(&c->leases, &lease->link);
        }
    }
}

void lease_expire(struct coord *c)
{
    for (;;) {
        struct list *first = list_first(&c->leases);
        if (first == NULL) {
            return;
        }
        struct peer *p = list_owner(first, struct peer, lease.link);
        if (c->alive_us - p->lease.renewed_us < ms_to_us(c->config.lease_ms)) {
            return;
        }
        struct coord_action *a = note_add(c, COORD_NOTE_LEASE_EXPIRED);
        a->task = p->lease.task;
        a->attempt = p->lease.attempt;
        a->worker_id = p->id;
        lease_lose(c, p, true);
    }
}

void lease_dispatch(struct coord *c)
{
    for (;;) {
        struct list *idle = list_first(&c->idle);
        struct task *t = task_next(c);
        if (idle == NULL || t == NULL) {
            return;
        }
        lease_give(c, list_owner(idle, struct peer, idle_link), t);
    }
}
