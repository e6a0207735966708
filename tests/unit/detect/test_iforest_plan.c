/*
 * Plans: what they cover, and that all they lead to fits its limits.
 */
#include "engine/detect/iforest_plan.h"
#include "proto/wire/iforest.h"
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>

static struct plan plan_of(const struct detect_config *c, uint32_t rows,
                           uint32_t cols, uint32_t recent)
{
    struct plan p;
    struct plan_shape shape = { rows, cols, recent };
    cr_assert_eq(detect_iforest.plan(c, &shape, &p), 0);
    return p;
}

Test(iforest_plan, no_rows_no_plan)
{
    struct detect_config c = support_config();
    cr_assert_eq(plan_of(&c, 0, 3, 1000).phase_count, 0);
}

Test(iforest_plan, a_batch_of_one_part_is_one_fused_task)
{
    struct detect_config c = support_config();
    const uint32_t rows[] = { 1, 1024, (1u << 20) / 40 };
    for (uint32_t k = 0; k < 3; k++) {
        struct plan p = plan_of(&c, rows[k], 10, 1024);
        cr_assert_eq(p.phase_count, 1);
        cr_assert_eq(p.phase[0].phase, IFOREST_FIT_SCORE);
        cr_assert_eq(p.phase[0].tasks, 1);
        cr_assert_eq(p.phase[0].units, rows[k]);
        cr_assert(!p.phase[0].prepare && !p.phase[0].model);
    }
    cr_assert_eq(plan_of(&c, rows[2] + 1, 10, 1024).phase_count, 2);
}

Test(iforest_plan, recent_rows_count_as_rows_of_the_part)
{
    struct detect_config c = support_config();
    c.fit_rows = 100000;
    cr_assert_eq(plan_of(&c, 100, 10, 26000).phase_count, 1);
    cr_assert_eq(plan_of(&c, 100, 10, 90000).phase_count, 2);
    cr_assert_eq(plan_of(&c, 100, 10, 90000).phase[1].tasks, 1);
}

Test(iforest_plan, the_default_fit_is_a_handful_of_tasks)
{
    struct detect_config c = support_config();
    struct plan p = plan_of(&c, 100000, 10, 1024);
    cr_assert_eq(p.phase[0].phase, IFOREST_FIT);
    cr_assert_eq(p.phase[0].units, 100);
    cr_assert_eq(p.phase[0].tasks, 4);
    cr_assert(p.phase[0].prepare && !p.phase[0].model);
    cr_assert_eq(p.phase[1].phase, IFOREST_SCORE);
    cr_assert_eq(p.phase[1].tasks, 4);
    cr_assert(p.phase[1].prepare && p.phase[1].model);
}

/* Bytes of the largest task of a phase, from the shapes alone. */
static uint64_t task_bytes(const struct detect_config *c,
                           const struct plan_phase *phase, uint32_t cols,
                           uint32_t fit)
{
    uint64_t psi = fit < c->subsample ? fit : c->subsample;
    if (phase->phase == IFOREST_FIT)
        return phase->units_per_task * psi * 4 * (cols + 1ull);
    if (phase->phase == IFOREST_FIT_SCORE)
        return 4ull * fit * cols;
    return 4ull * phase->units_per_task * cols;
}

