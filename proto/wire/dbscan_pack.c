/* DBSCAN structs to payloads. Nothing is copied that need not be. */
#include "proto/base/bytes.h"
#include "proto/wire/block.h"
#include "proto/wire/dbscan.h"
#include "proto/wire/dbscan_payload.h"

static uint64_t double_bits(double value)
{
    return bytes_load_u64(&value);
}

static int pack_points(const struct matrix *m, struct arena *arena,
                       struct wire_block *ret_b)
{
    return block_of_matrix(m, DBSCAN_FEATURES_MAX, arena, ret_b);
}

int dbscan_pack_whole_task(const struct dbscan_whole_task *t,
                           struct arena *arena, struct wire_payload *ret_p)
{
    block_start(ret_p, WHOLE_TASK_NUMBERS, WHOLE_TASK_BLOCKS);
    ret_p->number[WHOLE_TASK_SEED] = t->seed;
    ret_p->number[WHOLE_TASK_BATCH] = t->batch;
    ret_p->number[WHOLE_TASK_EPS] = double_bits(t->eps);
    ret_p->number[WHOLE_TASK_MIN_POINTS] = t->min_points;
    ret_p->number[WHOLE_TASK_CONTEXT] = t->context;
    return pack_points(&t->points, arena, &ret_p->block[WHOLE_TASK_POINTS]);
}

int dbscan_pack_near_task(const struct dbscan_near_task *t, struct arena *arena,
                          struct wire_payload *ret_p)
{
    block_start(ret_p, NEAR_TASK_NUMBERS, NEAR_TASK_BLOCKS);
    ret_p->number[NEAR_TASK_K] = t->k;
    int err = pack_points(&t->queries, arena, &ret_p->block[NEAR_TASK_QUERIES]);
    if (err != 0)
        return err;
    return pack_points(&t->points, arena, &ret_p->block[NEAR_TASK_POINTS]);
}

int dbscan_pack_part_task(const struct dbscan_part_task *t, struct arena *arena,
                          struct wire_payload *ret_p)
{
    block_start(ret_p, PART_TASK_NUMBERS, PART_TASK_BLOCKS);
    ret_p->number[PART_TASK_EPS] = double_bits(t->eps);
    ret_p->number[PART_TASK_MIN_POINTS] = t->min_points;
    ret_p->number[PART_TASK_OWN] = t->own;
    return pack_points(&t->points, arena, &ret_p->block[PART_TASK_POINTS]);
}

int dbscan_pack_search_task(const struct dbscan_search_task *t,
                            struct arena *arena, struct wire_payload *ret_p)
{
    block_start(ret_p, 0, SEARCH_TASK_BLOCKS);
    int err = pack_points(&t->points, arena, &ret_p->block[SEARCH_TASK_POINTS]);
    if (err != 0)
        return err;
    return pack_points(&t->queries, arena, &ret_p->block[SEARCH_TASK_QUERIES]);
}

void dbscan_pack_whole(const struct dbscan_whole *r, struct wire_payload *ret_p)
{
    block_start(ret_p, WHOLE_NUMBERS, WHOLE_BLOCKS);
    ret_p->number[WHOLE_EPS] = double_bits(r->eps.eps);
    ret_p->number[WHOLE_WHY] = r->eps.why;
    ret_p->number[WHOLE_K] = r->eps.k;
    ret_p->number[WHOLE_SAMPLED] = r->eps.sampled;
    ret_p->number[WHOLE_WITHIN] = r->eps.within;
    ret_p->block[WHOLE_CORE] = block_of(WIRE_U8, r->points, r->core);
    ret_p->block[WHOLE_CLUSTER] = block_of(WIRE_U32, r->points, r->cluster);
    ret_p->block[WHOLE_NEAREST] = block_of(WIRE_U32, r->noise, r->nearest);
    ret_p->block[WHOLE_SQUARE] = block_of(WIRE_F64, r->noise, r->square);
}

void dbscan_pack_near(const double *square, uint32_t k, uint32_t queries,
                      struct wire_payload *ret_p)
{
    block_start(ret_p, 0, NEAR_BLOCKS);
    ret_p->block[NEAR_SQUARE] =
        (struct wire_block){ WIRE_F64, k, queries, square };
}

void dbscan_pack_part(const struct dbscan_part *r, struct wire_payload *ret_p)
{
    block_start(ret_p, 0, PART_BLOCKS);
    ret_p->block[PART_CORE] = block_of(WIRE_U8, r->own, r->core);
    ret_p->block[PART_CLUSTER] = block_of(WIRE_U32, r->own, r->cluster);
    ret_p->block[PART_TOUCH_POINT] =
        block_of(WIRE_U32, r->touches, r->touch_point);
    ret_p->block[PART_TOUCH_CLUSTER] =
        block_of(WIRE_U32, r->touches, r->touch_cluster);
}

void dbscan_pack_search(const uint32_t *nearest, const double *square,
                        uint32_t queries, struct wire_payload *ret_p)
{
    block_start(ret_p, 0, SEARCH_BLOCKS);
    ret_p->block[SEARCH_NEAREST] = block_of(WIRE_U32, queries, nearest);
    ret_p->block[SEARCH_SQUARE] = block_of(WIRE_F64, queries, square);
}
