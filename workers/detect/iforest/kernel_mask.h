/*
 * What the mask kernels of all levels share, in C that each level's compiler
 * flags turn into its own vectors. Internal to the kernels.
 */
#ifndef FYKE_WORKERS_IFOREST_KERNEL_MASK_H
#define FYKE_WORKERS_IFOREST_KERNEL_MASK_H

#include "workers/detect/iforest/kernel.h"

#include <stdbool.h>
#include <string.h>

/* Loops that compilers make worse when they see what stands around them. */
#define MASK_APART __attribute__((noinline))

/* A row of bits in as few registers as the level has for it. */
#if defined(__AVX512F__)
#define MASK_LANE 64u
#elif defined(__AVX2__)
#define MASK_LANE 32u
#else
#define MASK_LANE 16u
#endif
#define MASK_LANES (sizeof(struct mask_bits) / MASK_LANE)
typedef uint64_t mask_lane __attribute__((vector_size(MASK_LANE), may_alias));

#define MASK_EACH(l) for (uint32_t l = 0; l < MASK_LANES; l++)

static inline mask_lane *mask_lanes(struct mask_bits *bits)
{
    return (mask_lane *)bits->word;
}

static inline const mask_lane *mask_lanes_of(const struct mask_bits *bits)
{
    return (const mask_lane *)bits->word;
}

/* Sets each row's bit in the row of its rank. Words in the inner loop: equal
 * ranks then wait for each other less often. */
static MASK_APART void mask_scatter(const struct mask_feature *f,
                                    const uint16_t *rank,
                                    struct mask_bits *bits)
{
    struct mask_bits *by_rank = bits + f->slot - 1;
    memset(by_rank, 0, (f->count + 1) * sizeof *by_rank);
    for (uint32_t i = 0; i < 64; i++)
        for (uint32_t w = 0; w < MASK_WORDS; w++)
            by_rank[rank[64 * w + i]].word[w] |= UINT64_C(1) << i;
}

/* From the highest threshold down: who exceeds it exceeds those below. */
static MASK_APART void mask_sweep(const struct mask_feature *f,
                                  struct mask_bits *bits)
{
    mask_lane above[MASK_LANES] = { 0 };
    struct mask_bits *first = bits + f->slot, *row = first + f->count;
    while (row-- > first) {
        MASK_EACH(l) above[l] |= mask_lanes(row)[l];
        MASK_EACH(l) mask_lanes(row)[l] = above[l];
    }
}

/* Nodes that send missing values right get their rows. */
static inline void mask_missing(const struct mask_feature *f, const float *x,
                                struct mask_bits *bits)
{
    struct mask_bits missing = { 0 };
    for (uint32_t i = 0; i < MASK_ROWS; i++)
        missing.word[i / 64] |= (uint64_t)(x[i] != x[i]) << i % 64;
    for (uint32_t k = 0; k < f->count; k++) {
        mask_lane *row = mask_lanes(&bits[f->slot + k]);
        if (f->missing_right[k])
            MASK_EACH(l) row[l] |= mask_lanes(&missing)[l];
    }
}

static inline bool mask_has_missing(const float *x)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < MASK_ROWS; i++)
        missing |= x[i] != x[i];
    return missing != 0;
}

static inline void mask_answer(const struct mask_feature *f, const float *x,
                               const uint16_t *rank, struct mask_bits *bits)
{
    mask_scatter(f, rank, bits);
    mask_sweep(f, bits);
    if (mask_has_missing(x))
        mask_missing(f, x, bits);
}

/* Sends all rows down a tree; plane d says who turned right at depth d. The
 * last turns need no masks of their own. */
static inline __attribute__((always_inline)) void
mask_levels(const struct mask_tree *tree, const struct mask_bits *restrict bits,
            struct mask_bits *restrict rows, struct mask_bits *restrict plane,
            uint32_t levels)
{
    const struct mask_node *node = tree->node;
    struct mask_bits *child = rows + 1;
    memset(rows, 0xFF, sizeof *rows);
    for (uint32_t depth = 0; depth < levels; depth++) {
        const struct mask_node *end = node + tree->level[depth];
        mask_lane turned[MASK_LANES] = { 0 };
        for (; node < end; node++, child += 2)
            MASK_EACH(l)
            {
                mask_lane here = mask_lanes(&rows[node->from])[l];
                mask_lane right = here & mask_lanes_of(&bits[node->slot])[l];
                turned[l] |= right;
                if (depth + 1 < levels) {
                    mask_lanes(child)[l] = here ^ right;
                    mask_lanes(child + 1)[l] = right;
                }
            }
        MASK_EACH(l) mask_lanes(&plane[depth])[l] = turned[l];
    }
}

static MASK_APART void mask_descend(const struct mask_tree *tree,
                                    const struct mask_bits *restrict bits,
                                    struct mask_bits *restrict rows,
                                    struct mask_bits *restrict plane)
{
    mask_levels(tree, bits, rows, plane, MASK_HEIGHT);
}

/* Transposes 8 x 8 bits: bit j of byte i becomes bit i of byte j. */
static inline uint64_t mask_transposed(uint64_t x)
{
    uint64_t t = (x ^ x >> 7) & UINT64_C(0x00AA00AA00AA00AA);
    x ^= t ^ t << 7;
    t = (x ^ x >> 14) & UINT64_C(0x0000CCCC0000CCCC);
    x ^= t ^ t << 14;
    t = (x ^ x >> 28) & UINT64_C(0x00000000F0F0F0F0);
    return x ^ t ^ t << 28;
}

/* Eight rows' paths over eight planes, a byte each. */
static inline uint64_t mask_paths(const struct mask_bits *plane, uint32_t byte)
{
    uint64_t x = 0;
    for (uint32_t depth = 0; depth < MASK_HEIGHT; depth++)
        x |= (uint64_t)((const uint8_t *)plane[depth].word)[byte]
             << 8 * (MASK_HEIGHT - 1 - depth);
    return mask_transposed(x);
}

/* A wide tree from top to sums: its paths are a byte and two bits. */
static MASK_APART void mask_wide(const struct mask_tree *tree,
                                 const struct mask_bits *restrict bits,
                                 struct mask_bits *restrict rows,
                                 uint32_t *restrict sums)
{
    struct mask_bits plane[MASK_HEIGHT_MAX];
    mask_levels(tree, bits, rows, plane, MASK_HEIGHT_MAX);
    for (uint32_t i = 0; i < MASK_ROWS / 8; i++) {
        uint64_t path = mask_paths(plane, i);
        uint32_t a = ((const uint8_t *)plane[MASK_HEIGHT].word)[i];
        uint32_t b = ((const uint8_t *)plane[MASK_HEIGHT + 1].word)[i];
        for (uint32_t j = 0; j < 8; j++) {
            uint32_t low = 2 * (a >> j & 1) + (b >> j & 1);
            sums[8 * i + j] += tree->leaf[4 * (path >> 8 * j & 0xFF) + low];
        }
    }
}

#endif
