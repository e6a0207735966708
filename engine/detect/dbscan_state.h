/*
 * One batch in the hands of DBSCAN. Internal to the room.
 */
#ifndef FYKE_DETECT_DBSCAN_STATE_H
#define FYKE_DETECT_DBSCAN_STATE_H

#include "engine/detect/dbscan_plan.h"
#include "engine/detect/dbscan_points.h"
#include "engine/detect/dbscan_space.h"
#include "proto/base/arena.h"
#include "proto/wire/dbscan.h"

/* A part and what came back of it. */
struct dbscan_share {
    struct dbscan_region region;
    struct dbscan_part part;
    uint32_t cores; /* own core points, ascending */
    uint32_t *core;
    const double *near;      /* NEAR: k squares per query */
    const uint32_t *nearest; /* SEARCH: per noise point, index of `core` */
    const double *square;
};

struct detect_state {
    struct detect_config config;
    uint64_t batch;
    struct plan plan;
    struct dbscan_points points;
    struct dbscan_eps eps;
    struct arena arena;      /* until close */
    struct arena task_arena; /* until the next task */

    /* a batch that was split */
    uint32_t parts;
    struct dbscan_share *share;
    uint32_t queries; /* of NEAR */
    uint32_t query[DBSCAN_SAMPLE_MAX];
    struct matrix query_points;

    /* the answer, per point; clusters by their smallest core point */
    const uint8_t *core;
    const uint32_t *cluster;
    /* per noise point of the batch, ascending: the nearest core point */
    uint32_t noise;
    const uint32_t *noise_point, *nearest;
    const double *square;
};

/* Jobs before the tasks of a phase: the sample; eps, parts and halos; clusters
 * joined over parts. */
int dbscan_prepare(struct detect_state *st, uint32_t phase_index);

/* The noise points of the batch, from `cluster`. Errors: ERR_NOMEM. */
FYKE_MUST_USE int dbscan_noise_find(struct detect_state *st);

/* Labels, scores and bins per row. */
int dbscan_merge(struct detect_state *st, struct detect_result *ret_result);

/* For struct detect_ops. */
double dbscan_score_of(const struct detect_result *r, uint32_t row);
int dbscan_explain(struct detect_state *st, const struct detect_result *r,
                   uint32_t row, struct detect_reason *ret_reason, uint32_t max,
                   uint32_t *ret_count);

#endif
