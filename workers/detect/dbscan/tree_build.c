/*
 * Building the tree: from the top, each node is cut in the column where it is
 * widest, at the point that gives both sides full leaves. A few points far out
 * would make boxes wide that are otherwise tight, so where hardly anything lies
 * in one half of the range, that is cut off by itself.
 *
 * The points stay in columns all the way: a cut is a list of pairs to swap.
 */
#include "workers/detect/dbscan/tree.h"

#include "proto/base/check.h"
#include "workers/detect/dbscan/tree_kernel.h"
#include "workers/detect/dbscan/tree_select.h"

#include <string.h>

#define LARGE 65536u    /* points; beyond, columns take their time */
#define UNEVEN_MIN 256u /* points of a node that may be cut unevenly */
#define UNEVEN_PART 16u /* cut off when fewer than 1 in so many */
#define UNEVEN_DEPTH (TREE_DEPTH - 34u) /* below it all cuts are even */

struct build_range {
    uint32_t first, count;
    uint32_t parent, depth;
};

struct build {
    struct tree *t;
    const struct tree_kernel *kernel;
    const struct compute_context *context;
    uint32_t rows;
    float *x;        /* columns, `rows` apart */
    uint32_t *index; /* of each point: which one of the input */
    uint32_t *swap;  /* scratch for `rows` numbers */
    uint32_t uneven; /* cuts that may still be uneven */
};

/* Fills the node's box. Returns its widest column. */
static uint32_t build_box(const struct build *b, const struct build_range *r,
                          float *box)
{
    uint32_t widest = 0;
    float width = -1;
    memset(box, 0, sizeof *box * b->t->pad * 2);
    for (uint32_t j = 0; j < b->t->cols; j++) {
        float *low = box + j, *high = box + b->t->pad + j;
        b->kernel->extent(b->x + (size_t)j * b->rows + r->first, r->count, low,
                          high);
        /* Halves, because the difference may be above FLT_MAX. */
        float half = *high * 0.5f - *low * 0.5f;
        if (half > width) {
            width = half;
            widest = j;
        }
    }
    return widest;
}

static uint32_t build_below(const float *x, uint32_t count, float limit)
{
    uint32_t below = 0;
    for (uint32_t i = 0; i < count; i++)
        below += x[i] < limit;
    return below;
}

/* Where to cut the values `x`: the first `cut` of them in order go left.
 * Returns the value at the cut. */
static float build_cut(struct build *b, const struct build_range *r,
                       const float *x, float low, float high, uint32_t *ret_cut)
{
    float middle = low * 0.5f + high * 0.5f;
    uint32_t half = (r->count + TREE_LEAF - 1) / TREE_LEAF / 2 * TREE_LEAF;
    if (r->count >= UNEVEN_MIN && r->depth < UNEVEN_DEPTH && b->uneven > 0) {
        uint32_t below = build_below(x, r->count, middle);
        uint32_t few = below < r->count - below ? below : r->count - below;
        if (few > 0 && few < r->count / UNEVEN_PART) {
            b->uneven--;
            half = below;
        }
    }
    *ret_cut = half;
    return select_value(x, r->count, half, low, high, b->swap);
}

/* Lists in `swap` the pairs that bring the lowest `cut` values to the front:
 * places before the cut, and from `cut` on places behind it. Returns how many
 * pairs. */
static uint32_t build_pairs(const float *x, uint32_t count, uint32_t cut,
                            float value, uint32_t *left, uint32_t *right)
{
    uint32_t lefts = 0, rights = 0;
    for (uint32_t i = 0; i < cut; i++) {
        left[lefts] = i;
        lefts += x[i] > value;
    }
    for (uint32_t i = cut; i < count; i++) {
        right[rights] = i;
        rights += x[i] < value;
    }
    /* Equal ones fill up either side. */
    for (uint32_t i = 0; lefts < rights; i++)
        if (x[i] == value)
            left[lefts++] = i;
    for (uint32_t i = cut; rights < lefts; i++)
        if (x[i] == value)
            right[rights++] = i;
    return lefts;
}

