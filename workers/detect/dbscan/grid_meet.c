/*
 * Cells with very many points that face each other across a gap of about eps:
 * all pairs would be quadratic. Both are halved again and again, and boxes tell
 * which halves cannot meet, or meet whatever their points are.
 */
#include "workers/detect/dbscan/grid.h"

/* Below so many pairs of points, all are tried. */
#define PAIRS_FEW 4096u
/* Pairs of parts still to look at. A pair that finds no room is tried point by
 * point; values a hair apart around 0 can get there. */
#define PAIRS_DEEP 256u

/* Core points of a cell, [first, first + count) by place. */
struct part {
    uint32_t first, count;
    struct grid_box box;
};

struct pair {
    struct part a, b;
    double gap; /* the least sum of squares there can be */
};

struct meeting {
    struct grid *g;
    struct pair *pair;
    uint32_t pairs;
};

static struct part part_of(const struct grid *g, uint32_t first, uint32_t count)
{
    return (struct part){ first, count, grid_box_of(g, first, count) };
}

/* Bounds on the double sums between points of two boxes. Rounding keeps order,
 * so they hold for the sums as they are computed. */
static void boxes_between(const struct grid *g, const struct grid_box *a,
                          const struct grid_box *b, double *ret_least,
                          double *ret_most)
{
    double least = 0, most = 0;
    for (uint32_t j = 0; j < g->cols; j++) {
        double right = (double)b->low[j] - (double)a->high[j];
        double left = (double)a->low[j] - (double)b->high[j];
        double gap = right > left ? right : left;
        double way = right < left ? right : left;
        least += gap > 0 ? gap * gap : 0;
        most += way * way;
    }
    *ret_least = least;
    *ret_most = most;
}

/* The column in which a box is widest, or that many columns when it is one
 * point. */
static uint32_t box_widest(const struct grid *g, const struct grid_box *box)
{
    uint32_t widest = g->cols;
    double most = 0;
    for (uint32_t j = 0; j < g->cols; j++) {
        double width = (double)box->high[j] - (double)box->low[j];
        if (width > most) {
            most = width;
            widest = j;
        }
    }
    return widest;
}

/* Points in the lower half of the column go to the front. */
static void part_halve(struct grid *g, const struct part *p, uint32_t col,
                       struct part *ret_half)
{
    double low = (double)p->box.low[col], high = (double)p->box.high[col];
    double middle = low + (high - low) / 2;
    const float *x = g->x + col * g->stride;
    uint32_t at = p->first, end = p->first + p->count;
    while (at < end)
        if ((double)x[at] <= middle)
            at++;
        else
            grid_swap(g, at, --end);
    ret_half[0] = part_of(g, p->first, at - p->first);
    ret_half[1] = part_of(g, at, p->first + p->count - at);
}

/* Equal points are as near as one of them. */
static void part_reduce(const struct grid *g, struct part *p)
{
    if (box_widest(g, &p->box) == g->cols)
        p->count = 1;
}

/* Puts a pair on the stack unless boxes tell: then `ret_meet` or nothing. */
static void pair_push(struct meeting *m, const struct part *a,
                      const struct part *b, bool *ret_meet)
{
    const struct grid *g = m->g;
    struct pair *pair = &m->pair[m->pairs];
    double most;
    *pair = (struct pair){ *a, *b, 0 };
    boxes_between(g, &a->box, &b->box, &pair->gap, &most);
    if (pair->gap > g->limit.square)
        return;
    if (most <= g->limit.square)
        *ret_meet = true;
    part_reduce(g, &pair->a);
    part_reduce(g, &pair->b);
    m->pairs++;
}

/* Halves the larger side: two pairs instead of one, the nearer one on top. */
static int pair_halve(struct meeting *m, const struct pair *pair,
                      bool *ret_meet)
{
    bool first = pair->a.count >= pair->b.count;
    const struct part *larger = first ? &pair->a : &pair->b;
    const struct part *other = first ? &pair->b : &pair->a;
    struct part half[2];
    uint32_t before = m->pairs;
    part_halve(m->g, larger, box_widest(m->g, &larger->box), half);
    pair_push(m, &half[0], other, ret_meet);
    pair_push(m, &half[1], other, ret_meet);
    if (m->pairs == before + 2 &&
        m->pair[before].gap < m->pair[before + 1].gap) {
        struct pair nearer = m->pair[before];
        m->pair[before] = m->pair[before + 1];
        m->pair[before + 1] = nearer;
    }
    return grid_looked(m->g, 2 * (uint64_t)larger->count);
}

static int pair_try(struct meeting *m, const struct pair *pair, bool *ret_meet)
{
    const struct grid *g = m->g;
    struct near_range range = { pair->b.first, pair->b.count };
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && !*ret_meet && i < pair->a.count; i++) {
        float query[GRID_COLS_MAX];
        grid_query(g, pair->a.first + i, query);
        if (grid_box_beyond(g, &pair->b.box, query))
            continue;
        *ret_meet = g->near->count(&g->limit, g->x, g->stride, &range, 1,
                                   g->cols, query, 1) > 0;
        rc = grid_looked(m->g, range.count);
    }
    return rc;
}

int grid_meet(struct grid *g, uint32_t a, uint32_t b, bool *ret_meet)
{
    struct pair pairs[PAIRS_DEEP + 2];
    struct meeting m = { .g = g, .pair = pairs };
    struct part all[2] = {
        part_of(g, g->core.first[a], g->core_count[a]),
        part_of(g, g->core.first[b], g->core_count[b]),
    };
    bool meet = false;
    int rc = grid_looked(g, (uint64_t)all[0].count + all[1].count);
    pair_push(&m, &all[0], &all[1], &meet);
    while (rc == 0 && !meet && m.pairs > 0) {
        struct pair pair = m.pair[--m.pairs];
        bool few = (uint64_t)pair.a.count * pair.b.count <= PAIRS_FEW;
        rc = few || m.pairs >= PAIRS_DEEP ? pair_try(&m, &pair, &meet)
                                          : pair_halve(&m, &pair, &meet);
    }
    *ret_meet = meet;
    return rc;
}
