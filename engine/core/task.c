/*
 * The task table. A task's id is its place: batch, detector, phase and part
 * packed into one number, so that finding it costs nothing and it means the
 * same after a restart (the epoch in the envelope tells the two apart).
 */
#include "engine/core/state.h"

#include "proto/base/check.h"

#include <string.h>

#define PART_BITS 10u  /* PLAN_TASKS_MAX */
#define PHASE_BITS 2u  /* PLAN_PHASES_MAX */
#define DETECT_BITS 2u /* COORD_DETECTORS_MAX */

_Static_assert(PLAN_TASKS_MAX == 1u << PART_BITS, "a part fits its bits");
_Static_assert(PLAN_PHASES_MAX == 1u << PHASE_BITS, "a phase fits its bits");
_Static_assert(COORD_DETECTORS_MAX == 1u << DETECT_BITS,
               "a detector fits its bits");

static uint32_t take_bits(uint64_t *id, uint32_t bits)
{
    uint32_t value = (uint32_t)(*id & ((1u << bits) - 1));
    *id >>= bits;
    return value;
}

uint64_t task_id(const struct task *t)
{
    uint64_t id = t->run->batch->number;
    id = id << DETECT_BITS | t->run->detector;
    id = id << PHASE_BITS | t->phase_index;
    return id << PART_BITS | t->part;
}

struct task *task_find(const struct coord *c, uint64_t id)
{
    uint32_t part = take_bits(&id, PART_BITS);
    uint32_t phase_index = take_bits(&id, PHASE_BITS);
    uint32_t detector = take_bits(&id, DETECT_BITS);
    struct batch *b = batch_find(c, id);
    if (b == NULL || b->state == BATCH_SEALING ||
        detector >= c->config.detector_count) {
        return NULL;
    }
    struct run *run = &b->run[detector];
    bool entered = phase_index < run->phase_index ||
                   (phase_index == run->phase_index && !run->preparing);
    if (!entered || phase_index >= run->plan.phase_count ||
        part >= run->plan.phase[phase_index].tasks) {
        return NULL;
    }
    return &run->task[phase_index * PLAN_TASKS_MAX + part];
}

bool coord_task_find(const struct coord *c, uint64_t task, uint64_t *ret_batch,
                     uint32_t *ret_detector, uint32_t *ret_phase_index,
                     uint32_t *ret_part)
{
    const struct task *t = task_find(c, task);
    if (t == NULL || t->state == TASK_DONE) {
        return false;
    }
    *ret_batch = t->run->batch->number;
    *ret_detector = t->run->detector;
    *ret_phase_index = t->phase_index;
    *ret_part = t->part;
    return true;
}

void task_open_phase(struct coord *c, struct run *run)
{
    uint32_t phase_index = run->phase_index;
    uint32_t tasks = run->plan.phase[phase_index].tasks;
    for (uint32_t part = 0; part < tasks; part++) {
        struct task *t = &run->task[phase_index * PLAN_TASKS_MAX + part];
        *t = (struct task){ .run = run,
                            .phase_index = (uint16_t)phase_index,
                            .part = (uint16_t)part };
        list_init(&t->link);
        list_append(&run->waiting, &t->link);
    }
    c->tasks_ready += tasks;
}

struct task *task_next(const struct coord *c)
{
    if (c->tasks_ready == 0) {
        return NULL;
    }
    for (uint64_t n = c->committed_batch + 1; n <= c->sealed_batch; n++) {
        const struct batch *b = batch_find(c, n);
        for (uint32_t i = 0; i < c->config.detector_count; i++) {
            struct list *first = list_first(&b->run[i].waiting);
            if (first != NULL) {
                return list_owner(first, struct task, link);
            }
        }
    }
    return NULL;
}

/* Out of the queue that it waits in. */
static void task_unqueue(struct coord *c, struct task *t)
{
    list_remove(&t->link);
    if (t->delayed) {
        t->delayed = false;
        c->tasks_delayed--;
    } else {
        c->tasks_ready--;
    }
}

static void task_requeue(struct coord *c, struct task *t)
{
    t->state = TASK_WAITING;
    c->tasks_out--;
    if (t->lost >= TASK_LOST_OFTEN) {
        t->delayed = true;
        t->not_before_us = c->now_us + TASK_DELAY_US;
        list_append(&c->delayed, &t->link);
        c->tasks_delayed++;
    } else {
        list_prepend(&t->run->waiting, &t->link);
        c->tasks_ready++;
    }
}

void task_lost(struct coord *c, struct task *t, bool counts)
{
    if (t->live > 0) {
        return; /* its other copy is still out */
    }
    c->stats.retries++;
    if (counts) {
        t->lost++;
    }
    if (counts && t->lost == TASK_LOST_OFTEN) {
        struct coord_action *a = note_add(c, COORD_NOTE_TASK_LOST_OFTEN);
        a->task = task_id(t);
        a->batch = t->run->batch->number;
        a->detector = t->run->detector;
        a->phase_index = t->phase_index;
        a->part = t->part;
        a->attempt = t->attempt;
    }
    task_requeue(c, t);
}

void task_close(struct coord *c, struct task *t, uint64_t hash)
{
    check(t->state != TASK_DONE);
    if (t->state == TASK_WAITING) {
        task_unqueue(c, t);
    } else {
        c->tasks_out--;
    }
    while (t->live > 0) {
        lease_end(c, &c->peer[t->holder[0]]);
    }
    t->state = TASK_DONE;
    t->hash = hash;
}

void task_wake_delayed(struct coord *c)
{
    for (;;) {
        struct list *first = list_first(&c->delayed);
        if (first == NULL) {
            return;
        }
        struct task *t = list_owner(first, struct task, link);
        if (c->now_us < t->not_before_us) {
            return;
        }
        task_unqueue(c, t);
        list_append(&t->run->waiting, &t->link);
        c->tasks_ready++;
    }
}

/* Does the result say what the table says of its task? */
static bool names_task(const struct coord *c, const struct task *t,
                       const struct wire_result *r)
{
    const char *name = c->config.detector[t->run->detector].name;
    size_t length = strlen(name);
    return r->batch == t->run->batch->number &&
           r->phase == t->run->plan.phase[t->phase_index].phase &&
           r->part == t->part && r->detector.length == length &&
           memcmp(r->detector.text, name, length) == 0;
}

enum task_verdict task_judge(const struct coord *c,
                             const struct wire_message *m, int payload_err,
                             uint64_t payload_hash, struct task **ret_t)
{
    const struct wire_envelope *e = &m->envelope;
    *ret_t = NULL;
    if (e->epoch != c->config.epoch ||
        memcmp(e->run_id, c->config.run_id, WIRE_RUN_ID_BYTES) != 0) {
        return TASK_VOID;
    }
    struct task *t = task_find(c, e->task);
    if (t == NULL) {
        return TASK_UNKNOWN;
    }
    *ret_t = t;
    if (!names_task(c, t, &m->body.result)) {
        return TASK_INVALID;
    }
    if (m->body.result.status != 0) {
        return TASK_FAILED;
    }
    if (t->state == TASK_DONE) {
        return payload_hash == t->hash ? TASK_DUPLICATE : TASK_DIFFERS;
    }
    return payload_err != 0 ? TASK_INVALID : TASK_ACCEPT;
}
