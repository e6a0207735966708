/* Which clusters the points touch that are no own core points. */
#include "workers/detect/dbscan/grid.h"

/* Clusters around one point that are remembered; more are reported twice. */
#define SEEN_MAX 32u

struct grid_touching {
    struct grid *g;
    struct grid_sweep sweep;
    uint32_t core; /* of core cells, those before the cell at hand */
    /* Core cells around the one at hand, of clusters other than its own. */
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

/* Reports the cluster of a core cell. */
static int touch_report(const struct grid_touching *t, struct seen *s,
                        uint32_t place, uint32_t core)
{
    const struct grid *g = t->g;
    if (s->count < SEEN_MAX)
        s->root[s->count++] = g->unite.parent[core];
    return g->work->found(g->work, g->order[place],
                          g->order[g->core.first[core]]);
}

static int touch_point(const struct grid_touching *t, bool own_core,
                       uint32_t place)
{
    const struct grid *g = t->g;
    struct seen seen;
    float query[GRID_COLS_MAX];
    int rc = 0;
    seen.count = 0;
    if (own_core) /* of its own cell all are neighbours */
        rc = touch_report(t, &seen, place, t->core);
    grid_query(g, place, query);
    for (uint32_t k = 0; rc == 0 && k < t->cells; k++) {
        uint32_t other = t->cell[k];
        struct near_range range = { g->core.first[other],
                                    g->core_count[other] };
        if (seen_has(&seen, g->unite.parent[other]))
            continue;
        if (g->near->count(&g->limit, g->x, g->stride, &range, 1, g->cols,
                           query, 1) > 0)
            rc = touch_report(t, &seen, place, other);
        if (rc == 0)
            rc = grid_looked(t->g, range.count);
    }
    return rc;
}

static int touch_cell(struct grid_touching *t, uint32_t cell)
{
    const struct grid *g = t->g;
    uint32_t end = g->all.first[cell + 1];
    uint32_t place = g->all.first[cell] + g->core_points[cell];
    bool own_core = g->core_points[cell] > 0;
    int rc = 0;
    if (place < end) {
        struct grid_window w = grid_sweep_window(
            &t->sweep, 0, t->sweep.rows, g->all.last[cell], g->all.last[cell]);
        uint32_t own = own_core ? g->unite.parent[t->core] : DBSCAN_NONE;
        t->cells = g->kernel->cells(&w, g->unite.parent, own, t->cell);
    }
    for (; rc == 0 && place < end; place++)
        rc = touch_point(t, own_core, place);
    t->core += own_core;
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
    t->core = 0;
    grid_sweep_init(&t->sweep, g, &g->core, false);
    for (uint32_t row = 0; rc == 0 && row < g->rows; row++) {
        grid_sweep_row(&t->sweep, row);
        uint32_t end = g->all.row[row + 1];
        for (uint32_t c = g->all.row[row]; rc == 0 && c < end; c++) {
            rc = touch_cell(t, c);
            done += g->all.first[c + 1] - g->all.first[c];
            if (rc == 0 && done >= GRID_PROGRESS) {
                rc = compute_advance(context, done);
                done = 0;
            }
        }
    }
    return rc == 0 ? compute_advance(context, done) : rc;
}
