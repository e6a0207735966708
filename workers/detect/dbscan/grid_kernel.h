/*
 * Finding the cells around a cell: the grid's inner loops that are no
 * distances. A table of kernels as in near.h; all give the same.
 *
 * A window is a number of rows; of each, cells from `cell` up to `stop` are
 * looked at, and their last coordinates ascend. Reads up to
 * GRID_KERNEL_LANES - 1 elements behind the last cell: allocate that much.
 */
#ifndef FYKE_WORKERS_DBSCAN_GRID_KERNEL_H
#define FYKE_WORKERS_DBSCAN_GRID_KERNEL_H

#include "proto/base/isa.h"
#include "workers/detect/dbscan/near.h"

#include <stdint.h>

#define GRID_KERNEL_LANES 16u

struct grid_window {
    const uint32_t *last; /* by cell: its last coordinate, below 2^31 */
    uint32_t *cell;       /* by row: moves to the first one >= low */
    uint32_t *next;       /* by row: the coordinate of `cell`, or
                             GRID_KERNEL_END at `stop` */
    const uint32_t *stop; /* by row */
    uint32_t rows;
    uint32_t low, high; /* last coordinates wanted; high - low < 8 */
};

#define GRID_KERNEL_END UINT32_MAX

struct grid_kernel {
    const char *name;
    /* The places of the window's cells, row by row; rows without any are left
     * out. `first` has the first place of each cell and of one more. Returns
     * how many ranges there are. */
    uint32_t (*ranges)(const struct grid_window *w, const uint32_t *first,
                       struct near_range *ret_range);
    /* The window's cells with values other than `but`. Returns how many there
     * are. */
    uint32_t (*cells)(const struct grid_window *w, const uint32_t *value,
                      uint32_t but, uint32_t *ret_cell);
};

extern const struct grid_kernel grid_kernel_c;
extern const struct grid_kernel grid_kernel_avx2; /* x86-64 builds only */

/* The kernel of a level; ISA_BEST is this CPU's best. Windows are eight cells,
 * so that AVX-512 has none of its own: 16 lanes were slower. */
const struct grid_kernel *grid_kernel_of(enum isa isa);

#endif
