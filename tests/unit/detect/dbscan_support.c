#include "dbscan_support.h"

#include "proto/wire/dbscan.h"
#include "workers/detect/compute.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>

#define REASONS 5u

struct detect_config dbscan_support_config(double eps, uint32_t min_points)
{
    struct detect_config c = detect_config_default();
    c.eps = eps;
    c.min_points = min_points;
    c.context_rows = 0;
    return c;
}

struct matrix dbscan_support_rows(struct arena *a, struct rng *r, uint32_t rows,
                                  uint32_t cols, double missing)
{
    float *x = arena_alloc(a, (size_t)rows * cols, sizeof *x);
    cr_assert_not_null(x);
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t blob = rng_below(r, 5);
        bool anywhere = rng_below(r, 12) == 0, lattice = blob < 3;
        for (uint32_t j = 0; j < cols; j++) {
            double step = rng_unit(r) + rng_unit(r) + rng_unit(r) - 1.5;
            double value = lattice ? floor(step * 4.0) / 4.0 : step;
            value = anywhere ? rng_unit(r) * 30.0 : value + 4.0 * (double)blob;
            x[(size_t)j * rows + i] =
                rng_unit(r) < missing ? NAN : (float)value;
        }
    }
    return (struct matrix){ x, rows, cols, rows };
}

struct wire_payload dbscan_support_task(struct detect_state *st,
                                        uint32_t phase_index, uint32_t part,
                                        struct arena *a)
{
    struct compute_context context = { .arena = a };
    struct wire_task task;
    struct wire_payload result;
    cr_assert_eq(detect_dbscan.task(st, phase_index, part, &task), 0);
    cr_assert_eq(task.model_id, 0);
    cr_assert_eq(compute_dbscan.run(&task, NULL, &context, &result), 0);
    return result;
}

static void run_phase(struct detect_state *st, const struct plan_phase *phase,
                      uint32_t phase_index)
{
    if (phase->prepare)
        cr_assert_eq(detect_dbscan.prepare(st, phase_index), 0);
    for (uint32_t part = phase->tasks; part-- > 0;) { /* any order will do */
        struct arena a;
        arena_init(&a, SIZE_MAX);
        struct wire_payload p = dbscan_support_task(st, phase_index, part, &a);
        cr_assert_eq(detect_dbscan.validate(st, phase_index, part, &p), 0);
        cr_assert_eq(detect_dbscan.accept(st, phase_index, part, &p), 0);
        arena_release(&a);
    }
}

struct detect_state *dbscan_support_run(const struct detect_config *c,
                                        const struct detect_batch *batch,
                                        struct detect_result *ret_result)
{
    struct plan plan;
    struct detect_state *st;
    struct plan_shape shape = { batch->rows.rows, batch->rows.cols,
                                batch->recent.rows };
    cr_assert_eq(detect_dbscan.plan(c, &shape, &plan), 0);
    cr_assert_eq(detect_dbscan.open(c, batch, &plan, &st), 0);
    for (uint32_t k = 0; k < plan.phase_count; k++)
        run_phase(st, &plan.phase[k], k);
    cr_assert_eq(detect_dbscan.merge(st, ret_result), 0);
    return st;
}

struct detect_state *dbscan_support_run_split(const struct detect_config *c,
                                              const struct detect_batch *batch,
                                              uint32_t parts,
                                              struct detect_result *ret_result)
{
    struct detect_config split = *c;
    struct plan plan;
    uint32_t rows = batch->rows.rows, recent = 0;
    if (rows < c->context_rows) {
        recent = c->context_rows - rows;
        recent = recent < batch->recent.rows ? recent : batch->recent.rows;
    }
    split.part_rows = (rows + recent + parts - 1) / parts;
    struct plan_shape shape = { rows, batch->rows.cols, batch->recent.rows };
    cr_assert_eq(detect_dbscan.plan(&split, &shape, &plan), 0);
    cr_assert_eq(plan.phase[0].tasks, parts);
    return dbscan_support_run(&split, batch, ret_result);
}

