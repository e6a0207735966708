/* What a whole batch comes to: labels, scores and bins per row, and why. */
#include "engine/detect/dbscan.h"
#include "engine/detect/dbscan_state.h"
#include "engine/learn/learn.h"

#include "proto/base/check.h"

#include <math.h>

/* A factor of two in distance is so many bins: 16 of them reach
 * DBSCAN_FAR. */
#define BIN_BITS 10u

/* Monotone in the score: its exponent and the bits behind it. */
static uint32_t bin_of(uint32_t score)
{
    if (score < DBSCAN_ONE)
        return 0;
    uint32_t exponent = 31u - (uint32_t)__builtin_clz(score);
    uint32_t bits = score >> (exponent - BIN_BITS) & ((1u << BIN_BITS) - 1);
    uint32_t bin = ((exponent - 16u) << BIN_BITS | bits) + 1;
    return bin < LEARN_BINS ? bin : LEARN_BINS - 1;
}

/* The nearest of what the parts found; ties: the lower point. */
static int parts_search(struct detect_state *st)
{
    uint32_t *nearest = arena_alloc(&st->arena, st->noise, sizeof *nearest);
    double *square = arena_alloc(&st->arena, st->noise, sizeof *square);
    if (nearest == NULL || square == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < st->noise; i++) {
        nearest[i] = DBSCAN_NO_POINT;
        square[i] = (double)INFINITY;
        for (uint32_t p = 0; p < st->parts; p++) {
            const struct dbscan_share *s = &st->share[p];
            if (s->cores == 0 || s->square[i] > square[i])
                continue;
            uint32_t found = s->core[s->nearest[i]];
            if (s->square[i] < square[i] || found < nearest[i])
                nearest[i] = found;
            square[i] = s->square[i];
        }
    }
    st->nearest = nearest;
    st->square = square;
    return 0;
}

struct answer {
    uint32_t *score, *bin;
    int32_t *cluster;
    uint8_t *core;
};

static int answer_init(struct answer *a, uint32_t rows, struct arena *arena)
{
    a->score = arena_zalloc(arena, rows, sizeof *a->score);
    a->bin = arena_alloc(arena, rows, sizeof *a->bin);
    a->cluster = arena_alloc(arena, rows, sizeof *a->cluster);
    a->core = arena_zalloc(arena, rows, sizeof *a->core);
    if (a->score == NULL || a->bin == NULL || a->cluster == NULL ||
        a->core == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < rows; i++) { /* of a row that is no point */
        a->bin[i] = DETECT_NO_BIN;
        a->cluster[i] = -1;
    }
    return 0;
}

/* Clusters are numbered in the order of their smallest core points. */
static int answer_clusters(const struct detect_state *st, struct answer *a,
                           struct arena *scratch)
{
    const struct dbscan_points *p = &st->points;
    int32_t *label = arena_alloc(scratch, p->count, sizeof *label), next = 0;
    if (label == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < p->count; i++) /* border points may come before */
        if (st->core[i] != 0 && st->cluster[i] == i)
            label[i] = next++;
    for (uint32_t i = p->context; i < p->count; i++) {
        uint32_t row = p->row[i] - p->fit.recent.rows;
        a->bin[row] = 0;
        a->core[row] = st->core[i];
        if (st->cluster[i] != DBSCAN_NO_POINT)
            a->cluster[row] = label[st->cluster[i]];
    }
    return 0;
}

static void answer_noise(const struct detect_state *st, struct answer *a)
{
    for (uint32_t i = 0; i < st->noise; i++) {
        uint32_t point = st->noise_point[i];
        uint32_t row = st->points.row[point] - st->points.fit.recent.rows;
        a->score[row] = dbscan_score(st->square[i], st->eps.eps);
        a->bin[row] = bin_of(a->score[row]);
    }
}

int dbscan_merge(struct detect_state *st, struct detect_result *ret_result)
{
    uint32_t rows = st->points.fit.rows.rows;
    struct answer a;
    int err = answer_init(&a, rows, &st->arena);
    if (err == 0 && st->nearest == NULL)
        err = parts_search(st);
    arena_reset(&st->task_arena);
    if (err == 0)
        err = answer_clusters(st, &a, &st->task_arena);
    if (err != 0)
        return err;
    answer_noise(st, &a);
    *ret_result = (struct detect_result){ .rows = rows,
                                          .cols = st->points.fit.rows.cols,
                                          .score = a.score,
                                          .bin = a.bin,
                                          .order = DETECT_HIGHER_STRANGER,
                                          .cluster = a.cluster,
                                          .core = a.core,
                                          .eps = &st->eps };
    return 0;
}

double dbscan_score_of(const struct detect_result *r, uint32_t row)
{
    return (double)r->score[row] / DBSCAN_ONE;
}

int dbscan_why_eps(const struct detect_result *r, struct buf *out)
{
    const struct dbscan_eps *e = r->eps;
    check(e != NULL);
    if (e->why == DBSCAN_EPS_FEW)
        return buf_printf(out,
                          "no eps (auto: %u row%s, a cluster has at least %u)",
                          e->points, e->points == 1 ? "" : "s", e->k);
    int err =
        buf_printf(out, "eps %.*g", e->why == DBSCAN_EPS_GIVEN ? 9 : 4, e->eps);
    if (err != 0 || e->why == DBSCAN_EPS_GIVEN)
        return err;
    static const char *const what[DBSCAN_EPS_WHYS] = {
        [DBSCAN_EPS_KNEE] = "knee of",
        [DBSCAN_EPS_POSITIVE] = "smallest above 0 of",
        [DBSCAN_EPS_DUPLICATES] = "nothing above 0 on",
    };
    return buf_printf(
        out,
        " (auto: %s the %u-distance curve over %u of %u rows, %.1f %% of them "
        "within it)",
        what[e->why], e->k, e->sampled, e->points,
        e->sampled > 0 ? 100.0 * e->within / e->sampled : 0.0);
}
