/* Isolation forest structs to payloads. Nothing is copied that need not be. */
#include "proto/wire/block.h"
#include "proto/wire/iforest.h"
#include "proto/wire/iforest_payload.h"

static int pack_matrix(const struct matrix *m, struct arena *arena,
                       struct wire_block *ret_b)
{
    return block_of_matrix(m, IFOREST_FEATURES_MAX, arena, ret_b);
}

int iforest_pack_fit(const struct iforest_fit_task *t, struct arena *arena,
                     struct wire_payload *ret_p)
{
    if (t->tree_count > IFOREST_TREES_MAX || t->psi > IFOREST_SUBSAMPLE_MAX)
        return ERR_LIMIT;
    block_start(ret_p, FIT_NUMBERS, FIT_BLOCKS);
    ret_p->number[FIT_SEED] = t->seed;
    ret_p->number[FIT_BATCH] = t->batch;
    ret_p->number[FIT_TREE_FIRST] = t->tree_first;
    ret_p->number[FIT_TREE_COUNT] = t->tree_count;
    ret_p->number[FIT_PSI] = t->psi;
    ret_p->number[FIT_EXTENSION] = t->extension;
    ret_p->block[FIT_INDEX] =
        block_of(WIRE_U32, t->tree_count * t->psi, t->index);
    return pack_matrix(&t->rows, arena, &ret_p->block[FIT_ROWS]);
}

int iforest_pack_fit_score(const struct iforest_fit_score_task *t,
                           struct arena *arena, struct wire_payload *ret_p)
{
    if (t->trees > IFOREST_TREES_MAX || t->psi > IFOREST_SUBSAMPLE_MAX)
        return ERR_LIMIT;
    struct matrix recent = t->recent;
    if (recent.rows == 0)
        recent.cols = t->rows.cols;
    block_start(ret_p, FIT_SCORE_NUMBERS, FIT_SCORE_BLOCKS);
    ret_p->number[FIT_SCORE_SEED] = t->seed;
    ret_p->number[FIT_SCORE_BATCH] = t->batch;
    ret_p->number[FIT_SCORE_TREES] = t->trees;
    ret_p->number[FIT_SCORE_PSI] = t->psi;
    ret_p->number[FIT_SCORE_EXTENSION] = t->extension;
    int err = pack_matrix(&t->rows, arena, &ret_p->block[FIT_SCORE_ROWS]);
    if (err != 0)
        return err;
    return pack_matrix(&recent, arena, &ret_p->block[FIT_SCORE_RECENT]);
}

int iforest_pack_score(const struct iforest_score_task *t, struct arena *arena,
                       struct wire_payload *ret_p)
{
    block_start(ret_p, 0, SCORE_BLOCKS);
    return pack_matrix(&t->rows, arena, &ret_p->block[SCORE_ROWS]);
}

int iforest_pack_sums(const uint32_t *sums, uint32_t rows,
                      struct wire_payload *ret_p)
{
    block_start(ret_p, 0, SUMS_BLOCKS);
    ret_p->block[SUMS_SUMS] = block_of(WIRE_U32, rows, sums);
    return 0;
}
