/*
 * The arithmetic of fyke advise: what a batch costs, and which interval to
 * try next and to recommend. Pure: measured numbers in, decisions out.
 *
 * Intervals come from a ladder of values that people would type (1ms, 2ms,
 * 5ms, 10ms, ... 10s), so that a recommendation can be remembered.
 */
#ifndef FYKE_TOOLS_ADVISE_CHOOSE_H
#define FYKE_TOOLS_ADVISE_CHOOSE_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define ADVISE_TRIALS_MAX 24u
#define ADVISE_LATE_MAX 0.005 /* share of batches that may be cut late */
#define ADVISE_HEADROOM 0.5   /* p99 of a batch as a share of the interval */
#define ADVISE_SUSTAINED_MAX                                                   \
    0.95 /* of the capacity: above it nothing holds                            \
          */

/* Batches of one size: how long the middle one took. */
struct advise_point {
    double rows, ms;
};

/* A batch of n rows takes fixed_ms + n * per_row_ms. */
struct advise_cost {
    double fixed_ms, per_row_ms;
};

/* Least squares of the relative errors, so that small batches, which show the
 * fixed cost, count as much as large ones; neither cost is below 0.
 * Errors: ERR_RANGE with fewer than two sizes. */
FYKE_MUST_USE int advise_fit(const struct advise_point *point, uint32_t count,
                             struct advise_cost *ret_cost);

/* The value at share q of `count` >= 1 ascending values (nearest rank). */
double advise_quantile(const double *ascending, uint32_t count, double q);

/* The smallest step of the ladder that is at least `us`; 0 beyond its end. */
int64_t advise_step_at(int64_t us);
/* Its neighbours; 0 at an end. */
int64_t advise_step_up(int64_t us);
int64_t advise_step_down(int64_t us);

/* Where to begin: the step at which a batch of what arrives meanwhile takes
 * no longer than the interval. The last step when none does. */
int64_t advise_guess(const struct advise_cost *cost, double rows_per_s);

/* A run at the rate with one interval. */
struct advise_trial {
    int64_t interval_us;
    uint32_t batches, late; /* `late`: not cut on time, the work was behind */
    double rows_a_batch, p50_ms, p99_ms, max_ms;
    double behind_ms; /* at the end: how old the oldest row not yet read was */
    bool confirmed;   /* a longer run */
};

/* On time: few late batches, and nothing piled up. */
bool advise_trial_holds(const struct advise_trial *t);
/* Holds, and what a batch takes leaves room. */
bool advise_trial_has_room(const struct advise_trial *t);

struct advise_choice {
    int64_t next_us;        /* to be tried now, 0 = all is known */
    bool confirm;           /* with a longer run */
    int64_t smallest_us;    /* that holds; 0 = none known (yet) */
    int64_t recommended_us; /* 0 = none known (yet) */
};

/* What `count` trials say. A step holds if all trials of it do. */
struct advise_choice advise_choose(const struct advise_trial *trial,
                                   uint32_t count, int64_t guess_us);

#endif
