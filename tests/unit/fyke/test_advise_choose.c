/*
 * The arithmetic of fyke advise.
 */
#include "tools/fyke/advise_choose.h"

#include <criterion/criterion.h>
#include <math.h>

Test(advise_choose, a_line_through_exact_points_is_found)
{
    struct advise_point p[] = { { 100, 4.0 + 0.1 },
                                { 1000, 4.0 + 1 },
                                { 10000, 4.0 + 10 } };
    struct advise_cost c;
    cr_assert_eq(advise_fit(p, 3, &c), 0);
    cr_assert_float_eq(c.fixed_ms, 4.0, 1e-9);
    cr_assert_float_eq(c.per_row_ms, 1e-3, 1e-12);
}

Test(advise_choose, a_slow_large_batch_does_not_move_the_fixed_cost)
{
    /* 20 % more on one that takes 50 times the fixed cost */
    struct advise_point p[] = {
        { 100, 1.01 }, { 1000, 1.1 }, { 500000, 51 * 1.2 }, { 1000000, 101 }
    };
    struct advise_cost c;
    cr_assert_eq(advise_fit(p, 4, &c), 0);
    cr_assert_float_eq(c.fixed_ms, 1.0, 0.1);
    cr_assert_float_eq(c.per_row_ms, 1.05e-4, 0.1e-4);
}

Test(advise_choose, costs_are_never_negative)
{
    struct advise_point falling[] = { { 100, 5 }, { 1000, 3 } };
    struct advise_point steep[] = { { 100, 1 }, { 1000, 100 } };
    struct advise_cost c;
    cr_assert_eq(advise_fit(falling, 2, &c), 0);
    cr_assert_eq(c.per_row_ms, 0);
    cr_assert(c.fixed_ms >= 3 && c.fixed_ms <= 5);
    cr_assert_eq(advise_fit(steep, 2, &c), 0);
    cr_assert_eq(c.fixed_ms, 0);
    cr_assert(c.per_row_ms > 0.01 && c.per_row_ms < 0.1);
}

Test(advise_choose, one_size_is_no_line)
{
    struct advise_point p[] = { { 100, 5 }, { 100, 6 } };
    struct advise_cost c;
    cr_assert_eq(advise_fit(p, 2, &c), ERR_RANGE);
    cr_assert_eq(advise_fit(p, 1, &c), ERR_RANGE);
    cr_assert_eq(advise_fit(p, 0, &c), ERR_RANGE);
}

