/* Which clusters the points touch that are no own core points. */
#include "workers/detect/dbscan/grid.h"

/* Clusters around one point that are remembered; more are reported twice. */
#define SEEN_MAX 32u

struct grid_touching {
    struct grid *g;
    struct grid_sweep sweep;
    /* Cells around the one at hand, of clusters other than its own. */
    uint32_t cell[GRID_AROUND_MAX];
    uint32_t cells;
};

struct seen {
    uint32_t root[SEEN_MAX];
    uint32_t count;
};

static bool seen_has(const struct seen *s, uint32_t root)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->root[i] == root)
            return true;
    return false;
}

static int touch_report(struct grid *g, struct seen *s, uint32_t point,
                        uint32_t cell, uint32_t root)
{
    if (s->count < SEEN_MAX)
        s->root[s->count++] = root;
    return g->work->found(g->work, point, g->order[g->cell_start[cell]]);
}

static int touch_point(struct grid_touching *t, uint32_t cell, uint32_t place)
{
    struct grid *g = t->g;
    struct seen seen;
    float query[GRID_COLS_MAX];
    int rc = 0;
    seen.count = 0;
    grid_query(g, place, query);
    if (g->cell_core[cell] > 0) /* of its own cell all are neighbours */
        rc = touch_report(g, &seen, g->order[place], cell,
                          g->unite.parent[cell]);
    for (uint32_t k = 0; rc == 0 && k < t->cells; k++) {
        uint32_t other = t->cell[k], root = g->unite.parent[other];
        struct near_range range = { g->cell_start[other], g->cell_core[other] };
        if (!seen_has(&seen, root) &&
            g->near->count(&g->limit, g->x, g->stride, &range, 1, g->cols,
                           query, 1) > 0)
            rc = touch_report(g, &seen, g->order[place], other, root);
    }
    return rc;
}

static int touch_cell(struct grid_touching *t, uint32_t cell)
{
    const struct grid *g = t->g;
    uint32_t place = g->cell_start[cell] + g->cell_core[cell];
    int rc = 0;
    if (place == g->cell_start[cell + 1])
        return 0;
    struct grid_window w = grid_sweep_window(&t->sweep, 0, t->sweep.rows, cell);
    t->cells = g->kernel->cells(&w, g->unite.parent, DBSCAN_NONE,
                                g->unite.parent[cell], t->cell);
    for (; rc == 0 && place < g->cell_start[cell + 1]; place++)
        rc = touch_point(t, cell, place);
    return rc;
}

int grid_touch(struct grid *g)
{
    const struct compute_context *context = g->work->context;
    struct grid_touching *t = arena_alloc(context->arena, 1, sizeof *t);
    uint32_t done = 0;
    int rc = t == NULL ? ERR_NOMEM : 0;
    if (rc != 0)
        return rc;
    t->g = g;
    grid_sweep_init(&t->sweep, g, false);
    for (uint32_t row = 0; rc == 0 && row < g->rows; row++) {
        grid_sweep_row(&t->sweep, row);
        uint32_t end = g->row_start[row + 1];
        for (uint32_t c = g->row_start[row]; rc == 0 && c < end; c++) {
            rc = touch_cell(t, c);
            done += g->cell_start[c + 1] - g->cell_start[c];
            if (rc == 0 && done >= GRID_PROGRESS) {
                rc = compute_advance(context, done);
                done = 0;
            }
        }
    }
    return rc == 0 ? compute_advance(context, done) : rc;
}
