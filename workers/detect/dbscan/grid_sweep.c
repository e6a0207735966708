/* Going over the grid's rows, with those around them at hand. */
#include "workers/detect/dbscan/grid.h"

#include <string.h>

void grid_sweep_init(struct grid_sweep *s, const struct grid *g,
                     const struct grid_cells *cells, bool forward)
{
    memset(s->at, 0, sizeof s->at);
    s->grid = g;
    s->cells = cells;
    s->forward = forward;
    grid_sweep_row(s, 0);
}

void grid_sweep_row(struct grid_sweep *s, uint32_t row)
{
    const struct grid *g = s->grid;
    const struct grid_cells *cells = s->cells;
    s->rows = s->rows_near = 0;
    for (uint32_t k = 0; k < g->steps; k++) {
        if (s->forward && g->step[k] < 0)
            continue;
        uint64_t target = g->row_key[row] + (uint64_t)g->step[k];
        uint32_t at = s->at[k];
        while (at < g->rows && g->row_key[at] < target)
            at++;
        s->at[k] = at;
        if (at == g->rows || g->row_key[at] != target ||
            cells->row[at] == cells->row[at + 1])
            continue;
        s->cell[s->rows] = cells->row[at];
        s->next[s->rows] = cells->last[cells->row[at]];
        s->stop[s->rows++] = cells->row[at + 1];
        s->rows_near += k < g->steps_near;
    }
}
