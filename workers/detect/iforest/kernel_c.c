/* The plain C kernels: the reference, and all there is on other CPUs. */
#include "workers/detect/iforest/kernel_deep.h"
#include "workers/detect/iforest/kernel_mask.h"

static void fill(const struct mask_feature *f, const float *x,
                 struct mask_bits *bits)
{
    uint16_t rank[MASK_ROWS];
    uint32_t first = 1u << f->levels;
    for (uint32_t i = 0; i < MASK_ROWS; i++)
        rank[i] = (uint16_t)(mask_search(f, x[i], 1, 0) - first);
    mask_answer(f, x, rank, bits);
}

/* Transposes 8 x 8 bits: bit j of byte i becomes bit i of byte j. */
static uint64_t transposed(uint64_t x)
{
    uint64_t t = (x ^ x >> 7) & UINT64_C(0x00AA00AA00AA00AA);
    x ^= t ^ t << 7;
    t = (x ^ x >> 14) & UINT64_C(0x0000CCCC0000CCCC);
    x ^= t ^ t << 14;
    t = (x ^ x >> 28) & UINT64_C(0x00000000F0F0F0F0);
    return x ^ t ^ t << 28;
}

/* Eight rows' paths, a byte each, from a byte of every plane. */
static uint64_t paths(const struct mask_bits *plane, uint32_t byte)
{
    uint64_t x = 0;
    for (uint32_t depth = 0; depth < MASK_HEIGHT; depth++)
        x |= (uint64_t)((const uint8_t *)plane[depth].word)[byte]
             << 8 * (MASK_HEIGHT - 1 - depth);
    return transposed(x);
}

static void walk(const struct mask_tree *tree, uint32_t trees,
                 const struct mask_bits *bits, struct mask_space *space,
                 uint32_t *sums)
{
    struct mask_bits plane[MASK_HEIGHT];
    for (uint32_t t = 0; t < trees; t++) {
        mask_descend(&tree[t], bits, space->rows, plane);
        for (uint32_t i = 0; i < MASK_ROWS / 8; i++) {
            uint64_t path = paths(plane, i);
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
