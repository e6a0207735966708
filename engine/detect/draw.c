/* Samples of trees, and sets of rows as bits. */
#include "engine/detect/draw.h"

#include "proto/wire/iforest.h"

#include <string.h>

static uint32_t set_words(uint32_t rows)
{
    return (uint32_t)(((uint64_t)rows + 63) / 64);
}

int draw_set_init(struct draw_set *s, uint32_t rows, struct arena *arena)
{
    s->rows = rows;
    s->used = 0;
    s->list = NULL;
    s->bits = arena_zalloc(arena, set_words(rows), sizeof *s->bits);
    s->rank = arena_alloc(arena, set_words(rows), sizeof *s->rank);
    return s->bits != NULL && s->rank != NULL ? 0 : ERR_NOMEM;
}

void draw_set_add(struct draw_set *s, const uint32_t *index, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t *word = &s->bits[index[i] / 64];
        uint64_t bit = UINT64_C(1) << index[i] % 64;
        s->used += (*word & bit) == 0;
        *word |= bit;
    }
}

void draw_set_add_all(struct draw_set *s)
{
    uint32_t words = set_words(s->rows);
    memset(s->bits, 0xff, words * sizeof *s->bits);
    if (s->rows % 64 != 0)
        s->bits[words - 1] = (UINT64_C(1) << s->rows % 64) - 1;
    s->used = s->rows;
}

void draw_set_rank(struct draw_set *s)
{
    uint32_t before = 0;
    for (uint32_t w = 0; w < set_words(s->rows); w++) {
        s->rank[w] = before;
        before += (uint32_t)__builtin_popcountll(s->bits[w]);
    }
}

uint32_t draw_set_position(const struct draw_set *s, uint32_t row)
{
    uint64_t below = s->bits[row / 64] & ((UINT64_C(1) << row % 64) - 1);
    return s->rank[row / 64] + (uint32_t)__builtin_popcountll(below);
}

int draw_set_list(struct draw_set *s, struct arena *arena)
{
    uint32_t *list = arena_alloc(arena, s->used, sizeof *list);
    if (list == NULL)
        return ERR_NOMEM;
    s->list = list;
    for (uint32_t w = 0; w < set_words(s->rows); w++)
        for (uint64_t left = s->bits[w]; left != 0; left &= left - 1)
            *list++ = w * 64 + (uint32_t)__builtin_ctzll(left);
    return 0;
}

void draw_set_gather(const struct draw_set *s, const struct draw_rows *rows,
                     uint32_t col, float *ret_x)
{
    const uint32_t *row = s->list, *end = row + s->used;
    uint32_t border = rows->recent.rows;
    const float *x = matrix_column(&rows->rows, col);
    for (; row < end && *row < border; row++)
        *ret_x++ = matrix_column(&rows->recent, col)[*row];
    for (; row < end; row++)
        *ret_x++ = x[*row - border];
}

void draw_tree(uint64_t seed, uint64_t batch, uint32_t tree, uint32_t rows,
               uint32_t psi, uint32_t *ret_index, uint32_t *scratch)
{
    struct rng r;
    iforest_tree_rng(&r, seed, batch, tree);
    rng_sample(&r, rows, psi, ret_index, scratch);
}
