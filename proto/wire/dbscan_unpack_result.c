/* Payloads of DBSCAN's results to structs, checked once for the coordinator:
 * whatever a worker sends, merging needs no further checks. */
#include "proto/base/bytes.h"
#include "proto/wire/block.h"
#include "proto/wire/dbscan.h"
#include "proto/wire/dbscan_payload.h"

#include <math.h>
#include <stdbool.h>

static int unpack_u32(const struct wire_block *b, size_t rows,
                      struct arena *arena, const uint32_t **ret_run)
{
    const void *run;
    int err = block_run(b, WIRE_U32, rows, arena, &run);
    if (err == 0)
        *ret_run = run;
    return err;
}

static int unpack_u8(const struct wire_block *b, size_t rows,
                     struct arena *arena, const uint8_t **ret_run)
{
    const void *run;
    int err = block_run(b, WIRE_U8, rows, arena, &run);
    if (err == 0)
        *ret_run = run;
    return err;
}

static int unpack_f64(const struct wire_block *b, size_t rows,
                      struct arena *arena, const double **ret_run)
{
    const void *run;
    int err = block_run(b, WIRE_F64, rows, arena, &run);
    if (err == 0)
        *ret_run = run;
    return err;
}

/* Core points name the smallest core point of their cluster; others name one
 * such point or none, or none at all where border points are told apart. */
static bool clusters_are_usable(const uint8_t *core, const uint32_t *cluster,
                                uint32_t points, bool borders)
{
    for (uint32_t i = 0; i < points; i++) {
        uint32_t c = cluster[i];
        if (core[i] > 1)
            return false;
        if (c == DBSCAN_NO_POINT && core[i] == 0)
            continue;
        if (c >= points || core[c] != 1 || cluster[c] != c)
            return false;
        if (core[i] == 1 ? c > i : !borders)
            return false;
    }
    return true;
}

/* A nearest point where there is one, with the distance to it. */
static bool nearest_are_usable(const uint32_t *nearest, const double *square,
                               uint32_t queries, uint32_t points)
{
    for (uint32_t i = 0; i < queries; i++) {
        bool none = nearest[i] == DBSCAN_NO_POINT;
        if (none ? square[i] != (double)INFINITY
                 : nearest[i] >= points || !(square[i] >= 0.0) ||
                       isinf(square[i]))
            return false;
    }
    return true;
}

static int unpack_eps(const struct wire_payload *p, uint32_t points,
                      struct dbscan_eps *ret_e)
{
    struct dbscan_eps e = { .eps = bytes_load_f64(&p->number[WHOLE_EPS]),
                            .points = points };
    int err = block_number(p, WHOLE_WHY, 0, DBSCAN_EPS_WHYS - 1, &e.why);
    if (err == 0)
        err = block_number(p, WHOLE_K, 1, DBSCAN_MIN_POINTS_MAX, &e.k);
    if (err == 0)
        err = block_number(p, WHOLE_SAMPLED, 0, DBSCAN_SAMPLE_MAX, &e.sampled);
    if (err == 0)
        err = block_number(p, WHOLE_WITHIN, 0, e.sampled, &e.within);
    if (err != 0)
        return err;
    bool usable = e.eps >= DBSCAN_EPS_LEAST && e.eps <= DBSCAN_EPS_MOST;
    if (e.why == DBSCAN_EPS_FEW ? e.eps != 0.0 : !usable)
        return ERR_PROTO;
    *ret_e = e;
    return 0;
}

/* Every noise point that was to be searched for, and with a core point when
 * there is one. */
static bool noise_is_usable(const struct dbscan_whole *r, uint32_t context)
{
    uint32_t noise = 0, cores = 0;
    for (uint32_t i = 0; i < r->points; i++) {
        cores += r->core[i];
        noise += i >= context && r->cluster[i] == DBSCAN_NO_POINT;
    }
    for (uint32_t i = 0; i < r->noise; i++)
        if (r->nearest[i] == DBSCAN_NO_POINT ? cores > 0
                                             : r->core[r->nearest[i]] == 0)
            return false;
    return noise == r->noise && (cores == 0 || r->eps.why != DBSCAN_EPS_FEW);
}