static void expect_equal_reasons(struct detect_state *a,
                                 const struct detect_result *x,
                                 struct detect_state *b,
                                 const struct detect_result *y, uint32_t row)
{
    struct detect_reason r[2][REASONS];
    uint32_t count[2];
    cr_assert_eq(detect_dbscan.explain(a, x, row, r[0], REASONS, &count[0]), 0);
    cr_assert_eq(detect_dbscan.explain(b, y, row, r[1], REASONS, &count[1]), 0);
    cr_assert_eq(count[0], count[1], "row %u", row);
    for (uint32_t i = 0; i < count[0]; i++) {
        const struct detect_reason *p = &r[0][i], *q = &r[1][i];
        cr_assert(p->feature == q->feature && p->value == q->value &&
                      p->usual == q->usual && p->direction == q->direction &&
                      p->contribution == q->contribution &&
                      p->distance == q->distance,
                  "row %u, reason %u", row, i);
    }
}

void dbscan_support_expect_equal(struct detect_state *a,
                                 const struct detect_result *x,
                                 struct detect_state *b,
                                 const struct detect_result *y)
{
    cr_assert_eq(x->rows, y->rows);
    for (uint32_t i = 0; i < x->rows; i++) {
        cr_assert_eq(x->core[i], y->core[i], "row %u", i);
        cr_assert_eq(x->cluster[i], y->cluster[i], "row %u", i);
        cr_assert_eq(x->score[i], y->score[i], "row %u", i);
        cr_assert_eq(x->bin[i], y->bin[i], "row %u", i);
        expect_equal_reasons(a, x, b, y, i);
    }
    cr_assert_eq(x->eps->eps, y->eps->eps);
    cr_assert_eq(x->eps->why, y->eps->why);
    cr_assert_eq(x->eps->points, y->eps->points);
    cr_assert_eq(x->eps->sampled, y->eps->sampled);
    cr_assert_eq(x->eps->within, y->eps->within);
}

/* NaN where a value is missing: near to nothing. */
static double pair_square(const struct matrix *m, uint32_t a, uint32_t b)
{
    double sum = 0.0;
    for (uint32_t j = 0; j < m->cols; j++) {
        const float *x = matrix_column(m, j);
        double step = (double)x[a] - (double)x[b];
        sum += step * step;
    }
    return sum;
}

static void brute_core(const struct matrix *m, double eps, uint32_t min_points,
                       struct brute *b)
{
    for (uint32_t i = 0; i < m->rows; i++) {
        uint32_t near = 0;
        for (uint32_t k = 0; k < m->rows; k++)
            near += pair_square(m, i, k) <= eps * eps;
        b->core[i] = near >= min_points;
        b->cluster[i] = -1;
    }
}

/* One cluster after the other from its smallest core row on, as scikit-learn
 * does: a border row stays with the first that reaches it. */
static void brute_grow(const struct matrix *m, double eps, uint32_t *stack,
                       struct brute *b)
{
    int32_t next = 0;
    for (uint32_t seed = 0; seed < m->rows; seed++) {
        uint32_t depth = 0;
        if (b->core[seed] == 0 || b->cluster[seed] >= 0)
            continue;
        b->cluster[seed] = next;
        stack[depth++] = seed;
        while (depth > 0) {
            uint32_t at = stack[--depth];
            for (uint32_t k = 0; k < m->rows && b->core[at] != 0; k++) {
                if (b->cluster[k] >= 0 || !(pair_square(m, at, k) <= eps * eps))
                    continue;
                b->cluster[k] = next;
                stack[depth++] = k;
            }
        }
        next++;
    }
}

void dbscan_support_brute(const struct matrix *rows, double eps,
                          uint32_t min_points, struct arena *a,
                          struct brute *ret_b)
{
    uint32_t n = rows->rows;
    struct brute b = { arena_alloc(a, n, 4), arena_alloc(a, n, 1),
                       arena_alloc(a, n, 4), arena_alloc(a, n, 8) };
    brute_core(rows, eps, min_points, &b);
    brute_grow(rows, eps, arena_alloc(a, n, 4), &b);
    for (uint32_t i = 0; i < n; i++) {
        b.nearest[i] = DBSCAN_NO_POINT;
        b.square[i] = (double)INFINITY;
        for (uint32_t k = 0; k < n && b.cluster[i] < 0; k++) {
            double square = pair_square(rows, i, k);
            if (b.core[k] == 0 || !(square < b.square[i]))
                continue;
            b.square[i] = square;
            b.nearest[i] = k;
        }
    }
    *ret_b = b;
}
