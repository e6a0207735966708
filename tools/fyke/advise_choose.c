/*
 * Fit, ladder, and the search for an interval.
 */
#include "tools/fyke/advise_choose.h"

#include <math.h>
#include <stddef.h>

#define MS INT64_C(1000)
#define SECOND INT64_C(1000000)

static const int64_t ladder_us[] = {
    1 * MS,     2 * MS,     5 * MS,      10 * MS,  20 * MS,
    50 * MS,    100 * MS,   250 * MS,    500 * MS, 1 * SECOND,
    2 * SECOND, 5 * SECOND, 10 * SECOND,
};
#define STEPS ((int)(sizeof ladder_us / sizeof ladder_us[0]))

int advise_fit(const struct advise_point *point, uint32_t count,
               struct advise_cost *ret_cost)
{
    double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
    for (uint32_t i = 0; i < count; i++) {
        double x = point[i].rows, y = point[i].ms;
        double weight = y > 0 ? 1 / (y * y) : 0;
        w += weight;
        wx += weight * x;
        wy += weight * y;
        wxx += weight * x * x;
        wxy += weight * x * y;
    }
    double spread = w * wxx - wx * wx;
    if (!(spread > 1e-9 * w * wxx))
        return ERR_RANGE;
    double slope = (w * wxy - wx * wy) / spread;
    if (slope < 0)
        slope = 0;
    double fixed = (wy - slope * wx) / w;
    if (fixed < 0) { /* then the line goes through the origin */
        fixed = 0;
        slope = wxy / wxx;
    }
    *ret_cost = (struct advise_cost){ fixed, slope };
    return ERR_OK;
}

double advise_quantile(const double *ascending, uint32_t count, double q)
{
    double rank = ceil(q * count);
    uint32_t index = rank < 1 ? 0 : (uint32_t)rank - 1;
    return ascending[index < count ? index : count - 1];
}

static int step_index(int64_t us)
{
    int i = 0;
    while (i < STEPS && ladder_us[i] < us)
        i++;
    return i;
}

int64_t advise_step_at(int64_t us)
{
    int i = step_index(us);
    return i < STEPS ? ladder_us[i] : 0;
}

int64_t advise_step_up(int64_t us)
{
    return advise_step_at(us + 1);
}

int64_t advise_step_down(int64_t us)
{
    int i = step_index(us);
    return i > 0 ? ladder_us[i - 1] : 0;
}

int64_t advise_guess(const struct advise_cost *cost, double rows_per_s)
{
    double share = cost->per_row_ms * rows_per_s / 1e3;
    int64_t us = share < 1 ? (int64_t)(cost->fixed_ms * 1e3 / (1 - share))
                           : INT64_MAX / 2;
    int64_t step = advise_step_at(us);
    return step != 0 ? step : ladder_us[STEPS - 1];
}

bool advise_trial_holds(const struct advise_trial *t)
{
    /* Rows wait in the pipe for a moment in any case. */
    double patience_ms = fmax(50, (double)t->interval_us / 1e3);
    return t->batches > 0 && t->late <= ADVISE_LATE_MAX * t->batches &&
           t->behind_ms <= patience_ms;
}

bool advise_trial_has_room(const struct advise_trial *t)
{
    return advise_trial_holds(t) &&
           t->p99_ms <= ADVISE_HEADROOM * (double)t->interval_us / 1e3;
}

/* What is known of one step of the ladder. */
struct step {
    bool tried, holds, room, confirmed;
    int took; /* the step that a batch of it took, STEPS = beyond */
};

static void steps_fill(const struct advise_trial *trial, uint32_t count,
                       struct step *step)
{
    for (int i = 0; i < STEPS; i++)
        step[i] = (struct step){ .holds = true, .room = true };
    for (uint32_t i = 0; i < count; i++) {
        int at = step_index(trial[i].interval_us);
        if (at == STEPS)
            continue;
        step[at].tried = true;
        step[at].took = step_index((int64_t)(1e3 * trial[i].p50_ms));
        step[at].holds &= advise_trial_holds(&trial[i]);
        step[at].room &= advise_trial_has_room(&trial[i]);
        step[at].confirmed |= trial[i].confirmed;
    }
}

/* Asks for a step, or says with `false` that there is none to ask for. */
static bool ask(struct advise_choice *c, int index, bool confirm)
{
    if (index < 0 || index >= STEPS)
        return false;
    c->next_us = ladder_us[index];
    c->confirm = confirm;
    return true;
}

/* The first step above all that were tried and do not hold, so that a lucky
 * run below an unlucky one counts for nothing. -1 = not bracketed yet, and
 * `c` asks; STEPS = none holds. */
static int find_smallest(const struct step *step, int guess,
                         struct advise_choice *c)
{
    int low = -1, high = STEPS; /* highest that fails, lowest that holds */
    for (int i = 0; i < STEPS; i++)
        if (step[i].tried && !step[i].holds)
            low = i;
    for (int i = STEPS - 1; i > low; i--)
        if (step[i].tried)
            high = i;
    if (low < 0 && high == STEPS) {
        (void)ask(c, guess, false);
        return -1;
    }
    if (high == STEPS) { /* no interval below what its batches took */
        int next = step[low].took > low ? step[low].took : low + 1;
        return ask(c, next, false) ? -1 : STEPS;
    }
    if (high - 1 > low) {
        (void)ask(c, low < 0 ? high - 1 : (low + high) / 2, false);
        return -1;
    }
    return high;
}

struct advise_choice advise_choose(const struct advise_trial *trial,
                                   uint32_t count, int64_t guess_us)
{
    struct advise_choice c = { 0 };
    struct step step[STEPS];
    steps_fill(trial, count, step);
    int smallest = find_smallest(step, step_index(guess_us), &c);
    if (smallest < 0 || smallest == STEPS)
        return c;
    c.smallest_us = ladder_us[smallest];
    for (int i = smallest; i < STEPS; i++) {
        if (!step[i].room)
            continue;
        if (!step[i].confirmed)
            (void)ask(&c, i, true);
        else
            c.recommended_us = ladder_us[i];
        return c;
    }
    return c;
}
