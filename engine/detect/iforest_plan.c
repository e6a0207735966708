/* The isolation forest's plan, and the limits that make every plan fit. */
#include "engine/detect/iforest_plan.h"

#include "proto/wire/iforest.h"

#define PART_ROWS_MIN 1024u
/* Scoring costs about the same for any width: narrow batches are cut by rows,
 * so that more than one worker gets something to do. */
#define PART_ROWS_MAX 32768u
#define FIT_TREES_MIN 8u /* per task, where the message limit lets it */
#define FIT_TASKS_WANTED 4u
#define FIT_ROWS_MAX (1u << 24)
#define PART_BYTES_MIN 4096u
#define MESSAGE_SLACK_BYTES 4096u /* envelope, names, shapes */

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

uint32_t iforest_recent_used(const struct detect_config *c, uint32_t rows,
                             uint32_t recent_rows)
{
    uint32_t wanted = rows < c->fit_rows ? c->fit_rows - rows : 0;
    return wanted < recent_rows ? wanted : recent_rows;
}

/* From part_bytes. */
static uint32_t part_rows(const struct detect_config *c, uint32_t cols)
{
    uint32_t rows = c->part_bytes / (4u * cols);
    if (rows < PART_ROWS_MIN)
        return PART_ROWS_MIN;
    return rows > PART_ROWS_MAX ? PART_ROWS_MAX : rows;
}

/* A tree's rows and indices in a FIT task. */
static uint64_t tree_bytes(uint32_t psi, uint32_t cols)
{
    return (uint64_t)psi * 4u * ((uint64_t)cols + 1);
}

static uint32_t plan_fit_trees(const struct detect_config *c, uint32_t psi,
                               uint32_t cols)
{
    uint64_t one = tree_bytes(psi, cols);
    uint64_t trees = c->part_bytes / one;
    uint64_t most = ceil_div(c->trees, FIT_TASKS_WANTED);
    if (trees > most)
        trees = most;
    if (trees < FIT_TREES_MIN)
        trees = FIT_TREES_MIN;
    uint64_t fitting = (c->message_bytes_max - MESSAGE_SLACK_BYTES) / one;
    if (trees > fitting)
        trees = fitting;
    uint64_t least = ceil_div(c->trees, PLAN_TASKS_MAX);
    if (trees < least)
        trees = least;
    return trees < c->trees ? (uint32_t)trees : c->trees;
}

static struct plan_phase plan_phase_make(uint32_t phase, uint32_t units,
                                         uint32_t units_per_task)
{
    return (struct plan_phase){ .phase = phase,
                                .units = units,
                                .units_per_task = units_per_task,
                                .tasks = ceil_div(units, units_per_task) };
}

static struct plan_phase plan_score(const struct detect_config *c,
                                    const struct plan_shape *shape)
{
    uint32_t part = part_rows(c, shape->cols);
    uint32_t least = ceil_div(shape->rows, PLAN_TASKS_MAX);
    struct plan_phase phase = plan_phase_make(IFOREST_SCORE, shape->rows,
                                              part < least ? least : part);
    phase.model = true;
    return phase;
}

int iforest_plan(const void *config, const struct plan_shape *shape,
                 struct plan *ret_plan)
{
    const struct detect_config *c = config;
    struct plan plan = { 0 };
    if (shape->rows > 0 &&
        (shape->cols == 0 || shape->cols > IFOREST_FEATURES_MAX))
        return ERR_INVALID;
    if (shape->rows > 0 && c->model != NULL) {
        plan.phase_count = 1;
        plan.phase[0] = plan_score(c, shape);
    } else if (shape->rows > 0) {
        uint32_t recent =
            iforest_recent_used(c, shape->rows, shape->recent_rows);
        uint64_t fit = (uint64_t)shape->rows + recent;
        uint32_t part = part_rows(c, shape->cols);
        if (fit <= part) {
            plan.phase_count = 1;
            plan.phase[0] =
                plan_phase_make(IFOREST_FIT_SCORE, shape->rows, shape->rows);
        } else {
            uint32_t psi = fit < c->subsample ? (uint32_t)fit : c->subsample;
            plan.phase_count = 2;
            plan.phase[0] = plan_phase_make(
                IFOREST_FIT, c->trees, plan_fit_trees(c, psi, shape->cols));
            plan.phase[0].prepare = true;
            plan.phase[1] = plan_score(c, shape);
            plan.phase[1].prepare = true;
        }
    }
    *ret_plan = plan;
    return 0;
}

