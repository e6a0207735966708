/* How batches are split, and the limits that make every task fit. */
#include "dbscan_support.h"
#include "engine/detect/dbscan.h"
#include "engine/detect/dbscan_plan.h"
#include "proto/wire/dbscan.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct plan plan_of(const struct detect_config *c, uint32_t rows,
                           uint32_t cols, uint32_t recent)
{
    struct plan_shape shape = { rows, cols, recent };
    struct plan plan;
    cr_assert_eq(dbscan_plan(c, &shape, &plan), 0);
    return plan;
}

Test(dbscan_plan, a_batch_of_the_usual_size_is_one_task)
{
    struct detect_config c = detect_config_default();
    cr_expect_eq(plan_of(&c, 0, 3, 0).phase_count, 0);
    for (uint32_t rows = 1; rows <= DBSCAN_PART_ROWS; rows *= 2) {
        struct plan plan = plan_of(&c, rows, 10, 100000);
        cr_expect_eq(plan.phase_count, 1);
        cr_expect_eq(plan.phase[0].phase, DBSCAN_WHOLE);
        cr_expect_eq(plan.phase[0].tasks, 1);
    }
}

Test(dbscan_plan, larger_ones_are_split_into_few_parts)
{
    struct detect_config c = detect_config_default();
    static const uint32_t rows[] = { DBSCAN_PART_ROWS + 1, 400000, 1000000,
                                     3000000 };
    static const uint32_t parts[] = { 2, 4, 8, 16 };
    for (uint32_t i = 0; i < 4; i++) {
        c.eps = 0.0;
        struct plan plan = plan_of(&c, rows[i], 3, 0);
        cr_assert_eq(plan.phase_count, 3);
        cr_expect_eq(plan.phase[0].phase, DBSCAN_NEAR);
        for (uint32_t k = 0; k < 3; k++) {
            cr_expect_eq(plan.phase[k].tasks, parts[i]);
            cr_expect(plan.phase[k].prepare && !plan.phase[k].model);
        }
        c.eps = 0.5;
        plan = plan_of(&c, rows[i], 3, 0);
        cr_assert_eq(plan.phase_count, 2);
        cr_expect_eq(plan.phase[0].phase, DBSCAN_PART);
        cr_expect_eq(plan.phase[1].phase, DBSCAN_SEARCH);
    }
}

Test(dbscan_plan, context_rows_count)
{
    struct detect_config c = detect_config_default();
    c.context_rows = 1000;
    cr_expect_eq(dbscan_context_used(&c, 300, 5000), 700);
    cr_expect_eq(dbscan_context_used(&c, 300, 50), 50);
    cr_expect_eq(dbscan_context_used(&c, 1000, 5000), 0);
    cr_expect_eq(detect_dbscan.recent_rows(&c), 1000);
    c.part_rows = 500;
    cr_expect_eq(plan_of(&c, 300, 3, 5000).phase[0].tasks, 2);
    cr_expect_eq(plan_of(&c, 300, 3, 200).phase[0].tasks, 1);
}

Test(dbscan_plan, a_batch_that_might_not_fit_a_message_is_refused)
{
    struct detect_config c = detect_config_default();
    static const uint32_t cols[] = { 1, 4, 5, 10, 64 };
    for (uint32_t i = 0; i < 5; i++) {
        uint64_t most = dbscan_rows_max(&c, cols[i]);
        struct plan_shape shape = { (uint32_t)most, cols[i], 1000000 };
        struct plan plan;
        cr_expect_eq(dbscan_plan(&c, &shape, &plan), 0);
        shape.rows++;
        cr_expect_eq(dbscan_plan(&c, &shape, &plan), ERR_LIMIT);
        uint64_t row = cols[i] > 4 ? 4u * cols[i] : 17u;
        cr_expect_leq((most + c.context_rows) * row, c.message_bytes_max);
        cr_expect_geq((most + c.context_rows + 1) * row + 4096,
                      c.message_bytes_max);
    }
    struct plan_shape wide = { 10, 65, 0 };
    struct plan plan;
    cr_expect_eq(dbscan_plan(&c, &wide, &plan), ERR_INVALID);
}

static void expect_check(const struct detect_config *c, uint32_t cols, int err,
                         const char *text)
{
    struct fault fault = { 0 };
    cr_expect_eq(dbscan_check(c, cols, &fault), err);
    if (text != NULL)
        cr_expect_not_null(strstr(fault.text, text), "%s", fault.text);
}

Test(dbscan_plan, settings_out_of_range_are_named_with_their_limits)
{
    struct detect_config c = detect_config_default();
    expect_check(&c, 1, 0, NULL);
    expect_check(&c, 64, 0, NULL);
    expect_check(&c, 0, ERR_RANGE, "1 to 64");
    expect_check(&c, 65, ERR_RANGE, "--features");
    static const double eps[] = { -1.0, 1e-200, 1e200, (double)NAN,
                                  (double)INFINITY };
    for (uint32_t i = 0; i < 5; i++) {
        c.eps = eps[i];
        expect_check(&c, 3, ERR_INVALID, "--eps");
    }
    c = detect_config_default();
    c.min_points = 0;
    expect_check(&c, 3, ERR_INVALID, "--min-points 0: 1 to 1000");
    c.min_points = 1001;
    expect_check(&c, 3, ERR_INVALID, "--min-points 1001");
    c = detect_config_default();
    c.context_rows = UINT32_MAX;
    expect_check(&c, 3, ERR_INVALID, "--context-rows");
    c.context_rows = 1000000;
    expect_check(&c, 64, ERR_RANGE, "--context-rows 1000000");
    c = detect_config_default();
    c.batch_rows = 100000;
    expect_check(&c, 64, 0, NULL);
    c.batch_rows = (uint32_t)dbscan_rows_max(&c, 10);
    expect_check(&c, 10, 0, NULL);
    c.batch_rows++;
    expect_check(&c, 10, ERR_RANGE, "--max-rows 1676");
}
