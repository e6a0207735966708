/* Is a forest from outside one that the kernels may walk without checks? */
#include "engine/detect/model_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

#define HEIGHT_MAX 64u

struct check {
    const struct iforest_forest *f;
    const char *label;
    struct fault *fault;
    uint32_t tree, first, nodes; /* the tree that is looked at */
    uint32_t height_max;
};

#define REFUSE(c, node, err, ...)                                              \
    refuse((c), (node), fault_set((c)->fault, (err), __VA_ARGS__))

/* Puts the place before what is wrong. */
static int refuse(const struct check *c, uint32_t node, int err)
{
    struct fault why = { 0 };
    if (c->fault != NULL)
        why = *c->fault;
    return fault_set(c->fault, err, "%s: tree %u, node %u: %.300s", c->label,
                     c->tree, node, why.text);
}

static int check_axes(const struct check *c, uint32_t node)
{
    const struct iforest_forest *f = c->f;
    size_t width = (size_t)f->extension + 1, at = (c->first + node) * width;
    bool leaf = f->feature[c->first + node] == IFOREST_LEAF;
    for (size_t k = 0; k < width; k++) {
        uint16_t axis = f->axis[at + k];
        float weight = f->weight[at + k];
        if (leaf && (axis != 0 || weight != 0.0f))
            return REFUSE(c, node, ERR_CONTENT,
                          "axes and weights of a leaf are 0");
        if (!leaf && (axis >= f->features || !isfinite(weight)))
            return REFUSE(c, node, ERR_CONTENT,
                          "axis %u with weight %g: features are 0 to %u, "
                          "weights finite",
                          axis, (double)weight, f->features - 1);
    }
    if (!leaf && f->axis[at] != f->feature[c->first + node])
        return REFUSE(c, node, ERR_CONTENT,
                      "its first axis is %u, its feature %u", f->axis[at],
                      f->feature[c->first + node]);
    return 0;
}

static int check_leaf(const struct check *c, uint32_t node, uint32_t end)
{
    const struct iforest_forest *f = c->f;
    uint32_t at = c->first + node;
    if (end != node + 1)
        return REFUSE(c, node, ERR_CONTENT,
                      "a leaf where %u nodes should be: the tree is not in "
                      "preorder",
                      end - node);
    if (f->threshold[at] != 0.0f || f->right[at] != 0 ||
        (f->missing_right != NULL && f->missing_right[at] != 0))
        return REFUSE(c, node, ERR_CONTENT,
                      "threshold, right and missing_right of a leaf are 0");
    if (f->count[at] == 0)
        return REFUSE(c, node, ERR_CONTENT, "a leaf of 0 rows");
    return 0;
}

static int check_split(const struct check *c, uint32_t node, uint32_t end,
                       uint32_t depth)
{
    const struct iforest_forest *f = c->f;
    uint32_t at = c->first + node, right = f->right[at];
    if (f->feature[at] >= f->features)
        return REFUSE(c, node, ERR_CONTENT,
                      "feature %u: the model has %u (0 to %u; %u = leaf)",
                      f->feature[at], f->features, f->features - 1,
                      IFOREST_LEAF);
    if (!isfinite(f->threshold[at]))
        return REFUSE(c, node, ERR_CONTENT, "its threshold is %g",
                      (double)f->threshold[at]);
    if (right <= node + 1 || right >= end)
        return REFUSE(c, node, ERR_CONTENT,
                      "its right child is node %u; in preorder it is one of "
                      "%" PRIu64 " to %" PRIu64,
                      right, (uint64_t)node + 2, (uint64_t)end - 1);
    if ((uint64_t)f->count[at + 1] + f->count[c->first + right] != f->count[at])
        return REFUSE(c, node, ERR_CONTENT,
                      "it holds %u rows, its children %u and %u", f->count[at],
                      f->count[at + 1], f->count[c->first + right]);
    if (f->missing_right != NULL && f->missing_right[at] > 1)
        return REFUSE(c, node, ERR_CONTENT, "missing_right is %u, not 0 or 1",
                      f->missing_right[at]);
    if (depth == HEIGHT_MAX)
        return REFUSE(c, node, ERR_LIMIT, "it lies deeper than %u levels",
                      HEIGHT_MAX);
    return 0;
}

/* Walks the preorder with a stack of the ends of the subtrees to come. */
static int check_tree(struct check *c)
{
    struct {
        uint32_t end, depth;
    } open[HEIGHT_MAX + 1] = { { c->nodes, 0 } };
    const struct iforest_forest *f = c->f;
    uint32_t opened = 1;
    for (uint32_t node = 0; node < c->nodes; node++) {
        uint32_t end = open[--opened].end, depth = open[opened].depth;
        bool leaf = f->feature[c->first + node] == IFOREST_LEAF;
        if (depth > c->height_max)
            c->height_max = depth;
        int err =
            leaf ? check_leaf(c, node, end) : check_split(c, node, end, depth);
        if (err == 0 && f->extension > 0)
            err = check_axes(c, node);
        if (err != 0)
            return err;
        if (leaf)
            continue;
        open[opened].end = end;
        open[opened++].depth = depth + 1;
        open[opened].end = f->right[c->first + node];
        open[opened++].depth = depth + 1;
    }
    if (f->count[c->first] > f->subsample)
        return REFUSE(c, 0, ERR_CONTENT,
                      "it holds %u rows, more than the subsample of %u",
                      f->count[c->first], f->subsample);
    return 0;
}

static int check_place(const struct check *c)
{
    const struct iforest_forest *f = c->f;
    if (f->tree_first[0] != 0 || f->tree_first[f->trees] != f->node_count)
        return fault_set(c->fault, ERR_CONTENT,
                         "%s: tree_first goes from %u to %u, not from 0 to "
                         "the %u nodes",
                         c->label, f->tree_first[0], f->tree_first[f->trees],
                         f->node_count);
    for (uint32_t t = 0; t < f->trees; t++)
        if (f->tree_first[t] >= f->tree_first[t + 1])
            return fault_set(c->fault, ERR_CONTENT,
                             "%s: tree %u begins at node %u and the next one "
                             "at %u: no tree is empty",
                             c->label, t, f->tree_first[t],
                             f->tree_first[t + 1]);
    return 0;
}

int model_file_check(const struct iforest_forest *forest, const char *label,
                     struct fault *fault)
{
    struct check c = { .f = forest, .label = label, .fault = fault };
    int err = check_place(&c);
    for (c.tree = 0; c.tree < forest->trees && err == 0; c.tree++) {
        c.first = forest->tree_first[c.tree];
        c.nodes = forest->tree_first[c.tree + 1] - c.first;
        err = check_tree(&c);
    }
    if (err != 0)
        return err;
    uint64_t longest =
        (uint64_t)c.height_max * IFOREST_ONE + iforest_c(forest->subsample);
    if (longest * forest->trees > UINT32_MAX)
        return fault_set(fault, ERR_LIMIT,
                         "%s: %u trees of %u levels on %u rows: the sum of "
                         "path lengths may not fit 32 bits; at most %" PRIu64
                         " such trees do",
                         label, forest->trees, c.height_max, forest->subsample,
                         UINT32_MAX / longest);
    return 0;
}
