/*
 * What the two halves of DBSCAN say to each other: points, clusters and
 * distances, as structs and as wire payloads; and the numbers that both must
 * agree on.
 *
 * Source     Ester, Kriegel, Sander, Xu 1996; scikit-learn's conventions: a
 *            point is its own neighbour, and neighbours are at most eps apart.
 * Points     float32 columns, scaled already, every value finite. Numbered
 *            from 0 in the order of the matrix.
 * Cluster    is named by its smallest core point, as a point number.
 * Whole      a batch of few points is one task. Others are cut in space: each
 *            part gets its own points and the halo, which is every other
 *            point that may be within eps of one of them; then the noise rows
 *            look for their nearest core point, part by part.
 * Memory     structs borrow what they point to.
 */
#ifndef FYKE_WIRE_DBSCAN_H
#define FYKE_WIRE_DBSCAN_H

#include "proto/base/arena.h"
#include "proto/base/matrix.h"
#include "proto/wire/wire.h"

#include <stdint.h>

#define DBSCAN_NAME "dbscan"
#define DBSCAN_DETECTOR_ID 2u   /* in seeds */
#define DBSCAN_ALGORITHM 1u     /* version of every number below */
#define DBSCAN_ONE 65536u       /* fixed point of a distance of one eps */
#define DBSCAN_EPS_LEAST 1e-100 /* eps; its square is an ordinary double */
#define DBSCAN_EPS_MOST 1e100
#define DBSCAN_FAR 65535u /* eps in a score: what is farther counts as this */
#define DBSCAN_FEATURES_MAX 64u
#define DBSCAN_MIN_POINTS_MAX 1000u
#define DBSCAN_SAMPLE_MAX 1024u    /* points whose k-distances give eps */
#define DBSCAN_NO_POINT UINT32_MAX /* no cluster, no core point */

enum dbscan_phase {
    DBSCAN_WHOLE = 1,  /* one task holds the whole batch */
    DBSCAN_NEAR = 2,   /* a run of points: nearest ones of the sample */
    DBSCAN_PART = 3,   /* a part of space with its halo */
    DBSCAN_SEARCH = 4, /* a part's core points: nearest ones of noise rows */
};

/* Why eps is what it is. */
enum dbscan_eps_why {
    DBSCAN_EPS_GIVEN = 0,
    DBSCAN_EPS_KNEE = 1,       /* of the k-distance curve */
    DBSCAN_EPS_POSITIVE = 2,   /* most are 0: the smallest one above */
    DBSCAN_EPS_DUPLICATES = 3, /* every k-distance is 0: equal rows cluster */
    DBSCAN_EPS_FEW = 4,        /* fewer points than min_points: none needed */
    DBSCAN_EPS_WHYS
};

struct dbscan_eps {
    double eps; /* 0 with DBSCAN_EPS_FEW, else > 0 */
    uint32_t why;
    uint32_t k;      /* min_points */
    uint32_t points; /* of the batch with its context */
    /* unless it was given or there were too few: */
    uint32_t sampled; /* k-distances that were looked at */
    uint32_t within;  /* of them at most eps */
};

/* The points whose k-distances are looked at: all, or DBSCAN_SAMPLE_MAX drawn
 * by (seed, batch), ascending. `ret_point` has room for DBSCAN_SAMPLE_MAX.
 * Returns how many. */
uint32_t dbscan_sample(uint64_t seed, uint64_t batch, uint32_t points,
                       uint32_t *ret_point);

/* eps from the k-distances (count >= 1, sorted here): where the ascending
 * curve of the logarithms of those above 0 lies furthest below the chord
 * between its ends, in the upper half and not above 98 % of them. (Without the
 * logarithm a few rows far out set the scale: eps then differs by factors
 * between batches of one stream.) Where most are 0 it is the smallest one
 * above, so that those points get their neighbours. Rounded to four digits,
 * there upwards, so that the number people read gives the same clusters. */
void dbscan_knee(double *distance, uint32_t count, struct dbscan_eps *e);

/* Fixed-point score of a noise row from its squared distance to the nearest
 * core point; 0 for INFINITY (no core point: nothing is stranger than
 * anything). */
uint32_t dbscan_score(double square, double eps);

/* WHOLE task: cluster all points and, for noise points from `context` on, find
 * the nearest core point. eps 0: found first. */
struct dbscan_whole_task {
    uint64_t seed, batch;
    double eps;
    uint32_t min_points;
    uint32_t context; /* points before the batch's own ones */
    struct matrix points;
};

