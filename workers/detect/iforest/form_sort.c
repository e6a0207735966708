/* The thresholds of a form by column and size: each gets its row of bits, each
 * column its search tree. */
#include "workers/detect/iforest/form.h"

#include <math.h>
#include <string.h>

#define DIGIT_BITS 11u
#define DIGITS (1u << DIGIT_BITS)

/* A float's bits as a whole number of the same order; -0 is below +0, which
 * are equal to a comparison and to each other's rows of bits. */
static uint32_t ordered(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 31 ? ~bits : bits | UINT32_C(1) << 31;
}

/* Entries are a key and, in the low half, an index; by one digit of the key,
 * equal ones stay in their order. */
static void sort_digit(const uint64_t *from, uint64_t *to, uint32_t n,
                       uint32_t shift)
{
    uint32_t at[DIGITS] = { 0 }, sum = 0;
    for (uint32_t i = 0; i < n; i++)
        at[from[i] >> shift & (DIGITS - 1)]++;
    for (uint32_t d = 0; d < DIGITS; d++) {
        uint32_t count = at[d];
        at[d] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < n; i++)
        to[at[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

/* Splits by column; column j's end up before column_splits[j]. */
static void sort_columns(struct form *form, const uint64_t *from, uint64_t *to)
{
    uint32_t *at = form->column_splits;
    memset(at, 0, ((size_t)form->cols + 1) * sizeof *at);
    for (uint32_t i = 0; i < form->mask_nodes; i++)
        at[form->split[i].column + 1]++;
    for (uint32_t j = 0; j < form->cols; j++)
        at[j + 1] += at[j];
    for (uint32_t i = 0; i < form->mask_nodes; i++)
        to[at[form->split[(uint32_t)from[i]].column]++] = from[i];
}

static const uint64_t *sorted(struct form *form)
{
    uint64_t *a = form->order[0], *b = form->order[1];
    for (uint32_t i = 0; i < form->mask_nodes; i++)
        a[i] = (uint64_t)ordered(form->split[i].threshold) << 32 | i;
    sort_digit(a, b, form->mask_nodes, 32);
    sort_digit(b, a, form->mask_nodes, 32 + DIGIT_BITS);
    sort_digit(a, b, form->mask_nodes, 32 + 2 * DIGIT_BITS);
    sort_columns(form, b, a);
    return a;
}

/* A complete heap over the thresholds of `order`; +inf behind them. */
static void search_fill(const struct form *form, const struct mask_feature *f,
                        const uint64_t *order, float *search)
{
    search[0] = 0;
    for (uint32_t level = 0; level < f->levels; level++) {
        uint32_t step = 1u << (f->levels - level);
        uint32_t at = step / 2 - 1; /* in order, the first of this level */
        for (uint32_t j = 1u << level; j < 2u << level; j++, at += step)
            search[j] = at < f->count
                            ? form->split[(uint32_t)order[at]].threshold
                            : INFINITY;
    }
}

static uint32_t reversed(uint32_t bits, uint32_t count)
{
    uint32_t back = 0;
    for (uint32_t i = 0; i < count; i++)
        back |= (bits >> i & 1) << (count - 1 - i);
    return back;
}

static void table_fill(const float *search, uint32_t levels, float *table)
{
    table[0] = 0;
    for (uint32_t level = 0; level < levels; level++) {
        uint32_t first = 1u << level;
        for (uint32_t j = 0; j < first; j++)
            table[first + j] = search[first + reversed(j, level)];
    }
}

/* The thresholds of one column; the rows of bits from `slot` on. */
static void feature_make(struct form *form, struct mask_feature *f,
                         const uint64_t *order, uint8_t *right)
{
    for (uint32_t k = 0; k < f->count; k++) {
        uint32_t node = (uint32_t)order[k];
        form->node[node].slot = (uint16_t)(f->slot + k);
        right[k] = form->split[node].missing_right;
    }
    f->levels = 5;
    while ((1u << f->levels) - 1 < f->count)
        f->levels++;
    f->missing_right = right;
}

/* Returns what is behind the search tree and its table. */
static float *search_make(const struct form *form, struct mask_feature *f,
                          const uint64_t *order, float *room)
{
    uint32_t levels =
        f->levels < MASK_TABLE_LEVELS ? f->levels : MASK_TABLE_LEVELS;
    float *table = room + ((size_t)1 << f->levels);
    search_fill(form, f, order, room);
    table_fill(room, levels, table);
    f->search = room;
    f->table = table;
    return table + ((size_t)1 << levels);
}

void form_sort(struct form *form)
{
    if (form->mask_nodes == 0)
        return;
    const uint64_t *order = sorted(form);
    float *search = form->search;
    uint32_t first = 0;
    for (uint32_t j = 0; j < form->cols; j++) {
        uint32_t end = form->column_splits[j];
        if (end == first)
            continue;
        struct mask_feature *f = &form->feature[form->features++];
        *f = (struct mask_feature){ .column = j,
                                    .count = end - first,
                                    .slot = first + form->features };
        feature_make(form, f, order + first, form->missing_right + first);
        search = search_make(form, f, order + first, search);
        first = end;
    }
}
