/*
 * Costs by size, rows/s by interval, then the search at the rate.
 */
#include "tools/fyke/advise_measure.h"

#include "proto/base/text.h"
#include "proto/host/clock.h"

#include <stdarg.h>
#include <stdio.h>

#define RATE_MIN 100.0       /* rows/s: less is not seen in seconds */
#define TRIAL_US_MAX 8000000 /* of the search, but for long intervals */
#define TRIAL_INTERVALS 8
#define SEARCH_TIMES 15 /* as long as one measurement: then it is given up */
#define INTERVALS_MIN 4
#define CONFIRM 2.5 /* times as long */
#define LONGEST 5   /* times as long: longer intervals are left out */

static const uint64_t sizes[ADVISE_SIZES] = { 100, 1000, 10000, 100000 };
static const int64_t intervals_us[ADVISE_INTERVALS] = { 10000, 50000, 250000,
                                                        1000000 };

static void tell(const struct advise_plan *plan, const char *format, ...)
    FYKE_PRINTF(2, 3);

static void tell(const struct advise_plan *plan, const char *format, ...)
{
    va_list ap;
    if (plan->silent)
        return;
    va_start(ap, format);
    (void)vfprintf(stderr, format, ap);
    va_end(ap);
    (void)fflush(stderr);
}