int dbscan_unpack_whole(const struct wire_payload *p, uint32_t points,
                        uint32_t context, struct arena *arena,
                        struct dbscan_whole *ret_r)
{
    struct dbscan_whole r = { .points = points };
    int err = block_shape(p, WHOLE_NUMBERS, WHOLE_BLOCKS);
    if (err == 0)
        err = unpack_eps(p, points, &r.eps);
    if (err != 0)
        return err;
    r.noise = p->block[WHOLE_NEAREST].rows;
    if (r.noise > points)
        return ERR_PROTO;
    err = unpack_u8(&p->block[WHOLE_CORE], points, arena, &r.core);
    if (err == 0)
        err = unpack_u32(&p->block[WHOLE_CLUSTER], points, arena, &r.cluster);
    if (err == 0)
        err = unpack_u32(&p->block[WHOLE_NEAREST], r.noise, arena, &r.nearest);
    if (err == 0)
        err = unpack_f64(&p->block[WHOLE_SQUARE], r.noise, arena, &r.square);
    if (err != 0)
        return err;
    if (!clusters_are_usable(r.core, r.cluster, points, true) ||
        !nearest_are_usable(r.nearest, r.square, r.noise, points) ||
        !noise_is_usable(&r, context))
        return ERR_PROTO;
    *ret_r = r;
    return 0;
}

int dbscan_unpack_near(const struct wire_payload *p, uint32_t k,
                       uint32_t queries, struct arena *arena,
                       const double **ret_square)
{
    const double *square;
    int err = block_shape(p, 0, NEAR_BLOCKS);
    struct wire_block run = p->block[NEAR_SQUARE];
    if (err != 0 || run.rows != k || run.cols != queries)
        return ERR_PROTO;
    run.rows = k * queries;
    run.cols = 1;
    err = unpack_f64(&run, run.rows, arena, &square);
    if (err != 0)
        return err;
    for (uint32_t i = 0; i < run.rows; i++)
        if (!(square[i] >= (i % k == 0 ? 0.0 : square[i - 1])))
            return ERR_PROTO;
    *ret_square = square;
    return 0;
}

static bool touches_are_usable(const struct dbscan_part *r, uint32_t halo)
{
    uint64_t before = 0;
    for (uint32_t i = 0; i < r->touches; i++) {
        uint32_t point = r->touch_point[i], cluster = r->touch_cluster[i];
        uint64_t pair = (uint64_t)point << 32 | cluster;
        if ((i > 0 && pair <= before) || (point < r->own && r->core[point]) ||
            point >= (uint64_t)r->own + halo || cluster >= r->own ||
            r->cluster[cluster] != cluster)
            return false;
        before = pair;
    }
    return true;
}

int dbscan_unpack_part(const struct wire_payload *p, uint32_t own,
                       uint32_t halo, struct arena *arena,
                       struct dbscan_part *ret_r)
{
    struct dbscan_part r = { .own = own };
    int err = block_shape(p, 0, PART_BLOCKS);
    if (err != 0)
        return err;
    r.touches = p->block[PART_TOUCH_POINT].rows;
    err = unpack_u8(&p->block[PART_CORE], own, arena, &r.core);
    if (err == 0)
        err = unpack_u32(&p->block[PART_CLUSTER], own, arena, &r.cluster);
    if (err == 0)
        err = unpack_u32(&p->block[PART_TOUCH_POINT], r.touches, arena,
                         &r.touch_point);
    if (err == 0)
        err = unpack_u32(&p->block[PART_TOUCH_CLUSTER], r.touches, arena,
                         &r.touch_cluster);
    if (err != 0)
        return err;
    if (!clusters_are_usable(r.core, r.cluster, own, false) ||
        !touches_are_usable(&r, halo))
        return ERR_PROTO;
    *ret_r = r;
    return 0;
}

int dbscan_unpack_search(const struct wire_payload *p, uint32_t points,
                         uint32_t queries, struct arena *arena,
                         const uint32_t **ret_nearest,
                         const double **ret_square)
{
    const uint32_t *nearest;
    const double *square;
    int err = block_shape(p, 0, SEARCH_BLOCKS);
    if (err == 0)
        err = unpack_u32(&p->block[SEARCH_NEAREST], queries, arena, &nearest);
    if (err == 0)
        err = unpack_f64(&p->block[SEARCH_SQUARE], queries, arena, &square);
    if (err != 0)
        return err;
    if (!nearest_are_usable(nearest, square, queries, points))
        return ERR_PROTO;
    for (uint32_t i = 0; i < queries; i++)
        if ((nearest[i] == DBSCAN_NO_POINT) != (points == 0))
            return ERR_PROTO;
    *ret_nearest = nearest;
    *ret_square = square;
    return 0;
}
