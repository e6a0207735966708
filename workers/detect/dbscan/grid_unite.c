/* Clusters: cells are united, never points one by one. The core points of a
 * cell are one cluster, since they are neighbours of each other. */
#include "workers/detect/dbscan/grid.h"

/* Below so many pairs of points, all are tried. */
#define PAIRS_FEW 256u

struct box {
    float low[GRID_COLS_MAX], high[GRID_COLS_MAX];
};

static struct box core_box(const struct grid *g, uint32_t cell)
{
    struct box b;
    for (uint32_t j = 0; j < g->cols; j++) {
        const float *x = g->x + j * g->stride + g->cell_start[cell];
        b.low[j] = b.high[j] = x[0];
        for (uint32_t i = 1; i < g->cell_core[cell]; i++) {
            b.low[j] = x[i] < b.low[j] ? x[i] : b.low[j];
            b.high[j] = x[i] > b.high[j] ? x[i] : b.high[j];
        }
    }
    return b;
}

/* Whether no point of the box is a neighbour: its nearest point is none.
 * Rounding keeps order, so no other one can have a smaller double sum. */
static bool box_beyond(const struct grid *g, const struct box *b,
                       const float *query)
{
    double sum = 0;
    for (uint32_t j = 0; j < g->cols; j++) {
        double below = (double)b->low[j] - (double)query[j];
        double above = (double)query[j] - (double)b->high[j];
        double gap = below > above ? below : above;
        sum += gap > 0 ? gap * gap : 0;
    }
    return sum > g->limit.square;
}

/* Whether a core point of one is a neighbour of one of the other's. */
static bool cells_meet(const struct grid *g, uint32_t a, uint32_t b)
{
    if (g->cell_core[a] > g->cell_core[b]) {
        uint32_t other = a;
        a = b;
        b = other;
    }
    struct near_range range = { g->cell_start[b], g->cell_core[b] };
    bool many = (uint64_t)g->cell_core[a] * g->cell_core[b] > PAIRS_FEW;
    struct box box = many ? core_box(g, b) : (struct box){ 0 };
    for (uint32_t i = 0; i < g->cell_core[a]; i++) {
        float query[GRID_COLS_MAX];
        grid_query(g, g->cell_start[a] + i, query);
        if (many && box_beyond(g, &box, query))
            continue;
        if (g->near->count(&g->limit, g->x, g->stride, &range, 1, g->cols,
                           query, 1) > 0)
            return true;
    }
    return false;
}

/* Unites a cell with those behind it, in rows [from, to) of the sweep. */
static void unite_cell(struct grid *g, struct grid_sweep *s, uint32_t cell,
                       uint32_t from, uint32_t to)
{
    struct unite *u = &g->unite;
    uint32_t other[GRID_AROUND_MAX], root = unite_find(u, cell);
    struct grid_window w = grid_sweep_window(s, from, to, cell);
    uint32_t n = g->kernel->cells(&w, u->parent, root, DBSCAN_NONE, other);
    for (uint32_t i = 0; i < n; i++) {
        if (other[i] < cell || u->parent[other[i]] == root)
            continue;
        uint32_t with = unite_find(u, other[i]);
        if (with != root && cells_meet(g, cell, other[i]))
            root = unite_join(u, root, with);
    }
}

/* One pass over all cells; `far` looks at rows that do not touch. */
static int unite_pass(struct grid *g, struct grid_sweep *s, bool far)
{
    uint32_t done = 0;
    grid_sweep_init(s, g, true);
    for (uint32_t row = 0; row < g->rows; row++) {
        grid_sweep_row(s, row);
        uint32_t from = far ? s->rows_near : 0;
        uint32_t to = far ? s->rows : s->rows_near;
        for (uint32_t c = g->row_start[row]; c < g->row_start[row + 1]; c++) {
            if (g->cell_core[c] == 0)
                continue;
            unite_cell(g, s, c, from, to);
            done += g->cell_core[c];
            if (done < GRID_PROGRESS)
                continue;
            int rc = compute_advance(g->work->context, done);
            if (rc != 0)
                return rc;
            done = 0;
        }
    }
    return compute_advance(g->work->context, done);
}

/* Every cell alone, those without core points out of it. */
static int unite_begin(struct grid *g)
{
    struct unite *u = &g->unite;
    u->count = g->cells;
    u->parent =
        arena_zalloc(g->work->context->arena,
                     (size_t)g->cells + GRID_KERNEL_LANES, sizeof *u->parent);
    if (u->parent == NULL)
        return ERR_NOMEM;
    for (uint32_t c = 0; c < g->cells; c++)
        u->parent[c] = g->cell_core[c] > 0 ? c : DBSCAN_NONE;
    return 0;
}

/* Clusters of cells to clusters of points, by their smallest core point. A
 * root is the first of its cells, so its `least` is set up before the others
 * get there. */
static void unite_points(struct grid *g, uint32_t *least)
{
    uint32_t *parent = g->work->unite->parent;
    for (uint32_t c = 0; c < g->cells; c++) {
        if (g->cell_core[c] == 0)
            continue;
        uint32_t root = unite_find(&g->unite, c), start = g->cell_start[c];
        g->unite.parent[c] = root;
        if (root == c)
            least[c] = DBSCAN_NONE;
        for (uint32_t i = start; i < start + g->cell_core[c]; i++)
            if (g->order[i] < least[root])
                least[root] = g->order[i];
    }
    for (uint32_t c = 0; c < g->cells; c++) {
        uint32_t start = g->cell_start[c];
        for (uint32_t i = start; i < start + g->cell_core[c]; i++)
            parent[g->order[i]] = least[g->unite.parent[c]];
    }
}

int grid_unite(struct grid *g)
{
    struct arena *a = g->work->context->arena;
    struct grid_sweep *s = arena_alloc(a, 1, sizeof *s);
    uint32_t *least = arena_alloc(a, g->cells, sizeof *least);
    if (s == NULL || least == NULL)
        return ERR_NOMEM;
    int rc = unite_begin(g);
    if (rc == 0)
        rc = unite_pass(g, s, false);
    if (rc == 0)
        rc = unite_pass(g, s, true);
    if (rc == 0)
        unite_points(g, least);
    return rc;
}
