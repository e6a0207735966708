/* The interval that follows what batches take, under simulated loads. */
#include "engine/core/pace.h"

#include "proto/base/rng.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>

#define MS INT64_C(1000)
#define SECOND INT64_C(1000000)
#define DEPTH 2u
#define SEEDS 20u

/* Records come at `rate`. A batch takes fixed_us + row_us * rows, one after
 * the other, with at most DEPTH between cut and commit. */
struct load {
    struct pace pace;
    struct coord_share share;
    struct rng rng;
    double fixed_us, row_us;
    double rate; /* records a microsecond */
    double rows_max;
    uint32_t noise_percent, slow_per_mille; /* slow: six times as long */
    int64_t now_us;                         /* the last cut */
    uint64_t batch, committed;
    int64_t done_us[DEPTH], took_us[DEPTH]; /* at number % DEPTH */
    uint32_t changes, turns, late;
    int last_way;
    double shares; /* of the batches since load_forget, summed */
    uint32_t shares_count;
};

static void load_start(struct load *l, uint64_t seed, int64_t interval_us)
{
    *l = (struct load){ .share = { true, 500000, 1500000, MS, 10 * SECOND },
                        .fixed_us = 5e3,
                        .row_us = 1,
                        .rate = 0.2,
                        .rows_max = 1e5 };
    rng_init(&l->rng, &seed, 1);
    pace_start(&l->pace, &l->share, interval_us, 1, 0);
}

static void load_forget(struct load *l)
{
    l->changes = l->turns = l->late = l->shares_count = 0;
    l->shares = 0;
    l->last_way = 0;
}

static void commit_one(struct load *l, uint64_t n)
{
    int64_t before_us = l->pace.interval_us;
    l->committed = n;
    if (pace_committed(&l->pace, &l->share, n, l->took_us[n % DEPTH],
                       l->batch + 1, l->done_us[n % DEPTH])) {
        int way = l->pace.interval_us > before_us ? 1 : -1;
        l->turns += l->last_way == -way;
        l->last_way = way;
        l->changes++;
    }
}

/* Of the batches up to `last`, those that are done by now are committed. */
static void commit_done(struct load *l, uint64_t last)
{
    while (l->committed < last &&
           l->done_us[(l->committed + 1) % DEPTH] <= l->now_us) {
        commit_one(l, l->committed + 1);
    }
}

static double service_us(struct load *l, double rows)
{
    double us = l->fixed_us + l->row_us * rows;
    double noise = (double)l->noise_percent / 100;
    us *= 1 + noise * (2 * rng_unit(&l->rng) - 1);
    return rng_below(&l->rng, 1000) < l->slow_per_mille ? 6 * us : us;
}

/* One more batch is opened, filled, cut, and put to work. */
static void load_batch(struct load *l)
{
    commit_done(l, l->batch);
    uint64_t n = ++l->batch;
    int64_t interval_us = l->pace.interval_us;
    int64_t opened_us = l->now_us, due_us = opened_us + interval_us;
    int64_t room_us = l->done_us[n % DEPTH]; /* of batch n - DEPTH */
    double rows = l->rate * (double)interval_us;
    if (rows > l->rows_max) {
        due_us = opened_us + (int64_t)(l->rows_max / l->rate);
    }
    l->now_us = due_us > room_us ? due_us : room_us;
    commit_done(l, n - 1);
    rows = l->rate * (double)(l->now_us - opened_us);
    rows = rows > l->rows_max ? l->rows_max : rows;
    int64_t last_us = l->done_us[(n - 1) % DEPTH];
    int64_t begun_us = l->now_us > last_us ? l->now_us : last_us;
    double us = service_us(l, rows);
    l->done_us[n % DEPTH] = begun_us + (int64_t)us;
    due_us = opened_us + interval_us; /* a full batch is not due before */
    due_us = due_us < l->now_us ? due_us : l->now_us;
    l->took_us[n % DEPTH] = l->done_us[n % DEPTH] - due_us;
    l->late += l->took_us[n % DEPTH] > interval_us;
    l->shares += (double)l->took_us[n % DEPTH] / (double)interval_us;
    l->shares_count++;
}

static void load_run(struct load *l, int64_t us)
{
    int64_t until_us = l->now_us + us;
    while (l->now_us < until_us) {
        load_batch(l);
    }
}

/* Where a / I + b * rate is the target. */
static double balance_us(const struct load *l)
{
    double target = (double)l->share.target_ppm / 1e6;
    return l->fixed_us / (target - l->row_us * l->rate);
}

static void assert_settled(const struct load *l)
{
    double band = (double)PACE_BAND_PPM / 1e6, balance = balance_us(l);
    double is = (double)l->pace.interval_us;
    double took = l->fixed_us + l->row_us * l->rate * is;
    double share = took / is / ((double)l->share.target_ppm / 1e6);
    cr_assert(share <= band * 1.001 && share >= 1 / band / 1.001,
              "it is %.0f us, the balance %.0f us", is, balance);
}

Test(pace_load, it_comes_down_to_the_balance_and_stays)
{
    struct load l;
    load_start(&l, 1, SECOND);
    load_run(&l, 60 * SECOND);
    assert_settled(&l);
    cr_assert_eq(l.turns, 0);
    load_forget(&l);
    load_run(&l, 600 * SECOND);
    cr_assert_eq(l.changes, 0);
    cr_assert_eq(l.late, 0);
}

