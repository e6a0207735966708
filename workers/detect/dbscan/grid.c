/* The grid's cells: which there are, and points in their order. */
#include "workers/detect/dbscan/grid.h"

#include "workers/detect/dbscan/radix.h"

#include <math.h>
#include <string.h>

/* So much smaller than eps / sqrt(cols) is a side: more than coordinates and
 * the double sum are rounded by. */
#define GRID_SHRINK 1e-6

static void column_range(const float *x, uint32_t count, double *ret_low,
                         double *ret_high)
{
    enum { LANES = 16 };
    float low[LANES], high[LANES];
    uint32_t i = 0;
    for (uint32_t k = 0; k < LANES; k++)
        low[k] = high[k] = x[0];
    for (; i + LANES <= count; i += LANES)
        for (uint32_t k = 0; k < LANES; k++) {
            low[k] = x[i + k] < low[k] ? x[i + k] : low[k];
            high[k] = x[i + k] > high[k] ? x[i + k] : high[k];
        }
    for (; i < count; i++) {
        low[0] = x[i] < low[0] ? x[i] : low[0];
        high[0] = x[i] > high[0] ? x[i] : high[0];
    }
    for (uint32_t k = 1; k < LANES; k++) {
        low[0] = low[k] < low[0] ? low[k] : low[0];
        high[0] = high[k] > high[0] ? high[k] : high[0];
    }
    *ret_low = (double)low[0];
    *ret_high = (double)high[0];
}

bool grid_shape_of(const struct dbscan_input *in, struct grid_shape *ret_shape)
{
    const struct matrix *m = &in->points;
    struct grid_shape s = { 0 };
    if (m->cols > GRID_COLS_MAX || m->rows == 0)
        return false;
    double side = in->eps / sqrt(m->cols) * (1 - GRID_SHRINK);
    s.per_side = 1 / side;
    for (uint32_t j = m->cols; j-- > 0;) {
        double high;
        column_range(matrix_column(m, j), m->rows, &s.low[j], &high);
        double extent = high > s.low[j] ? (high - s.low[j]) * s.per_side : 0;
        if (!(extent < GRID_SIDE_MAX))
            return false;
        s.shift[j] = s.bits;
        s.bits += radix_bits((uint64_t)extent + 2u * (uint64_t)GRID_REACH);
    }
    if (isinf(s.per_side))
        s.per_side = 0; /* every column is one value */
    *ret_shape = s;
    return s.bits + radix_bits(m->rows - 1) <= 64;
}

/* Key and point in one word each. */
static void grid_words(const struct grid *g, uint64_t *words)
{
    enum { BLOCK = 1024 };
    const struct matrix *m = &g->work->in.points;
    const struct grid_shape *s = &g->shape;
    uint32_t point_bits = radix_bits(g->count - 1);
    for (uint32_t first = 0; first < g->count; first += BLOCK) {
        uint32_t n = g->count - first < BLOCK ? g->count - first : BLOCK;
        for (uint32_t i = 0; i < n; i++)
            words[first + i] = first + i;
        for (uint32_t j = 0; j < g->cols; j++) {
            const float *x = matrix_column(m, j) + first;
            double low = s->low[j], per_side = s->per_side;
            for (uint32_t i = 0; i < n; i++) {
                int32_t c = (int32_t)(((double)x[i] - low) * per_side);
                words[first + i] += (uint64_t)(c + (int32_t)GRID_REACH)
                                    << (s->shift[j] + point_bits);
            }
        }
    }
}

static uint32_t words_runs(const uint64_t *words, uint32_t count, uint32_t low)
{
    uint32_t runs = 1;
    for (uint32_t i = 1; i < count; i++)
        runs += words[i] >> low != words[i - 1] >> low;
    return runs;
}

static int grid_cells_alloc(struct grid *g, struct arena *a)
{
    struct grid_cells *all = &g->all;
    all->first = arena_alloc(a, all->count + 1u, sizeof *all->first);
    all->last = arena_zalloc(a, (size_t)all->count + GRID_KERNEL_LANES,
                             sizeof *all->last);
    all->row = arena_alloc(a, g->rows + 1u, sizeof *all->row);
    g->core_points = arena_zalloc(a, all->count, sizeof *g->core_points);
    g->row_key = arena_alloc(a, g->rows, sizeof *g->row_key);
    return all->first == NULL || all->last == NULL || all->row == NULL ||
                   g->core_points == NULL || g->row_key == NULL
               ? ERR_NOMEM
               : 0;
}

/* Cells and rows, read off the sorted words. */
static int grid_cells(struct grid *g, const uint64_t *words)
{
    struct arena *a = g->work->context->arena;
    uint32_t point_bits = radix_bits(g->count - 1);
    uint32_t last_bits = g->cols > 1 ? g->shape.shift[g->cols - 2] : 32;
    uint64_t last_mask = ((uint64_t)1 << last_bits) - 1, before = 0;
    g->all.count = words_runs(words, g->count, point_bits);
    g->rows =
        g->cols > 1 ? words_runs(words, g->count, point_bits + last_bits) : 1;
    int rc = grid_cells_alloc(g, a);
    if (rc != 0)
        return rc;
    for (uint32_t i = 0, cell = 0, row = 0; i < g->count; i++) {
        uint64_t key = words[i] >> point_bits;
        if (i > 0 && key == before)
            continue;
        if (i == 0 || key >> last_bits != before >> last_bits) {
            g->all.row[row] = cell;
            g->row_key[row++] = key >> last_bits;
        }
        g->all.first[cell] = i;
        g->all.last[cell++] = (uint32_t)(key & last_mask);
        before = key;
    }
    g->all.first[g->all.count] = g->count;
    g->all.row[g->rows] = g->all.count;
    return 0;
}