static int build_part(struct build *b, const struct build_range *r,
                      uint32_t col, uint32_t cut, float value)
{
    uint32_t *left = b->swap, *right = b->swap + cut + 1;
    uint32_t pairs = build_pairs(b->x + (size_t)col * b->rows + r->first,
                                 r->count, cut, value, left, right);
    for (uint32_t j = 0; j < b->t->cols; j++) {
        float *x = b->x + (size_t)j * b->rows + r->first;
        for (uint32_t k = 0; k < pairs; k++) {
            float swapped = x[left[k]];
            x[left[k]] = x[right[k]];
            x[right[k]] = swapped;
        }
        if (r->count >= LARGE && compute_advance(b->context, 1) != 0)
            return ERR_CANCELED;
    }
    uint32_t *index = b->index + r->first;
    for (uint32_t k = 0; k < pairs; k++) {
        uint32_t swapped = index[left[k]];
        index[left[k]] = index[right[k]];
        index[right[k]] = swapped;
    }
    return compute_advance(b->context, r->count);
}

static void build_leaf(struct build *b, const struct build_range *r,
                       uint32_t node)
{
    struct tree *t = b->t;
    uint32_t leaf = t->leaves++;
    uint32_t *point = t->point + (size_t)leaf * TREE_LEAF;
    float *block = t->block + (size_t)leaf * t->cols * TREE_LEAF;
    t->leaf_node[leaf] = node;
    t->lanes[leaf] = UINT32_MAX >> (TREE_LEAF - r->count);
    for (uint32_t i = 0; i < TREE_LEAF; i++)
        point[i] = b->index[r->first + (i < r->count ? i : 0)];
    for (uint32_t j = 0; j < t->cols; j++) {
        const float *x = b->x + (size_t)j * b->rows + r->first;
        for (uint32_t i = 0; i < TREE_LEAF; i++)
            block[j * TREE_LEAF + i] = x[i < r->count ? i : 0];
    }
}

/* Adds the node of a range, and cuts it: the two sides go on the stack. */
static int build_node(struct build *b, const struct build_range *r,
                      struct build_range *stack, uint32_t *depth)
{
    struct tree *t = b->t;
    uint32_t node = t->nodes++;
    float *box = t->box + (size_t)node * t->pad * 2;
    t->node[node] =
        (struct tree_node){ node + 1, r->parent, t->leaves, r->count };
    uint32_t col = build_box(b, r, box), cut;
    if (r->count <= TREE_LEAF) {
        build_leaf(b, r, node);
        return 0;
    }
    float value = build_cut(b, r, b->x + (size_t)col * b->rows + r->first,
                            box[col], box[t->pad + col], &cut);
    int rc = build_part(b, r, col, cut, value);
    check(*depth + 2 <= TREE_DEPTH);
    stack[(*depth)++] = (struct build_range){ r->first + cut, r->count - cut,
                                              node, r->depth + 1 };
    stack[(*depth)++] =
        (struct build_range){ r->first, cut, node, r->depth + 1 };
    return rc;
}

static int build_nodes(struct build *b)
{
    struct build_range stack[TREE_DEPTH];
    uint32_t depth = 0;
    int rc = 0;
    if (b->rows > 0)
        stack[depth++] = (struct build_range){ 0, b->rows, 0, 0 };
    while (rc == 0 && depth > 0) {
        struct build_range r = stack[--depth];
        rc = build_node(b, &r, stack, &depth);
    }
    /* Children come behind their parents: from the back, ends are known. */
    for (uint32_t node = b->t->nodes; node-- > 1;) {
        struct tree_node *parent = &b->t->node[b->t->node[node].parent];
        if (parent->end < b->t->node[node].end)
            parent->end = b->t->node[node].end;
    }
    return rc;
}

