/* DBSCAN's plan, and the limits that make every plan fit. */
#include "engine/detect/dbscan_plan.h"
#include "engine/detect/dbscan.h"

#include "proto/wire/dbscan.h"

#define MESSAGE_SLACK_BYTES 4096u /* envelope, names, shapes */
/* A row's place in the answers: core flag, cluster, nearest core point and its
 * distance. */
#define ANSWER_BYTES (1u + 4u + 4u + 8u)
#define CONTEXT_ROWS_MAX (1u << 20)

uint32_t dbscan_context_used(const struct detect_config *c, uint32_t rows,
                             uint32_t recent_rows)
{
    uint32_t wanted = rows < c->context_rows ? c->context_rows - rows : 0;
    return wanted < recent_rows ? wanted : recent_rows;
}

uint32_t dbscan_recent_rows(const struct detect_config *c)
{
    return c->context_rows;
}

uint32_t dbscan_parts(const struct detect_config *c, uint32_t rows)
{
    uint32_t part = c->part_rows > 0 ? c->part_rows : DBSCAN_PART_ROWS;
    uint32_t parts = rows / part + (rows % part != 0);
    if (parts > DBSCAN_PARTS_MAX)
        parts = DBSCAN_PARTS_MAX;
    return parts > 0 ? parts : 1;
}

uint64_t dbscan_rows_max(const struct detect_config *c, uint32_t cols)
{
    uint64_t row = 4ull * cols > ANSWER_BYTES ? 4ull * cols : ANSWER_BYTES;
    uint64_t least = MESSAGE_SLACK_BYTES + c->context_rows * row;
    if (c->message_bytes_max <= least)
        return 0;
    uint64_t rows = (c->message_bytes_max - least) / row;
    return rows < INT32_MAX ? rows : INT32_MAX;
}

static struct plan_phase phase_make(uint32_t phase, uint32_t parts,
                                    bool prepare)
{
    return (struct plan_phase){ .phase = phase,
                                .units = parts,
                                .units_per_task = 1,
                                .tasks = parts,
                                .prepare = prepare };
}

int dbscan_plan(const void *config, const struct plan_shape *shape,
                struct plan *ret_plan)
{
    const struct detect_config *c = config;
    struct plan plan = { 0 };
    if (shape->rows > 0) {
        if (shape->cols == 0 || shape->cols > DBSCAN_FEATURES_MAX)
            return ERR_INVALID;
        if (shape->rows > dbscan_rows_max(c, shape->cols))
            return ERR_LIMIT;
        uint32_t parts = dbscan_parts(
            c, shape->rows +
                   dbscan_context_used(c, shape->rows, shape->recent_rows));
        uint32_t n = 0;
        if (parts == 1) {
            plan.phase[n++] = phase_make(DBSCAN_WHOLE, 1, false);
        } else {
            if (c->eps == 0.0)
                plan.phase[n++] = phase_make(DBSCAN_NEAR, parts, true);
            plan.phase[n++] = phase_make(DBSCAN_PART, parts, true);
            plan.phase[n++] = phase_make(DBSCAN_SEARCH, parts, true);
        }
        plan.phase_count = n;
    }
    *ret_plan = plan;
    return 0;
}

int dbscan_check(const struct detect_config *c, uint32_t cols,
                 struct fault *fault)
{
    if (cols == 0 || cols > DBSCAN_FEATURES_MAX)
        return fault_set(fault, ERR_RANGE,
                         "%u features; dbscan takes 1 to %u: name those that "
                         "matter with --features",
                         cols, DBSCAN_FEATURES_MAX);
    if (c->eps != 0.0 &&
        !(c->eps >= DBSCAN_EPS_LEAST && c->eps <= DBSCAN_EPS_MOST))
        return fault_set(fault, ERR_INVALID,
                         "--eps %g: a distance from %g to %g, or auto", c->eps,
                         DBSCAN_EPS_LEAST, DBSCAN_EPS_MOST);
    if (c->min_points < 1 || c->min_points > DBSCAN_MIN_POINTS_MAX)
        return fault_set(fault, ERR_INVALID, "--min-points %u: 1 to %u",
                         c->min_points, DBSCAN_MIN_POINTS_MAX);
    if (c->context_rows > CONTEXT_ROWS_MAX)
        return fault_set(fault, ERR_INVALID, "--context-rows %u: 0 to %u",
                         c->context_rows, CONTEXT_ROWS_MAX);
    if (dbscan_rows_max(c, cols) == 0)
        return fault_set(fault, ERR_RANGE,
                         "--context-rows %u: so many rows of %u features do "
                         "not fit a message of %llu bytes; take fewer",
                         c->context_rows, cols,
                         (unsigned long long)c->message_bytes_max);
    if (c->batch_rows > dbscan_rows_max(c, cols))
        return fault_set(fault, ERR_RANGE,
                         "--max-rows %u: a batch of so many rows of %u "
                         "features may not fit dbscan's messages; the most "
                         "that do are %llu",
                         c->batch_rows, cols,
                         (unsigned long long)dbscan_rows_max(c, cols));
    return 0;
}
