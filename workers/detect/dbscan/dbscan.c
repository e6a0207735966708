/* DBSCAN by whichever index suits: the steps that both have in common. */
#include "workers/detect/dbscan/dbscan.h"

#include "proto/base/check.h"
#include "workers/detect/dbscan/index.h"
#include "workers/detect/dbscan/touches.h"

static int report(struct dbscan_work *w, uint32_t point, uint32_t core)
{
    return touches_add(w->touches, point, unite_find(w->unite, core));
}

static int run_index(struct dbscan_work *w, const struct dbscan_index_ops *ops)
{
    void *index;
    int rc = ops->build(w, &index);
    if (rc == 0)
        rc = ops->mark(w, index);
    if (rc == 0)
        rc = ops->unite(w, index);
    if (rc == 0)
        rc = ops->touch(w, index);
    return rc;
}

/* The sets' names take the place of the parents, in order: a parent is never
 * above its member. */
static void name_clusters(const struct dbscan_work *w, uint32_t *cluster)
{
    for (uint32_t i = 0; i < w->in.own; i++)
        cluster[i] = w->core[i] == 0 ? DBSCAN_NONE : cluster[cluster[i]];
}

int dbscan_cluster_by(const struct dbscan_index_ops *index,
                      const struct dbscan_input *in,
                      const struct compute_context *context,
                      struct dbscan_output *ret_out)
{
    struct unite unite;
    struct touches touches = { .arena = context->arena };
    struct dbscan_work w = { .in = *in,
                             .context = context,
                             .unite = &unite,
                             .found = report,
                             .touches = &touches };
    struct dbscan_output out = { 0 };
    check(in->own <= in->points.rows && in->points.cols >= 1 &&
          in->points.cols <= DBSCAN_COLS_MAX && in->min_points >= 1);
    w.core = arena_zalloc(context->arena, in->own, sizeof *w.core);
    if (w.core == NULL)
        return ERR_NOMEM;
    int rc = unite_init(&unite, in->own, context->arena);
    if (rc == 0 && in->points.rows > 0)
        rc = run_index(&w, index);
    if (rc == 0)
        rc = touches_finish(&touches, &out.touch, &out.touch_count);
    if (rc != 0)
        return rc;
    out.core = w.core;
    out.cluster = unite.parent;
    name_clusters(&w, out.cluster);
    *ret_out = out;
    return 0;
}

int dbscan_cluster(const struct dbscan_input *in,
                   const struct compute_context *context,
                   struct dbscan_output *ret_out)
{
    return dbscan_cluster_by(dbscan_grid_suits(in) ? &dbscan_grid
                                                   : &dbscan_tree,
                             in, context, ret_out);
}
