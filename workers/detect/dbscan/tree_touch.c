/*
 * Which clusters the points touch that are no own core points: those of the
 * halo, and own ones that have a neighbour at all.
 */
#include "workers/detect/dbscan/tree_index.h"

struct touch {
    struct dbscan_work *w;
    struct tree_index *x;
};

/* Lanes of the leaf that look for core points. */
static uint32_t touch_queries(const struct touch *c, uint32_t leaf)
{
    const uint32_t *count = c->x->count + (size_t)leaf * TREE_LEAF;
    uint32_t queries = c->x->t.lanes[leaf] & ~c->x->core[leaf], alone = 0;
    for (uint32_t i = 0; i < TREE_LEAF; i++)
        alone |= (uint32_t)(count[i] < 2) << i;
    return queries & ~(alone & c->x->own[leaf]);
}

/* Reports the clusters of core points among the neighbours; `last` is the one
 * that the point reported last. */
static int touch_report(struct touch *c, uint32_t point, uint32_t b,
                        uint32_t near, uint32_t *last)
{
    int rc = 0;
    for (; rc == 0 && near != 0; near &= near - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(near);
        uint32_t core = c->x->t.point[b * TREE_LEAF + i];
        uint32_t set = unite_find(c->w->unite, core);
        if (set == *last)
            continue;
        *last = set;
        rc = c->w->found(c->w, point, core);
    }
    return rc;
}

/* The core points of leaf b near `queries` of leaf a. */
static int touch_pair(struct touch *c, uint32_t a, uint32_t queries, uint32_t b,
                      uint32_t *last)
{
    const struct tree *t = &c->x->t;
    uint32_t mask[TREE_LEAF];
    uint32_t some = tree_pair(c->x, a, queries, b, c->x->core[b], mask);
    int rc = 0;
    for (; rc == 0 && some != 0; some &= some - 1) {
        uint32_t q = (uint32_t)__builtin_ctz(some);
        rc = touch_report(c, t->point[a * TREE_LEAF + q], b, mask[q], &last[q]);
    }
    return rc;
}

/* Queries whose leaves are known; all own points that are no core points are
 * among those that remember. Returns the other queries in `ret_left`. */
static int touch_seen(struct touch *c, uint32_t a, uint32_t queries,
                      uint32_t *last, uint32_t *ret_left)
{
    const struct tree_index *x = c->x;
    const struct tree_seen *s = &x->seen;
    uint32_t left = queries & ~s->lanes[a];
    int rc = 0;
    for (queries &= s->lanes[a]; rc == 0 && queries != 0;
         queries &= queries - 1) {
        uint32_t q = (uint32_t)__builtin_ctz(queries);
        size_t point = tree_seen_point(s, a, q);
        const uint32_t *leaf = s->leaf + point * s->max;
        uint32_t n = s->count[point];
        if (n == SEEN_MANY)
            left |= 1u << q;
        for (uint32_t k = 0; n != SEEN_MANY && rc == 0 && k < n; k++)
            if (x->core[leaf[k]] != 0)
                rc = touch_pair(c, a, 1u << q, leaf[k], last);
    }
    *ret_left = left;
    return rc;
}

static int touch_leaf(struct touch *c, uint32_t a)
{
    uint32_t queries = touch_queries(c, a), last[TREE_LEAF], near = 0;
    if (queries == 0)
        return 0;
    for (uint32_t i = 0; i < TREE_LEAF; i++)
        last[i] = DBSCAN_NONE;
    int rc = touch_seen(c, a, queries, last, &queries);
    if (queries != 0)
        near = tree_reach(c->x, a, 0, c->x->t.nodes, c->x->some, c->x->list);
    for (uint32_t k = 0; rc == 0 && k < near; k++) {
        rc = touch_pair(c, a, queries, c->x->list[k], last);
        if (rc == 0)
            rc = tree_step(c->x, c->w, 1);
    }
    return rc != 0 ? rc : tree_step(c->x, c->w, 1);
}

int tree_touch(struct dbscan_work *w, void *index)
{
    struct touch c = { w, index };
    tree_summarize(c.x, c.x->core);
    int rc = 0;
    for (uint32_t leaf = 0; rc == 0 && leaf < c.x->t.leaves; leaf++)
        rc = touch_leaf(&c, leaf);
    return rc;
}
