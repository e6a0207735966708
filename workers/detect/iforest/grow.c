/* Growing one isolation tree; see grow.h for the rules. */
#include "workers/detect/iforest/grow.h"

#include <math.h>
#include <string.h>

#define GROW_NO_PARENT UINT32_MAX

/* Lowest and highest value of a column in a node, and its missing ones. */
struct grow_range {
    float lo, hi;
    uint32_t missing;
};

struct grow_split {
    uint32_t feature;
    float threshold;
    uint32_t missing;
};

uint32_t grow_nodes_max(uint32_t psi)
{
    return psi == 0 ? 1 : 2 * psi - 1;
}

int grow_space_init(struct grow_space *s, uint32_t psi, uint32_t cols,
                    struct arena *arena)
{
    s->psi = psi;
    s->cols = cols;
    s->height_max = iforest_height_max(psi);
    s->sample = arena_alloc(arena, (size_t)psi * cols, sizeof *s->sample);
    s->gathered = arena_alloc(arena, cols, sizeof *s->gathered);
    s->order = arena_alloc(arena, psi, sizeof *s->order);
    s->spill = arena_alloc(arena, psi, sizeof *s->spill);
    s->perm = arena_alloc(arena, cols, sizeof *s->perm);
    /* Every level leaves one right child waiting. */
    s->stack = arena_alloc(arena, s->height_max + 2u, sizeof *s->stack);
    s->index = arena_alloc(arena, psi, sizeof *s->index);
    s->scratch =
        arena_alloc(arena, rng_sample_scratch(psi), sizeof *s->scratch);
    return s->sample && s->gathered && s->order && s->spill && s->perm &&
                   s->stack && s->index && s->scratch
               ? 0
               : ERR_NOMEM;
}

int grow_nodes_init(struct grow_nodes *n, uint32_t trees, uint32_t psi,
                    struct arena *arena)
{
    size_t most = (size_t)trees * grow_nodes_max(psi);
    n->trees = n->used = 0;
    n->tree_first =
        arena_zalloc(arena, (size_t)trees + 1, sizeof *n->tree_first);
    n->feature = arena_alloc(arena, most, sizeof *n->feature);
    n->threshold = arena_alloc(arena, most, sizeof *n->threshold);
    n->right = arena_alloc(arena, most, sizeof *n->right);
    n->count = arena_alloc(arena, most, sizeof *n->count);
    return n->tree_first && n->feature && n->threshold && n->right && n->count
               ? 0
               : ERR_NOMEM;
}

void grow_draw(struct grow_space *s, const struct grow_rows *rows,
               uint64_t seed, uint64_t batch, uint32_t tree)
{
    struct rng draw;
    iforest_tree_rng(&draw, seed, batch, tree);
    rng_sample(&draw, rows->first.rows + rows->second.rows, s->psi, s->index,
               s->scratch);
}

/* Copies one column of the sample, which is ascending, to a dense run. */
static const float *sample_column(struct grow_space *s,
                                  const struct grow_rows *rows,
                                  const uint32_t *index, uint32_t col)
{
    float *to = s->sample + (size_t)col * s->psi;
    if (s->gathered[col])
        return to;
    uint32_t i = 0, border = rows->first.rows;
    if (border > 0) {
        const float *from = matrix_column(&rows->first, col);
        for (; i < s->psi && index[i] < border; i++)
            to[i] = from[index[i]];
    }
    if (i < s->psi) {
        const float *from = matrix_column(&rows->second, col);
        for (; i < s->psi; i++)
            to[i] = from[index[i] - border];
    }
    s->gathered[col] = true;
    return to;
}

static struct grow_range column_range(const float *x, const uint16_t *order,
                                      uint32_t n)
{
    float lo[2] = { INFINITY, INFINITY }, hi[2] = { -INFINITY, -INFINITY };
    uint32_t missing = 0, i = 0;
    for (; i + 2 <= n; i += 2) { /* two chains of comparisons side by side */
        float a = x[order[i]], b = x[order[i + 1]];
        lo[0] = a < lo[0] ? a : lo[0];
        hi[0] = a > hi[0] ? a : hi[0];
        lo[1] = b < lo[1] ? b : lo[1];
        hi[1] = b > hi[1] ? b : hi[1];
        missing += (a != a) + (b != b);
    }
    if (i < n) {
        float a = x[order[i]];
        lo[0] = a < lo[0] ? a : lo[0];
        hi[0] = a > hi[0] ? a : hi[0];
        missing += a != a;
    }
    return (struct grow_range){ lo[0] < lo[1] ? lo[0] : lo[1],
                                hi[0] > hi[1] ? hi[0] : hi[1], missing };
}