static int64_t max_us(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Runs one and ends its line of progress with what it took. */
static int run_told(const struct advise_plan *plan,
                    const struct advise_spec *spec, struct advise_seen *seen,
                    struct fault *fault)
{
    char total[32];
    int64_t start_us = clock_monotonic_us();
    int err = advise_run(&plan->bench, spec, seen, fault);
    double took_s = (double)(clock_monotonic_us() - start_us) / 1e6;
    if (err != 0 || seen->batches == 0) {
        tell(plan, "%s\n", err != 0 ? "-" : "nothing was committed in time");
        return err;
    }
    tell(plan, "a batch takes %s ms   (%.1f s)\n",
         text_number(seen->total_ms, total, sizeof total), took_s);
    return 0;
}

static int measure_sizes(const struct advise_plan *plan,
                         struct advise_report *r, struct fault *fault)
{
    struct advise_point point[ADVISE_SIZES];
    for (uint32_t i = 0; i < ADVISE_SIZES; i++) {
        struct advise_seen seen = { 0 };
        struct advise_spec spec = { .max_rows = sizes[i],
                                    .alone = true,
                                    .time_us = plan->measure_us / 2 };
        char rows[32];
        tell(plan, "  [1/3] batches of %7s rows: ",
             text_count(sizes[i], rows, sizeof rows));
        int err = run_told(plan, &spec, &seen, fault);
        if (err != 0)
            return err;
        if (seen.batches == 0)
            continue;
        point[r->size_count] =
            (struct advise_point){ seen.rows_a_batch, seen.total_ms };
        r->size[r->size_count++] = seen;
    }
    r->has_cost = advise_fit(point, r->size_count, &r->cost) == 0;
    return 0;
}

static int measure_intervals(const struct advise_plan *plan,
                             struct advise_report *r, struct fault *fault)
{
    for (uint32_t i = 0; i < ADVISE_INTERVALS; i++) {
        struct advise_seen seen = { 0 };
        struct advise_spec spec = {
            .interval_us = intervals_us[i],
            .time_us =
                max_us(plan->measure_us, INTERVALS_MIN * intervals_us[i]),
        };
        char us[32];
        if (spec.time_us > LONGEST * plan->measure_us)
            break;
        tell(plan, "  [2/3] every %-5s as fast as possible: ",
             text_duration(intervals_us[i], us, sizeof us));
        int err = run_told(plan, &spec, &seen, fault);
        if (err != 0)
            return err;
        if (seen.batches == 0)
            continue;
        r->capacity =
            seen.rows_per_s > r->capacity ? seen.rows_per_s : r->capacity;
        r->at[r->at_count++] = seen;
    }
    return 0;
}

/* The middle one: a lucky moment is no rule. */
static double usual_speed(const struct advise_report *r)
{
    double speed[ADVISE_INTERVALS];
    for (uint32_t i = 0; i < r->at_count; i++) {
        uint32_t j = i;
        for (; j > 0 && speed[j - 1] > r->at[i].rows_per_s; j--)
            speed[j] = speed[j - 1];
        speed[j] = r->at[i].rows_per_s;
    }
    return advise_quantile(speed, r->at_count, 0.5);
}

static void choose_rate(const struct advise_plan *plan, struct advise_report *r)
{
    const struct advise_input *in = r->input;
    r->own_rate = in->rate;
    r->rate = in->rate;
    r->rate_from = in->live ? ADVISE_RATE_LIVE : ADVISE_RATE_TIME;
    if (plan->rate > 0) {
        r->rate = plan->rate;
        r->rate_from = ADVISE_RATE_GIVEN;
    } else if (in->rate <= 0) {
        r->rate = usual_speed(r) / 2;
        r->rate_from = ADVISE_RATE_HALF;
    } else if (in->rate < RATE_MIN && !in->live) {
        r->rate = RATE_MIN;
        r->rate_from = ADVISE_RATE_SLOW;
    }
    r->sustained = r->rate <= ADVISE_SUSTAINED_MAX * r->capacity;
}

static int64_t trial_time_us(const struct advise_plan *plan,
                             const struct advise_choice *choice)
{
    int64_t us = TRIAL_INTERVALS * choice->next_us;
    us = us < TRIAL_US_MAX ? us : TRIAL_US_MAX;
    us = max_us(us, INTERVALS_MIN * choice->next_us);
    us = max_us(us, plan->measure_us);
    int64_t confirm_us = (int64_t)(CONFIRM * (double)plan->measure_us);
    return choice->confirm ? max_us(us, confirm_us) : us;
}

static int measure_trials(const struct advise_plan *plan,
                          struct advise_report *r, struct fault *fault)
{
    struct advise_cost flat = { 10, 0 };
    int64_t left_us = SEARCH_TIMES * plan->measure_us;
    int64_t guess_us = advise_guess(r->has_cost ? &r->cost : &flat, r->rate);
    for (;;) {
        r->choice = advise_choose(r->trial, r->trial_count, guess_us);
        if (r->choice.next_us == 0 || r->trial_count == ADVISE_TRIALS_MAX)
            return 0;
        struct advise_seen seen = { 0 };
        struct advise_spec spec = {
            .interval_us = r->choice.next_us,
            .rows_per_s = r->rate,
            .live = r->input->live && r->rate_from == ADVISE_RATE_LIVE,
            .time_us = trial_time_us(plan, &r->choice),
        };
        char rate[32], us[32];
        left_us -= spec.time_us;
        r->cut_short = left_us < 0;
        if (r->cut_short)
            return 0;
        tell(plan, "  [3/3] every %-5s at %s rows/s%s: ",
             text_duration(spec.interval_us, us, sizeof us),
             text_count((uint64_t)(r->rate + 0.5), rate, sizeof rate),
             r->choice.confirm ? ", longer" : "");
        int err = run_told(plan, &spec, &seen, fault);
        if (err != 0)
            return err;
        seen.trial.interval_us = spec.interval_us;
        seen.trial.confirmed = r->choice.confirm;
        r->trial[r->trial_count++] = seen.trial;
    }
}

int advise_measure(const struct advise_plan *plan, struct advise_report *report,
                   struct fault *fault)
{
    int err = measure_sizes(plan, report, fault);
    if (err == 0)
        err = measure_intervals(plan, report, fault);
    if (err != 0)
        return err;
    if (report->capacity <= 0)
        return fault_set(fault, ERR_TIMEOUT,
                         "no two batches were committed within one "
                         "measurement: give it more time with --for 10s");
    choose_rate(plan, report);
    return report->sustained ? measure_trials(plan, report, fault) : 0;
}
