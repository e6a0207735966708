/* The grid's kernels: by level, and in plain C, the reference. */
#include "workers/detect/dbscan/grid_kernel.h"

static inline uint32_t window_skip(const struct grid_window *w, uint32_t cell,
                                   uint32_t stop)
{
    while (cell < stop && w->last[cell] < w->low)
        cell++;
    return cell;
}

static inline uint32_t window_mask(const struct grid_window *w, uint32_t cell,
                                   uint32_t stop)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 8 && cell + i < stop; i++) {
        if (w->last[cell + i] > w->high)
            break;
        mask |= 1u << i;
    }
    return mask;
}

static inline uint32_t window_other(const uint32_t *value, uint32_t a,
                                    uint32_t b)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 8; i++)
        mask |= (uint32_t)(value[i] != a && value[i] != b) << i;
    return mask;
}

#include "workers/detect/dbscan/grid_kernel_body.h"

const struct grid_kernel grid_kernel_c = { "c", window_ranges, window_cells };

const struct grid_kernel *grid_kernel_of(enum isa isa)
{
#if defined(__x86_64__)
    switch (isa_resolve(isa)) {
    case ISA_AVX512:
        return &grid_kernel_avx512;
    case ISA_AVX2:
        return &grid_kernel_avx2;
    default:
        break;
    }
#else
    (void)isa;
#endif
    return &grid_kernel_c;
}