float grow_threshold(float lo, float hi, double unit)
{
    float threshold = (float)((double)lo * (1.0 - unit) + (double)hi * unit);
    if (threshold >= hi)
        threshold = nextafterf(hi, -INFINITY);
    return threshold < lo ? lo : threshold;
}

/* Draws features until one varies; those that do not leave the candidates for
 * good, since they are constant further down as well. False when none is
 * left. */
static bool node_split(struct grow_space *s, const struct grow_rows *rows,
                       const uint32_t *index, struct grow_frame *node,
                       struct rng *grow, struct grow_split *ret_split)
{
    while (node->features > 0) {
        uint32_t at = (uint32_t)rng_below(grow, node->features);
        uint16_t feature = s->perm[at];
        const float *x = sample_column(s, rows, index, feature);
        struct grow_range range =
            column_range(x, s->order + node->begin, node->end - node->begin);
        if (range.lo < range.hi) {
            ret_split->feature = feature;
            ret_split->threshold =
                grow_threshold(range.lo, range.hi, rng_unit(grow));
            ret_split->missing = range.missing;
            return true;
        }
        s->perm[at] = s->perm[--node->features];
        s->perm[node->features] = feature;
    }
    return false;
}

/* Which way missing values go: to the side with more values. */
static bool missing_goes_left(const float *x, const uint16_t *order, uint32_t n,
                              const struct grow_split *split)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < n; i++)
        left += x[order[i]] <= split->threshold;
    return 2 * left >= n - split->missing;
}

/* Parts a node's rows, left ones first, and returns how many go left. Every
 * row is written to both sides and only one side moves on: no branch. */
static uint32_t node_part(const struct grow_space *s, const float *x,
                          const struct grow_frame *node,
                          const struct grow_split *split)
{
    uint16_t *order = s->order + node->begin;
    uint32_t n = node->end - node->begin, left = 0, right = 0;
    if (split->missing == 0) {
        for (uint32_t i = 0; i < n; i++) {
            uint16_t row = order[i];
            bool goes_left = x[row] <= split->threshold;
            order[left] = row;
            s->spill[right] = row;
            left += goes_left;
            right += !goes_left;
        }
    } else {
        bool missing_left = missing_goes_left(x, order, n, split);
        for (uint32_t i = 0; i < n; i++) {
            uint16_t row = order[i];
            float value = x[row];
            bool goes_left =
                value <= split->threshold || (missing_left && value != value);
            order[left] = row;
            s->spill[right] = row;
            left += goes_left;
            right += !goes_left;
        }
    }
    memcpy(order + left, s->spill, right * sizeof *order);
    return left;
}

/* Writes a leaf; a split makes it an inner node. */
static uint32_t node_add(struct grow_nodes *nodes, uint32_t count)
{
    uint32_t at = nodes->used++;
    nodes->feature[at] = IFOREST_LEAF;
    nodes->threshold[at] = 0.0f;
    nodes->right[at] = 0;
    nodes->count[at] = count;
    return at;
}

static void space_reset(struct grow_space *s)
{
    for (uint32_t i = 0; i < s->psi; i++)
        s->order[i] = (uint16_t)i;
    for (uint32_t j = 0; j < s->cols; j++) {
        s->perm[j] = (uint16_t)j;
        s->gathered[j] = false;
    }
}

void grow_tree(struct grow_space *s, const struct grow_rows *rows,
               const uint32_t *index, uint64_t seed, uint64_t batch,
               uint32_t tree, struct grow_nodes *nodes)
{
    uint32_t first = nodes->used, waiting = 1;
    struct rng grow;
    iforest_tree_rng(&grow, seed, batch, tree | IFOREST_GROW);
    space_reset(s);
    s->stack[0] = (struct grow_frame){ 0, s->psi, 0, s->cols, GROW_NO_PARENT };
    while (waiting > 0) {
        struct grow_frame node = s->stack[--waiting];
        struct grow_split split;
        uint32_t at = node_add(nodes, node.end - node.begin);
        if (node.parent != GROW_NO_PARENT)
            nodes->right[node.parent] = at - first;
        if (node.depth == s->height_max || node.end - node.begin < 2 ||
            !node_split(s, rows, index, &node, &grow, &split))
            continue;
        const float *x = sample_column(s, rows, index, split.feature);
        uint32_t border = node.begin + node_part(s, x, &node, &split);
        nodes->feature[at] = (uint16_t)split.feature;
        nodes->threshold[at] = split.threshold;
        s->stack[waiting++] =
            (struct grow_frame){ border, node.end, node.depth + 1,
                                 node.features, at };
        s->stack[waiting++] =
            (struct grow_frame){ node.begin, border, node.depth + 1,
                                 node.features, GROW_NO_PARENT };
    }
    nodes->tree_first[++nodes->trees] = nodes->used;
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
                                    .count = n->count };
}