Test(pace_load, it_goes_up_to_the_balance_and_stays)
{
    struct load l;
    load_start(&l, 1, MS);
    load_run(&l, 10 * SECOND);
    assert_settled(&l);
    load_forget(&l);
    load_run(&l, 600 * SECOND);
    cr_assert_eq(l.changes, 0);
}

Test(pace_load, every_load_that_has_a_balance_finds_it)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct load l;
        load_start(&l, seed, SECOND);
        l.fixed_us = exp(rng_unit(&l.rng) * 7) * 100; /* 0.1 to 110 ms */
        l.rate = 0.4 * rng_unit(&l.rng);
        l.rows_max = 1e9;
        load_run(&l, 600 * SECOND);
        if (balance_us(&l) > 1.2 * (double)l.share.min_us) {
            assert_settled(&l);
        }
        cr_assert_leq(l.turns, 1, "seed %" PRIu64 ": %u turns", seed, l.turns);
        load_forget(&l);
        load_run(&l, 600 * SECOND);
        cr_assert_eq(l.changes, 0, "seed %" PRIu64, seed);
    }
}

Test(pace_load, noise_and_rare_slow_batches_do_not_make_it_swing)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct load l;
        load_start(&l, seed, 200 * MS);
        l.noise_percent = 40;
        l.slow_per_mille = (uint32_t)seed / 2; /* up to 1 % */
        load_run(&l, 60 * SECOND);
        load_forget(&l);
        load_run(&l, 1800 * SECOND);
        cr_assert_leq(l.turns, 10, "seed %" PRIu64 ": %u turns in half an hour",
                      seed, l.turns);
    }
}

Test(pace_load, a_load_without_a_balance_goes_to_the_maximum_and_stays)
{
    struct load l;
    load_start(&l, 1, 100 * MS);
    l.rate = 0.8; /* the rows alone take 80 % */
    l.rows_max = 1e9;
    load_run(&l, 600 * SECOND);
    cr_assert_eq(l.pace.interval_us, l.share.max_us);
    cr_assert_eq(l.turns, 0);
    load_forget(&l);
    load_run(&l, 3600 * SECOND);
    cr_assert_eq(l.changes, 0);
}

Test(pace_load, full_batches_get_the_interval_that_fits_what_they_take)
{
    struct load l;
    load_start(&l, 1, 100 * MS);
    l.rate = 8; /* more than can be done at all: the source waits */
    l.rows_max = 1e4;
    load_run(&l, 60 * SECOND);
    double took_us = 2 * (l.fixed_us + l.row_us * l.rows_max);
    double is = (double)l.pace.interval_us;
    cr_assert(is * 1.2 > 2 * took_us && is < 2 * took_us * 1.2);
    cr_assert_leq(l.turns, 1);
    load_forget(&l);
    load_run(&l, 600 * SECOND);
    cr_assert_eq(l.changes, 0);
}

Test(pace_load, the_limits_and_the_step_hold)
{
    struct load l;
    load_start(&l, 1, SECOND);
    l.share.min_us = 300 * MS;
    l.share.max_us = 400 * MS;
    pace_start(&l.pace, &l.share, SECOND, 1, 0);
    cr_assert_eq(l.pace.interval_us, 400 * MS);
    load_run(&l, 60 * SECOND);
    cr_assert_eq(l.pace.interval_us, 300 * MS);
    l.fixed_us = 1e6;
    load_run(&l, 60 * SECOND);
    cr_assert_eq(l.pace.interval_us, 400 * MS);

    load_start(&l, 1, SECOND);
    int64_t last_us = l.pace.interval_us;
    for (uint32_t i = 0; i < 2000; i++) {
        l.fixed_us = i / 200 % 2 == 0 ? 1e3 : 5e5;
        load_batch(&l);
        int64_t now_us = l.pace.interval_us;
        cr_assert(now_us <= last_us * 3 / 2 && now_us >= last_us * 2 / 3 - 1);
        last_us = now_us;
    }
}

Test(pace_load, it_changes_at_most_every_four_batches_and_250_ms)
{
    struct load l;
    load_start(&l, 1, SECOND);
    int64_t changed_us = 0;
    uint64_t changed_batch = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t changes = l.changes;
        load_batch(&l);
        if (l.changes > changes) {
            cr_assert_geq(l.committed - changed_batch, PACE_BATCHES);
            cr_assert_geq(l.now_us - changed_us, PACE_WINDOW_US);
            changed_batch = l.pace.first_batch - 1;
            changed_us = l.now_us;
        }
    }
    cr_assert_gt(l.changes + 1, 3);
}

Test(pace_load, a_step_of_the_load_is_followed_up_and_down_without_a_swing)
{
    struct load l;
    load_start(&l, 1, SECOND);
    l.row_us = 0.2; /* the rows take 4 %, then 32 % */
    load_run(&l, 60 * SECOND);
    assert_settled(&l);
    int64_t calm_us = l.pace.interval_us;
    load_forget(&l);
    l.rate *= 8;
    load_run(&l, 60 * SECOND);
    assert_settled(&l);
    cr_assert_gt(l.pace.interval_us, calm_us);
    cr_assert_eq(l.turns, 0);
    load_forget(&l);
    l.rate /= 8;
    load_run(&l, 60 * SECOND);
    assert_settled(&l);
    cr_assert_eq(l.turns, 0);
}
