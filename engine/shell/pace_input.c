/*
 * Due times of records.
 */
#include "engine/shell/pace_input.h"

#include "proto/base/civil.h"
#include "proto/base/text.h"

#include <string.h>

#define FACTOR_MIN 0.001
#define TIMES_MAX 1e6
#define RATE_MAX 1e9
#define FAR_US 9e17 /* some 28 000 years */

/* The number before `ending`, within its limits. */
static bool parse_factor(const char *text, const char *ending, double max,
                         double *ret_factor)
{
    char number[32];
    size_t n = strlen(text), tail = strlen(ending);
    double x;
    if (n <= tail || n - tail >= sizeof number ||
        strcmp(text + n - tail, ending) != 0)
        return false;
    memcpy(number, text, n - tail);
    number[n - tail] = '\0';
    if (text_parse_f64(number, &x) != 0 || x < FACTOR_MIN || x > max)
        return false;
    *ret_factor = x;
    return true;
}

int pace_input_parse(const char *text, struct pace_input *ret_p,
                     struct fault *fault)
{
    struct pace_input p = { 0 };
    if (text != NULL && *text != '\0') {
        if (parse_factor(text, "x", TIMES_MAX, &p.factor))
            p.kind = PACE_TIMES;
        else if (parse_factor(text, "/s", RATE_MAX, &p.factor))
            p.kind = PACE_RATE;
        else
            return fault_set(fault, ERR_USAGE,
                             "--pace %s: say how fast, like 60x (60 times as "
                             "fast as the time column; 0.001x..1000000x) or "
                             "5000/s (so many records a second; "
                             "0.001/s..1000000000/s)",
                             text);
    }
    *ret_p = p;
    return 0;
}

/* start + offset, without overflow. */
static int64_t due_after(const struct pace_input *p, double offset_us)
{
    return offset_us >= FAR_US ? INT64_MAX : p->start_us + (int64_t)offset_us;
}

static int64_t due_of_time(const struct pace_input *p, int64_t time_ns)
{
    double ns = (double)time_ns - (double)p->origin_ns;
    return due_after(p, ns / 1000.0 / p->factor);
}

static int64_t due_of_count(const struct pace_input *p, uint64_t index)
{
    return due_after(p, (double)index * 1e6 / p->factor);
}

/* The first row at or behind a record. */
static uint32_t find_row(const struct block *b, uint32_t record)
{
    uint32_t low = 0, high = b->rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (b->row_record[middle] < record)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The records before the first row that is not due. */
static uint32_t due_by_time(struct pace_input *p, const struct block *b,
                            uint32_t first, uint32_t count, int64_t now_us)
{
    for (uint32_t row = find_row(b, first);
         row < b->rows && b->row_record[row] < first + count; row++) {
        int64_t t = b->time_ns[row];
        if (t == CIVIL_NONE || (p->timed && t <= p->latest_ns))
            continue;
        if (!p->timed) {
            p->timed = true;
            p->origin_ns = p->latest_ns = t;
        }
        if (due_of_time(p, t) > now_us)
            return b->row_record[row] - first;
    }
    return count;
}

static uint32_t due_by_rate(const struct pace_input *p, uint32_t count,
                            int64_t now_us)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (due_of_count(p, p->taken + middle) <= now_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t pace_input_due(struct pace_input *p, const struct block *b,
                        uint32_t first, uint32_t count, int64_t now_us)
{
    if (p->kind == PACE_NONE)
        return count;
    if (!p->started) {
        p->started = true;
        p->start_us = now_us;
    }
    return p->kind == PACE_TIMES ? due_by_time(p, b, first, count, now_us)
                                 : due_by_rate(p, count, now_us);
}

int64_t pace_input_due_us(const struct pace_input *p, const struct block *b,
                          uint32_t first, int64_t now_us)
{
    if (p->kind == PACE_NONE || !p->started)
        return now_us;
    if (p->kind == PACE_RATE)
        return due_of_count(p, p->taken);
    if (!p->timed)
        return p->start_us;
    uint32_t row = find_row(b, first);
    int64_t t = p->latest_ns;
    if (row < b->rows && b->row_record[row] == first &&
        b->time_ns[row] != CIVIL_NONE && b->time_ns[row] > t)
        t = b->time_ns[row];
    return due_of_time(p, t);
}

void pace_input_take(struct pace_input *p, const struct block *b,
                     uint32_t first, uint32_t count)
{
    p->taken += count;
    if (p->kind != PACE_TIMES)
        return;
    for (uint32_t row = find_row(b, first);
         row < b->rows && b->row_record[row] < first + count; row++)
        if (b->time_ns[row] != CIVIL_NONE && b->time_ns[row] > p->latest_ns)
            p->latest_ns = b->time_ns[row];
}
