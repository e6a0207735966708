/*
 * Cells around a cell: every level finds what a plain search over all cells
 * finds, for windows that move along rows of any length.
 */
#include "tests/lib/seed.h"
#include "workers/detect/dbscan/grid_kernel.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ROWS_MAX = 25, CELLS_MAX = 60, REACH = 2, ALL = ROWS_MAX * CELLS_MAX };

struct rows {
    uint32_t rows, cells;
    uint32_t row[ROWS_MAX + 1];
    uint32_t last[ALL + GRID_KERNEL_LANES];
    uint32_t first[ALL + 1];
    uint32_t value[ALL + GRID_KERNEL_LANES];
    uint32_t cursor[ROWS_MAX], stop[ROWS_MAX];
    uint32_t next[ROWS_MAX + GRID_KERNEL_LANES];
};

static uint32_t below(struct rng *r, uint32_t n)
{
    return (uint32_t)rng_below(r, n);
}

static void rows_fill(struct rows *s, struct rng *r)
{
    uint32_t places = 0;
    memset(s, 0, sizeof *s);
    s->rows = 1 + below(r, ROWS_MAX);
    for (uint32_t k = 0; k < s->rows; k++) {
        uint32_t cells = 1 + below(r, CELLS_MAX), last = REACH;
        uint32_t gap = 1 + below(r, 6);
        s->row[k] = s->cells;
        for (uint32_t c = 0; c < cells; c++) {
            last += c == 0 ? below(r, 9) : 1 + below(r, gap);
            s->last[s->cells] = last;
            s->value[s->cells] = below(r, 3);
            s->first[s->cells++] = places;
            places += 1 + below(r, 5);
        }
    }
    s->row[s->rows] = s->cells;
    s->first[s->cells] = places;
}

static void rows_begin(struct rows *s)
{
    for (uint32_t k = 0; k < s->rows; k++) {
        s->cursor[k] = s->row[k];
        s->next[k] = s->last[s->row[k]];
        s->stop[k] = s->row[k + 1];
    }
}

static struct grid_window window_at(struct rows *s, uint32_t last)
{
    return (struct grid_window){ .last = s->last,
                                 .cell = s->cursor,
                                 .next = s->next,
                                 .stop = s->stop,
                                 .rows = s->rows,
                                 .low = last - REACH,
                                 .high = last + REACH };
}

static bool is_within(const struct rows *s, uint32_t cell, uint32_t last)
{
    return s->last[cell] + REACH >= last && s->last[cell] <= last + REACH;
}

static void check_ranges(const struct grid_kernel *kernel, struct rows *s,
                         uint32_t last)
{
    struct near_range got[ROWS_MAX];
    struct grid_window w = window_at(s, last);
    uint32_t n = kernel->ranges(&w, s->first, got), k = 0;
    for (uint32_t row = 0; row < s->rows; row++) {
        struct near_range want = { 0, 0 };
        for (uint32_t c = s->row[row]; c < s->row[row + 1]; c++) {
            if (!is_within(s, c, last))
                continue;
            want.first = want.count == 0 ? s->first[c] : want.first;
            want.count += s->first[c + 1] - s->first[c];
        }
        if (want.count == 0)
            continue;
        cr_assert_lt(k, n, "%s", kernel->name);
        cr_assert_eq(got[k].first, want.first, "%s", kernel->name);
        cr_assert_eq(got[k].count, want.count, "%s", kernel->name);
        k++;
    }
    cr_assert_eq(k, n, "%s", kernel->name);
}

static void check_cells(const struct grid_kernel *kernel, struct rows *s,
                        uint32_t last)
{
    uint32_t got[ROWS_MAX * (2 * REACH + 1)], k = 0, but = last % 3;
    struct grid_window w = window_at(s, last);
    uint32_t n = kernel->cells(&w, s->value, but, got);
    for (uint32_t c = 0; c < s->cells; c++)
        if (is_within(s, c, last) && s->value[c] != but) {
            cr_assert_lt(k, n, "%s", kernel->name);
            cr_assert_eq(got[k++], c, "%s", kernel->name);
        }
    cr_assert_eq(k, n, "%s", kernel->name);
}

Test(grid_kernel, every_level_finds_the_cells_within_reach)
{
    static struct rows s;
    struct rng r = seed_rng(seed_any());
    for (uint32_t round = 0; round < 200; round++) {
        rows_fill(&s, &r);
        for (enum isa isa = ISA_C; isa <= isa_detect(); isa++)
            for (uint32_t stride = 1; stride < 60; stride += 7) {
                rows_begin(&s);
                for (uint32_t last = REACH; last < 400; last += stride)
                    check_ranges(grid_kernel_of(isa), &s, last);
                rows_begin(&s);
                for (uint32_t last = REACH; last < 400; last += stride)
                    check_cells(grid_kernel_of(isa), &s, last);
            }
    }
}
