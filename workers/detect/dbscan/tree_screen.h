/*
 * A cheap look at two leaves of many columns: which points of one may have a
 * neighbour in the other at all. Internal to the room.
 *
 * Frames   of some leaves together: from `low` on, each column is cut into
 * `top` units. What lies beyond goes to the first or the last one, which brings
 * points nearer to each other, never further apart. Codes    a block's columns
 * in a frame, rounded to whole units, four columns in a word: code[group *
 * TREE_LEAF + lane]. Products of codes add up to whole numbers, many at a time.
 * Bound    Neighbours q and p are within eps * scale + sqrt(cols) units (each
 *          column of each is off by at most half a unit). So with u and v the
 *          codes of q and p, u.v - |v|^2 / 2 >= least, a number of q that is
 *          rounded down: no neighbour is ever lost.
 */
#ifndef FYKE_WORKERS_DBSCAN_TREE_SCREEN_H
#define FYKE_WORKERS_DBSCAN_TREE_SCREEN_H

#include "proto/base/isa.h"
#include "workers/detect/dbscan/exact.h"
#include "workers/detect/dbscan/tree.h"

#define SCREEN_COLS_MIN 16u /* with fewer, float32 is as fast */
#define SCREEN_WORDS (64u / 4 * TREE_LEAF)

struct tree_frame {
    const float *low; /* of each column */
    float scale;      /* units per 1 */
    float most;       /* the square of units within which neighbours are */
};

/* A block in a frame. */
struct tree_code {
    _Alignas(64) uint32_t code[SCREEN_WORDS];
    _Alignas(64) int32_t least[TREE_LEAF]; /* as a query */
    _Alignas(64) int32_t
        half[TREE_LEAF]; /* what to take off: |v|^2 / 2, less the bias */
};

struct tree_screen_kernel {
    float top; /* of a code */
    void (*encode)(const float *block, const struct tree_frame *frame,
                   uint32_t cols, struct tree_code *ret_code);
    /* For each of the `queries` in block a: near[query] = those of the lanes of
     * block b with which it reaches its bound `least`. Returns the queries that
     * have one; `near` of the others is not set. */
    uint32_t (*screen)(const uint32_t *a, const int32_t *least,
                       uint32_t queries, const uint32_t *b, const int32_t *half,
                       uint32_t lanes, uint32_t groups, uint32_t *near);
    /* Leaves those lanes in near[query] that are neighbours by exact.h.
     * Returns the queries that have one. */
    uint32_t (*check)(const struct exact_limit *limit, const float *a,
                      uint32_t queries, const float *b, uint32_t cols,
                      uint32_t *near);
};

extern const struct tree_screen_kernel tree_screen_avx2;   /* x86-64 only */
extern const struct tree_screen_kernel tree_screen_avx512; /* x86-64 only */

struct tree_screen {
    const struct tree_screen_kernel *kernel; /* NULL: not worth it */
    uint32_t groups;
    float eps, scale;         /* scale: the finest that is of use */
    struct tree_frame *frame; /* of each leaf */
    uint32_t *code;           /* of each leaf: groups * TREE_LEAF */
    int32_t *half;            /* of each leaf: TREE_LEAF */
    int32_t *least;           /* the same */
    /* The last one that was asked for in a frame not its own. */
    uint32_t leaf;
    const float *low;
    struct tree_code *last;
};

/* Errors: ERR_NOMEM, ERR_CANCELED. */
FYKE_MUST_USE int tree_screen_init(struct tree_screen *s, struct tree *t,
                                   float out, enum isa isa,
                                   const struct compute_context *context);

/* For each of the `queries` in leaf a: near[query] = its neighbours among
 * `lanes` of leaf b. Returns the queries that have one; `near` of the others is
 * not set. */
uint32_t tree_screen_pair(struct tree_screen *s, const struct tree *t,
                          const struct exact_limit *limit, uint32_t a,
                          uint32_t queries, uint32_t b, uint32_t lanes,
                          uint32_t *near);

#endif
