/* The plain C kernels: the reference, and all there is on other CPUs. */
#include "workers/detect/iforest/kernel_deep.h"
#include "workers/detect/iforest/kernel_mask.h"

#include <stddef.h>

#define SIDE 8u /* searches that go side by side */
#undef EACH
#define EACH(j) for (uint32_t j = 0; j < SIDE; j++)

/* Down the search tree: how many thresholds are below each value. */
static void fill(const struct mask_feature *f, const float *x,
                 struct mask_bits *bits)
{
    uint16_t rank[MASK_ROWS];
    for (uint32_t i = 0; i < MASK_ROWS; i += SIDE) {
        size_t at[SIDE];
        EACH(j) at[j] = 1;
        for (uint32_t level = 0; level < f->levels; level++)
            EACH(j) at[j] = 2 * at[j] + (f->search[at[j]] < x[i + j]);
        EACH(j) rank[i + j] = (uint16_t)(at[j] - ((size_t)1 << f->levels));
    }
    mask_answer(f, x, rank, bits);
}

static void walk(const struct mask_tree *tree, uint32_t trees,
                 const struct mask_bits *bits, struct mask_space *space,
                 uint32_t *sums)
{
    struct mask_bits plane[MASK_HEIGHT];
    for (uint32_t t = 0; t < trees; t++) {
        if (tree[t].is_wide) {
            mask_wide(&tree[t], bits, space->rows, sums);
            continue;
        }
        mask_descend(&tree[t], bits, space->rows, plane);
        for (uint32_t i = 0; i < MASK_ROWS / 8; i++) {
            uint64_t path = mask_paths(plane, i);
            for (uint32_t j = 0; j < 8; j++)
                sums[8 * i + j] += tree[t].leaf[path >> 8 * j & 0xFF];
        }
    }
}

const struct iforest_kernel iforest_kernel_c = {
    .isa = ISA_C,
    .fill = fill,
    .walk = walk,
    .deep = deep_plain,
    .deep_missing = deep_missing,
};