struct dbscan_whole {
    struct dbscan_eps eps;
    uint32_t points, noise;
    const uint8_t *core;     /* per point */
    const uint32_t *cluster; /* per point; border points: the smallest that
                              * they touch; DBSCAN_NO_POINT = noise */
    /* per noise point from `context` on, ascending; DBSCAN_NO_POINT and
     * INFINITY where there is no core point */
    const uint32_t *nearest;
    const double *square;
};

/* NEAR task: the `k` smallest squared distances of each query to `points`. */
struct dbscan_near_task {
    uint32_t k;
    struct matrix queries, points;
};

/* PART task: as dbscan_cluster; own points first, then the halo. */
struct dbscan_part_task {
    double eps;
    uint32_t min_points;
    uint32_t own;
    struct matrix points;
};

struct dbscan_part {
    uint32_t own, touches;
    const uint8_t *core;     /* per own point */
    const uint32_t *cluster; /* per own point; DBSCAN_NO_POINT = no core */
    /* own points that are no core and points of the halo, with each cluster
     * of this part that they touch: ascending pairs */
    const uint32_t *touch_point, *touch_cluster;
};

/* SEARCH task: for each query the nearest of `points`. */
struct dbscan_search_task {
    struct matrix points, queries;
};

/* Pack: fills a payload that borrows from the arguments; a matrix whose
 * stride is not its rows is first copied dense into `arena`. */
FYKE_MUST_USE int dbscan_pack_whole_task(const struct dbscan_whole_task *t,
                                         struct arena *arena,
                                         struct wire_payload *ret_p);
FYKE_MUST_USE int dbscan_pack_near_task(const struct dbscan_near_task *t,
                                        struct arena *arena,
                                        struct wire_payload *ret_p);
FYKE_MUST_USE int dbscan_pack_part_task(const struct dbscan_part_task *t,
                                        struct arena *arena,
                                        struct wire_payload *ret_p);
FYKE_MUST_USE int dbscan_pack_search_task(const struct dbscan_search_task *t,
                                          struct arena *arena,
                                          struct wire_payload *ret_p);
void dbscan_pack_whole(const struct dbscan_whole *r,
                       struct wire_payload *ret_p);
/* k squares per query, ascending, INFINITY where there are fewer points. */
void dbscan_pack_near(const double *square, uint32_t k, uint32_t queries,
                      struct wire_payload *ret_p);
void dbscan_pack_part(const struct dbscan_part *r, struct wire_payload *ret_p);
void dbscan_pack_search(const uint32_t *nearest, const double *square,
                        uint32_t queries, struct wire_payload *ret_p);

/* Unpack: checks every count, index, order and limit against the payload and
 * what was asked for, copies numbers into `arena` (aligned) and points the
 * result there. After success both halves may index without further checks.
 * Errors: ERR_PROTO, ERR_NOMEM, ERR_LIMIT. */
FYKE_MUST_USE int dbscan_unpack_whole_task(const struct wire_payload *p,
                                           struct arena *arena,
                                           struct dbscan_whole_task *ret_t);
FYKE_MUST_USE int dbscan_unpack_near_task(const struct wire_payload *p,
                                          struct arena *arena,
                                          struct dbscan_near_task *ret_t);
FYKE_MUST_USE int dbscan_unpack_part_task(const struct wire_payload *p,
                                          struct arena *arena,
                                          struct dbscan_part_task *ret_t);
FYKE_MUST_USE int dbscan_unpack_search_task(const struct wire_payload *p,
                                            struct arena *arena,
                                            struct dbscan_search_task *ret_t);
/* Of `points` points, the first `context` without a search. */
FYKE_MUST_USE int dbscan_unpack_whole(const struct wire_payload *p,
                                      uint32_t points, uint32_t context,
                                      struct arena *arena,
                                      struct dbscan_whole *ret_r);
FYKE_MUST_USE int dbscan_unpack_near(const struct wire_payload *p, uint32_t k,
                                     uint32_t queries, struct arena *arena,
                                     const double **ret_square);
/* Of `own` own points and `halo` others. */
FYKE_MUST_USE int dbscan_unpack_part(const struct wire_payload *p, uint32_t own,
                                     uint32_t halo, struct arena *arena,
                                     struct dbscan_part *ret_r);
/* Nearest ones below `points`. */
FYKE_MUST_USE int dbscan_unpack_search(const struct wire_payload *p,
                                       uint32_t points, uint32_t queries,
                                       struct arena *arena,
                                       const uint32_t **ret_nearest,
                                       const double **ret_square);

#endif
