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
static MASK_APART void mask_descend(const struct mask_tree *tree,
                                    const struct mask_bits *restrict bits,
                                    struct mask_bits *restrict rows,
                                    struct mask_bits *restrict plane)
{
    const struct mask_node *node = tree->node;
    struct mask_bits *child = rows + 1;
    memset(rows, 0xFF, sizeof *rows);
    for (uint32_t depth = 0; depth < MASK_HEIGHT; depth++) {
        const struct mask_node *end = node + tree->level[depth];
        mask_lane turned[MASK_LANES] = { 0 };
        for (; node < end; node++, child += 2)
            MASK_EACH(l)
            {
                mask_lane here = mask_lanes(&rows[node->from])[l];
                mask_lane right = here & mask_lanes_of(&bits[node->slot])[l];
                turned[l] |= right;
                if (depth + 1 < MASK_HEIGHT) {
                    mask_lanes(child)[l] = here ^ right;
                    mask_lanes(child + 1)[l] = right;
                }
            }
        MASK_EACH(l) mask_lanes(&plane[depth])[l] = turned[l];
    }
}

#endif
