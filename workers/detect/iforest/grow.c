/* Growing isolation trees; see grow.h for the rules. */
#include "workers/detect/iforest/grow.h"

#include "proto/base/check.h"
#include "workers/detect/iforest/grow_plane.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* A matrix of this size stays in the caches: nothing is fetched ahead. */
#define GROW_NEAR_BYTES (4u << 20)

static bool rows_are_near(const struct grow_rows *rows)
{
    size_t count = (size_t)rows->first.rows + rows->second.rows;
    return count * rows->second.cols * sizeof(float) <= GROW_NEAR_BYTES;
}

uint32_t grow_nodes_max(uint32_t psi)
{
    return psi == 0 ? 1 : 2 * psi - 1;
}

static int tree_init(struct grow_tree *t, const struct grow_space *s,
                     struct arena *arena)
{
    for (uint32_t i = 0; i < 2; i++)
        t->order[i] = arena_alloc(arena, s->psi, sizeof *t->order[i]);
    t->value = arena_alloc(arena, s->psi, sizeof *t->value);
    t->sum = arena_alloc(arena, s->extension > 0 ? s->psi : 0, sizeof *t->sum);
    t->reach = arena_alloc(arena, s->extension + 1, sizeof *t->reach);
    t->perm = arena_alloc(arena, s->cols, sizeof *t->perm);
    /* Every level leaves one right child waiting. */
    t->stack = arena_alloc(arena, s->height_max + 2u, sizeof *t->stack);
    if (!t->order[0] || !t->order[1] || !t->value || !t->sum || !t->reach ||
        !t->perm || !t->stack)
        return ERR_NOMEM;
    return grow_nodes_init(&t->nodes, 1, s->psi, s->extension, arena);
}

int grow_space_init(struct grow_space *s, uint32_t psi, uint32_t cols,
                    uint32_t extension, struct arena *arena)
{
    int err = 0;
    *s = (struct grow_space){ .psi = psi,
                              .cols = cols,
                              .extension = extension,
                              .height_max = iforest_height_max(psi) };
    s->index = arena_alloc(arena, psi, sizeof *s->index);
    s->scratch =
        arena_alloc(arena, rng_sample_scratch(psi), sizeof *s->scratch);
    if (s->index == NULL || s->scratch == NULL)
        return ERR_NOMEM;
    for (uint32_t k = 0; err == 0 && k < GROW_TREES; k++)
        err = tree_init(&s->tree[k], s, arena);
    return err;
}

int grow_nodes_init(struct grow_nodes *n, uint32_t trees, uint32_t psi,
                    uint32_t extension, struct arena *arena)
{
    size_t most = (size_t)trees * grow_nodes_max(psi);
    size_t wide = extension > 0 ? most * (extension + 1) : 0;
    *n = (struct grow_nodes){ .extension = extension };
    n->tree_first =
        arena_zalloc(arena, (size_t)trees + 1, sizeof *n->tree_first);
    n->feature = arena_alloc(arena, most, sizeof *n->feature);
    n->threshold = arena_alloc(arena, most, sizeof *n->threshold);
    n->right = arena_alloc(arena, most, sizeof *n->right);
    n->count = arena_alloc(arena, most, sizeof *n->count);
    n->axis = arena_alloc(arena, wide, sizeof *n->axis);
    n->weight = arena_alloc(arena, wide, sizeof *n->weight);
    return n->tree_first && n->feature && n->threshold && n->right &&
                   n->count && n->axis && n->weight
               ? 0
               : ERR_NOMEM;
}

void grow_draw(struct grow_space *s, const struct grow_rows *rows,
               uint64_t seed, uint64_t batch, uint32_t tree)
{
    struct rng draw;
    uint32_t count = rows->first.rows + rows->second.rows;
    iforest_tree_rng(&draw, seed, batch, tree);
    if (rows_are_near(rows))
        rng_sample_set(&draw, count, s->psi, s->index, s->scratch);
    else
        rng_sample(&draw, count, s->psi, s->index, s->scratch);
}

/* The values of `n` rows to `to`, and their range. */
static struct grow_range load_run(const float *x, const uint32_t *order,
                                  uint32_t n, float *to)
{
    float lo[2] = { INFINITY, INFINITY }, hi[2] = { -INFINITY, -INFINITY };
    uint32_t missing = 0, i = 0;
    for (; i + 2 <= n; i += 2) { /* two chains of comparisons side by side */
        float a = x[order[i]], b = x[order[i + 1]];
        to[i] = a;
        to[i + 1] = b;
        lo[0] = a < lo[0] ? a : lo[0];
        hi[0] = a > hi[0] ? a : hi[0];
        lo[1] = b < lo[1] ? b : lo[1];
        hi[1] = b > hi[1] ? b : hi[1];
        missing += (a != a) + (b != b);
    }
    if (i < n) {
        float a = x[order[i]];
        to[i] = a;
        lo[0] = a < lo[0] ? a : lo[0];
        hi[0] = a > hi[0] ? a : hi[0];
        missing += a != a;
    }
    return (struct grow_range){ lo[0] < lo[1] ? lo[0] : lo[1],
                                hi[0] > hi[1] ? hi[0] : hi[1], missing };
}

