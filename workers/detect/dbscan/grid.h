/*
 * The grid: an index for few columns. Internal to the room.
 *
 * Cells    cubes of a side slightly below eps / sqrt(cols): points of one cell
 *          are neighbours of each other, whatever was rounded. Only cells
 *          with points exist, sorted by their coordinates, the last one
 *          fastest. Points lie in the order of their cells.
 * Rows     cells that differ in the last coordinate alone. In each row, the
 *          cells within reach of a cell are one run of cells, and their
 *          points one run of points.
 * Reach    cells further apart than GRID_REACH in some coordinate have no
 *          neighbouring points. Coordinates begin there, so that a row within
 *          reach is a constant away in its key.
 * Place    where a point lies in the grid's order, 0 to count - 1.
 */
#ifndef FYKE_WORKERS_DBSCAN_GRID_H
#define FYKE_WORKERS_DBSCAN_GRID_H

#include "workers/detect/dbscan/grid_kernel.h"
#include "workers/detect/dbscan/index.h"
#include "workers/detect/dbscan/near.h"

#define GRID_COLS_MAX 3u
#define GRID_REACH 2u     /* sqrt(GRID_COLS_MAX), rounded up */
#define GRID_ROWS_MAX 25u /* (2 * reach + 1)^(columns - 1) */
#define GRID_AROUND_MAX (GRID_ROWS_MAX * (2 * GRID_REACH + 1))
/* Cells along a column: coordinates stay exact to 2^-23 of a cell. */
#define GRID_SIDE_MAX 0x1p28
/* Points done between two looks at `stop`, and points looked at. */
#define GRID_PROGRESS 4096u
#define GRID_LOOKS (1u << 20)

struct grid_shape {
    double low[GRID_COLS_MAX];     /* the least value */
    double per_side;               /* 1 / side */
    uint32_t shift[GRID_COLS_MAX]; /* of a coordinate, in a cell's key */
    uint32_t bits;                 /* of a key */
};

/* Cells in order, and which of them make up a row. */
struct grid_cells {
    uint32_t count;
    uint32_t *first; /* by cell: its first place */
    uint32_t *last;  /* by cell: its last coordinate */
    uint32_t *row;   /* rows + 1: by row its first cell */
};

struct grid {
    struct dbscan_work *work;
    const struct near_kernel *near;
    const struct grid_kernel *kernel;
    struct exact_limit limit;
    struct grid_shape shape;
    uint32_t cols, count, rows;
    float *x; /* count x cols by place, readable NEAR_LANES further */
    size_t stride;
    uint32_t *order;        /* by place: the point */
    uint64_t *row_key;      /* by row: the coordinates but the last */
    struct grid_cells all;  /* `first` has one more behind the last cell */
    uint32_t *core_points;  /* of all cells: so many, first in the cell */
    struct grid_cells core; /* those with core points; from grid_unite on */
    uint32_t *core_count;   /* of those: so many */
    struct unite unite;     /* of those; after grid_unite parents are roots */
    uint64_t looked;        /* see grid_looked */
    uint32_t steps;         /* to rows within reach, the row itself first */
    uint32_t steps_near;    /* so many first ones lead to rows that touch */
    int64_t step[GRID_ROWS_MAX]; /* what to add to a row's key */
};

/* Whether the points' range in units of eps is one that keys can hold. */
bool grid_shape_of(const struct dbscan_input *in, struct grid_shape *ret_shape);

/* Errors: ERR_NOMEM, ERR_CANCELED. */
FYKE_MUST_USE int grid_build(struct dbscan_work *w, struct grid **ret_grid);

/* The steps of an index (index.h), in this order. Errors: as above. */

/* Marks core points and moves them to the front of their cells. */
FYKE_MUST_USE int grid_mark(struct grid *g);

FYKE_MUST_USE int grid_unite(struct grid *g);
FYKE_MUST_USE int grid_touch(struct grid *g);

/* Whether a core point of one core cell is a neighbour of one of the other's,
 * for cells of very many: it costs no more than all pairs, and seldom as much.
 * Points change their places within their cells. Errors: ERR_CANCELED. */
FYKE_MUST_USE int grid_meet(struct grid *g, uint32_t a, uint32_t b,
                            bool *ret_meet);

/* What points of a run of places lie between. */
struct grid_box {
    float low[GRID_COLS_MAX], high[GRID_COLS_MAX];
};

struct grid_box grid_box_of(const struct grid *g, uint32_t first,
                            uint32_t count);

/* Whether no point of the box is a neighbour: its nearest point is none.
 * Rounding keeps order, so no other one can have a smaller double sum. */
bool grid_box_beyond(const struct grid *g, const struct grid_box *box,
                     const float *query);

/* The columns of the point at a place. */
static inline void grid_query(const struct grid *g, uint32_t place,
                              float *ret_query)
{
    for (uint32_t j = 0; j < g->cols; j++)
        ret_query[j] = g->x[j * g->stride + place];
}

/* Counts points looked at where one point may look at very many; now and then
 * lets others know. */
static inline int grid_looked(struct grid *g, uint64_t points)
{
    g->looked += points;
    if (g->looked < GRID_LOOKS)
        return 0;
    g->looked = 0;
    return compute_advance(g->work->context, 1);
}

/* Exchanges the points at two places of a cell. */
static inline void grid_swap(struct grid *g, uint32_t a, uint32_t b)
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

/*
 * Goes over rows in order and gives the rows around each, and for coordinates
 * in the row, ascending, the runs of cells within reach. All cursors only move
 * forward, so that a sweep costs as much as there are rows and cells.
 */
struct grid_sweep {
    const struct grid *grid;
    const struct grid_cells *cells; /* the cells looked for */
    bool forward;                   /* in this row and those behind it alone */
    uint32_t at[GRID_ROWS_MAX];     /* by step: a row not behind its target */
    uint32_t rows;                  /* around this one, with such cells */
    uint32_t rows_near;             /* so many first ones touch it */
    uint32_t cell[GRID_ROWS_MAX];   /* as in grid_kernel.h */
    uint32_t next[GRID_ROWS_MAX + GRID_KERNEL_LANES]; /* read beyond */
    uint32_t stop[GRID_ROWS_MAX];
};

/* At the first row. */
void grid_sweep_init(struct grid_sweep *s, const struct grid *g,
                     const struct grid_cells *cells, bool forward);

/* On to `row`, which is not before the last one. */
void grid_sweep_row(struct grid_sweep *s, uint32_t row);

/* Of the rows [from, to) around: the runs of cells within reach of the last
 * coordinates `low` to `high`, up to three apart. `low` is not below the one
 * before in this row. */
static inline struct grid_window grid_sweep_window(struct grid_sweep *s,
                                                   uint32_t from, uint32_t to,
                                                   uint32_t low, uint32_t high)
{
    return (struct grid_window){ .last = s->cells->last,
                                 .cell = s->cell + from,
                                 .next = s->next + from,
                                 .stop = s->stop + from,
                                 .rows = to - from,
                                 .low = low - GRID_REACH,
                                 .high = high + GRID_REACH };
}

#endif
