/*
 * The nearest points of single queries: from the root, the nearer child first,
 * the best ones so far in a heap. Boxes and float32 sums tell what cannot be
 * among them, the exact sum decides, equal ones by index.
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
    const struct tree_kernel *kernel;
    const struct compute_context *context;
    uint32_t steps;           /* leaves since compute_advance */
    uint32_t k;               /* how many are asked for, <= points */
    uint32_t count;           /* how many are known */
    struct query_best *best;  /* a heap, the worst on top */
    struct exact_limit limit; /* of what may still be among them */
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

/* Fills the heap for the query in `box`. */
static int query_run(struct query *s)
{
    struct {
        uint32_t node;
        float gap;
    } stack[TREE_DEPTH + 1];
    uint32_t depth = 0;
    s->count = 0;
    s->limit = exact_limit_square((double)INFINITY, s->t.cols);
    stack[depth++].node = 0;
    stack[0].gap = 0;
    while (depth > 0) {
        depth--;
        uint32_t node = stack[depth].node;
        if (stack[depth].gap > s->limit.out)
            continue;
        if (tree_is_leaf(&s->t, node)) {
            query_leaf(s, s->t.node[node].leaf);
            if (++s->steps % 4096 == 0 &&
                compute_advance(s->context, 4096) != 0)
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

static int query_init(struct query *s, const struct matrix *points, uint32_t k,
                      const struct compute_context *context)
{
    memset(s, 0, sizeof *s);
    s->kernel = tree_kernel_of(context->isa);
    s->context = context;
    s->k = k;
    s->best = arena_alloc(context->arena, k, sizeof *s->best);
    if (s->best == NULL)
        return ERR_NOMEM;
    return tree_build(points, context, &s->t);
}

static int query_row(struct query *s, const struct matrix *queries,
                     uint32_t row)
{
    for (uint32_t j = 0; j < queries->cols; j++)
        s->box[j] = s->box[s->t.pad + j] = matrix_column(queries, j)[row];
    return query_run(s);
}

int dbscan_nearest(const struct matrix *points, const struct matrix *queries,
                   const struct compute_context *context, uint32_t *ret_nearest,
                   double *ret_square)
{
    struct query s;
    int rc = query_init(&s, points, 1, context);
    for (uint32_t i = 0; rc == 0 && i < queries->rows; i++) {
        ret_nearest[i] = DBSCAN_NONE;
        ret_square[i] = (double)INFINITY;
        if (points->rows == 0)
            continue;
        rc = query_row(&s, queries, i);
        ret_nearest[i] = s.best[0].point;
        ret_square[i] = s.best[0].square;
    }
    return rc;
}

int dbscan_kth_distance(const struct matrix *points,
                        const struct matrix *queries, uint32_t k,
                        const struct compute_context *context,
                        double *ret_distance)
{
    struct query s;
    check(k >= 1 && k <= points->rows);
    int rc = query_init(&s, points, k, context);
    for (uint32_t i = 0; rc == 0 && i < queries->rows; i++) {
        rc = query_row(&s, queries, i);
        ret_distance[i] = sqrt(s.best[0].square);
    }
    return rc;
}

/* Empties the heap, the best one first in the end. */
static void query_squares(struct query *s, double *ret_square)
{
    while (s->count > 0) {
        ret_square[--s->count] = s->best[0].square;
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
    uint32_t found = k < points->rows ? k : points->rows;
    int rc = query_init(&s, points, found, context);
    for (uint32_t i = 0; rc == 0 && i < queries->rows; i++) {
        double *square = ret_square + (size_t)i * k;
        for (uint32_t n = found; n < k; n++)
            square[n] = INFINITY;
        if (found > 0)
            rc = query_row(&s, queries, i);
        if (rc == 0)
            query_squares(&s, square);
    }
    return rc;
}
