/* Complete rows of the fit set, and their scale. */
#include "engine/detect/dbscan_points.h"
#include "engine/detect/usual.h"
#include "proto/wire/dbscan.h"

#include <float.h>
#include <math.h>

enum detect_scale dbscan_scale_of(const struct detect_config *c)
{
    if (c->scale != DETECT_SCALE_AUTO)
        return c->scale;
    return c->eps == 0.0 ? DETECT_SCALE_ROBUST : DETECT_SCALE_NONE;
}

static void missing_mark(const struct matrix *m, uint8_t *ret_missing)
{
    for (uint32_t j = 0; j < m->cols && m->rows > 0; j++) {
        const float *x = matrix_column(m, j);
        for (uint32_t i = 0; i < m->rows; i++)
            ret_missing[i] |= x[i] != x[i];
    }
}

static int rows_find(struct dbscan_points *p, struct arena *arena,
                     struct arena *scratch)
{
    uint32_t rows = draw_row_count(&p->fit), recent = p->fit.recent.rows;
    uint8_t *missing = arena_zalloc(scratch, rows, 1);
    uint32_t *row = arena_alloc(arena, rows, sizeof *row);
    if (missing == NULL || row == NULL)
        return ERR_NOMEM;
    missing_mark(&p->fit.recent, missing);
    missing_mark(&p->fit.rows, missing + recent);
    for (uint32_t i = 0; i < rows; i++) {
        if (missing[i] != 0)
            continue;
        p->context += i < recent;
        row[p->count++] = i;
    }
    p->row = row;
    return 0;
}

/* The points' values of a column, as they were read. */
static void column_copy(const struct dbscan_points *p, uint32_t col,
                        float *ret_x)
{
    const struct draw_rows *fit = &p->fit;
    const float *rows = matrix_column(&fit->rows, col);
    if (p->context > 0) {
        const float *recent = matrix_column(&fit->recent, col);
        for (uint32_t i = 0; i < p->context; i++)
            ret_x[i] = recent[p->row[i]];
    }
    for (uint32_t i = p->context; i < p->count; i++)
        ret_x[i] = rows[p->row[i] - fit->recent.rows];
}

static void standard_find(const float *x, uint32_t n, double *ret_middle,
                          double *ret_spread)
{
    double sum = 0.0, squares = 0.0;
    for (uint32_t i = 0; i < n; i++)
        sum += (double)x[i];
    double mean = sum / n;
    for (uint32_t i = 0; i < n; i++) {
        double apart = (double)x[i] - mean;
        squares += apart * apart;
    }
    *ret_middle = mean;
    *ret_spread = sqrt(squares / n);
}

static float to_float(double value)
{
    if (value >= (double)FLT_MAX)
        return FLT_MAX;
    return value <= -(double)FLT_MAX ? -FLT_MAX : (float)value;
}

static void column_scale(float *x, uint32_t n, double middle, double spread)
{
    for (uint32_t i = 0; i < n; i++)
        x[i] = spread > 0.0 ? to_float(((double)x[i] - middle) / spread) : 0.0f;
}

static int points_scale(const struct dbscan_points *p, enum detect_scale scale,
                        float *x, struct arena *scratch)
{
    float *copy = arena_alloc(scratch, p->count, sizeof *copy);
    uint32_t *words = arena_alloc(scratch, 2 * (size_t)p->count, sizeof *words);
    if (copy == NULL || words == NULL)
        return ERR_NOMEM;
    for (uint32_t j = 0; j < p->fit.rows.cols; j++) {
        float *column = x + (size_t)j * p->count;
        double middle, spread;
        if (scale == DETECT_SCALE_STANDARD) {
            standard_find(column, p->count, &middle, &spread);
        } else {
            float usual, range;
            column_copy(p, j, copy);
            usual_column(copy, p->count, words, &usual, &range);
            middle = (double)usual;
            spread = (double)range;
        }
        column_scale(column, p->count, middle, spread);
    }
    return 0;
}

int dbscan_points_make(const struct draw_rows *fit, enum detect_scale scale,
                       struct arena *arena, struct arena *scratch,
                       struct dbscan_points *ret_p)
{
    struct dbscan_points p = { .fit = *fit };
    uint32_t cols = fit->rows.cols;
    int err = rows_find(&p, arena, scratch);
    if (err != 0)
        return err;
    if (scale == DETECT_SCALE_NONE && p.count == fit->rows.rows &&
        p.context == 0) {
        p.scaled = fit->rows; /* as they are */
        *ret_p = p;
        return 0;
    }
    float *x = arena_alloc(arena, (size_t)p.count * cols, sizeof *x);
    if (x == NULL)
        return ERR_NOMEM;
    for (uint32_t j = 0; j < cols; j++)
        column_copy(&p, j, x + (size_t)j * p.count);
    if (scale != DETECT_SCALE_NONE && p.count > 0)
        err = points_scale(&p, scale, x, scratch);
    p.scaled = (struct matrix){ x, p.count, cols, p.count };
    *ret_p = p;
    return err;
}

uint32_t dbscan_point_of(const struct dbscan_points *p, uint32_t row)
{
    uint32_t wanted = p->fit.recent.rows + row;
    uint32_t low = p->context, high = p->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (p->row[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->count && p->row[low] == wanted ? low : DBSCAN_NO_POINT;
}

float dbscan_value(const struct dbscan_points *p, uint32_t point, uint32_t col)
{
    uint32_t row = p->row[point], recent = p->fit.recent.rows;
    return row < recent ? matrix_column(&p->fit.recent, col)[row]
                        : matrix_column(&p->fit.rows, col)[row - recent];
}

int dbscan_gather(const struct dbscan_points *p, const uint32_t *point,
                  uint32_t count, struct arena *arena, struct matrix *ret_m)
{
    const struct matrix *m = &p->scaled;
    float *x = arena_alloc(arena, (size_t)count * m->cols, sizeof *x);
    if (x == NULL)
        return ERR_NOMEM;
    for (uint32_t j = 0; j < m->cols; j++) {
        const float *column = matrix_column(m, j);
        for (uint32_t i = 0; i < count; i++)
            x[(size_t)j * count + i] = column[point[i]];
    }
    *ret_m = (struct matrix){ x, count, m->cols, count };
    return 0;
}
