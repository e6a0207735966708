/* Clusters: cells are united, never points one by one. The core points of a
 * cell are one cluster, since they are neighbours of each other. */
#include "workers/detect/dbscan/grid.h"

/* Below so many pairs of points, all are tried. */
#define PAIRS_FEW 256u
/* Points that a cell is near to and have no neighbour in it, before others are
 * looked at by grid_meet. Most cells meet at once. */
#define MISSES_MAX 16u

struct grid_box grid_box_of(const struct grid *g, uint32_t first,
                            uint32_t count)
{
    struct grid_box b = { 0 };
    for (uint32_t j = 0; j < g->cols; j++) {
        const float *x = g->x + j * g->stride + first;
        b.low[j] = b.high[j] = x[0];
        for (uint32_t i = 1; i < count; i++) {
            b.low[j] = x[i] < b.low[j] ? x[i] : b.low[j];
            b.high[j] = x[i] > b.high[j] ? x[i] : b.high[j];
        }
    }
    return b;
}

bool grid_box_beyond(const struct grid *g, const struct grid_box *box,
                     const float *query)
{
    double sum = 0;
    for (uint32_t j = 0; j < g->cols; j++) {
        double below = (double)box->low[j] - (double)query[j];
        double above = (double)query[j] - (double)box->high[j];
        double gap = below > above ? below : above;
        sum += gap > 0 ? gap * gap : 0;
    }
    return sum > g->limit.square;
}

/* Whether a core point of one is a neighbour of one of the other's. */
static int cells_meet(struct grid *g, uint32_t a, uint32_t b, bool *ret_meet)
{
    if (g->core_count[a] > g->core_count[b]) {
        uint32_t other = a;
        a = b;
        b = other;
    }
    struct near_range range = { g->core.first[b], g->core_count[b] };
    bool many = (uint64_t)g->core_count[a] * g->core_count[b] > PAIRS_FEW;
    struct grid_box box = { 0 };
    uint32_t misses = 0;
    if (many)
        box = grid_box_of(g, range.first, range.count);
    *ret_meet = false;
    for (uint32_t i = 0; i < g->core_count[a]; i++) {
        float query[GRID_COLS_MAX];
        grid_query(g, g->core.first[a] + i, query);
        if (many && grid_box_beyond(g, &box, query))
            continue;
        *ret_meet = g->near->count(&g->limit, g->x, g->stride, &range, 1,
                                   g->cols, query, 1) > 0;
        int rc = grid_looked(g, range.count);
        if (rc != 0 || *ret_meet)
            return rc;
        if (many && ++misses == MISSES_MAX)
            return grid_meet(g, a, b, ret_meet);
    }
    return 0;
}

/* Unites a cell with those behind it, in rows [from, to) of the sweep. */
static int unite_cell(struct grid *g, struct grid_sweep *s, uint32_t cell,
                      uint32_t from, uint32_t to)
{
    struct unite *u = &g->unite;
    uint32_t other[GRID_AROUND_MAX], root = unite_find(u, cell);
    struct grid_window w =
        grid_sweep_window(s, from, to, g->core.last[cell], g->core.last[cell]);
    uint32_t n = g->kernel->cells(&w, u->parent, root, other);
    for (uint32_t i = 0; i < n; i++) {
        if (other[i] < cell)
            continue;
        uint32_t with = unite_find(u, other[i]);
        bool meet = false;
        int rc = with != root ? cells_meet(g, cell, other[i], &meet) : 0;
        if (rc != 0)
            return rc;
        if (meet)
            root = unite_join(u, root, with);
    }
    return 0;
}

/* One pass over all cells; `far` looks at rows that do not touch. */
static int unite_pass(struct grid *g, struct grid_sweep *s, bool far)
{
    uint32_t done = 0;
    grid_sweep_init(s, g, &g->core, true);
    for (uint32_t row = 0; row < g->rows; row++) {
        grid_sweep_row(s, row);
        uint32_t from = far ? s->rows_near : 0;
        uint32_t to = far ? s->rows : s->rows_near;
        for (uint32_t c = g->core.row[row]; c < g->core.row[row + 1]; c++) {
            int rc = unite_cell(g, s, c, from, to);
            done += g->core_count[c];
            if (rc == 0 && done >= GRID_PROGRESS) {
                rc = compute_advance(g->work->context, done);
                done = 0;
            }
            if (rc != 0)
                return rc;
        }
    }
    return compute_advance(g->work->context, done);
}

/* Picks the cells with core points. */
static void core_cells(struct grid *g)
{
    struct grid_cells *core = &g->core;
    const struct grid_cells *all = &g->all;
    core->count = 0;
    for (uint32_t row = 0; row < g->rows; row++) {
        core->row[row] = core->count;
        for (uint32_t c = all->row[row]; c < all->row[row + 1]; c++) {
            core->first[core->count] = all->first[c];
            core->last[core->count] = all->last[c];
            g->core_count[core->count] = g->core_points[c];
            core->count += g->core_points[c] > 0;
        }
    }
    core->row[g->rows] = core->count;
}

static int core_cells_alloc(struct grid *g, struct arena *a)
{
    struct grid_cells *core = &g->core;
    uint32_t count = 1;
    for (uint32_t c = 0; c < g->all.count; c++)
        count += g->core_points[c] > 0;
    core->first = arena_alloc(a, count, sizeof *core->first);
    core->last =
        arena_zalloc(a, (size_t)count + GRID_KERNEL_LANES, sizeof *core->last);
    core->row = arena_alloc(a, g->rows + 1u, sizeof *core->row);
    g->core_count = arena_alloc(a, count, sizeof *g->core_count);
    g->unite.parent = arena_zalloc(a, (size_t)count + GRID_KERNEL_LANES,
                                   sizeof *g->unite.parent);
    return core->first == NULL || core->last == NULL || core->row == NULL ||
                   g->core_count == NULL || g->unite.parent == NULL
               ? ERR_NOMEM
               : 0;
}

/* Clusters of cells to clusters of points, by their smallest core point. A
 * root is the first of its cells, so its `least` is set up before the others
 * get there. */
static void unite_points(struct grid *g, uint32_t *least)
{
    uint32_t *parent = g->work->unite->parent;
    for (uint32_t c = 0; c < g->core.count; c++) {
        uint32_t root = unite_find(&g->unite, c), start = g->core.first[c];
        g->unite.parent[c] = root;
        if (root == c)
            least[c] = DBSCAN_NONE;
        for (uint32_t i = start; i < start + g->core_count[c]; i++)
            if (g->order[i] < least[root])
                least[root] = g->order[i];
    }
    for (uint32_t c = 0; c < g->core.count; c++) {
        uint32_t start = g->core.first[c];
        for (uint32_t i = start; i < start + g->core_count[c]; i++)
            parent[g->order[i]] = least[g->unite.parent[c]];
    }
}

int grid_unite(struct grid *g)
{
    struct arena *a = g->work->context->arena;
    struct grid_sweep *s = arena_alloc(a, 1, sizeof *s);
    int rc = s == NULL ? ERR_NOMEM : core_cells_alloc(g, a);
    if (rc != 0)
        return rc;
    core_cells(g);
    g->unite.count = g->core.count;
    for (uint32_t c = 0; c < g->core.count; c++)
        g->unite.parent[c] = c;
    uint32_t *least = arena_alloc(a, g->core.count, sizeof *least);
    if (least == NULL)
        return ERR_NOMEM;
    rc = unite_pass(g, s, false);
    if (rc == 0)
        rc = unite_pass(g, s, true);
    if (rc == 0)
        unite_points(g, least);
    return rc;
}
