/*
 * What a seed decides. Every kind of fault is possible in about a third of
 * the seeds, so that each also meets worlds in which little else goes wrong.
 */
#include "tests/sim/sim.h"

static int64_t draw(struct rng *r, int64_t low, int64_t high)
{
    return low + (int64_t)rng_below(r, (uint64_t)(high - low) + 1);
}

static bool chance(struct rng *r, uint32_t percent)
{
    return rng_below(r, 100) < percent;
}

static void draw_cut(struct rng *r, struct sim_mix *m)
{
    uint32_t kind = (uint32_t)rng_below(r, 10);
    m->tuning.cut = kind < 7   ? COORD_CUT_COUNT
                    : kind < 9 ? COORD_CUT_INTERVAL
                               : COORD_CUT_ASAP;
    m->tuning.interval_us = draw(r, 5, 400) * MS;
    m->tuning.max_rows = (uint32_t)draw(r, 5, 40);
    m->tuning.max_bytes = chance(r, 30) ? (uint64_t)draw(r, 100, 900) : 1 << 20;
    m->tuning.depth = (uint32_t)(chance(r, 50) ? 2 : draw(r, 1, 5));
    m->tuning.cap_rows = 2 * (uint64_t)m->tuning.max_rows +
                         (chance(r, 50) ? 1000 : (uint64_t)draw(r, 0, 20));
    m->tuning.cap_bytes =
        2 * m->tuning.max_bytes +
        (chance(r, 50) ? 100000 : (uint64_t)draw(r, 500, 2000));
}

static void draw_work(struct rng *r, struct sim_mix *m)
{
    m->records = (uint32_t)draw(r, 1, 260);
    m->cols = (uint32_t)draw(r, 1, SIM_COLS_MAX);
    m->workers = (uint32_t)draw(r, 1, 4);
    m->trees = (uint32_t)draw(r, 2, 5);
    m->subsample = 8;
    m->fit_rows = (uint32_t)(chance(r, 50) ? draw(r, 1, 8) : draw(r, 9, 64));
    m->part_rows = (uint32_t)(chance(r, 40) ? 1000 : draw(r, 3, 20));
    m->trees_per_task = (uint32_t)draw(r, 1, 3);
    m->bad_percent = chance(r, 20)   ? 100
                     : chance(r, 50) ? 0
                                     : (uint32_t)draw(r, 1, 60);
    if (m->bad_percent == 100 && chance(r, 80)) {
        m->bad_percent = 30;
    }
    m->feed_us = draw(r, 0, 30) * MS;
    m->chunk = (uint32_t)draw(r, 1, 30);
}

static void draw_network(struct rng *r, struct sim_mix *m)
{
    m->loss = chance(r, 40) ? (uint32_t)draw(r, 1, 80) : 0;
    m->duplicate = chance(r, 40) ? (uint32_t)draw(r, 1, 200) : 0;
    m->garbage = chance(r, 20) ? (uint32_t)draw(r, 1, 20) : 0;
    m->reorder = chance(r, 40);
    m->delay_min_us = draw(r, 20, 500);
    m->delay_max_us = m->delay_min_us + (chance(r, 20) ? draw(r, 0, 400) * MS
                                                       : draw(r, 0, 5) * MS);
    m->compute_us =
        chance(r, 20) ? draw(r, 100, 3000) * MS : draw(r, 1, 60) * MS;
    m->job_us = draw(r, 0, 10) * MS;
    m->commit_us = chance(r, 20) ? draw(r, 50, 500) * MS : draw(r, 0, 8) * MS;
    m->fail_percent = chance(r, 15) ? (uint32_t)draw(r, 1, 50) : 0;
}

static void draw_faults(struct rng *r, struct sim_mix *m)
{
    bool possible[FAULT_KINDS];
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < FAULT_KINDS; i++) {
        possible[i] = chance(r, 35);
        kinds += possible[i];
    }
    m->heal_us = draw(r, 1, 60) * SECOND;
    if (chance(r, 60)) {
        m->heal_us = draw(r, 200, 4000) * MS;
    }
    uint32_t wanted = (uint32_t)draw(r, 0, SIM_FAULTS_MAX);
    for (uint32_t n = 0; n < wanted && kinds > 0; n++) {
        uint32_t kind = (uint32_t)rng_below(r, FAULT_KINDS);
        if (possible[kind]) {
            m->fault[m->fault_count++] = (struct fault_event){
                .at_us = draw(r, 0, m->heal_us),
                .kind = kind,
                .who = (uint32_t)rng_below(r, m->workers),
                .for_us = chance(r, 30) ? draw(r, 1, 20) * SECOND
                                        : draw(r, 1, 1000) * MS,
                .variant = (uint32_t)rng_below(r, 1000),
            };
        }
    }
}