static int grid_points(struct grid *g, const uint64_t *words, uint32_t *order)
{
    const struct matrix *m = &g->work->in.points;
    uint64_t point_mask = ((uint64_t)1 << radix_bits(g->count - 1)) - 1;
    g->order = order;
    for (uint32_t i = 0; i < g->count; i++)
        order[i] = (uint32_t)(words[i] & point_mask);
    g->stride = ((size_t)g->count + NEAR_LANES - 1) / NEAR_LANES * NEAR_LANES;
    g->x = arena_alloc(g->work->context->arena,
                       g->stride * g->cols + NEAR_LANES, sizeof *g->x);
    if (g->x == NULL)
        return ERR_NOMEM;
    for (uint32_t j = 0; j < g->cols; j++) {
        const float *from = matrix_column(m, j);
        float *to = g->x + j * g->stride;
        for (uint32_t i = 0; i < g->count; i++)
            to[i] = from[order[i]];
        for (size_t i = g->count; i < g->stride; i++)
            to[i] = 0;
    }
    memset(g->x + g->stride * g->cols, 0, NEAR_LANES * sizeof *g->x);
    return 0;
}

/* Cells between two rows, squared and summed up over the coordinates: what
 * keeps their points apart. `ret_key` is the step from one to the other. */
static uint32_t grid_gap(const struct grid *g, uint32_t code, int64_t *ret_key)
{
    uint32_t side = 2 * GRID_REACH + 1, gap = 0;
    *ret_key = 0;
    for (uint32_t j = 0; j + 1 < g->cols; j++, code /= side) {
        int64_t step = (int64_t)(code % side) - GRID_REACH;
        uint32_t apart = (uint32_t)(step < 0 ? -step : step);
        gap += apart > 1 ? (apart - 1) * (apart - 1) : 0;
        *ret_key +=
            step *
            ((int64_t)1 << (g->shape.shift[j] - g->shape.shift[g->cols - 2]));
    }
    return gap;
}

/* All rows around one whose cells may be within reach: itself, those that
 * touch it, then the others by their gap. */
static void grid_steps(struct grid *g)
{
    uint32_t all = 1;
    int64_t key;
    for (uint32_t j = 0; j + 1 < g->cols; j++)
        all *= 2 * GRID_REACH + 1;
    g->step[g->steps++] = 0;
    for (uint32_t gap = 0; gap < g->cols; gap++) {
        for (uint32_t code = 0; code < all; code++)
            if (grid_gap(g, code, &key) == gap && key != 0)
                g->step[g->steps++] = key;
        if (gap == 0)
            g->steps_near = g->steps;
    }
}

int grid_build(struct dbscan_work *w, struct grid **ret_grid)
{
    struct arena *a = w->context->arena;
    uint32_t count = w->in.points.rows;
    struct grid *g = arena_zalloc(a, 1, sizeof *g);
    uint64_t *words = arena_alloc(a, count, sizeof *words);
    uint64_t *spare = arena_alloc(a, count, sizeof *spare);
    if (g == NULL || words == NULL || spare == NULL)
        return ERR_NOMEM;
    g->work = w;
    g->near = near_kernel_of(w->context->isa);
    g->kernel = grid_kernel_of(w->context->isa);
    g->cols = w->in.points.cols;
    g->limit = exact_limit_of(w->in.eps, g->cols);
    g->count = count;
    if (!grid_shape_of(&w->in, &g->shape))
        return ERR_INVALID;
    grid_steps(g);
    grid_words(g, words);
    uint64_t *sorted =
        radix_sort(words, spare, count, radix_bits(count - 1), g->shape.bits);
    int rc = compute_advance(w->context, 0);
    if (rc == 0)
        rc = grid_cells(g, sorted);
    if (rc == 0)
        rc = grid_points(g, sorted,
                         (uint32_t *)(sorted == words ? spare : words));
    *ret_grid = g;
    return rc;
}

bool dbscan_grid_suits(const struct dbscan_input *in)
{
    struct grid_shape shape;
    return grid_shape_of(in, &shape);
}

static int build(struct dbscan_work *w, void **ret_index)
{
    struct grid *g = NULL;
    int rc = grid_build(w, &g);
    *ret_index = g;
    return rc;
}

static int mark(struct dbscan_work *w, void *index)
{
    (void)w;
    return grid_mark(index);
}

static int unite(struct dbscan_work *w, void *index)
{
    (void)w;
    return grid_unite(index);
}

static int touch(struct dbscan_work *w, void *index)
{
    (void)w;
    return grid_touch(index);
}

const struct dbscan_index_ops dbscan_grid = {
    "grid", build, mark, unite, touch,
};
