/* Why the isolation forest finds a row strange: what each feature did to its
 * path. */
#include "engine/detect/iforest_state.h"
#include "engine/detect/reason.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Most counts are in the table; more of them than this would take longer to
 * fill in than to compute when they are met. */
#define C_MAX IFOREST_SUBSAMPLE_MAX

static int explain_begin(struct detect_state *st)
{
    if (st->c != NULL)
        return 0;
    uint32_t c_max = st->psi < C_MAX ? st->psi : C_MAX;
    uint32_t *c = arena_alloc(&st->arena, (size_t)c_max + 1, sizeof *c);
    st->delta = arena_alloc(&st->arena, st->fit.rows.cols, sizeof *st->delta);
    if (c == NULL || st->delta == NULL)
        return ERR_NOMEM;
    for (uint32_t n = 0; n <= c_max; n++)
        c[n] = iforest_c(n);
    st->c = c;
    st->c_max = c_max;
    return 0;
}

/* Laying trees out takes as long as walking some rows, and memory. */
#define DELTA_ROWS 16u

/* What the features did to the row's path, into st->delta. */
static int delta_of(struct detect_state *st, const struct iforest_forest *f,
                    uint32_t row)
{
    const struct matrix *m = &st->fit.rows;
    bool lay_out =
        f->extension == 0 && f->node_count <= IFOREST_DELTA_NODES_MAX;
    memset(st->delta, 0, m->cols * sizeof *st->delta);
    if (lay_out && st->explained + 1 == DELTA_ROWS) {
        arena_reset(&st->task_arena); /* no task comes after the merge */
        int err =
            iforest_delta_init(&st->laid, f, st->c, st->c_max, &st->task_arena);
        if (err != 0)
            return err;
    }
    st->explained += lay_out;
    if (st->explained >= DELTA_ROWS)
        iforest_delta_row(&st->laid, m->data + row, m->stride, st->delta);
    else
        iforest_path_delta(f, st->c, st->c_max, m->data + row, m->stride,
                           st->delta);
    return 0;
}

/* +1 or -1 where the value lies, 0: missing, or as usual. */
static int direction_of(float value, float usual)
{
    return (value > usual) - (value < usual);
}

static double distance_of(float value, float usual, float spread)
{
    double distance = fabs((double)value - (double)usual);
    return spread > 0.0f ? distance / (double)spread : (double)INFINITY;
}

int iforest_explain(struct detect_state *st, const struct detect_result *r,
                    uint32_t row, struct detect_reason *ret_reason,
                    uint32_t max, uint32_t *ret_count)
{
    const struct matrix *m = &st->fit.rows;
    *ret_count = 0;
    const struct iforest_forest *forest;
    int err = iforest_forest_of(st, &forest);
    if (err == 0)
        err = explain_begin(st);
    if (err == 0)
        err = delta_of(st, forest, row);
    if (err != 0)
        return err;
    double unit = 1.0 / ((double)st->trees * IFOREST_ONE);
    for (uint32_t j = 0; j < m->cols; j++) {
        float value = matrix_column(m, j)[row];
        struct detect_reason reason = {
            .feature = j,
            .value = value,
            .usual = r->usual[j],
            .direction = direction_of(value, r->usual[j]),
            .contribution = (double)st->delta[j] * unit,
            .distance = distance_of(value, r->usual[j], r->spread[j]),
        };
        if (st->delta[j] != 0)
            reason_add(ret_reason, max, ret_count, &reason);
    }
    return 0;
}