/* Another way to cut, and other limits. */
static void draw_tuning(struct rng *r, struct coord_tuning *t)
{
    uint64_t kind = rng_below(r, 3);
    t->cut = (enum coord_cut)kind;
    t->interval_us = draw(r, 5, 400) * MS;
    t->max_rows = (uint32_t)draw(r, 2, 60);
    t->max_bytes = chance(r, 30) ? (uint64_t)draw(r, 100, 900) : 1 << 20;
    t->depth = (uint32_t)draw(r, 1, COORD_DEPTH_MAX);
    t->cap_rows = 2 * (uint64_t)t->max_rows + (uint64_t)draw(r, 0, 200);
    t->cap_bytes = 2 * t->max_bytes + (uint64_t)draw(r, 0, 2000);
    t->share.on = t->cut == COORD_CUT_INTERVAL && chance(r, 50);
    t->share.target_ppm = (uint32_t)draw(r, 200000, 900000);
    t->share.step_ppm = (uint32_t)draw(r, 1100000, 3000000);
    t->share.min_us = draw(r, 2, 50) * MS;
    t->share.max_us = t->share.min_us + draw(r, 0, 2000) * MS;
}

/* Every fourth world is changed while it runs. Drawn apart, so that the
 * others stay what they were. */
static void draw_changes(struct sim_mix *m)
{
    struct rng r;
    uint64_t words[] = { m->seed, 4 };
    rng_init(&r, words, 2);
    if (m->seed % 4 != 3) {
        return;
    }
    m->change_count = (uint32_t)draw(&r, 1, SIM_CHANGES_MAX);
    for (uint32_t i = 0; i < m->change_count; i++) {
        struct sim_change *change = &m->change[i];
        change->at_us = chance(&r, 50) ? draw(&r, 0, 600) * MS
                                       : draw(&r, 0, m->heal_us + SECOND);
        change->wait_us =
            chance(&r, 30) ? draw(&r, 1, 300) * MS : draw(&r, 0, 5) * MS;
        change->cut = chance(&r, 70);
        change->refused = chance(&r, 20);
        draw_tuning(&r, &change->tuning);
    }
    for (uint32_t i = 0; i < m->change_count; i++) {
        m->change[i].patience_us = chance(&r, 40) ? draw(&r, 1, 100) * MS : 0;
    }
}

void mix_draw(uint64_t seed, struct sim_mix *ret_mix)
{
    struct rng r;
    uint64_t words[] = { seed, 1 };
    rng_init(&r, words, 2);
    *ret_mix = (struct sim_mix){ .seed = seed };
    draw_cut(&r, ret_mix);
    draw_work(&r, ret_mix);
    draw_network(&r, ret_mix);
    draw_faults(&r, ret_mix);
    draw_changes(ret_mix);
    /* Not drawn, so that other worlds stay what they were. */
    ret_mix->detectors = seed % 3 == 1 ? 2 : 1;
    ret_mix->votes = ret_mix->detectors > 1 && seed % 2 == 1 ? 2 : 1;
}

void mix_calm(const struct sim_mix *mix, struct sim_mix *ret_mix)
{
    *ret_mix = *mix;
    ret_mix->workers = 1;
    ret_mix->part_rows = mix->part_rows == 1000 ? 7 : 1000;
    ret_mix->trees_per_task = 4 - mix->trees_per_task;
    ret_mix->loss = ret_mix->duplicate = ret_mix->garbage = 0;
    ret_mix->reorder = false;
    ret_mix->fail_percent = 0;
    ret_mix->fault_count = 0;
    ret_mix->heal_us = 0;
}

const char *fault_name(enum fault_kind kind)
{
    static const char *const name[FAULT_KINDS] = {
        [FAULT_WORKER_CRASH] = "worker crash",
        [FAULT_WORKER_STALL] = "worker stall",
        [FAULT_WORKER_SLOW] = "worker slow",
        [FAULT_WORKER_STUCK] = "worker stuck",
        [FAULT_WORKER_LEAVE] = "worker leaves",
        [FAULT_WORKER_GARBAGE] = "worker garbage",
        [FAULT_LINK_BREAK] = "link breaks",
        [FAULT_PARTITION] = "partition",
        [FAULT_COORD_CRASH] = "coordinator crash",
        [FAULT_COORD_STALL] = "coordinator stall",
        [FAULT_COORD_DRAIN] = "coordinator drain",
        [FAULT_CLOCK_JUMP] = "clock jump",
        [FAULT_DISK_FULL] = "disk full",
        [FAULT_COMMIT_UNKNOWN] = "commit unknown",
        [FAULT_COMMIT_CRASH] = "commit crash",
        [FAULT_FOREIGN] = "foreign result",
    };
    return name[kind];
}
