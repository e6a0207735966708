#include "dbscan_brute.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static bool neighbours(const struct dbscan_input *in, uint32_t a, uint32_t b)
{
    double sum = 0;
    for (uint32_t j = 0; j < in->points.cols; j++) {
        const float *x = matrix_column(&in->points, j);
        double step = (double)x[a] - (double)x[b];
        sum += step * step;
    }
    return sum <= in->eps * in->eps;
}

/* Spreads the cluster `name` from the core point `from`. */
static void spread(const struct dbscan_input *in, struct dbscan_output *out,
                   uint32_t *stack, uint32_t from, uint32_t name)
{
    uint32_t depth = 0;
    stack[depth++] = from;
    out->cluster[from] = name;
    while (depth > 0) {
        uint32_t at = stack[--depth];
        for (uint32_t i = 0; i < in->own; i++)
            if (out->core[i] && out->cluster[i] == DBSCAN_NONE &&
                neighbours(in, at, i)) {
                out->cluster[i] = name;
                stack[depth++] = i;
            }
    }
}

/* The clusters around a point, ascending; returns how many. */
static uint32_t touched(const struct dbscan_input *in,
                        const struct dbscan_output *out, uint32_t point,
                        uint8_t *seen)
{
    uint32_t count = 0;
    memset(seen, 0, in->own);
    for (uint32_t i = 0; i < in->own; i++)
        if (out->core[i] && !seen[out->cluster[i]] &&
            neighbours(in, point, i)) {
            seen[out->cluster[i]] = 1;
            count++;
        }
    return count;
}

static void brute_touches(const struct dbscan_input *in,
                          struct dbscan_output *out, struct arena *a)
{
    uint32_t n = in->points.rows, room = 4 * n + 64;
    uint8_t *seen = arena_alloc(a, in->own, 1);
    out->touch = arena_alloc(a, room, sizeof *out->touch);
    cr_assert(seen != NULL && out->touch != NULL);
    for (uint32_t p = 0; p < n; p++) {
        if ((p < in->own && out->core[p]) || touched(in, out, p, seen) == 0)
            continue;
        for (uint32_t c = 0; c < in->own; c++)
            if (seen[c]) {
                cr_assert_lt(out->touch_count, room);
                out->touch[out->touch_count++] = (struct dbscan_touch){ p, c };
            }
    }
}

struct dbscan_output brute_cluster(const struct dbscan_input *in,
                                   struct arena *a)
{
    struct dbscan_output out = { 0 };
    out.core = arena_zalloc(a, in->own, 1);
    out.cluster = arena_alloc(a, in->own, sizeof *out.cluster);
    uint32_t *stack = arena_alloc(a, in->own, sizeof *stack);
    cr_assert(out.core != NULL && out.cluster != NULL && stack != NULL);
    for (uint32_t i = 0; i < in->own; i++) {
        uint32_t found = 0;
        for (uint32_t k = 0; k < in->points.rows; k++)
            found += neighbours(in, i, k);
        out.core[i] = found >= in->min_points;
        out.cluster[i] = DBSCAN_NONE;
    }
    for (uint32_t i = 0; i < in->own; i++)
        if (out.core[i] && out.cluster[i] == DBSCAN_NONE)
            spread(in, &out, stack, i, i);
    brute_touches(in, &out, a);
    return out;
}

void brute_compare(const struct dbscan_input *in,
                   const struct dbscan_output *want,
                   const struct dbscan_output *got, const char *what)
{
    for (uint32_t i = 0; i < in->own; i++) {
        cr_assert_eq(got->core[i], want->core[i],
                     "%s: core of %u: %u, not %u (%u points, %u columns, "
                     "eps %a, min_points %u)",
                     what, i, got->core[i], want->core[i], in->points.rows,
                     in->points.cols, in->eps, in->min_points);
        cr_assert_eq(got->cluster[i], want->cluster[i],
                     "%s: cluster of %u: %u, not %u (%u points, %u columns, "
                     "eps %a, min_points %u)",
                     what, i, got->cluster[i], want->cluster[i],
                     in->points.rows, in->points.cols, in->eps, in->min_points);
    }
    cr_assert_eq(got->touch_count, want->touch_count, "%s: %u touches, not %u",
                 what, got->touch_count, want->touch_count);
    for (uint32_t i = 0; i < want->touch_count; i++)
        cr_assert(got->touch[i].point == want->touch[i].point &&
                      got->touch[i].cluster == want->touch[i].cluster,
                  "%s: touch %u is (%u, %u), not (%u, %u)", what, i,
                  got->touch[i].point, got->touch[i].cluster,
                  want->touch[i].point, want->touch[i].cluster);
}

void brute_check_levels(const struct dbscan_index_ops *index,
                        const struct dbscan_input *in,
                        const struct dbscan_output *want, struct arena *a,
                        const char *what)
{
    for (enum isa isa = ISA_C; isa <= isa_detect(); isa++) {
        struct compute_context context = { .arena = a, .isa = isa };
        struct dbscan_output got;
        char name[96];
        snprintf(name, sizeof name, "%s, %s, %s", what, index->name,
                 isa_name(isa));
        cr_assert_eq(dbscan_cluster_by(index, in, &context, &got), 0, "%s",
                     name);
        brute_compare(in, want, &got, name);
    }
}