static int check_numbers(const struct detect_config *c, uint32_t cols,
                         struct fault *fault)
{
    if (cols == 0 || cols > IFOREST_FEATURES_MAX)
        return fault_set(fault, ERR_RANGE,
                         "%u features; the isolation forest takes 1 to %u: "
                         "name those that matter with --features",
                         cols, IFOREST_FEATURES_MAX);
    if (c->trees < 1 || c->trees > IFOREST_TREES_MAX)
        return fault_set(fault, ERR_INVALID, "--trees %u: 1 to %u", c->trees,
                         IFOREST_TREES_MAX);
    if (c->subsample < 2 || c->subsample > IFOREST_SUBSAMPLE_MAX)
        return fault_set(fault, ERR_INVALID, "--subsample %u: 2 to %u",
                         c->subsample, IFOREST_SUBSAMPLE_MAX);
    if (c->extension >= cols)
        return fault_set(fault, ERR_INVALID,
                         "--extension %u: splits look at %u features then, "
                         "of %u that there are: 0 to %u",
                         c->extension, c->extension + 1, cols, cols - 1);
    if (c->fit_rows < 1 || c->fit_rows > FIT_ROWS_MAX)
        return fault_set(fault, ERR_INVALID, "--fit-rows %u: 1 to %u",
                         c->fit_rows, FIT_ROWS_MAX);
    if (c->part_bytes < PART_BYTES_MIN)
        return fault_set(fault, ERR_INVALID, "part_bytes %u: at least %u",
                         c->part_bytes, PART_BYTES_MIN);
    return 0;
}

static uint64_t message_room(const struct detect_config *c)
{
    return c->message_bytes_max > MESSAGE_SLACK_BYTES
               ? c->message_bytes_max - MESSAGE_SLACK_BYTES
               : 0;
}

int iforest_check(const struct detect_config *c, uint32_t cols,
                  struct fault *fault)
{
    int err = check_numbers(c, cols, fault);
    if (err != 0)
        return err;
    uint64_t room = message_room(c);
    uint64_t part = 4ull * cols * part_rows(c, cols);
    if (part > room)
        return fault_set(fault, ERR_RANGE,
                         "a part of %u features takes %llu bytes, a message "
                         "%llu: at most %llu features, or part_bytes %llu",
                         cols, (unsigned long long)part,
                         (unsigned long long)room,
                         (unsigned long long)(room / 4 / PART_ROWS_MIN),
                         (unsigned long long)room);
    uint64_t trees = ceil_div(c->trees, PLAN_TASKS_MAX);
    uint64_t sample = trees * tree_bytes(c->subsample, cols);
    if (sample > room)
        return fault_set(
            fault, ERR_RANGE,
            "--subsample %u: a tree's sample of %u features does "
            "not fit a message of %llu bytes; the largest that "
            "does is %llu",
            c->subsample, cols, (unsigned long long)c->message_bytes_max,
            (unsigned long long)(room / trees / tree_bytes(1, cols)));
    uint64_t tree = iforest_wire_bytes_max(1, c->subsample, c->extension);
    uint64_t sums = 4ull * part_rows(c, cols); /* beside it, when fused */
    if (sums + c->trees * tree > room)
        return fault_set(
            fault, ERR_RANGE,
            "--trees %u with --subsample %u%s: the model may not "
            "fit a message of %llu bytes; the most trees that "
            "do are %llu",
            c->trees, c->subsample, c->extension > 0 ? " and --extension" : "",
            (unsigned long long)c->message_bytes_max,
            (unsigned long long)(sums < room ? (room - sums) / tree : 0));
    return 0;
}
