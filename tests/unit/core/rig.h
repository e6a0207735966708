/*
 * A coordinator under test: a plan that the test decides, workers that are
 * named by one number (their id and their pipe), and the last step's actions.
 */
#ifndef FYKE_TEST_CORE_RIG_H
#define FYKE_TEST_CORE_RIG_H

#include "engine/core/coord.h"

struct rig_plan {
    uint32_t phases;
    uint32_t tasks[PLAN_PHASES_MAX]; /* 0: a task per row */
    bool prepare, model;
};

struct rig {
    struct coord *c;
    struct coord_config config;
    struct coord_actions a;
    struct rig_plan plan;
    int64_t now_us;
    uint64_t request; /* the last one made */
};

/* Batches of 10 records, cut by count, depth 2, one task a batch. Change
 * `config` and `plan`, then rig_start. */
void rig_init(struct rig *r);
void rig_start(struct rig *r);
void rig_end(struct rig *r);

void rig_step(struct rig *r, const struct coord_event *e);
void rig_event(struct rig *r, enum coord_event_kind kind);
void rig_tick(struct rig *r, int64_t ms); /* `ms` later, in one step */
/* The same time in steps of a second, as a loop that runs. */
void rig_wait(struct rig *r, int64_t ms);

void rig_append(struct rig *r, uint32_t records, uint32_t bytes_each);
void rig_sealed(struct rig *r, uint64_t batch, uint32_t rows);
void rig_merged(struct rig *r, uint64_t batch);
void rig_committed(struct rig *r, uint64_t batch, enum coord_outcome outcome);
/* Records for one batch, assembled: its tasks wait for workers. */
void rig_batch(struct rig *r, uint64_t batch);

/* Requests; each returns its handle. */
uint64_t rig_hello(struct rig *r, uint64_t worker);
uint64_t rig_hello_on(struct rig *r, uint64_t worker, uint32_t pipe);
uint64_t rig_ready(struct rig *r, uint64_t worker);
uint64_t rig_simple(struct rig *r, uint64_t worker, enum wire_kind kind);
uint64_t rig_beat(struct rig *r, uint64_t worker, uint64_t task,
                  uint32_t attempt, uint64_t progress);
/* A fitting RESULT for a task that was given out; change it, then send. */
struct wire_message rig_result_of(const struct rig *r,
                                  const struct coord_action *given);
uint64_t rig_result(struct rig *r, uint64_t worker,
                    const struct wire_message *m, int payload_err,
                    uint64_t payload_hash);
void rig_pipe_lost(struct rig *r, uint64_t worker);

/* HELLO and READY in one. */
void rig_join(struct rig *r, uint64_t worker);

/* In the last step: the first action of a kind (NULL), and how many. */
const struct coord_action *rig_find(const struct rig *r,
                                    enum coord_action_kind kind);
uint32_t rig_count(const struct rig *r, enum coord_action_kind kind);
bool rig_noted(const struct rig *r, enum coord_note note);
struct coord_stats rig_stats(const struct rig *r);

#endif
