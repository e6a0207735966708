/*
 * The nearest points of single queries: from the root, the nearer child first,
 * the best ones so far in a heap. Boxes and float32 sums tell what cannot be
 * among them, the exact sum decides, equal ones by index.
 *
 * Queries go in the order of a tree of their own. So each begins next to the
 * last one, with a bound: its k-th nearest is no further than that of the last
 * one and the way between them.
 */
#include "workers/detect/dbscan/dbscan.h"
#include "workers/detect/dbscan/exact.h"
#include "workers/detect/dbscan/tree.h"
#include "workers/detect/dbscan/tree_kernel.h"

#include "proto/base/check.h"

#include <math.h>
#include <string.h>

struct query_best {
    double square;
    uint32_t point;
};

struct query {
    struct tree t;
    struct tree queries;
    const struct tree_kernel *kernel;
    const struct compute_context *context;
    uint32_t steps;           /* leaves since compute_advance */
    uint32_t k;               /* how many are asked for, <= points */
    uint32_t count;           /* how many are known */
    struct query_best *best;  /* a heap, the worst on top */
    struct exact_limit limit; /* of what may still be among them */
    double bound;             /* the k-th square of the last query */
    _Alignas(64) float box[2 * DBSCAN_COLS_MAX]; /* of the query alone */
};

static bool query_worse(const struct query_best *a, const struct query_best *b)
{
    return a->square > b->square ||
           (a->square == b->square && a->point > b->point);
}

/* Places `one` in the heap's hole at `at`, from which on it goes down. */
static void query_sink(struct query *s, uint32_t at, struct query_best one)
{
    for (uint32_t child = 2 * at + 1; child < s->count; child = 2 * at + 1) {
        if (child + 1 < s->count &&
            query_worse(&s->best[child + 1], &s->best[child]))
            child++;
        if (!query_worse(&s->best[child], &one))
            break;
        s->best[at] = s->best[child];
        at = child;
    }
    s->best[at] = one;
}

static void query_add(struct query *s, double square, uint32_t point)
{
    struct query_best one = { square, point };
    if (s->count < s->k) {
        uint32_t at = s->count++;
        for (; at > 0 && query_worse(&one, &s->best[(at - 1) / 2]);
             at = (at - 1) / 2)
            s->best[at] = s->best[(at - 1) / 2];
        s->best[at] = one;
        if (s->count < s->k)
            return;
    } else if (query_worse(&s->best[0], &one)) {
        query_sink(s, 0, one);
    } else {
        return;
    }
    if (s->best[0].square < s->limit.square)
        s->limit = exact_limit_square(s->best[0].square, s->t.cols);
}

static void query_leaf(struct query *s, uint32_t leaf)
{
    const float *block = tree_block(&s->t, leaf);
    float sums[TREE_LEAF];
    s->kernel->sums(s->box, block, s->t.cols, sums);
    for (uint32_t left = s->t.lanes[leaf]; left != 0; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(left);
        if (sums[i] > s->limit.out)
            continue;
        double square =
            exact_square(s->box, 1, block + i, TREE_LEAF, s->t.cols);
        query_add(s, square, s->t.point[leaf * TREE_LEAF + i]);
    }
}

static float query_gap(const struct query *s, uint32_t node)
{
    return s->kernel->gap(s->box, tree_box(&s->t, node), s->t.pad);
}

/* The leaves of a node, TREE_RUN at most; a nearer one may spare others. */
static int query_leaves(struct query *s, uint32_t node)
{
    uint32_t first = s->t.node[node].leaf;
    uint32_t left = (1u << (tree_leaf_end(&s->t, node) - first)) - 1;
    float out = INFINITY;
    while (left != 0) {
        if (s->limit.out < out) {
            out = s->limit.out;
            left &= s->kernel->run(&s->t, s->box, first, out);
            continue;
        }
        query_leaf(s, first + (uint32_t)__builtin_ctz(left));
        left &= left - 1;
        if (++s->steps % 4096 == 0 && compute_advance(s->context, 4096) != 0)
            return ERR_CANCELED;
    }
    return 0;
}

/* Fills the heap for the query in `box`; `limit` is set. */
static int query_run(struct query *s)
{
    struct {
        uint32_t node;
        float gap;
    } stack[TREE_DEPTH + 1];
    uint32_t depth = 0;
    s->count = 0;
    stack[depth++].node = 0;
    stack[0].gap = 0;
    while (depth > 0) {
        depth--;
        uint32_t node = stack[depth].node;
        if (stack[depth].gap > s->limit.out)
            continue;
        if (tree_is_run(&s->t, node)) {
            if (query_leaves(s, node) != 0)
                return ERR_CANCELED;
            continue;
        }
        uint32_t left = node + 1, right = s->t.node[left].end;
        float gap_left = query_gap(s, left), gap_right = query_gap(s, right);
        bool swap = gap_right < gap_left;
        check(depth + 2 <= TREE_DEPTH + 1);
        stack[depth].node = swap ? left : right;
        stack[depth++].gap = swap ? gap_left : gap_right;
        stack[depth].node = swap ? right : left;
        stack[depth++].gap = swap ? gap_right : gap_left;
    }
    return 0;
}

