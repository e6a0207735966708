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

/* The lane's point, if it is one to remember, has a neighbour in leaf b. */
static void mark_seen(struct tree_seen *s, uint32_t a, uint32_t lane,
                      uint32_t b)
{
    if ((s->lanes[a] >> lane & 1) == 0)
        return;
    size_t point = tree_seen_point(s, a, lane);
    uint32_t *leaf = s->leaf + point * s->max, n = s->count[point];
    if (n == SEEN_MANY || (n > 0 && leaf[n - 1] == b))
        return;
    if (n < s->max)
        leaf[n] = b;
    s->count[point] = n < s->max ? (uint8_t)(n + 1) : SEEN_MANY;
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
        if (a != b || n > 1)
            mark_seen(&m->x->seen, a, q, b);
        full_a |= (uint32_t)(count_a[q] >= m->need) << q;
        for (uint32_t near = mask[q] & both; near != 0; near &= near - 1) {
            uint32_t i = (uint32_t)__builtin_ctz(near);
            count_b[i]++;
            mark_seen(&m->x->seen, b, i, a);
            full_b |= (uint32_t)(count_b[i] >= m->need) << i;
        }
    }
    mark_settle(m, a, full_a & m->todo[a]);
    mark_settle(m, b, full_b & m->todo[b]);
    return found;
}

/* Counts for leaf a in leaf b. Takes from `hope` what a leaf costs, adds what
 * it gave. */
static void mark_hope(struct mark *m, uint32_t a, uint32_t b, int64_t *hope)
{
    uint32_t queries = m->todo[a];
    uint64_t found = mark_pair(m, a, queries, b, m->x->t.lanes[b], 0);
    uint64_t all = (uint64_t)__builtin_popcount(queries) * m->need;
    *hope += (int64_t)(found * HOPE_LEAVES * 16 / all) - 16;
}

/* Counts for leaf a in the leaves below `node` while that is hopeful. */
static int mark_below(struct mark *m, uint32_t a, uint32_t node, int64_t *hope)
{
    const struct tree *t = &m->x->t;
    uint32_t end = t->node[node].end, own = t->leaf_node[a];
    int rc = 0;
    while (rc == 0 && *hope > 0 && node < end && m->todo[a] != 0) {
        if (!tree_is_run(t, node)) {
            bool apart = tree_apart(m->x, own, node);
            node = apart ? t->node[node].end : node + 1;
            continue;
        }
        uint32_t first = t->node[node].leaf, run = tree_run(m->x, a, node);
        for (; *hope > 0 && run != 0 && m->todo[a] != 0; run &= run - 1)
            mark_hope(m, a, first + (uint32_t)__builtin_ctz(run), hope);
        rc = tree_step(m->x, m->w, TREE_RUN);
        node = t->node[node].end;
    }
    return rc;
}

/* A leaf and those next to it, the nearest first. */
static int mark_near(struct mark *m, uint32_t a)
{
    const struct tree *t = &m->x->t;
    uint32_t node = t->leaf_node[a];
    int64_t hope = (int64_t)HOPE_START * 16;
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

/* Counts a pair of leaves for both. What is to do is settled before the first
 * count: lanes that have been counted once must not be again. */
static void mark_both(struct mark *m, uint32_t a, uint32_t b)
{
    uint32_t ours = m->todo[a], theirs = m->todo[b];
    uint32_t rest = m->x->t.lanes[a] & ~ours;
    if (ours != 0)
        mark_pair(m, a, ours, b, m->x->t.lanes[b], theirs);
    if (theirs == 0 || rest == 0)
        return;
    if (__builtin_popcount(theirs) < __builtin_popcount(rest))
        mark_pair(m, b, theirs, a, rest, 0);
    else
        mark_pair(m, a, rest, b, theirs, theirs);
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
    int rc = tree_step(x, m->w, 1);
    for (uint32_t k = 0; rc == 0 && k < near; k++)
        if ((m->todo[a] | m->todo[x->list[k]]) != 0) {
            mark_both(m, a, x->list[k]);
            rc = tree_step(x, m->w, 1);
        }
    return rc;
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

/* The points that are left are to remember their leaves, in memory that is
 * there anyway, but for what tree_unite needs. */
static int mark_remember(struct mark *m)
{
    struct tree *t = &m->x->t;
    struct tree_seen *s = &m->x->seen;
    size_t points = 0, keep = (size_t)t->nodes * 4 + 4096;
    for (uint32_t leaf = 0; leaf < t->leaves; leaf++) {
        s->first[leaf] = (uint32_t)points;
        s->lanes[leaf] = m->todo[leaf];
        points += (uint32_t)__builtin_popcount(m->todo[leaf]);
    }
    s->count = tree_alloc(t, m->w->context, points, 1);
    if (s->count == NULL)
        return ERR_NOMEM;
    memset(s->count, 0, points);
    size_t left = t->spare_bytes < keep ? 0 : t->spare_bytes - keep;
    size_t max = left / ((points + 16) * sizeof *s->leaf);
    s->max = max < SEEN_MAX ? (uint32_t)max : SEEN_MAX;
    s->leaf = tree_alloc(t, m->w->context, points, s->max * sizeof *s->leaf);
    return s->leaf != NULL ? 0 : ERR_NOMEM;
}

static int mark_init(struct mark *m)
{
    struct tree_index *x = m->x;
    struct tree *t = &x->t;
    const struct compute_context *context = m->w->context;
    m->todo = tree_alloc(t, context, t->leaves, sizeof *m->todo);
    x->seen.lanes = tree_alloc(t, context, t->leaves, sizeof *x->seen.lanes);
    x->seen.first = tree_alloc(t, context, t->leaves, sizeof *x->seen.first);
    if (m->todo == NULL || x->seen.lanes == NULL || x->seen.first == NULL)
        return ERR_NOMEM;
    memcpy(m->todo, x->own, t->leaves * sizeof *m->todo);
    memset(x->seen.lanes, 0, t->leaves * sizeof *x->seen.lanes);
    memset(x->core, 0, t->leaves * sizeof *x->core);
    memset(x->count, 0, (size_t)t->leaves * TREE_LEAF * sizeof *x->count);
    return 0;
}

int tree_mark(struct dbscan_work *w, void *index)
{
    struct tree_index *x = index;
    const struct tree *t = &x->t;
    struct mark m = { w, x, NULL, w->in.min_points };
    int rc = mark_init(&m);
    if (rc != 0)
        return rc;
    if (m.need > t->node[0].points) /* no core points at all */
        memset(m.todo, 0, t->leaves * sizeof *m.todo);
    mark_tight(&m);
    for (uint32_t leaf = 0; rc == 0 && leaf < t->leaves; leaf++)
        if (m.todo[leaf] != 0)
            rc = mark_near(&m, leaf);
    memset(x->count, 0, (size_t)t->leaves * TREE_LEAF * sizeof *x->count);
    tree_summarize(x, m.todo);
    if (rc == 0)
        rc = mark_remember(&m);
    for (uint32_t leaf = 0; rc == 0 && leaf < t->leaves; leaf++)
        rc = mark_exact(&m, leaf);
    if (rc == 0)
        mark_report(&m);
    return rc;
}
