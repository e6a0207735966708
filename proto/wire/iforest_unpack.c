/*
 * Payloads to isolation forest structs. Whatever a detector would have to
 * trust is checked here, once, so that its loops need no checks.
 */
#include "proto/wire/block.h"
#include "proto/wire/iforest.h"
#include "proto/wire/iforest_payload.h"

#include <stdbool.h>
#include <string.h>

static int unpack_matrix(const struct wire_block *b, uint32_t rows_min,
                         struct arena *arena, struct matrix *ret_m)
{
    return block_matrix(b, rows_min, IFOREST_FEATURES_MAX, BLOCK_OR_MISSING,
                        arena, ret_m);
}

/* Every tree's sample: psi ascending positions below `rows`. */
static bool samples_are_usable(const uint32_t *index, uint32_t trees,
                               uint32_t psi, uint32_t rows)
{
    for (uint32_t k = 0; k < trees; k++) {
        const uint32_t *sample = index + (size_t)k * psi;
        for (uint32_t i = 1; i < psi; i++)
            if (sample[i] <= sample[i - 1])
                return false;
        if (sample[psi - 1] >= rows)
            return false;
    }
    return true;
}

int iforest_unpack_fit(const struct wire_payload *p, struct arena *arena,
                       struct iforest_fit_task *ret_t)
{
    struct iforest_fit_task t;
    const void *index;
    int err = block_shape(p, FIT_NUMBERS, FIT_BLOCKS);
    if (err != 0)
        return err;
    t.seed = p->number[FIT_SEED];
    t.batch = p->number[FIT_BATCH];
    err = block_number(p, FIT_TREE_COUNT, 1, IFOREST_TREES_MAX, &t.tree_count);
    if (err == 0)
        err = block_number(p, FIT_TREE_FIRST, 0,
                           IFOREST_TREES_MAX - t.tree_count, &t.tree_first);
    if (err == 0)
        err = block_number(p, FIT_PSI, 1, IFOREST_SUBSAMPLE_MAX, &t.psi);
    if (err == 0)
        err = unpack_matrix(&p->block[FIT_ROWS], 1, arena, &t.rows);
    if (err == 0)
        err = block_number(p, FIT_EXTENSION, 0, t.rows.cols - 1, &t.extension);
    if (err == 0)
        err = block_run(&p->block[FIT_INDEX], WIRE_U32,
                        (size_t)t.tree_count * t.psi, arena, &index);
    if (err != 0)
        return err;
    t.index = index;
    if (!samples_are_usable(t.index, t.tree_count, t.psi, t.rows.rows))
        return ERR_PROTO;
    *ret_t = t;
    return 0;
}

int iforest_unpack_fit_score(const struct wire_payload *p, struct arena *arena,
                             struct iforest_fit_score_task *ret_t)
{
    struct iforest_fit_score_task t;
    int err = block_shape(p, FIT_SCORE_NUMBERS, FIT_SCORE_BLOCKS);
    if (err != 0)
        return err;
    t.seed = p->number[FIT_SCORE_SEED];
    t.batch = p->number[FIT_SCORE_BATCH];
    err = block_number(p, FIT_SCORE_TREES, 1, IFOREST_TREES_MAX, &t.trees);
    if (err == 0)
        err = block_number(p, FIT_SCORE_PSI, 1, IFOREST_SUBSAMPLE_MAX, &t.psi);
    if (err == 0)
        err = unpack_matrix(&p->block[FIT_SCORE_ROWS], 1, arena, &t.rows);
    if (err == 0)
        err = block_number(p, FIT_SCORE_EXTENSION, 0, t.rows.cols - 1,
                           &t.extension);
    if (err == 0)
        err = unpack_matrix(&p->block[FIT_SCORE_RECENT], 0, arena, &t.recent);
    if (err != 0)
        return err;
    if (t.recent.cols != t.rows.cols ||
        t.psi > (uint64_t)t.rows.rows + t.recent.rows)
        return ERR_PROTO;
    *ret_t = t;
    return 0;
}

int iforest_unpack_score(const struct wire_payload *p,
                         struct iforest_packed_rows *ret_r)
{
    const struct wire_block *b = &p->block[SCORE_ROWS];
    int err = block_shape(p, 0, SCORE_BLOCKS);
    if (err == 0)
        err = block_matrix_shape(b, 1, IFOREST_FEATURES_MAX);
    if (err == 0)
        *ret_r = (struct iforest_packed_rows){ b->data, b->rows, b->cols };
    return err;
}

int iforest_unpack_rows(const struct iforest_packed_rows *r, uint32_t first,
                        uint32_t count, float *ret_x)
{
    const uint8_t *from = (const uint8_t *)r->data + first * sizeof(float);
    bool usable = true;
    for (uint32_t j = 0; j < r->cols; j++)
        usable &= block_values_copy(ret_x + (size_t)j * count,
                                    from + (size_t)j * r->rows * sizeof(float),
                                    count, BLOCK_OR_MISSING);
    return usable ? 0 : ERR_PROTO;
}

static int unpack_sums(const struct wire_block *b, uint32_t rows,
                       uint32_t *ret_sums)
{
    if (b->type != WIRE_U32 || b->rows != rows || b->cols != 1)
        return ERR_PROTO;
    if (rows > 0)
        memcpy(ret_sums, b->data, wire_block_bytes(b));
    return 0;
}

int iforest_unpack_sums(const struct wire_payload *p, uint32_t rows,
                        uint32_t *ret_sums)
{
    int err = block_shape(p, 0, SUMS_BLOCKS);
    return err != 0 ? err : unpack_sums(&p->block[SUMS_SUMS], rows, ret_sums);
}

int iforest_split_fit_scored(const struct wire_payload *p,
                             struct wire_payload *ret_forest,
                             struct wire_payload *ret_sums)
{
    if (p->block_count == 0)
        return ERR_PROTO;
    *ret_forest = *p;
    ret_forest->block_count--;
    *ret_sums = (struct wire_payload){ .block_count = 1 };
    ret_sums->block[0] = p->block[ret_forest->block_count];
    return 0;
}

int iforest_unpack_fit_scored(const struct wire_payload *p, uint32_t rows,
                              struct arena *arena, uint32_t *ret_sums,
                              struct iforest_forest *ret_f)
{
    struct wire_payload forest, sums;
    struct iforest_forest f;
    int err = iforest_split_fit_scored(p, &forest, &sums);
    if (err == 0)
        err = iforest_unpack_forest(&forest, arena, &f);
    if (err == 0)
        err = iforest_unpack_sums(&sums, rows, ret_sums);
    if (err == 0)
        *ret_f = f;
    return err;
}
