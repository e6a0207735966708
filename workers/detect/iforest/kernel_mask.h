/*
 * What the mask kernels of all levels share, in C that each level's compiler
 * flags turn into its own vectors. Internal to the kernels.
 */
#ifndef FYKE_WORKERS_IFOREST_KERNEL_MASK_H
#define FYKE_WORKERS_IFOREST_KERNEL_MASK_H

#include "workers/detect/iforest/kernel.h"

#include <stdbool.h>
#include <string.h>

#define MASK_EACH(w) for (uint32_t w = 0; w < MASK_WORDS; w++)

/* Sets each row's bit in the row of its rank. Words in the inner loop: equal
 * ranks then wait for each other less often. */
static inline void mask_scatter(const struct mask_feature *f,
                                const uint16_t *rank, struct mask_bits *bits)
{
    struct mask_bits *by_rank = bits + f->slot - 1;
    memset(by_rank, 0, (f->count + 1) * sizeof *by_rank);
    for (uint32_t i = 0; i < 64; i++)
        MASK_EACH(w)
    by_rank[rank[64 * w + i]].word[w] |= UINT64_C(1) << i;
}

/* From the highest threshold down: who exceeds it exceeds those below. */
static inline void mask_sweep(const struct mask_feature *f,
                              struct mask_bits *bits)
{
    struct mask_bits above = { 0 };
    for (uint32_t k = f->count; k-- > 0;) {
        struct mask_bits *row = &bits[f->slot + k];
        MASK_EACH(w)
        above.word[w] |= row->word[w];
        *row = above;
    }
}

/* Nodes that send missing values right get their rows. */
static inline void mask_missing(const struct mask_feature *f, const float *x,
                                struct mask_bits *bits)
{
    struct mask_bits missing = { 0 };
    for (uint32_t i = 0; i < MASK_ROWS; i++)
        missing.word[i / 64] |= (uint64_t)(x[i] != x[i]) << i % 64;
    for (uint32_t k = 0; k < f->count; k++)
        if (f->missing_right[k])
            MASK_EACH(w)
    bits[f->slot + k].word[w] |= missing.word[w];
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

/* From entry `at` of a level of the search tree down to below its last one. */
static inline uint32_t mask_search(const struct mask_feature *f, float x,
                                   uint32_t at, uint32_t level)
{
    for (; level < f->levels; level++)
        at = 2 * at + (f->search[at] < x);
    return at;
}

/* Sends all rows down a tree; plane d says who turned right at depth d. */
static inline void mask_descend(const struct mask_tree *tree,
                                const struct mask_bits *bits,
                                struct mask_bits *rows, struct mask_bits *plane)
{
    const struct mask_node *node = tree->node;
    struct mask_bits *child = rows + 1;
    MASK_EACH(w)
    rows[0].word[w] = ~UINT64_C(0);
    for (uint32_t depth = 0; depth < MASK_HEIGHT; depth++) {
        struct mask_bits turned = { 0 };
        for (uint32_t k = 0; k < tree->level[depth]; k++, node++, child += 2)
            MASK_EACH(w)
            {
                uint64_t here = rows[node->from].word[w];
                uint64_t right = here & bits[node->slot].word[w];
                child[0].word[w] = here ^ right;
                child[1].word[w] = right;
                turned.word[w] |= right;
            }
        plane[depth] = turned;
    }
}

#endif
