/* The kd-tree as an index of DBSCAN. */
#include "workers/detect/dbscan/tree_index.h"

#include <string.h>

#define REACH_COLS 16u /* above, boxes overlap too much */

uint32_t tree_reach(const struct tree_index *x, uint32_t leaf, uint32_t from,
                    uint32_t to, const uint8_t *some, uint32_t *ret_list)
{
    const struct tree *t = &x->t;
    uint32_t count = 0, node = from, own = t->leaf_node[leaf];
    while (node < to) {
        const struct tree_node *n = &t->node[node];
        bool skip = some != NULL && !some[node];
        if (!skip && tree_is_run(t, node)) {
            for (uint32_t run = tree_run(x, leaf, node); run != 0;
                 run &= run - 1) {
                uint32_t b = n->leaf + (uint32_t)__builtin_ctz(run);
                ret_list[count] = b;
                count += some == NULL || some[t->leaf_node[b]];
            }
            node = n->end;
        } else {
            node = skip || tree_apart(x, own, node) ? n->end : node + 1;
        }
    }
    return count;
}

uint32_t tree_pair(struct tree_index *x, uint32_t a, uint32_t queries,
                   uint32_t b, uint32_t lanes, uint32_t *mask)
{
    const struct tree *t = &x->t;
    const float *block_a = tree_block(t, a), *block_b = tree_block(t, b);
    const float *box = tree_box(t, t->leaf_node[b]);
    uint32_t some = 0;
    if (a != b && t->cols <= REACH_COLS)
        queries &=
            x->kernel->reach(block_a, box, t->cols, t->pad, x->limit.out);
    if (a != b && x->screen.kernel != NULL && (queries & (queries - 1)) != 0)
        return tree_screen_pair(&x->screen, t, &x->limit, a, queries, b, lanes,
                                mask);
    if (queries == 0)
        return 0;
    queries =
        x->kernel->pair(&x->limit, block_a, queries, block_b, t->cols, mask);
    for (; queries != 0; queries &= queries - 1) {
        uint32_t q = (uint32_t)__builtin_ctz(queries);
        mask[q] &= lanes;
        some |= (uint32_t)(mask[q] != 0) << q;
    }
    return some;
}

void tree_summarize(struct tree_index *x, const uint32_t *lanes)
{
    const struct tree *t = &x->t;
    memset(x->some, 0, t->nodes);
    for (uint32_t node = t->nodes; node-- > 0;) {
        if (tree_is_leaf(t, node))
            x->some[node] = lanes[t->node[node].leaf] != 0;
        x->some[t->node[node].parent] |= x->some[node];
    }
}

bool tree_is_tight(const struct tree_index *x, uint32_t node)
{
    const float *low = tree_box(&x->t, node), *high = low + x->t.pad;
    float sum = 0;
    for (uint32_t j = 0; j < x->t.cols; j++)
        sum += (high[j] - low[j]) * (high[j] - low[j]);
    return sum <= x->limit.in;
}

static int tree_index_build(struct dbscan_work *w, void **ret_index)
{
    struct arena *a = w->context->arena;
    struct tree_index *x = arena_zalloc(a, 1, sizeof *x);
    if (x == NULL)
        return ERR_NOMEM;
    int rc = tree_build(&w->in.points, w->context, &x->t);
    if (rc != 0)
        return rc;
    struct tree *t = &x->t;
    x->kernel = tree_kernel_of(w->context->isa);
    x->limit = exact_limit_of(w->in.eps, t->cols);
    x->own = tree_alloc(t, w->context, t->leaves, sizeof *x->own);
    x->core = tree_alloc(t, w->context, t->leaves, sizeof *x->core);
    x->list = tree_alloc(t, w->context, t->leaves, sizeof *x->list);
    x->some = tree_alloc(t, w->context, t->nodes, sizeof *x->some);
    x->count = tree_alloc(t, w->context, (size_t)t->leaves * TREE_LEAF,
                          sizeof *x->count);
    if (x->own == NULL || x->core == NULL || x->list == NULL ||
        x->some == NULL || x->count == NULL)
        return ERR_NOMEM;
    rc = tree_screen_init(&x->screen, t, x->limit.out, w->context->isa,
                          w->context);
    if (rc != 0)
        return rc;
    for (uint32_t leaf = 0; leaf < t->leaves; leaf++) {
        x->own[leaf] = 0;
        for (uint32_t i = 0; i < TREE_LEAF; i++)
            if (t->point[leaf * TREE_LEAF + i] < w->in.own)
                x->own[leaf] |= 1u << i;
        x->own[leaf] &= t->lanes[leaf];
    }
    *ret_index = x;
    return 0;
}

const struct dbscan_index_ops dbscan_tree = {
    .name = "tree",
    .build = tree_index_build,
    .mark = tree_mark,
    .unite = tree_unite,
    .touch = tree_touch,
};