static int query_init(struct query *s, const struct matrix *points,
                      const struct matrix *queries, uint32_t k,
                      const struct compute_context *context)
{
    memset(s, 0, sizeof *s);
    s->kernel = tree_kernel_of(context->isa);
    s->context = context;
    s->k = k;
    s->bound = (double)INFINITY;
    s->best = arena_alloc(context->arena, k, sizeof *s->best);
    if (s->best == NULL)
        return ERR_NOMEM;
    int rc = tree_build(points, context, &s->t);
    return rc != 0 ? rc : tree_build(queries, context, &s->queries);
}

/* The query in a lane of a leaf of the queries' tree. */
static int query_lane(struct query *s, uint32_t leaf, uint32_t lane)
{
    const float *from = tree_block(&s->queries, leaf) + lane;
    double way = exact_square(from, TREE_LEAF, s->box, 1, s->t.cols);
    double bound = sqrt(s->bound) + sqrt(way);
    for (uint32_t j = 0; j < s->t.cols; j++)
        s->box[j] = s->box[s->t.pad + j] = from[(size_t)j * TREE_LEAF];
    /* Far more than all the rounding. */
    s->limit = exact_limit_square(bound * bound * (1 + 1e-9), s->t.cols);
    int rc = query_run(s);
    if (rc == 0)
        s->bound = s->best[0].square;
    return rc;
}

/* Calls `answer` with the heap of each query, by its row. */
static int query_each(struct query *s,
                      void (*answer)(struct query *s, uint32_t row, void *into),
                      void *into)
{
    int rc = 0;
    for (uint32_t leaf = 0; leaf < s->queries.leaves; leaf++)
        for (uint32_t left = s->queries.lanes[leaf]; left != 0;
             left &= left - 1) {
            uint32_t lane = (uint32_t)__builtin_ctz(left);
            rc = query_lane(s, leaf, lane);
            if (rc != 0)
                return rc;
            answer(s, s->queries.point[leaf * TREE_LEAF + lane], into);
        }
    return rc;
}

struct query_nearest {
    uint32_t *point;
    double *square;
};

static void answer_nearest(struct query *s, uint32_t row, void *into)
{
    const struct query_nearest *n = into;
    n->point[row] = s->best[0].point;
    n->square[row] = s->best[0].square;
}

int dbscan_nearest(const struct matrix *points, const struct matrix *queries,
                   const struct compute_context *context, uint32_t *ret_nearest,
                   double *ret_square)
{
    struct query s;
    struct query_nearest nearest = { ret_nearest, ret_square };
    for (uint32_t i = 0; i < queries->rows; i++) {
        ret_nearest[i] = DBSCAN_NONE;
        ret_square[i] = (double)INFINITY;
    }
    if (points->rows == 0)
        return 0;
    int rc = query_init(&s, points, queries, 1, context);
    return rc != 0 ? rc : query_each(&s, answer_nearest, &nearest);
}

static void answer_distance(struct query *s, uint32_t row, void *into)
{
    ((double *)into)[row] = sqrt(s->best[0].square);
}

int dbscan_kth_distance(const struct matrix *points,
                        const struct matrix *queries, uint32_t k,
                        const struct compute_context *context,
                        double *ret_distance)
{
    struct query s;
    check(k >= 1 && k <= points->rows);
    int rc = query_init(&s, points, queries, k, context);
    return rc != 0 ? rc : query_each(&s, answer_distance, ret_distance);
}

struct query_squares {
    double *square;
    uint32_t k; /* to a row; beyond the points there are, INFINITY */
};

/* Empties the heap, the best one first in the end. */
static void answer_squares(struct query *s, uint32_t row, void *into)
{
    const struct query_squares *all = into;
    double *square = all->square + (size_t)row * all->k;
    while (s->count > 0) {
        square[--s->count] = s->best[0].square;
        if (s->count > 0)
            query_sink(s, 0, s->best[s->count]);
    }
}

int dbscan_near_squares(const struct matrix *points,
                        const struct matrix *queries, uint32_t k,
                        const struct compute_context *context,
                        double *ret_square)
{
    struct query s;
    struct query_squares all = { ret_square, k };
    uint32_t found = k < points->rows ? k : points->rows;
    for (size_t i = 0; i < (size_t)queries->rows * k; i++)
        ret_square[i] = (double)INFINITY;
    if (found == 0)
        return 0;
    int rc = query_init(&s, points, queries, found, context);
    return rc != 0 ? rc : query_each(&s, answer_squares, &all);
}
