/* The plain C kernels: the reference, and all there is on other CPUs. */
#include "workers/detect/iforest/kernel_deep.h"
#include "workers/detect/iforest/kernel_mask.h"

/* Down the search tree: how many thresholds are below x. */
static uint16_t rank_of(const struct mask_feature *f, float x)
{
    uint32_t at = 1;
    for (uint32_t level = 0; level < f->levels; level++)
        at = 2 * at + (f->search[at] < x);
    return (uint16_t)(at - (1u << f->levels));
}

static void fill(const struct mask_feature *f, const float *x,
                 struct mask_bits *bits)
{
    uint16_t rank[MASK_ROWS];
    for (uint32_t i = 0; i < MASK_ROWS; i++)
        rank[i] = rank_of(f, x[i]);
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
