/* Which points are core points. */
#include "workers/detect/dbscan/grid.h"

/* Cells of a row that follow each other are looked after together while they
 * have fewer points than this, and windows are at most eight cells wide. */
#define GROUP_POINTS 5u
#define GROUP_SPAN 3u
/* So many points around a cell are counted as looked at, fewer are no time. */
#define CROWD_POINTS 4096u

struct grid_marking {
    struct grid *g;
    struct grid_sweep sweep;
    uint32_t need;      /* min_points */
    uint32_t low, high; /* last coordinates of the cells at hand */
    /* Around them: runs of points, in near rows and in others. */
    struct near_range near[GRID_ROWS_MAX], far[GRID_ROWS_MAX];
    uint32_t nears, fars;
    uint64_t near_total, far_total;
    bool far_known; /* the others are only looked up when they are needed */
};

/* The runs of points around the cells in rows [from, to) of the sweep. */
static uint32_t mark_ranges(struct grid_marking *m, uint32_t from, uint32_t to,
                            struct near_range *ret_range, uint64_t *ret_total)
{
    const struct grid *g = m->g;
    struct grid_window w =
        grid_sweep_window(&m->sweep, from, to, m->low, m->high);
    uint32_t n = g->kernel->ranges(&w, g->all.first, ret_range);
    *ret_total = 0;
    for (uint32_t i = 0; i < n; i++)
        *ret_total += ret_range[i].count;
    return n;
}

/* The point at `place` is a core point: among the first ones of its cell. */
static void mark_core(struct grid *g, uint32_t cell, uint32_t place)
{
    uint32_t to = g->all.first[cell] + g->core_points[cell]++;
    g->work->core[g->order[place]] = 1;
    if (to != place)
        grid_swap(g, to, place);
}

static void mark_near(struct grid_marking *m)
{
    m->nears = mark_ranges(m, 0, m->sweep.rows_near, m->near, &m->near_total);
    m->far_known = false;
    m->far_total = 0;
}

static uint64_t mark_far(struct grid_marking *m)
{
    if (!m->far_known)
        m->fars = mark_ranges(m, m->sweep.rows_near, m->sweep.rows, m->far,
                              &m->far_total);
    m->far_known = true;
    return m->far_total;
}

static bool mark_is_core(struct grid_marking *m, uint32_t place)
{
    const struct grid *g = m->g;
    float query[GRID_COLS_MAX];
    grid_query(g, place, query);
    uint32_t found = g->near->count(&g->limit, g->x, g->stride, m->near,
                                    m->nears, g->cols, query, m->need);
    if (found < m->need && found + mark_far(m) >= m->need)
        found += g->near->count(&g->limit, g->x, g->stride, m->far, m->fars,
                                g->cols, query, m->need - found);
    return found >= m->need;
}

/* A cell with enough points needs no distance. */
static void mark_dense(struct grid *g, uint32_t cell)
{
    for (uint32_t p = g->all.first[cell]; p < g->all.first[cell + 1]; p++)
        if (g->order[p] < g->work->in.own)
            mark_core(g, cell, p);
}

/* Cells [from, to): no distance where the points around them are too few; the
 * runs further out only when they are needed. */
static int mark_group(struct grid_marking *m, uint32_t from, uint32_t to)
{
    struct grid *g = m->g;
    int rc = 0;
    m->low = g->all.last[from];
    m->high = g->all.last[to - 1];
    mark_near(m);
    if (m->near_total < m->need && m->near_total + mark_far(m) < m->need)
        return 0;
    for (uint32_t c = from; c < to; c++)
        for (uint32_t p = g->all.first[c]; rc == 0 && p < g->all.first[c + 1];
             p++) {
            if (g->order[p] >= g->work->in.own)
                continue;
            if (mark_is_core(m, p))
                mark_core(g, c, p);
            if (m->near_total + m->far_total >= CROWD_POINTS)
                rc = grid_looked(g, m->near_total + m->far_total);
        }
    return rc;
}

/* Marks the cell at `from`, and those behind it that go with it, before
 * `stop`. Says where it ended. */
static int mark_cells(struct grid_marking *m, uint32_t from, uint32_t stop,
                      uint32_t *ret_to)
{
    const struct grid_cells *all = &m->g->all;
    uint32_t limit = m->need < GROUP_POINTS ? m->need : GROUP_POINTS;
    uint32_t to = from + 1;
    if (all->first[to] - all->first[from] >= m->need) {
        mark_dense(m->g, from);
        *ret_to = to;
        return 0;
    }
    while (to < stop && all->last[to] - all->last[from] <= GROUP_SPAN &&
           all->first[to + 1] - all->first[from] < limit)
        to++;
    *ret_to = to;
    return mark_group(m, from, to);
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
        uint32_t stop = g->all.row[row + 1];
        for (uint32_t c = g->all.row[row], to; c < stop; c = to) {
            int rc = mark_cells(m, c, stop, &to);
            done += g->all.first[to] - g->all.first[c];
            if (rc == 0 && done >= GRID_PROGRESS) {
                rc = compute_advance(context, done);
                done = 0;
            }
            if (rc != 0)
                return rc;
        }
    }
    return compute_advance(context, done);
}
