/*
 * What the kernels of grid_kernel.h have in common. Included once by each
 * grid_kernel_*.c, behind
 *
 *   static inline uint32_t rows_due(next, rows, high);
 *   static inline uint32_t row_skip(last, cell, stop, low);
 *   static inline uint32_t row_mask(last, cell, stop, high);
 *   static inline uint32_t other_mask(value, but);
 *
 * a bit for each of up to 16 rows whose next coordinate is <= high; the first
 * cell from `cell` on with a coordinate >= low, or stop; a bit for each of the
 * next eight that is before stop and has one <= high; a bit for each of eight
 * values other than `but`.
 *
 * Most rows around a cell in thin air have nothing near: they are not due, and
 * cost a lane of one comparison.
 */

/* Moves a row's cursor to `low`. Returns the cells from there on that are
 * wanted, a bit for each. */
static inline __attribute__((always_inline)) uint32_t
row_run(const struct grid_window *w, const uint32_t *last, uint32_t k,
        uint32_t low, uint32_t high, uint32_t *ret_cell)
{
    uint32_t stop = w->stop[k], cell = row_skip(last, w->cell[k], stop, low);
    uint32_t mask = row_mask(last, cell, stop, high);
    w->next[k] = cell < stop ? last[cell] : GRID_KERNEL_END;
    w->cell[k] = *ret_cell = cell;
    return mask;
}

static uint32_t window_ranges(const struct grid_window *w,
                              const uint32_t *first,
                              struct near_range *ret_range)
{
    uint32_t n = 0, rows = w->rows, low = w->low, high = w->high;
    const uint32_t *last = w->last;
    for (uint32_t base = 0; base < rows; base += 16) {
        uint32_t due = rows_due(w->next + base, rows - base, high);
        for (; due != 0; due &= due - 1) {
            uint32_t cell, k = base + (uint32_t)__builtin_ctz(due);
            uint32_t mask = row_run(w, last, k, low, high, &cell);
            uint32_t end = cell + (uint32_t)__builtin_popcount(mask);
            ret_range[n] =
                (struct near_range){ first[cell], first[end] - first[cell] };
            n += mask != 0;
        }
    }
    return n;
}

static uint32_t window_cells(const struct grid_window *w, const uint32_t *value,
                             uint32_t but, uint32_t *ret_cell)
{
    uint32_t n = 0, rows = w->rows, low = w->low, high = w->high;
    const uint32_t *last = w->last;
    for (uint32_t base = 0; base < rows; base += 16) {
        uint32_t due = rows_due(w->next + base, rows - base, high);
        for (; due != 0; due &= due - 1) {
            uint32_t cell, k = base + (uint32_t)__builtin_ctz(due);
            uint32_t mask = row_run(w, last, k, low, high, &cell);
            mask &= other_mask(value + cell, but);
            for (; mask != 0; mask &= mask - 1)
                ret_cell[n++] = cell + (uint32_t)__builtin_ctz(mask);
        }
    }
    return n;
}
