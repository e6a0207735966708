/*
 * What the kernels of grid_kernel.h have in common. Included once by each
 * grid_kernel_*.c, behind
 *
 *   static inline uint32_t window_skip(w, cell, stop);
 *   static inline uint32_t window_mask(w, cell, stop);
 *   static inline uint32_t window_other(value, a, b);
 *
 * the first cell from `cell` on with a last coordinate >= low, or stop; a bit
 * for each of the next eight that is before stop and has one <= high; a bit
 * for each of eight values that is neither a nor b.
 */

static uint32_t window_ranges(const struct grid_window *w,
                              const uint32_t *start,
                              struct near_range *ret_range)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < w->rows; k++) {
        uint32_t stop = w->stop[k], cell = window_skip(w, w->cell[k], stop);
        uint32_t mask = window_mask(w, cell, stop);
        uint32_t cells = (uint32_t)__builtin_popcount(mask);
        uint32_t first = start[cell], count = start[cell + cells] - first;
        w->cell[k] = cell;
        ret_range[n] = (struct near_range){ first, count };
        n += count > 0;
    }
    return n;
}

static uint32_t window_cells(const struct grid_window *w, const uint32_t *value,
                             uint32_t a, uint32_t b, uint32_t *ret_cell)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < w->rows; k++) {
        uint32_t stop = w->stop[k], cell = window_skip(w, w->cell[k], stop);
        uint32_t mask = window_mask(w, cell, stop);
        w->cell[k] = cell;
        mask &= window_other(value + cell, a, b);
        for (; mask != 0; mask &= mask - 1)
            ret_cell[n++] = cell + (uint32_t)__builtin_ctz(mask);
    }
    return n;
}
