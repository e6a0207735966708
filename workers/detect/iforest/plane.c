/* Rows down the trees of an extended forest. */
#include "workers/detect/iforest/plane.h"

/* Of these rows the values stay in the first cache while all trees pass. */
#define PLANE_ROWS 256u

/* NaN where a value is missing. */
static double plane_sum(const struct iforest_forest *f, uint32_t node,
                        const struct matrix *rows, uint32_t row)
{
    uint32_t width = f->extension + 1;
    const uint16_t *axis = f->axis + (size_t)node * width;
    const float *weight = f->weight + (size_t)node * width;
    double sum = 0.0;
    for (uint32_t k = 0; k < width; k++)
        sum += (double)weight[k] *
               (double)rows->data[(size_t)axis[k] * rows->stride + row];
    return sum;
}

static bool missing_goes_right(const struct iforest_forest *f, uint32_t node,
                               uint32_t right)
{
    return f->missing_right != NULL
               ? f->missing_right[node]
               : iforest_heavier_right(f->count, node, right);
}

static uint32_t path_length(const struct iforest_forest *f, uint32_t first,
                            const uint32_t *c, const struct matrix *rows,
                            uint32_t row)
{
    uint32_t node = first, depth = 0;
    for (; f->feature[node] != IFOREST_LEAF; depth++) {
        double sum = plane_sum(f, node, rows, row);
        uint32_t right = first + f->right[node];
        bool goes_right = sum > (double)f->threshold[node];
        if (sum != sum)
            goes_right = missing_goes_right(f, node, right);
        node = goes_right ? right : node + 1;
    }
    return depth * IFOREST_ONE + c[f->count[node]];
}

int plane_score(const struct iforest_forest *f, const uint32_t *c,
                const struct matrix *rows,
                const struct compute_context *context, uint32_t *sums)
{
    for (uint32_t begin = 0; begin < rows->rows; begin += PLANE_ROWS) {
        uint32_t left = rows->rows - begin;
        uint32_t end = begin + (left < PLANE_ROWS ? left : PLANE_ROWS);
        for (uint32_t tree = 0; tree < f->trees; tree++) {
            for (uint32_t row = begin; row < end; row++)
                sums[row] += path_length(f, f->tree_first[tree], c, rows, row);
            /* Tree by tree: a plane may look at very many features. */
            int err = compute_advance(context, end - begin);
            if (err != 0)
                return err;
        }
    }
    return 0;
}