/* The same for rows of two matrices. */
static struct grow_range load_both(const struct grow_rows *rows, uint32_t col,
                                   const uint32_t *order, uint32_t n, float *to)
{
    const float *first = matrix_column(&rows->first, col);
    const float *second = matrix_column(&rows->second, col);
    uint32_t border = rows->first.rows;
    struct grow_range range = { INFINITY, -INFINITY, 0 };
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = order[i];
        float a = *(row < border ? first + row : second + (row - border));
        to[i] = a;
        range.lo = a < range.lo ? a : range.lo;
        range.hi = a > range.hi ? a : range.hi;
        range.missing += a != a;
    }
    return range;
}

struct grow_range grow_load(const struct grow_rows *rows,
                            struct grow_tree *tree, uint32_t col)
{
    const struct grow_frame *node = &tree->node;
    const uint32_t *order = tree->order[node->depth & 1] + node->begin;
    uint32_t n = node->end - node->begin;
    if (rows->first.rows > 0)
        return load_both(rows, col, order, n, tree->value);
    return load_run(matrix_column(&rows->second, col), order, n, tree->value);
}

void grow_drop(struct grow_tree *tree, uint32_t pick)
{
    uint16_t feature = tree->perm[pick];
    tree->perm[pick] = tree->perm[--tree->node.features];
    tree->perm[tree->node.features] = feature;
}

float grow_threshold(float lo, float hi, double unit)
{
    float threshold = (float)((double)lo * (1.0 - unit) + (double)hi * unit);
    if (threshold >= hi)
        threshold = nextafterf(hi, -INFINITY);
    return threshold < lo ? lo : threshold;
}

/* Which way missing values go: to the side with more values. */
static bool missing_goes_left(const struct grow_tree *t, uint32_t n,
                              float threshold, uint32_t missing)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < n; i++)
        left += t->value[i] <= threshold;
    return 2 * left >= n - missing;
}

/* Parts the node's rows by their values and returns how many go left. Every
 * row is written to both ends and only one end moves: no branch. */
static uint32_t node_part(struct grow_tree *t, float threshold,
                          uint32_t missing)
{
    const struct grow_frame *node = &t->node;
    const uint32_t *from = t->order[node->depth & 1] + node->begin;
    uint32_t *to = t->order[~node->depth & 1] + node->begin;
    const float *x = t->value;
    uint32_t n = node->end - node->begin, left = 0, *last = to + (n - 1);
    if (missing == 0) {
        for (uint32_t i = 0; i < n; i++) {
            uint32_t row = from[i];
            to[left] = row;
            last[(ptrdiff_t)left - (ptrdiff_t)i] = row;
            left += x[i] <= threshold;
        }
        return left;
    }
    bool missing_left = missing_goes_left(t, n, threshold, missing);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t goes_left =
            (x[i] <= threshold) | (missing_left & (x[i] != x[i]));
        to[left] = from[i];
        last[(ptrdiff_t)left - (ptrdiff_t)i] = from[i];
        left += goes_left;
    }
    return left;
}

/* Draws the feature to split the node by, and has its values on their way. */
static void axis_choose(const struct grow_rows *rows, struct grow_tree *t)
{
    uint32_t border = rows->first.rows;
    t->pick = (uint32_t)rng_below(&t->rng, t->node.features);
    if (rows_are_near(rows))
        return;
    const float *x = matrix_column(&rows->second, t->perm[t->pick]);
    const uint32_t *order = t->order[t->node.depth & 1];
    for (uint32_t i = t->node.begin; i < t->node.end; i++)
        if (order[i] >= border)
            __builtin_prefetch(x + (order[i] - border), 0, 1);
}

/* Splits the node by the feature that was chosen, as grow_plane does; a
 * feature that does not vary leaves the candidates for good, since it is
 * constant further down as well. */
static uint32_t axis_split(const struct grow_rows *rows, struct grow_tree *t)
{
    uint16_t feature = t->perm[t->pick];
    struct grow_range range = grow_load(rows, t, feature);
    if (!(range.lo < range.hi)) {
        grow_drop(t, t->pick);
        return 0;
    }
    float threshold = grow_threshold(range.lo, range.hi, rng_unit(&t->rng));
    t->nodes.feature[t->at] = feature;
    t->nodes.threshold[t->at] = threshold;
    return node_part(t, threshold, range.missing);
}

/* Writes a leaf; a split makes it an inner node. */
static uint32_t node_add(struct grow_nodes *nodes, uint32_t count)
{
    uint32_t at = nodes->used++;
    nodes->feature[at] = IFOREST_LEAF;
    nodes->threshold[at] = 0.0f;
    nodes->right[at] = 0;
    nodes->count[at] = count;
    if (nodes->extension > 0) {
        uint32_t width = nodes->extension + 1;
        memset(nodes->axis + (size_t)at * width, 0,
               width * sizeof *nodes->axis);
        memset(nodes->weight + (size_t)at * width, 0,
               width * sizeof *nodes->weight);
    }
    return at;
}