Test(iforest_plan, every_plan_that_passes_the_check_fits)
{
    uint64_t seed = 31;
    uint32_t passed = 0;
    struct rng r;
    cr_log_info("seed %llu", (unsigned long long)seed);
    rng_init(&r, &seed, 1);
    for (uint32_t k = 0; k < 20000; k++) {
        struct detect_config c = {
            .seed = 1,
            .trees = 1 + (uint32_t)rng_below(&r, 2000),
            .subsample = 2 + (uint32_t)rng_below(&r, 4095),
            .fit_rows = 1 + (uint32_t)rng_below(&r, 100000),
            .part_bytes = 4096u << rng_below(&r, 12),
            .message_bytes_max = UINT64_C(4096) << rng_below(&r, 17),
        };
        uint32_t cols = 1 + (uint32_t)rng_below(&r, 1024);
        uint32_t rows = (uint32_t)rng_below(&r, 200000);
        uint32_t recent = (uint32_t)rng_below(&r, 100000);
        struct fault fault = { 0 };
        if (iforest_check(&c, cols, &fault) != 0) {
            cr_assert_lt(fault.err, 0);
            continue;
        }
        passed++;
        struct plan p = plan_of(&c, rows, cols, recent);
        uint32_t used = iforest_recent_used(&c, rows, recent);
        for (uint32_t i = 0; i < p.phase_count; i++) {
            const struct plan_phase *phase = &p.phase[i];
            cr_assert(phase->tasks >= 1 && phase->tasks <= PLAN_TASKS_MAX);
            cr_assert_geq((uint64_t)phase->tasks * phase->units_per_task,
                          phase->units);
            cr_assert_geq(plan_task_count(phase, phase->tasks - 1), 1);
            cr_assert_leq(task_bytes(&c, phase, cols, rows + used) + 4096,
                          c.message_bytes_max, "case %u phase %u", k, i);
        }
    }
    cr_assert_gt(passed, 2000);
}

Test(iforest_plan, ten_million_rows_still_fit_the_tasks)
{
    struct detect_config c = support_config();
    struct plan p = plan_of(&c, 10000000, 1024, 0);
    cr_assert_leq(p.phase[1].tasks, PLAN_TASKS_MAX);
    c.trees = 2000;
    p = plan_of(&c, 100000, 1024, 0);
    cr_assert_leq(p.phase[0].tasks, PLAN_TASKS_MAX);
}

static void expect_fault(struct detect_config c, uint32_t cols, int err,
                         const char *words)
{
    struct fault fault = { 0 };
    cr_assert_eq(iforest_check(&c, cols, &fault), err);
    cr_assert_not_null(strstr(fault.text, words), "%s", fault.text);
}

Test(iforest_plan, the_check_names_the_setting_and_a_value_that_works)
{
    struct detect_config c = support_config();
    struct fault fault = { 0 };
    cr_assert_eq(iforest_check(&c, 1024, &fault), 0);
    c.trees = 2001;
    expect_fault(c, 3, ERR_INVALID, "--trees 2001: 1 to 2000");
    c.trees = 0;
    expect_fault(c, 3, ERR_INVALID, "--trees 0");
    c = support_config();
    c.subsample = 1;
    expect_fault(c, 3, ERR_INVALID, "--subsample 1: 2 to 4096");
    c = support_config();
    c.fit_rows = 0;
    expect_fault(c, 3, ERR_INVALID, "--fit-rows 0");
    c = support_config();
    expect_fault(c, 1025, ERR_RANGE, "1025 features");
    expect_fault(c, 0, ERR_RANGE, "0 features");
    c.trees = 2000;
    c.subsample = 4096;
    cr_assert_eq(iforest_check(&c, 3, &fault), 0);
    c.message_bytes_max = 32u << 20;
    expect_fault(c, 3, ERR_RANGE, "the most trees that do are 1020");
    c.trees = 1020;
    cr_assert_eq(iforest_check(&c, 3, &fault), 0);
    c = support_config();
    c.trees = 2000;
    c.subsample = 4096;
    c.extension = 2;
    expect_fault(c, 3, ERR_RANGE,
                 "--subsample 4096 and --extension: the model may not fit a "
                 "message of 67108864 bytes; the most trees that do are 681");
    c.trees = 681;
    cr_assert_eq(iforest_check(&c, 3, &fault), 0);
    expect_fault(c, 2, ERR_INVALID,
                 "--extension 2: splits look at 3 features then, of 2 that "
                 "there are: 0 to 1");
    c = support_config();
    c.message_bytes_max = 1 << 20;
    c.part_bytes = 4096;
    c.subsample = 4096;
    expect_fault(c, 100, ERR_RANGE, "--subsample 4096: a tree's sample");
    c.part_bytes = 1 << 20;
    expect_fault(c, 1000, ERR_RANGE, "at most 255 features");
}
