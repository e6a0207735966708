/* Which points are core points. */
#include "workers/detect/dbscan/grid.h"

struct grid_marking {
    struct grid *g;
    struct grid_sweep sweep;
    uint32_t need; /* min_points */
    /* Around the cell at hand: runs of points, in near rows and in others. */
    struct near_range near[GRID_ROWS_MAX], far[GRID_ROWS_MAX];
    uint32_t nears, fars;
    uint64_t near_total, far_total;
    bool far_known; /* the others are only looked up when they are needed */
};

/* The runs of points around a cell in rows [from, to) of the sweep. */
static uint32_t mark_ranges(struct grid_marking *m, uint32_t from, uint32_t to,
                            uint32_t cell, struct near_range *ret_range,
                            uint64_t *ret_total)
{
    const struct grid *g = m->g;
    struct grid_window w =
        grid_sweep_window(&m->sweep, from, to, g->all.last[cell]);
    uint32_t n = g->kernel->ranges(&w, g->all.first, ret_range);
    *ret_total = 0;
    for (uint32_t i = 0; i < n; i++)
        *ret_total += ret_range[i].count;
    return n;
}

static void swap_places(struct grid *g, uint32_t a, uint32_t b)
{
    uint32_t point = g->order[a];
    g->order[a] = g->order[b];
    g->order[b] = point;
    for (uint32_t j = 0; j < g->cols; j++) {
        float *x = g->x + j * g->stride, value = x[a];
        x[a] = x[b];
        x[b] = value;
    }
}

/* The point at `place` is a core point: among the first ones of its cell. */
static void mark_core(struct grid *g, uint32_t cell, uint32_t place)
{
    uint32_t to = g->all.first[cell] + g->core_points[cell]++;
    g->work->core[g->order[place]] = 1;
    if (to != place)
        swap_places(g, to, place);
}

static void mark_near(struct grid_marking *m, uint32_t cell)
{
    m->nears =
        mark_ranges(m, 0, m->sweep.rows_near, cell, m->near, &m->near_total);
    m->far_known = false;
}

static uint64_t mark_far(struct grid_marking *m, uint32_t cell)
{
    if (!m->far_known)
        m->fars = mark_ranges(m, m->sweep.rows_near, m->sweep.rows, cell,
                              m->far, &m->far_total);
    m->far_known = true;
    return m->far_total;
}

static bool mark_is_core(struct grid_marking *m, uint32_t place, uint32_t cell)
{
    const struct grid *g = m->g;
    float query[GRID_COLS_MAX];
    grid_query(g, place, query);
    uint32_t found = g->near->count(&g->limit, g->x, g->stride, m->near,
                                    m->nears, g->cols, query, m->need);
    if (found < m->need && found + mark_far(m, cell) >= m->need)
        found += g->near->count(&g->limit, g->x, g->stride, m->far, m->fars,
                                g->cols, query, m->need - found);
    return found >= m->need;
}

/* No distance where a cell has enough points, nor where those around it are
 * too few; the runs further out only when they are needed. */
static void mark_cell(struct grid_marking *m, uint32_t cell)
{
    struct grid *g = m->g;
    uint32_t own = g->work->in.own;
    uint32_t start = g->all.first[cell], end = g->all.first[cell + 1];
    bool all = end - start >= m->need;
    if (!all) {
        mark_near(m, cell);
        if (m->near_total < m->need &&
            m->near_total + mark_far(m, cell) < m->need)
            return;
    }
    for (uint32_t place = start; place < end; place++)
        if (g->order[place] < own && (all || mark_is_core(m, place, cell)))
            mark_core(g, cell, place);
}

int grid_mark(struct grid *g)
{
    const struct compute_context *context = g->work->context;
    struct grid_marking *m = arena_alloc(context->arena, 1, sizeof *m);
    uint32_t done = 0;
    if (m == NULL)
        return ERR_NOMEM;
    m->g = g;
    m->need = g->work->in.min_points;
    grid_sweep_init(&m->sweep, g, &g->all, false);
    for (uint32_t row = 0; row < g->rows; row++) {
        grid_sweep_row(&m->sweep, row);
        for (uint32_t c = g->all.row[row]; c < g->all.row[row + 1]; c++) {
            mark_cell(m, c);
            done += g->all.first[c + 1] - g->all.first[c];
            if (done < GRID_PROGRESS)
                continue;
            int rc = compute_advance(context, done);
            if (rc != 0)
                return rc;
            done = 0;
        }
    }
    return compute_advance(context, done);
}
