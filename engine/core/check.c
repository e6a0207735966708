/*
 * The walker: counts again, from the tables themselves, everything that the
 * step keeps up to date, and stops the program where the two disagree.
 */
#include "engine/core/state.h"

#include "proto/base/check.h"

struct task_counts {
    uint32_t waiting, out, done, delayed;
};

static void check_task(const struct coord *c, const struct task *t)
{
    uint64_t id = task_id(t);
    check(task_find(c, id) == t);
    check(t->live <= TASK_COPIES_MAX);
    check((t->state == TASK_OUT) == (t->live > 0));
    check(!t->delayed || t->state == TASK_WAITING);
    check((t->state == TASK_WAITING) == !list_is_empty(&t->link));
    for (uint32_t i = 0; i < t->live; i++) {
        const struct peer *p = &c->peer[t->holder[i]];
        check(p->used && p->lease.live && p->lease.task == id);
        check(p->lease.attempt <= t->attempt);
        check(i == 0 || t->holder[0] != t->holder[1]);
    }
}

static struct task_counts
check_phase(const struct coord *c, const struct run *run, uint32_t phase_index)
{
    struct task_counts n = { 0 };
    for (uint32_t i = 0; i < run->plan.phase[phase_index].tasks; i++) {
        const struct task *t = &run->task[phase_index * PLAN_TASKS_MAX + i];
        check_task(c, t);
        n.waiting += t->state == TASK_WAITING;
        n.out += t->state == TASK_OUT;
        n.done += t->state == TASK_DONE;
        n.delayed += t->delayed;
    }
    return n;
}

/* Counts of the current phase; the phases before it are done. */
static struct task_counts check_run(const struct coord *c,
                                    const struct run *run)
{
    struct task_counts n = { 0 };
    for (uint32_t i = 0; i < run->phase_index; i++) {
        check(check_phase(c, run, i).done == run->plan.phase[i].tasks);
    }
    if (run->phase_index < run->plan.phase_count && !run->preparing) {
        n = check_phase(c, run, run->phase_index);
        check(n.done == run->done);
        check(n.done < run->plan.phase[run->phase_index].tasks);
    }
    uint32_t queued = 0;
    for (struct list *i = run->waiting.next; i != &run->waiting; i = i->next) {
        check(list_owner(i, struct task, link)->run == run);
        queued++;
    }
    check(queued == n.waiting - n.delayed);
    return n;
}

static void check_batches(const struct coord *c)
{
    uint64_t bytes = 0, records = 0;
    uint32_t committing = 0;
    struct task_counts sum = { 0 };
    check(c->sealed_batch - c->committed_batch == c->in_flight);
    check(c->in_flight <= COORD_DEPTH_MAX);
    for (uint64_t n = c->committed_batch + 1; n <= c->sealed_batch; n++) {
        const struct batch *b = batch_find(c, n);
        check(b != NULL);
        bytes += b->bytes;
        records += b->records;
        committing += b->state == BATCH_COMMITTING;
        check(b->state != BATCH_COMMITTING || n == c->committed_batch + 1);
        if (b->state == BATCH_SEALING) {
            continue;
        }
        uint32_t left = 0;
        for (uint32_t i = 0; i < c->config.detector_count; i++) {
            struct task_counts k = check_run(c, &b->run[i]);
            sum.waiting += k.waiting;
            sum.out += k.out;
            sum.delayed += k.delayed;
            left += b->run[i].phase_index < b->run[i].plan.phase_count;
        }
        check(left == b->runs_left);
        check((b->state == BATCH_RUNNING) == (left > 0));
    }
    check(committing == c->committing || c->gave_up);
    check(bytes == c->flight_bytes && records == c->flight_records);
    check(sum.delayed == c->tasks_delayed && sum.out == c->tasks_out);
    check(sum.waiting == c->tasks_ready + c->tasks_delayed);
}

static void check_peer(const struct coord *c, const struct peer *p)
{
    uint32_t index = (uint32_t)(p - c->peer);
    check(map_find(&c->peer_by_id, p->id) == index);
    check(p->pipe == 0 || map_find(&c->peer_by_pipe, p->pipe) == index);
    check(!p->parked || (p->pipe != 0 && !p->lease.live));
    if (p->lease.live) {
        const struct task *t = task_find(c, p->lease.task);
        check(t != NULL && t->state == TASK_OUT && p->pipe != 0);
        check(t->holder[0] == index || (t->live > 1 && t->holder[1] == index));
    }
}

static void check_peers(const struct coord *c)
{
    uint32_t used = 0, connected = 0, parked = 0, live = 0;
    for (uint32_t i = 0; i < COORD_WORKERS_MAX; i++) {
        const struct peer *p = &c->peer[i];
        if (p->used) {
            check_peer(c, p);
            used++;
            connected += p->pipe != 0;
            parked += p->parked;
            live += p->lease.live;
        }
    }
    check(used == c->peers && used == c->peer_by_id.count);
    check(connected == c->peers_connected);
    check(connected == c->peer_by_pipe.count);
    check(parked == c->peers_parked);
    uint32_t listed = 0;
    int64_t before = INT64_MIN;
    for (struct list *i = c->leases.next; i != &c->leases; i = i->next) {
        const struct peer *p = list_owner(i, struct peer, lease.link);
        check(p->lease.live && p->lease.renewed_us >= before);
        before = p->lease.renewed_us;
        listed++;
    }
    check(listed == live);
    before = INT64_MIN;
    for (struct list *i = c->heard.next; i != &c->heard; i = i->next) {
        const struct peer *p = list_owner(i, struct peer, heard_link);
        check(p->used && p->heard_us >= before);
        before = p->heard_us;
        used--;
    }
    check(used == 0);
}

void coord_check(const struct coord *c)
{
    check(c->open.records <= c->config.tuning.max_rows || c->open.tuned);
    check(!auto_is_on(c) ||
          c->config.tuning.interval_us == c->pace.interval_us);
    check(c->hold != HOLD_HELD || !c->hold_cut || c->open.records == 0);
    check(c->open.records > 0 || c->open.bytes == 0);
    check_batches(c);
    check_peers(c);
}
