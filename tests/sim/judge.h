/*
 * The judge: keeps books of its own from events and actions alone, and stops
 * the world where the core breaks a rule.
 *   judge.c      leases, results, requests, commits
 *   judge_cut.c  cuts, limits, changes while it runs
 */
#ifndef FYKE_SIM_JUDGE_H
#define FYKE_SIM_JUDGE_H

#include "engine/core/coord.h"

#define SIM_LEASES_MAX 64u

struct sim;
struct sim_batch;

/* judge.c's own book of who may be computing what. */
struct judge_lease {
    bool live;
    uint64_t task;
    uint32_t attempt;
    uint64_t worker_id;
    uint32_t pipe;
    uint64_t progress;
    int64_t moved_us; /* on the judge's alive clock */
};

struct judge {
    struct judge_lease lease[SIM_LEASES_MAX];
    int64_t now_us, alive_us;
    uint64_t speculated; /* the task of this step's extra copy */
    uint64_t sealed_batch, state_batch;
    struct coord_tuning tuning; /* in force */
    bool open_tuned;            /* it changed under the open batch */
    bool asked, held;           /* a change: HOLD, then HELD */
    bool hold_cut;
    struct coord_stats last; /* after the step before */
    uint64_t last_records;   /* read and not committed, then */
};

void judge_start(struct sim *s);
void judge_event(struct sim *s, int64_t now_us, const struct coord_event *e);
void judge_action(struct sim *s, const struct coord_event *e,
                  const struct coord_action *a);
void judge_step(struct sim *s);
void judge_commit(struct sim *s, const struct sim_batch *b);
void judge_end(struct sim *s);

/* judge_cut.c, called by the above */
void judge_cut_start(struct sim *s);
void judge_cut_event(struct sim *s, const struct coord_event *e);
void judge_seal(struct sim *s, const struct coord_action *a);
void judge_held(struct sim *s, const struct coord_action *a);
void judge_limits(struct sim *s, const struct coord_stats *now);

#endif