/* Writes the node; false when it stays a leaf. */
static bool node_enter(const struct grow_space *s, const struct grow_rows *rows,
                       struct grow_tree *t)
{
    uint32_t count = t->node.end - t->node.begin;
    t->at = node_add(&t->nodes, count);
    if (t->node.parent != GROW_NO_PARENT)
        t->nodes.right[t->node.parent] = t->at;
    if (t->node.depth == s->height_max || count < 2 || t->node.features == 0)
        return false;
    if (s->extension == 0)
        axis_choose(rows, t);
    return true;
}

/* Writes nodes of the stack up to one that may be split. False: the tree is
 * ready. */
static bool tree_next(const struct grow_space *s, const struct grow_rows *rows,
                      struct grow_tree *t)
{
    while (t->waiting > 0) {
        t->node = t->stack[--t->waiting];
        if (node_enter(s, rows, t))
            return true;
    }
    return false;
}

static bool tree_start(struct grow_space *s, const struct grow_rows *rows,
                       const uint32_t *index, uint64_t seed, uint64_t batch,
                       uint32_t tree, struct grow_tree *t)
{
    if (index == NULL)
        grow_draw(s, rows, seed, batch, tree);
    memcpy(t->order[0], index == NULL ? s->index : index,
           s->psi * sizeof *index);
    for (uint32_t j = 0; j < s->cols; j++)
        t->perm[j] = (uint16_t)j;
    iforest_tree_rng(&t->rng, seed, batch, tree | IFOREST_GROW);
    t->nodes.used = 0;
    t->node = (struct grow_frame){ 0, s->psi, 0, s->cols, GROW_NO_PARENT };
    t->waiting = 0;
    return node_enter(s, rows, t);
}

/* One attempt to split one node. False: the tree is ready. */
static bool tree_step(const struct grow_space *s, const struct grow_rows *rows,
                      struct grow_tree *t)
{
    struct grow_frame *node = &t->node;
    uint32_t left =
        s->extension > 0 ? grow_plane(rows, t) : axis_split(rows, t);
    if (left == 0) {
        if (s->extension > 0 || node->features == 0)
            return tree_next(s, rows, t);
        axis_choose(rows, t);
        return true;
    }
    uint32_t border = node->begin + left;
    t->stack[t->waiting++] =
        (struct grow_frame){ border, node->end, node->depth + 1, node->features,
                             t->at };
    node->end = border;
    node->depth++;
    node->parent = GROW_NO_PARENT;
    return node_enter(s, rows, t) || tree_next(s, rows, t);
}

static void nodes_append(struct grow_nodes *to, const struct grow_nodes *from)
{
    size_t n = from->used, width = from->extension + 1;
    memcpy(to->feature + to->used, from->feature, n * sizeof *to->feature);
    memcpy(to->threshold + to->used, from->threshold,
           n * sizeof *to->threshold);
    memcpy(to->right + to->used, from->right, n * sizeof *to->right);
    memcpy(to->count + to->used, from->count, n * sizeof *to->count);
    if (from->extension > 0) {
        memcpy(to->axis + to->used * width, from->axis,
               n * width * sizeof *to->axis);
        memcpy(to->weight + to->used * width, from->weight,
               n * width * sizeof *to->weight);
    }
    to->used += from->used;
    to->tree_first[++to->trees] = to->used;
}

void grow_trees(struct grow_space *s, const struct grow_rows *rows,
                const uint32_t *index, uint64_t seed, uint64_t batch,
                uint32_t first, uint32_t count, struct grow_nodes *nodes)
{
    struct grow_tree *growing[GROW_TREES];
    uint32_t live = 0;
    check(count >= 1 && count <= GROW_TREES);
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t *sample =
            index == NULL ? NULL : index + (size_t)k * s->psi;
        if (tree_start(s, rows, sample, seed, batch, first + k, &s->tree[k]))
            growing[live++] = &s->tree[k];
    }
    while (live > 0) {
        for (uint32_t k = live; k-- > 0;)
            if (!tree_step(s, rows, growing[k]))
                growing[k] = growing[--live];
    }
    for (uint32_t k = 0; k < count; k++)
        nodes_append(nodes, &s->tree[k].nodes);
}

struct iforest_forest grow_forest(const struct grow_nodes *n, uint32_t psi,
                                  uint32_t cols)
{
    return (struct iforest_forest){ .trees = n->trees,
                                    .subsample = psi,
                                    .features = cols,
                                    .node_count = n->used,
                                    .tree_first = n->tree_first,
                                    .feature = n->feature,
                                    .threshold = n->threshold,
                                    .right = n->right,
                                    .count = n->count,
                                    .extension = n->extension,
                                    .axis = n->extension > 0 ? n->axis : NULL,
                                    .weight =
                                        n->extension > 0 ? n->weight : NULL };
}
