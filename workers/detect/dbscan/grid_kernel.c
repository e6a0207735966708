/* The grid's kernels: by level, and in plain C, the reference. */
#include "workers/detect/dbscan/grid_kernel.h"

static inline uint32_t rows_due(const uint32_t *next, uint32_t rows,
                                uint32_t high)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 16 && i < rows; i++)
        mask |= (uint32_t)(next[i] <= high) << i;
    return mask;
}

static inline uint32_t row_skip(const uint32_t *last, uint32_t cell,
                                uint32_t stop, uint32_t low)
{
    while (cell < stop && last[cell] < low)
        cell++;
    return cell;
}

static inline uint32_t row_mask(const uint32_t *last, uint32_t cell,
                                uint32_t stop, uint32_t high)
{
    uint32_t end = cell;
    while (end < stop && last[end] <= high)
        end++;
    return (1u << (end - cell)) - 1;
}

static inline uint32_t other_mask(const uint32_t *value, uint32_t but)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 8; i++)
        mask |= (uint32_t)(value[i] != but) << i;
    return mask;
}

#include "workers/detect/dbscan/grid_kernel_body.h"

const struct grid_kernel grid_kernel_c = { "c", window_ranges, window_cells };

const struct grid_kernel *grid_kernel_of(enum isa isa)
{
#if defined(__x86_64__)
    if (isa_resolve(isa) >= ISA_AVX2)
        return &grid_kernel_avx2;
#else
    (void)isa;
#endif
    return &grid_kernel_c;
}