/* The boxes of the leaves as columns; behind the last one stand zeros. */
static int build_runs(struct tree *t, const struct compute_context *context)
{
    t->leaves_stride = (size_t)t->leaves + TREE_RUN;
    size_t floats = t->leaves_stride * t->cols;
    t->leaf_low = arena_zalloc(context->arena, floats, sizeof *t->leaf_low);
    t->leaf_high = arena_zalloc(context->arena, floats, sizeof *t->leaf_high);
    if (t->leaf_low == NULL || t->leaf_high == NULL)
        return ERR_NOMEM;
    for (uint32_t leaf = 0; leaf < t->leaves; leaf++) {
        const float *low = tree_box(t, t->leaf_node[leaf]);
        for (uint32_t j = 0; j < t->cols; j++) {
            t->leaf_low[j * t->leaves_stride + leaf] = low[j];
            t->leaf_high[j * t->leaves_stride + leaf] = low[t->pad + j];
        }
    }
    return compute_advance(context, 0);
}

static int build_init(struct build *b, const struct matrix *points,
                      const struct compute_context *context, struct tree *t)
{
    size_t rows = points->rows, cols = points->cols;
    uint32_t uneven = points->rows / UNEVEN_MIN + 64;
    size_t leaves = (rows + TREE_LEAF - 1) / TREE_LEAF + uneven;
    size_t nodes = 2 * leaves;
    struct arena *a = context->arena;
    memset(t, 0, sizeof *t);
    t->cols = points->cols;
    t->pad = (points->cols + TREE_PAD - 1) / TREE_PAD * TREE_PAD;
    t->block = arena_alloc(a, leaves * cols, TREE_LEAF * sizeof *t->block);
    t->box = arena_alloc(a, nodes * t->pad, 2 * sizeof *t->box);
    t->node = arena_alloc(a, nodes, sizeof *t->node);
    t->leaf_node = arena_alloc(a, leaves, sizeof *t->leaf_node);
    t->lanes = arena_alloc(a, leaves, sizeof *t->lanes);
    t->point = arena_alloc(a, leaves, TREE_LEAF * sizeof *t->point);
    /* The columns, their rows' numbers and the pairs to swap in one piece:
     * spare later on. */
    t->spare_bytes = (rows * (cols + 2) + 16) * sizeof(float);
    t->spare = arena_alloc(a, 1, t->spare_bytes);
    if (t->block == NULL || t->box == NULL || t->node == NULL ||
        t->leaf_node == NULL || t->lanes == NULL || t->point == NULL ||
        t->spare == NULL)
        return ERR_NOMEM;
    float *x = (float *)(void *)t->spare;
    *b = (struct build){ .t = t,
                         .kernel = tree_kernel_of(context->isa),
                         .context = context,
                         .rows = points->rows,
                         .x = x,
                         .uneven = uneven };
    b->index = (uint32_t *)(void *)(x + rows * cols);
    b->swap = b->index + rows;
    return 0;
}

int tree_build(const struct matrix *points,
               const struct compute_context *context, struct tree *ret_tree)
{
    struct build b;
    int rc = build_init(&b, points, context, ret_tree);
    if (rc != 0)
        return rc;
    for (uint32_t j = 0; rc == 0 && b.rows > 0 && j < points->cols; j++) {
        const float *from = matrix_column(points, j);
        float *to = b.x + (size_t)j * b.rows;
        for (uint32_t i = 0; i < b.rows; i++)
            to[i] = from[i] + 0.0f; /* -0 becomes 0 */
        rc = compute_advance(context, 0);
    }
    for (uint32_t i = 0; i < b.rows; i++)
        b.index[i] = i;
    if (rc == 0)
        rc = build_nodes(&b);
    return rc != 0 ? rc : build_runs(ret_tree, context);
}

void *tree_alloc(struct tree *t, const struct compute_context *context,
                 size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    size_t whole = (bytes + 63) / 64 * 64;
    if (whole < bytes || whole > t->spare_bytes)
        return arena_alloc(context->arena, count, size);
    void *p = t->spare;
    t->spare += whole;
    t->spare_bytes -= whole;
    return p;
}
