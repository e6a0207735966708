/* The jobs of a batch that was split: eps from lists of near points, parts,
 * and clusters joined over parts. */
#include "engine/detect/dbscan_state.h"

#include "proto/base/check.h"

#include <math.h>
#include <string.h>

static int prepare_near(struct detect_state *st)
{
    st->queries =
        dbscan_sample(st->config.seed, st->batch, st->points.count, st->query);
    return dbscan_gather(&st->points, st->query, st->queries, &st->arena,
                         &st->query_points);
}

/* The k-th smallest of what the parts found for a query. */
static double near_kth(const struct detect_state *st, uint32_t query)
{
    uint32_t at[DBSCAN_PARTS_MAX] = { 0 }, k = st->config.min_points;
    double square = (double)INFINITY;
    for (uint32_t n = 0; n < k; n++) {
        uint32_t least = 0;
        square = (double)INFINITY;
        for (uint32_t p = 0; p < st->parts; p++) {
            const double *list = st->share[p].near + (size_t)query * k;
            if (at[p] < k && list[at[p]] < square) {
                square = list[at[p]];
                least = p;
            }
        }
        at[least]++;
    }
    return sqrt(square);
}

static void eps_find(struct detect_state *st)
{
    double distance[DBSCAN_SAMPLE_MAX];
    if (st->config.eps != 0.0)
        return;
    if (st->points.count < st->config.min_points) {
        st->eps.why = DBSCAN_EPS_FEW;
        return;
    }
    for (uint32_t q = 0; q < st->queries; q++)
        distance[q] = near_kth(st, q);
    dbscan_knee(distance, st->queries, &st->eps);
}

static int prepare_part(struct detect_state *st)
{
    struct dbscan_region region[DBSCAN_PARTS_MAX];
    eps_find(st);
    arena_reset(&st->task_arena);
    int err = dbscan_space_cut(&st->points.scaled, st->parts, st->eps.eps,
                               &st->arena, &st->task_arena, region);
    for (uint32_t p = 0; p < st->parts && err == 0; p++)
        st->share[p].region = region[p];
    return err;
}

static uint32_t set_find(uint32_t *parent, uint32_t point)
{
    while (parent[point] != point) {
        parent[point] = parent[parent[point]];
        point = parent[point];
    }
    return point;
}

/* The smaller one stands for both. */
static void set_join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = set_find(parent, a);
    b = set_find(parent, b);
    parent[a < b ? b : a] = a < b ? a : b;
}

/* Core flags, and every own core point in the set of its local cluster. */
static int parts_spread(struct detect_state *st, uint8_t *core,
                        uint32_t *parent)
{
    for (uint32_t p = 0; p < st->parts; p++) {
        struct dbscan_share *s = &st->share[p];
        const uint32_t *point = s->region.point;
        s->core = arena_alloc(&st->arena, s->part.own, sizeof *s->core);
        if (s->core == NULL)
            return ERR_NOMEM;
        for (uint32_t i = 0; i < s->part.own; i++) {
            core[point[i]] = s->part.core[i];
            if (s->part.core[i] == 0)
                continue;
            parent[point[i]] = point[s->part.cluster[i]];
            s->core[s->cores++] = point[i];
        }
    }
    return 0;
}

/* A halo point that is a core point joins what it touches to its own cluster.
 */
static void clusters_join(const struct detect_state *st, const uint8_t *core,
                          uint32_t *parent)
{
    for (uint32_t p = 0; p < st->parts; p++) {
        const struct dbscan_part *r = &st->share[p].part;
        const uint32_t *point = st->share[p].region.point;
        for (uint32_t i = 0; i < r->touches; i++) {
            uint32_t touched = point[r->touch_point[i]];
            if (core[touched] != 0)
                set_join(parent, touched, point[r->touch_cluster[i]]);
        }
    }
}

/* Border points: the smallest of the joined clusters that they touch. */
static void borders_join(const struct detect_state *st, const uint8_t *core,
                         uint32_t *parent, uint32_t *cluster)
{
    for (uint32_t p = 0; p < st->parts; p++) {
        const struct dbscan_part *r = &st->share[p].part;
        const uint32_t *point = st->share[p].region.point;
        for (uint32_t i = 0; i < r->touches; i++) {
            uint32_t touched = point[r->touch_point[i]];
            uint32_t found = set_find(parent, point[r->touch_cluster[i]]);
            if (core[touched] == 0 && found < cluster[touched])
                cluster[touched] = found;
        }
    }
}

static int prepare_search(struct detect_state *st)
{
    uint32_t count = st->points.count;
    uint8_t *core = arena_zalloc(&st->arena, count, 1);
    uint32_t *cluster = arena_alloc(&st->arena, count, sizeof *cluster);
    arena_reset(&st->task_arena);
    uint32_t *parent = arena_alloc(&st->task_arena, count, sizeof *parent);
    if (core == NULL || cluster == NULL || parent == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        parent[i] = i;
    int err = parts_spread(st, core, parent);
    if (err != 0)
        return err;
    clusters_join(st, core, parent);
    for (uint32_t i = 0; i < count; i++)
        cluster[i] = core[i] != 0 ? set_find(parent, i) : DBSCAN_NO_POINT;
    borders_join(st, core, parent, cluster);
    st->core = core;
    st->cluster = cluster;
    return dbscan_noise_find(st);
}

int dbscan_prepare(struct detect_state *st, uint32_t phase_index)
{
    check(phase_index < st->plan.phase_count);
    switch (st->plan.phase[phase_index].phase) {
    case DBSCAN_NEAR:
        return prepare_near(st);
    case DBSCAN_PART:
        return prepare_part(st);
    case DBSCAN_SEARCH:
        return prepare_search(st);
    default:
        return 0;
    }
}

int dbscan_noise_find(struct detect_state *st)
{
    uint32_t noise = 0;
    uint32_t *point = arena_alloc(&st->arena, st->points.count, sizeof *point);
    if (point == NULL)
        return ERR_NOMEM;
    for (uint32_t i = st->points.context; i < st->points.count; i++)
        if (st->cluster[i] == DBSCAN_NO_POINT)
            point[noise++] = i;
    st->noise = noise;
    st->noise_point = point;
    return 0;
}
