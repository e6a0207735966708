#include "support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static float mixed_value(uint32_t col, struct rng *r)
{
    double unit = rng_unit(r);
    switch (col % 4) {
    case 0:
        return (float)(unit + rng_unit(r) + rng_unit(r));
    case 1:
        return (float)(int)(unit * 5.0);
    case 2:
        return (float)((unit - 0.5) * 6e38);
    default:
        return (float)(1e6 + unit);
    }
}

struct matrix support_matrix(struct arena *a, uint64_t seed, uint32_t rows,
                             uint32_t cols, double missing)
{
    struct rng r;
    float *x = arena_alloc(a, (size_t)rows * cols, sizeof *x);
    cr_assert_not_null(x);
    rng_init(&r, &seed, 1);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < cols; j++) {
            float value = mixed_value(j, &r);
            x[(size_t)j * rows + i] = rng_unit(&r) < missing ? NAN : value;
        }
    return (struct matrix){ x, rows, cols, rows };
}

static struct wire_payload run(struct arena *a, enum isa isa,
                               struct wire_task *task,
                               const struct compute_model *model)
{
    struct compute_context context = { .arena = a, .isa = isa };
    struct wire_payload result;
    cr_assert_eq(compute_iforest.run(task, model, &context, &result), 0);
    return result;
}

static const uint32_t *sums_of(struct arena *a, const struct wire_payload *p,
                               uint32_t rows)
{
    uint32_t *sums = arena_alloc(a, rows, sizeof *sums);
    cr_assert_eq(iforest_unpack_sums(p, rows, sums), 0);
    return sums;
}

const uint32_t *support_fit_score(struct arena *a, const struct matrix *rows,
                                  const struct matrix *recent, uint64_t seed,
                                  uint32_t trees, uint32_t psi)
{
    struct iforest_fit_score_task t = { seed, 1,     trees,
                                        psi,  *rows, { .cols = rows->cols } };
    struct wire_task task = { .phase = IFOREST_FIT_SCORE };
    if (recent != NULL)
        t.recent = *recent;
    cr_assert_eq(iforest_pack_fit_score(&t, a, &task.payload), 0);
    struct wire_payload result = run(a, ISA_BEST, &task, NULL);
    struct iforest_forest forest;
    uint32_t *sums = arena_alloc(a, rows->rows, sizeof *sums);
    cr_assert_eq(
        iforest_unpack_fit_scored(&result, rows->rows, a, sums, &forest), 0);
    return sums;
}

struct iforest_forest support_fit(struct arena *a, const struct matrix *rows,
                                  uint64_t seed, uint32_t first, uint32_t count,
                                  uint32_t psi)
{
    return support_fit_extended(a, rows, seed, first, count, psi, 0);
}

struct iforest_forest support_fit_extended(struct arena *a,
                                           const struct matrix *rows,
                                           uint64_t seed, uint32_t first,
                                           uint32_t count, uint32_t psi,
                                           uint32_t extension)
{
    struct wire_task task = { .phase = IFOREST_FIT };
    struct iforest_forest forest;
    uint32_t *index = arena_alloc(a, (size_t)count * psi, sizeof *index);
    uint32_t *scratch = arena_alloc(a, rng_sample_scratch(psi), 4);
    for (uint32_t k = 0; k < count; k++) {
        struct rng r;
        iforest_tree_rng(&r, seed, 1, first + k);
        rng_sample(&r, rows->rows, psi, index + (size_t)k * psi, scratch);
    }
    struct iforest_fit_task t = { seed, 1,     first, count,
                                  psi,  *rows, index, extension };
    cr_assert_eq(iforest_pack_fit(&t, a, &task.payload), 0);
    struct wire_payload result = run(a, ISA_BEST, &task, NULL);
    cr_assert_eq(iforest_unpack_forest(&result, a, &forest), 0);
    return forest;
}

const uint32_t *support_score(struct arena *a, const struct iforest_forest *f,
                              const struct matrix *rows)
{
    return support_score_at(a, ISA_BEST, f, rows);
}

const uint32_t *support_score_at(struct arena *a, enum isa isa,
                                 const struct iforest_forest *f,
                                 const struct matrix *rows)
{
    struct wire_payload model;
    struct compute_model *m;
    struct iforest_score_task t = { *rows };
    struct wire_task task = { .phase = IFOREST_SCORE };
    cr_assert_eq(iforest_pack_forest(f, a, &model), 0);
    cr_assert_eq(compute_iforest.model_new(&model, &m), 0);
    cr_assert_eq(iforest_pack_score(&t, a, &task.payload), 0);
    struct wire_payload result = run(a, isa, &task, m);
    const uint32_t *sums = sums_of(a, &result, rows->rows);
    compute_iforest.model_free(m);
    return sums;
}

double support_value(const struct iforest_forest *f, uint32_t node,
                     const struct matrix *rows, uint32_t row)
{
    uint32_t width = f->extension + 1;
    double sum = 0;
    if (width == 1)
        return (double)matrix_column(rows, f->feature[node])[row];
    for (uint32_t k = 0; k < width; k++) {
        uint16_t axis = f->axis[(size_t)node * width + k];
        double value = (double)matrix_column(rows, axis)[row];
        sum = sum + (double)f->weight[(size_t)node * width + k] * value;
    }
    return sum;
}

static uint32_t path_length(const struct iforest_forest *f, uint32_t tree,
                            const struct matrix *rows, uint32_t row)
{
    uint32_t first = f->tree_first[tree], node = first, depth = 0;
    for (; f->feature[node] != IFOREST_LEAF; depth++) {
        double value = support_value(f, node, rows, row);
        uint32_t left = node + 1, right = first + f->right[node];
        if (isnan(value))
            node = f->count[left] >= f->count[right] ? left : right;
        else
            node = value <= (double)f->threshold[node] ? left : right;
    }
    return depth * IFOREST_ONE + iforest_c(f->count[node]);
}

uint32_t support_path_sum(const struct iforest_forest *f,
                          const struct matrix *rows, uint32_t row)
{
    uint32_t sum = 0;
    for (uint32_t t = 0; t < f->trees; t++)
        sum += path_length(f, t, rows, row);
    return sum;
}
