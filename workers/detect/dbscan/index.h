/*
 * What DBSCAN asks of a spatial index. Internal to the room. Two indexes
 * answer equally: the grid for few columns, the kd-tree for any.
 */
#ifndef FYKE_WORKERS_DBSCAN_INDEX_H
#define FYKE_WORKERS_DBSCAN_INDEX_H

#include "workers/detect/dbscan/dbscan.h"
#include "workers/detect/dbscan/unite.h"

/* One computation, step by step: build, mark, unite, touch. */
struct dbscan_work {
    struct dbscan_input in;
    const struct compute_context *context;
    uint8_t *core;       /* own points; mark fills it */
    struct unite *unite; /* over own points; unite joins core points in it */
    /* touch reports here: `point` (own and no core, or of the halo) and any
     * core point of a cluster that has a neighbour of it. Every cluster that a
     * point touches is reported at least once; reports of the same pair are
     * joined. */
    int (*found)(struct dbscan_work *w, uint32_t point, uint32_t core);
    struct touches *touches; /* what `found` collects */
};

struct dbscan_index_ops {
    const char *name;
    /* Memory from the context's arena. */
    int (*build)(struct dbscan_work *w, void **ret_index);
    int (*mark)(struct dbscan_work *w, void *index);
    int (*unite)(struct dbscan_work *w, void *index);
    int (*touch)(struct dbscan_work *w, void *index);
};

extern const struct dbscan_index_ops dbscan_grid; /* where it suits */
extern const struct dbscan_index_ops dbscan_tree; /* 1 to DBSCAN_COLS_MAX */

/* Few columns, and no range that is too wide in units of eps: what the grid
 * takes, and is the faster one for. */
bool dbscan_grid_suits(const struct dbscan_input *in);

/* dbscan_cluster by this index, whether or not it would choose it. */
FYKE_MUST_USE int dbscan_cluster_by(const struct dbscan_index_ops *index,
                                    const struct dbscan_input *in,
                                    const struct compute_context *context,
                                    struct dbscan_output *ret_out);

#endif