Test(advise_choose, quantiles_are_values_that_were_seen)
{
    double v[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    cr_assert_eq(advise_quantile(v, 10, 0.5), 5);
    cr_assert_eq(advise_quantile(v, 10, 0.99), 10);
    cr_assert_eq(advise_quantile(v, 10, 0.9), 9);
    cr_assert_eq(advise_quantile(v, 10, 0), 1);
    cr_assert_eq(advise_quantile(v, 1, 0.5), 1);
}

Test(advise_choose, steps_are_values_that_people_type)
{
    cr_assert_eq(advise_step_at(1), 1000);
    cr_assert_eq(advise_step_at(20000), 20000);
    cr_assert_eq(advise_step_at(20001), 50000);
    cr_assert_eq(advise_step_at(10000001), 0);
    cr_assert_eq(advise_step_up(100000), 250000);
    cr_assert_eq(advise_step_up(10000000), 0);
    cr_assert_eq(advise_step_down(100000), 50000);
    cr_assert_eq(advise_step_down(1000), 0);
}

Test(advise_choose, the_guess_is_where_a_batch_meets_its_interval)
{
    struct advise_cost c = { 4, 1e-3 }; /* a million rows a second */
    cr_assert_eq(advise_guess(&c, 0), 5000);
    cr_assert_eq(advise_guess(&c, 500e3), 10000); /* 4 / (1 - 1/2) = 8 */
    cr_assert_eq(advise_guess(&c, 990e3), 500000);
    cr_assert_eq(advise_guess(&c, 1e6), 10000000);
    cr_assert_eq(advise_guess(&c, 2e6), 10000000);
}

static struct advise_trial trial(int64_t us, uint32_t late, double p99_ms)
{
    return (struct advise_trial){ .interval_us = us,
                                  .batches = 200,
                                  .late = late,
                                  .p50_ms = p99_ms / 2,
                                  .p99_ms = p99_ms };
}

Test(advise_choose, a_trial_holds_when_hardly_a_batch_is_late)
{
    struct advise_trial t = trial(10000, 1, 9);
    cr_assert(advise_trial_holds(&t));
    cr_assert(!advise_trial_has_room(&t));
    t.p99_ms = 5;
    cr_assert(advise_trial_has_room(&t));
    t.behind_ms = 51; /* it cuts in time, but reads less than arrives */
    cr_assert(!advise_trial_holds(&t));
    t.behind_ms = 0;
    t.late = 2;
    cr_assert(!advise_trial_holds(&t));
    t.late = t.batches = 0; /* nothing was seen */
    cr_assert(!advise_trial_holds(&t));
}

/* A machine that holds from `floor_us` on and needs `batch_ms`. */
static struct advise_choice search(int64_t floor_us, double batch_ms,
                                   int64_t guess_us, uint32_t *ret_runs)
{
    struct advise_trial t[ADVISE_TRIALS_MAX];
    struct advise_choice c = { 0 };
    uint32_t n = 0;
    for (;;) {
        c = advise_choose(t, n, guess_us);
        if (c.next_us == 0)
            break;
        cr_assert_lt(n, ADVISE_TRIALS_MAX);
        t[n] = trial(c.next_us, c.next_us < floor_us ? 100 : 0, batch_ms);
        t[n++].confirmed = c.confirm;
    }
    *ret_runs = n;
    return c;
}

Test(advise_choose, the_search_finds_the_smallest_that_holds_and_one_with_room)
{
    uint32_t runs;
    struct advise_choice c = search(10000, 8, 10000, &runs);
    cr_assert_eq(c.smallest_us, 10000);
    cr_assert_eq(c.recommended_us, 20000);
    cr_assert_eq(runs, 3); /* 10, 5, 20 */
    c = search(10000, 8, 500000, &runs);
    cr_assert_eq(c.smallest_us, 10000);
    cr_assert_eq(c.recommended_us, 20000);
    c = search(250000, 100, 10000, &runs);
    cr_assert_eq(c.smallest_us, 250000);
    cr_assert_eq(c.recommended_us, 250000);
    cr_assert_eq(runs, 5); /* 10, 50 (what a batch took), 100, 250, 250 */
    c = search(20000, 400, 10000, &runs);
    cr_assert_eq(c.smallest_us, 20000); /* 10, 250, 50, 20, ... */
    cr_assert_eq(c.recommended_us, 1000000);
    cr_assert_eq(runs, 7); /* 50, 100, 500 and 1000 lie between */
    c = search(1000, 0.1, 1000, &runs);
    cr_assert_eq(c.smallest_us, 1000);
    cr_assert_eq(c.recommended_us, 1000);
    cr_assert_eq(runs, 2);
}

Test(advise_choose, where_nothing_holds_there_is_no_recommendation)
{
    uint32_t runs;
    struct advise_choice c = search(INT64_MAX, 1, 2000000, &runs);
    cr_assert_eq(c.smallest_us, 0);
    cr_assert_eq(c.recommended_us, 0);
    cr_assert_eq(runs, 3); /* 2, 5, 10 s */
}

Test(advise_choose, where_no_step_has_room_only_the_smallest_is_known)
{
    uint32_t runs;
    struct advise_choice c = search(5000000, 9000, 5000000, &runs);
    cr_assert_eq(c.smallest_us, 5000000);
    cr_assert_eq(c.recommended_us, 0);
}

Test(advise_choose, a_lucky_run_below_an_unlucky_one_counts_for_nothing)
{
    struct advise_trial t[] = { trial(5000, 0, 1), trial(10000, 50, 1),
                                trial(20000, 0, 1) };
    struct advise_choice c = advise_choose(t, 3, 10000);
    cr_assert_eq(c.smallest_us, 20000);
}

Test(advise_choose, a_confirmation_that_fails_moves_on)
{
    struct advise_trial t[] = { trial(10000, 0, 2), trial(5000, 90, 2),
                                trial(10000, 20, 2) };
    t[2].confirmed = true;
    struct advise_choice c = advise_choose(t, 3, 10000);
    cr_assert_eq(c.next_us, 20000);
    cr_assert_eq(c.smallest_us, 0);
    struct advise_trial again[] = { trial(10000, 20, 2), trial(10000, 0, 2) };
    again[1].confirmed = true; /* a step holds when all its runs do */
    c = advise_choose(again, 2, 10000);
    cr_assert_eq(c.next_us, 20000);
}
