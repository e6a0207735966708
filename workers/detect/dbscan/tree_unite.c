/*
 * Clusters: core points that are neighbours join. A leaf or node whose core
 * points are one set already is `one`; two such leaves of the same set need no
 * look, and of different sets the first pair of neighbours will do.
 */
#include "workers/detect/dbscan/tree_index.h"

#include <string.h>

#define NEAR_LEAVES 64u
#define SUMMARIES 32u /* how often nodes are looked at anew */

struct join {
    struct dbscan_work *w;
    struct tree_index *x;
    uint32_t *one; /* of each node: a core point if all are in its set */
};

#define JOIN_MANY DBSCAN_NONE
#define JOIN_NONE (DBSCAN_NONE - 1) /* no core points at all */

static uint32_t join_point(const struct join *j, uint32_t leaf, uint32_t lane)
{
    return j->x->t.point[leaf * TREE_LEAF + lane];
}

/* The set of all core points of a node, or JOIN_MANY, or JOIN_NONE. */
static uint32_t join_set(const struct join *j, uint32_t node)
{
    uint32_t one = j->one[node];
    return one >= JOIN_NONE ? one : unite_find(j->w->unite, one);
}

/* Sees again whether the leaf's core points are one set. */
static void join_look(struct join *j, uint32_t leaf)
{
    uint32_t core = j->x->core[leaf];
    uint32_t *one = &j->one[j->x->t.leaf_node[leaf]];
    if (*one != JOIN_MANY)
        return;
    if (core == 0) {
        *one = JOIN_NONE;
        return;
    }
    uint32_t point = join_point(j, leaf, (uint32_t)__builtin_ctz(core));
    uint32_t set = unite_find(j->w->unite, point);
    for (core &= core - 1; core != 0; core &= core - 1) {
        point = join_point(j, leaf, (uint32_t)__builtin_ctz(core));
        if (unite_find(j->w->unite, point) != set)
            return;
    }
    *one = set;
}

/* Every node from its children, the leaves as they stand. */
static void join_summarize(struct join *j)
{
    const struct tree *t = &j->x->t;
    for (uint32_t node = t->nodes; node-- > 0;) {
        if (tree_is_leaf(t, node) || j->one[node] != JOIN_MANY)
            continue;
        uint32_t left = join_set(j, node + 1);
        uint32_t right = join_set(j, t->node[node + 1].end);
        if (left == right || right == JOIN_NONE)
            j->one[node] = left;
        else if (left == JOIN_NONE)
            j->one[node] = right;
    }
}

/* All core points below a node whose points are all neighbours. */
static void join_tight(struct join *j, uint32_t node)
{
    const struct tree *t = &j->x->t;
    uint32_t end = tree_leaf_end(t, node), first = DBSCAN_NONE;
    for (uint32_t leaf = t->node[node].leaf; leaf < end; leaf++)
        for (uint32_t core = j->x->core[leaf]; core != 0; core &= core - 1) {
            uint32_t p = join_point(j, leaf, (uint32_t)__builtin_ctz(core));
            first = first == DBSCAN_NONE ? p : first;
            unite_join(j->w->unite, first, p);
        }
}

/* Lanes of the leaf's core points that are not in the set. */
static uint32_t join_outside(const struct join *j, uint32_t leaf, uint32_t set)
{
    uint32_t outside = 0;
    for (uint32_t core = j->x->core[leaf]; core != 0; core &= core - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(core);
        if (unite_find(j->w->unite, join_point(j, leaf, i)) != set)
            outside |= 1u << i;
    }
    return outside;
}

/* Joins `queries` of leaf a with their neighbours in leaf b. Each with the
 * first one only where b is one set. */
static void join_queries(struct join *j, uint32_t a, uint32_t queries,
                         uint32_t b, bool first)
{
    uint32_t mask[TREE_LEAF];
    uint32_t some = tree_pair(j->x, a, queries, b, j->x->core[b], mask);
    for (; some != 0; some &= some - 1) {
        uint32_t q = (uint32_t)__builtin_ctz(some);
        uint32_t p = join_point(j, a, q);
        for (uint32_t near = mask[q]; near != 0; near &= near - 1) {
            uint32_t i = (uint32_t)__builtin_ctz(near);
            unite_join(j->w->unite, p, join_point(j, b, i));
            if (first)
                break;
        }
    }
}

