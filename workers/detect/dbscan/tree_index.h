/*
 * The kd-tree as an index of DBSCAN: what its steps have in common. Internal
 * to the room.
 */
#ifndef FYKE_WORKERS_DBSCAN_TREE_INDEX_H
#define FYKE_WORKERS_DBSCAN_TREE_INDEX_H

#include "workers/detect/dbscan/index.h"
#include "workers/detect/dbscan/tree.h"
#include "workers/detect/dbscan/tree_kernel.h"
#include "workers/detect/dbscan/tree_screen.h"

#define SEEN_MAX 12u
#define SEEN_MANY UINT8_MAX

/* For some points, the leaves in which their neighbours lie, as long as these
 * are few. The points are numbered: those of a leaf from `first` on. */
struct tree_seen {
    uint32_t max;    /* leaves that a point can hold */
    uint32_t *lanes; /* of each leaf: those that are such points */
    uint32_t *first; /* of each leaf */
    uint32_t *leaf;  /* max of each point */
    uint8_t *count;  /* of each point; SEEN_MANY: more than it can hold */
};

struct tree_index {
    struct tree t;
    const struct tree_kernel *kernel;
    struct exact_limit limit;
    struct tree_screen screen;
    uint32_t *own;   /* of each leaf: lanes of own points */
    uint32_t *core;  /* of each leaf: lanes of own core points */
    uint32_t *count; /* of each slot: neighbours seen, the point included */
    struct tree_seen seen;
    uint8_t *some;  /* of each node: scratch of the steps */
    uint32_t *list; /* scratch: leaves */
    uint32_t steps; /* leaf pairs since compute_advance */
};

int tree_mark(struct dbscan_work *w, void *index);
int tree_unite(struct dbscan_work *w, void *index);
int tree_touch(struct dbscan_work *w, void *index);

/* The number of a lane's point, which is one of `lanes`. */
static inline size_t tree_seen_point(const struct tree_seen *s, uint32_t leaf,
                                     uint32_t lane)
{
    uint32_t before = s->lanes[leaf] & ((1u << lane) - 1);
    return s->first[leaf] + (uint32_t)__builtin_popcount(before);
}

/* Lists the leaves among the nodes [from, to) that may have neighbours of a
 * leaf's points; only below nodes with `some` where that is not NULL. Returns
 * how many. */
uint32_t tree_reach(const struct tree_index *x, uint32_t leaf, uint32_t from,
                    uint32_t to, const uint8_t *some, uint32_t *ret_list);

/* For each of the `queries` in leaf a: mask[lane] = its neighbours among
 * `lanes` of leaf b. Returns the queries that have one; masks of the others are
 * not set. */
uint32_t tree_pair(struct tree_index *x, uint32_t a, uint32_t queries,
                   uint32_t b, uint32_t lanes, uint32_t *mask);

/* some[node] = a leaf below it has a bit in `lanes`. */
void tree_summarize(struct tree_index *x, const uint32_t *lanes);

/* All points of the node are neighbours of each other. */
bool tree_is_tight(const struct tree_index *x, uint32_t node);

/* No point of node a has a neighbour in node b. */
static inline bool tree_apart(const struct tree_index *x, uint32_t a,
                              uint32_t b)
{
    return x->kernel->gap(tree_box(&x->t, a), tree_box(&x->t, b), x->t.pad) >
           x->limit.out;
}

/* At a node that leaf a is not apart from: the leaves below it, as bits from
 * its first one on, that leaf a is not apart from; the node has TREE_RUN leaves
 * at most. */
static inline uint32_t tree_run(const struct tree_index *x, uint32_t a,
                                uint32_t node)
{
    uint32_t first = x->t.node[node].leaf;
    uint32_t count = tree_leaf_end(&x->t, node) - first;
    const float *box = tree_box(&x->t, x->t.leaf_node[a]);
    return x->kernel->run(&x->t, box, first, x->limit.out) &
           ((1u << count) - 1);
}

/* Counts a pair of leaves as done; now and then lets others know. */
static inline int tree_step(struct tree_index *x, const struct dbscan_work *w,
                            uint32_t steps)
{
    x->steps += steps;
    if (x->steps < 512)
        return 0;
    x->steps = 0;
    return compute_advance(w->context, 512);
}

#endif
