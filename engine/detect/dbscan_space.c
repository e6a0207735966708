/* Parts of space by medians, and their halos. */
#include "engine/detect/dbscan_space.h"
#include "engine/detect/dbscan_plan.h"
#include "engine/detect/usual.h"
#include "proto/base/check.h"
#include "proto/wire/dbscan.h"

#include <stdbool.h>
#include <string.h>

#define BLOCK 1024u

struct cut {
    const struct matrix *points;
    uint32_t *order; /* points, part after part, each ascending */
    uint32_t *spare; /* as many */
    uint32_t *key, *scratch;
};

/* Points [first, first + count) of the order. */
struct run {
    uint32_t first, count, parts;
};

static void column_range(const struct cut *c, const struct run *r, uint32_t col,
                         float *ret_low, float *ret_high)
{
    const float *x = matrix_column(c->points, col);
    float low = x[c->order[r->first]], high = low;
    for (uint32_t i = 1; i < r->count; i++) {
        float value = x[c->order[r->first + i]];
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    *ret_low = low;
    *ret_high = high;
}

static uint32_t widest_column(const struct cut *c, const struct run *r)
{
    uint32_t widest = 0;
    double most = -1.0;
    for (uint32_t j = 0; j < c->points->cols; j++) {
        float low, high;
        column_range(c, r, j, &low, &high);
        double range = (double)high - (double)low;
        if (range > most) {
            most = range;
            widest = j;
        }
    }
    return widest;
}

/* The first `left` points in the order of a column's values come first. */
static void run_partition(struct cut *c, const struct run *r, uint32_t left)
{
    const float *x = matrix_column(c->points, widest_column(c, r));
    uint32_t *order = c->order + r->first, below = 0, low = 0, high = left;
    for (uint32_t i = 0; i < r->count; i++)
        c->key[i] = usual_key(x[order[i]]);
    uint32_t pivot = usual_select(c->key, r->count, left, c->scratch);
    for (uint32_t i = 0; i < r->count; i++)
        below += c->key[i] < pivot;
    uint32_t equal = left - below; /* of the pivot's points, on the left */
    for (uint32_t i = 0; i < r->count; i++) {
        bool goes_left = c->key[i] < pivot;
        if (c->key[i] == pivot && equal > 0) {
            equal--;
            goes_left = true;
        }
        c->spare[goes_left ? low++ : high++] = order[i];
    }
    check(low == left && high == r->count);
    memcpy(order, c->spare, r->count * sizeof *order);
}

/* Runs of one part each, in order. */
static void runs_make(struct cut *c, uint32_t parts, struct run *run)
{
    uint32_t runs = 1;
    run[0] = (struct run){ 0, c->points->rows, parts };
    for (uint32_t k = 0; k < runs;) {
        struct run r = run[k];
        if (r.parts == 1) {
            k++;
            continue;
        }
        uint32_t parts_left = r.parts / 2;
        uint32_t left = (uint32_t)((uint64_t)r.count * parts_left / r.parts);
        if (left < r.count)
            run_partition(c, &r, left);
        memmove(run + k + 2, run + k + 1, (runs - k - 1) * sizeof *run);
        run[k] = (struct run){ r.first, left, parts_left };
        run[k + 1] = (struct run){ r.first + left, r.count - left,
                                   r.parts - parts_left };
        runs++;
    }
}

struct box {
    double low[DBSCAN_FEATURES_MAX], high[DBSCAN_FEATURES_MAX];
};

static void box_make(const struct cut *c, const struct run *r, struct box *b)
{
    for (uint32_t j = 0; j < c->points->cols; j++) {
        float low, high;
        column_range(c, r, j, &low, &high);
        b->low[j] = (double)low;
        b->high[j] = (double)high;
    }
}

/* Squared distances of `count` points to the box. */
static void box_squares(const struct box *b, const struct matrix *points,
                        uint32_t first, uint32_t count, double *ret_square)
{
    memset(ret_square, 0, count * sizeof *ret_square);
    for (uint32_t j = 0; j < points->cols; j++) {
        const float *x = matrix_column(points, j) + first;
        for (uint32_t i = 0; i < count; i++) {
            double value = (double)x[i];
            double below = b->low[j] - value, above = value - b->high[j];
            double gap = below > above ? below : above;
            gap = gap > 0.0 ? gap : 0.0;
            ret_square[i] += gap * gap;
        }
    }
}

/* Marks and counts the points of other parts that are near to the box. */
static uint32_t halo_mark(const struct box *b, const struct matrix *points,
                          double eps, const uint8_t *part_of, uint32_t part,
                          uint8_t *ret_near)
{
    double square[BLOCK], limit = eps * eps;
    uint32_t found = 0;
    for (uint32_t first = 0; first < points->rows; first += BLOCK) {
        uint32_t count = points->rows - first;
        count = count < BLOCK ? count : BLOCK;
        box_squares(b, points, first, count, square);
        for (uint32_t i = 0; i < count; i++) {
            bool near = square[i] <= limit && part_of[first + i] != part;
            ret_near[first + i] = near;
            found += near;
        }
    }
    return found;
}

static int region_make(const struct cut *c, const struct run *r, uint32_t part,
                       double eps, const uint8_t *part_of, uint8_t *near,
                       struct arena *arena, struct dbscan_region *ret_region)
{
    uint32_t halo = 0, rows = c->points->rows;
    struct box box;
    if (r->count > 0) {
        box_make(c, r, &box);
        halo = halo_mark(&box, c->points, eps, part_of, part, near);
    }
    uint32_t *point =
        arena_alloc(arena, (size_t)r->count + halo, sizeof *point);
    if (point == NULL)
        return ERR_NOMEM;
    memcpy(point, c->order + r->first, r->count * sizeof *point);
    for (uint32_t i = 0, at = r->count; i < rows && halo > 0; i++)
        if (near[i] != 0)
            point[at++] = i;
    *ret_region = (struct dbscan_region){ r->count, halo, point };
    return 0;
}

int dbscan_space_cut(const struct matrix *points, uint32_t parts, double eps,
                     struct arena *arena, struct arena *scratch,
                     struct dbscan_region *ret_region)
{
    struct run run[DBSCAN_PARTS_MAX + 1];
    size_t rows = points->rows;
    uint32_t *words = arena_alloc(scratch, 4 * rows, sizeof *words);
    uint8_t *bytes = arena_alloc(scratch, 2 * rows, 1);
    check(parts >= 1 && parts <= DBSCAN_PARTS_MAX);
    if (words == NULL || bytes == NULL)
        return ERR_NOMEM;
    struct cut c = { points, words, words + rows, words + 2 * rows,
                     words + 3 * rows };
    uint8_t *part_of = bytes, *near = bytes + rows;
    for (uint32_t i = 0; i < rows; i++)
        c.order[i] = i;
    runs_make(&c, parts, run);
    for (uint32_t k = 0; k < parts; k++)
        for (uint32_t i = 0; i < run[k].count; i++)
            part_of[c.order[run[k].first + i]] = (uint8_t)k;
    int err = 0;
    for (uint32_t k = 0; k < parts && err == 0; k++)
        err = region_make(&c, &run[k], k, eps, part_of, near, arena,
                          &ret_region[k]);
    return err;
}