/* Two leaves that are one set each: eight queries at a time until they meet. */
static void join_meet(struct join *j, uint32_t a, uint32_t b)
{
    uint32_t mask[TREE_LEAF], left = j->x->core[a];
    while (left != 0) {
        uint32_t queries = 0;
        for (uint32_t k = 0; k < 8 && left != 0; k++, left &= left - 1)
            queries |= left & -left;
        uint32_t some = tree_pair(j->x, a, queries, b, j->x->core[b], mask);
        if (some == 0)
            continue;
        uint32_t q = (uint32_t)__builtin_ctz(some);
        uint32_t i = (uint32_t)__builtin_ctz(mask[q]);
        unite_join(j->w->unite, join_point(j, a, q), join_point(j, b, i));
        return;
    }
}

static void join_pair(struct join *j, uint32_t a, uint32_t b)
{
    const struct tree *t = &j->x->t;
    uint32_t set_a = join_set(j, t->leaf_node[a]);
    uint32_t set_b = join_set(j, t->leaf_node[b]);
    if (set_a == JOIN_MANY && set_b == JOIN_MANY)
        join_queries(j, a, j->x->core[a], b, false);
    else if (set_b == JOIN_MANY)
        join_queries(j, b, join_outside(j, b, set_a), a, true);
    else if (set_a == JOIN_MANY)
        join_queries(j, a, join_outside(j, a, set_b), b, true);
    else if (set_a != set_b)
        join_meet(j, a, b);
    join_look(j, a);
    join_look(j, b);
}

/* Whether nothing below the node is left to join with a set. */
static bool join_done(const struct join *j, uint32_t node, uint32_t set)
{
    uint32_t other = join_set(j, node);
    return other == JOIN_NONE || (other != JOIN_MANY && other == set);
}

/* Leaf a with those behind it, among the nodes before `end`. */
static int join_leaf(struct join *j, uint32_t a, uint32_t end)
{
    struct tree_index *x = j->x;
    const struct tree *t = &x->t;
    uint32_t own = t->leaf_node[a], node = t->node[own].end;
    uint32_t set = join_set(j, own);
    int rc = tree_step(x, j->w, 1);
    while (rc == 0 && node < end) {
        bool run = tree_is_run(t, node);
        if (join_done(j, node, set) || (!run && tree_apart(x, own, node))) {
            node = t->node[node].end;
            continue;
        }
        if (!run) {
            node++;
            continue;
        }
        uint32_t first = t->node[node].leaf, near = tree_run(x, a, node);
        for (; near != 0; near &= near - 1) {
            uint32_t b = first + (uint32_t)__builtin_ctz(near);
            if (join_done(j, t->leaf_node[b], set))
                continue;
            join_pair(j, a, b);
            set = join_set(j, own);
        }
        rc = tree_step(x, j->w, TREE_RUN);
        node = t->node[node].end;
    }
    return rc;
}

/* The leaves next to each other first: then most others are of one set. */
static int join_near(struct join *j)
{
    const struct tree *t = &j->x->t;
    uint32_t node = 0;
    int rc = 0;
    while (rc == 0 && node < t->nodes) {
        uint32_t leaf = t->node[node].leaf, end = tree_leaf_end(t, node);
        if (end - leaf > NEAR_LEAVES) {
            node++;
            continue;
        }
        for (; rc == 0 && leaf < end; leaf++)
            if (j->x->core[leaf] != 0)
                rc = join_leaf(j, leaf, t->node[node].end);
        node = t->node[node].end;
    }
    return rc;
}

/* What lies within nodes: tight ones at once, else leaf by leaf. */
static void join_within(struct join *j)
{
    const struct tree *t = &j->x->t;
    uint32_t node = 0;
    while (node < t->nodes) {
        if (tree_is_tight(j->x, node)) {
            join_tight(j, node);
            node = t->node[node].end;
            continue;
        }
        if (tree_is_leaf(t, node)) {
            uint32_t leaf = t->node[node].leaf;
            join_queries(j, leaf, j->x->core[leaf], leaf, false);
        }
        node++;
    }
}

int tree_unite(struct dbscan_work *w, void *index)
{
    struct tree_index *x = index;
    struct tree *t = &x->t;
    struct join j = { w, x, NULL };
    int rc = 0;
    j.one = tree_alloc(t, w->context, t->nodes, sizeof *j.one);
    if (j.one == NULL)
        return ERR_NOMEM;
    memset(j.one, 0xff, t->nodes * sizeof *j.one); /* JOIN_MANY */
    join_within(&j);
    for (uint32_t leaf = 0; leaf < t->leaves; leaf++)
        join_look(&j, leaf);
    rc = join_near(&j);
    for (uint32_t leaf = 0; rc == 0 && leaf < t->leaves; leaf++) {
        if (leaf % (t->leaves / SUMMARIES + 1) == 0)
            join_summarize(&j);
        if (x->core[leaf] != 0)
            rc = join_leaf(&j, leaf, t->nodes);
    }
    return rc;
}
