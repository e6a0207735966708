/*
 * One batch in the hands of the isolation forest. Internal to the room.
 */
#ifndef FYKE_DETECT_IFOREST_STATE_H
#define FYKE_DETECT_IFOREST_STATE_H

#include "engine/detect/detect.h"
#include "engine/detect/draw.h"
#include "proto/base/arena.h"
#include "proto/wire/iforest.h"
#include "proto/wire/iforest_delta.h"

struct detect_state {
    struct detect_config config;
    uint64_t batch;
    struct plan plan;
    struct draw_rows fit; /* newest recent rows, the batch's rows (borrowed) */
    uint32_t trees, psi;  /* of the forest */
    uint32_t draw_psi;    /* of the samples: psi, unless the model is frozen */
    uint64_t sum_max;     /* the longest possible path sum */
    struct arena arena;   /* until close */
    struct arena task_arena;            /* until the next task */
    uint32_t *index;                    /* trees x psi, drawn before FIT */
    struct iforest_forest *part_forest; /* per FIT task */
    struct iforest_forest forest;       /* of the batch; .trees is 0 until
                                         * it is there (iforest_forest_of) */
    struct wire_payload fused;          /* a fused task's forest, as it came */
    struct wire_payload model;          /* joined before SCORE */
    uint64_t model_id, model_hash;
    uint32_t *sums; /* per row */
    float *usual;   /* per feature, then the spreads; NULL = not known yet */
    uint32_t *c;    /* c(0) to c(c_max); NULL until a row is explained */
    uint32_t c_max;
    int64_t *delta;            /* per feature, of the row that is explained */
    uint32_t explained;        /* rows so far */
    struct iforest_delta laid; /* from the DELTA_ROWS-th on; in task_arena */
};

/* Phase FIT: draw all samples; phase SCORE: join the forests. */
int iforest_prepare(struct detect_state *st, uint32_t phase_index);

/* Usual and spread, unless they are there. */
int iforest_meanwhile(struct detect_state *st);

/* The batch's forest. That of a fused task is unpacked when it is first asked
 * for: most small batches have no row to explain. Errors: ERR_NOMEM. */
FYKE_MUST_USE int iforest_forest_of(struct detect_state *st,
                                    const struct iforest_forest **ret_f);

/* Bins, usual and spread. */
int iforest_merge(struct detect_state *st, struct detect_result *ret_result);

/* In (0, 1]. */
double iforest_score_of(const struct detect_result *r, uint32_t row);

/* The features by what they did to the row's path (iforest_explain.c). */
int iforest_explain(struct detect_state *st, const struct detect_result *r,
                    uint32_t row, struct detect_reason *ret_reason,
                    uint32_t max, uint32_t *ret_count);

#endif
