/*
 * Stragglers: when most of a phase is done and one of its tasks takes far
 * longer than such tasks took lately, an idle worker gets a second copy. The
 * first valid result wins.
 */
#include "engine/core/state.h"

#include <string.h>

#define CHECK_EVERY_US 100000
#define AFTER_MIN_US 500000
#define AFTER_MEDIANS 3

/* Keeps the recent times and the same times in order. */
void speculate_time(struct coord *c, const struct task *t, int64_t took_us)
{
    struct task_times *s = &c->times[t->run->detector][t->phase_index];
    int64_t *sorted = s->sorted_us;
    if (s->count == TIMES_MAX) {
        uint32_t i = 0;
        while (sorted[i] != s->ring_us[s->next]) {
            i++;
        }
        memmove(&sorted[i], &sorted[i + 1],
                (TIMES_MAX - 1 - i) * sizeof *sorted);
        s->count--;
    }
    s->ring_us[s->next] = took_us;
    s->next = (s->next + 1) % TIMES_MAX;
    uint32_t i = s->count++;
    while (i > 0 && sorted[i - 1] > took_us) {
        sorted[i] = sorted[i - 1];
        i--;
    }
    sorted[i] = took_us;
}

/* How old an attempt must be for a copy. Without experience: a lease. */
static int64_t after_us(const struct coord *c, const struct task *t)
{
    const struct task_times *s = &c->times[t->run->detector][t->phase_index];
    if (s->count == 0) {
        return ms_to_us(c->config.lease_ms);
    }
    int64_t wait_us = AFTER_MEDIANS * s->sorted_us[s->count / 2];
    return wait_us > AFTER_MIN_US ? wait_us : AFTER_MIN_US;
}

static bool is_straggler(const struct coord *c, const struct peer *p)
{
    const struct task *t = task_find(c, p->lease.task);
    const struct run *run = t->run;
    uint32_t tasks = run->plan.phase[run->phase_index].tasks;
    bool most_done =
        tasks == 1 || 4 * (uint64_t)run->done >= 3 * (uint64_t)tasks;
    return t->live == 1 && most_done &&
           c->now_us - p->lease.given_us >= after_us(c, t);
}

void speculate_try(struct coord *c)
{
    if (list_is_empty(&c->idle) || list_is_empty(&c->leases) ||
        c->now_us < c->speculate_at_us) {
        return;
    }
    c->speculate_at_us = c->now_us + CHECK_EVERY_US;
    /* New leases join at the end of the list: they are too young. */
    for (struct list *i = c->leases.next; i != &c->leases; i = i->next) {
        struct peer *p = list_owner(i, struct peer, lease.link);
        struct list *idle = list_first(&c->idle);
        if (idle == NULL) {
            return;
        }
        if (!is_straggler(c, p)) {
            continue;
        }
        struct task *t = task_find(c, p->lease.task);
        struct peer *other = list_owner(idle, struct peer, idle_link);
        c->stats.speculations++;
        struct coord_action *a = note_add(c, COORD_NOTE_SPECULATED);
        a->task = p->lease.task;
        a->batch = t->run->batch->number;
        a->worker_id = p->id;
        lease_give(c, other, t);
    }
}
