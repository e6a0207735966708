/*
 * Which own points are core points.
 *
 * A node so small that all its points are neighbours of each other settles
 * itself. Then each leaf counts among the leaves next to it in the tree until
 * its points have enough, and gives up when that seems far: in dense parts this
 * is nearly everything. The points that are left are counted from the start,
 * each pair of leaves once and for both sides.
 */
#include "workers/detect/dbscan/tree_index.h"

#include <string.h>

/* Going on must promise a point's neighbours within so many leaves. */
#define HOPE_LEAVES 48u
#define HOPE_START 6

struct mark {
    struct dbscan_work *w;
    struct tree_index *x;
    uint32_t *todo; /* of each leaf: own lanes that are not settled */
    uint32_t need;
};

static void mark_settle(struct mark *m, uint32_t leaf, uint32_t lanes)
{
    m->todo[leaf] &= ~lanes;
    m->x->core[leaf] |= lanes;
}

/* Nodes whose points all see each other, with enough of them. */
static void mark_tight(struct mark *m)
{
    const struct tree *t = &m->x->t;
    uint32_t node = 0;
    while (node < t->nodes) {
        if (t->node[node].points < m->need) {
            node = t->node[node].end;
        } else if (!tree_is_tight(m->x, node)) {
            node++;
        } else {
            uint32_t end = tree_leaf_end(t, node);
            for (uint32_t leaf = t->node[node].leaf; leaf < end; leaf++)
                mark_settle(m, leaf, m->todo[leaf]);
            node = t->node[node].end;
        }
    }
}

/* Counts the neighbours of `queries` in leaf a among `lanes` of leaf b, and in
 * `both` lanes of b those among the queries. Returns how many pairs. */
static uint32_t mark_pair(struct mark *m, uint32_t a, uint32_t queries,
                          uint32_t b, uint32_t lanes, uint32_t both)
{
    uint32_t mask[TREE_LEAF], found = 0, full_a = 0, full_b = 0;
    uint32_t *count_a = m->x->count + (size_t)a * TREE_LEAF;
    uint32_t *count_b = m->x->count + (size_t)b * TREE_LEAF;
    uint32_t some = tree_pair(m->x, a, queries, b, lanes, mask);
    for (; some != 0; some &= some - 1) {
        uint32_t q = (uint32_t)__builtin_ctz(some);
        uint32_t n = (uint32_t)__builtin_popcount(mask[q]);
        found += n;
        count_a[q] += n;
        full_a |= (uint32_t)(count_a[q] >= m->need) << q;
        for (uint32_t near = mask[q] & both; near != 0; near &= near - 1) {
            uint32_t i = (uint32_t)__builtin_ctz(near);
            count_b[i]++;
            full_b |= (uint32_t)(count_b[i] >= m->need) << i;
        }
    }
    mark_settle(m, a, full_a & m->todo[a]);
    mark_settle(m, b, full_b & m->todo[b]);
    return found;
}

/* Counts for leaf a in the leaves below `node` while that is hopeful. */
static int mark_below(struct mark *m, uint32_t a, uint32_t node, int64_t *hope)
{
    const struct tree *t = &m->x->t;
    uint32_t end = t->node[node].end, own = t->leaf_node[a], steps = 0;
    while (node<end && * hope> 0 && m->todo[a] != 0) {
        if (tree_apart(m->x, own, node)) {
            node = t->node[node].end;
            continue;
        }
        if (tree_is_leaf(t, node)) {
            uint32_t b = t->node[node].leaf, queries = m->todo[a];
            uint64_t found = mark_pair(m, a, queries, b, t->lanes[b], 0);
            uint64_t all = (uint64_t)__builtin_popcount(queries) * m->need;
            *hope += (int64_t)(found * HOPE_LEAVES * 16 / all) - 16;
            steps++;
        }
        node++;
    }
    return tree_step(m->x, m->w, steps);
}

/* A leaf and those next to it, the nearest first. */
static int mark_near(struct mark *m, uint32_t a)
{
    const struct tree *t = &m->x->t;
    uint32_t node = t->leaf_node[a];
    int64_t hope = HOPE_START * 16;
    mark_pair(m, a, m->todo[a], a, t->lanes[a], 0);
    int rc = 0;
    while (rc == 0 && node != 0 && hope > 0 && m->todo[a] != 0) {
        uint32_t parent = t->node[node].parent;
        uint32_t sibling = node == parent + 1 ? t->node[node].end : parent + 1;
        rc = mark_below(m, a, sibling, &hope);
        node = parent;
    }
    return rc;
}

/* Every pair of leaf a with itself and the leaves behind it. */
static int mark_exact(struct mark *m, uint32_t a)
{
    struct tree_index *x = m->x;
    const struct tree *t = &x->t;
    if (m->todo[a] != 0)
        mark_pair(m, a, m->todo[a], a, t->lanes[a], 0);
    uint32_t near = tree_reach(x, a, t->node[t->leaf_node[a]].end, t->nodes,
                               m->todo[a] != 0 ? NULL : x->some, x->list);
    for (uint32_t k = 0; k < near; k++) {
        uint32_t b = x->list[k], ours = m->todo[a], theirs = m->todo[b];
        /* Lanes of a leaf that were counted with this one must not be again:
         * what is to do here is settled before the first count. */
        if (ours != 0)
            mark_pair(m, a, ours, b, t->lanes[b], theirs);
        if (theirs != 0 && ours != t->lanes[a])
            mark_pair(m, b, theirs, a, t->lanes[a] & ~ours, 0);
    }
    return tree_step(x, m->w, near / 4 + 1);
}

static void mark_report(const struct mark *m)
{
    const struct tree *t = &m->x->t;
    for (uint32_t leaf = 0; leaf < t->leaves; leaf++)
        for (uint32_t own = m->x->own[leaf]; own != 0; own &= own - 1) {
            uint32_t i = (uint32_t)__builtin_ctz(own);
            m->w->core[t->point[leaf * TREE_LEAF + i]] =
                m->x->core[leaf] >> i & 1;
        }
}

int tree_mark(struct dbscan_work *w, void *index)
{
    struct tree_index *x = index;
    struct tree *t = &x->t;
    struct mark m = { w, x, NULL, w->in.min_points };
    size_t slots = (size_t)t->leaves * TREE_LEAF;
    m.todo = tree_alloc(t, w->context, t->leaves, sizeof *m.todo);
    if (m.todo == NULL)
        return ERR_NOMEM;
    memcpy(m.todo, x->own, t->leaves * sizeof *m.todo);
    memset(x->core, 0, t->leaves * sizeof *x->core);
    memset(x->count, 0, slots * sizeof *x->count);
    mark_tight(&m);
    int rc = 0;
    for (uint32_t leaf = 0; rc == 0 && leaf < t->leaves; leaf++)
        if (m.todo[leaf] != 0)
            rc = mark_near(&m, leaf);
    memset(x->count, 0, slots * sizeof *x->count);
    tree_summarize(x, m.todo);
    for (uint32_t leaf = 0; rc == 0 && leaf < t->leaves; leaf++)
        rc = mark_exact(&m, leaf);
    if (rc == 0)
        mark_report(&m);
    return rc;
}
