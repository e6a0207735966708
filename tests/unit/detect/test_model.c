/* A forest that stays: kept in a file, it scores other batches the same. */
#include "engine/detect/model.h"
#include "engine/learn/learn.h"
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>

#define COLS 5u

static const char *const names[COLS] = { "a", "B", "c", "d", "e" };

static struct arena arena;
static struct buf file;
static struct model_file model;

static void open_all(void)
{
    arena_init(&arena, SIZE_MAX);
    buf_init(&file, MODEL_FILE_BYTES_MAX);
}

static void close_all(void)
{
    arena_release(&arena);
    buf_release(&file);
}

TestSuite(model, .init = open_all, .fini = close_all);

/* Fits on the rows, keeps the forest as a file's, and says its sums. */
static const uint32_t *train(const struct matrix *rows,
                             const struct detect_config *c)
{
    struct detect_batch batch = { .batch = 0, .rows = *rows };
    struct detect_result r;
    struct fault fault = { 0 };
    batch.recent.cols = rows->cols;
    struct detect_state *st = support_detect(c, &batch, &r);
    buf_reset(&file);
    const struct iforest_forest *forest;
    cr_assert_eq(detect_forest(st, &forest), 0);
    cr_assert_eq(model_file_encode(forest, names, "x", &file), 0);
    cr_assert_eq(
        model_file_decode(file.data, file.length, "x", &arena, &model, &fault),
        0, "%s", fault.text);
    uint32_t *sums = arena_alloc(&arena, rows->rows, sizeof *sums);
    memcpy(sums, r.score, rows->rows * sizeof *sums);
    detect_iforest.close(st);
    return sums;
}

/* The model for a stream with these feature names. */
static struct detect_model *model_for(const char *const *stream)
{
    uint32_t map[COLS];
    struct detect_model *d;
    cr_assert_eq(detect_model_map(&model, stream, COLS, "m", map, NULL), 0);
    cr_assert_eq(detect_model_new(&model, map, COLS, &arena, &d, NULL), 0);
    return d;
}

static void expect_sums(const struct detect_config *c, uint64_t number,
                        const struct matrix *rows, const uint32_t *sums)
{
    struct detect_batch batch = { .batch = number, .rows = *rows };
    struct detect_result r;
    batch.recent.cols = rows->cols;
    struct detect_state *st = support_detect(c, &batch, &r);
    cr_assert_arr_eq(r.score, sums, rows->rows * sizeof *sums);
    cr_assert(r.trees == model.forest.trees && r.psi == model.forest.subsample);
    for (uint32_t i = 0; i < rows->rows; i++)
        cr_assert(r.bin[i] < LEARN_BINS);
    detect_iforest.close(st);
}

Test(model, every_batch_is_scored_with_it_whatever_the_settings_of_trees)
{
    const uint32_t rows_of[] = { 40, 700, 40000 };
    for (size_t k = 0; k < 3; k++) {
        struct matrix rows =
            support_matrix(&arena, 1 + k, rows_of[k], COLS, 0.05);
        struct detect_config c = support_config();
        c.trees = 30;
        const uint32_t *sums = train(&rows, &c);
        c.trees = 100;
        c.subsample = 64;
        c.seed = 5;
        c.model = model_for(names);
        expect_sums(&c, 1, &rows, sums);
        c.part_bytes = 1u << 14;
        expect_sums(&c, 77, &rows, sums);
    }
}

Test(model, features_are_found_by_their_names)
{
    static const char *const other[COLS] = { "E", "c", "b", "A", "d" };
    static const uint32_t from[COLS] = { 4, 2, 1, 0, 3 };
    struct matrix rows = support_matrix(&arena, 3, 500, COLS, 0.1);
    struct detect_config c = support_config();
    const uint32_t *sums = train(&rows, &c);
    float *x = arena_alloc(&arena, 500 * COLS, sizeof *x);
    for (uint32_t j = 0; j < COLS; j++)
        memcpy(x + j * 500, matrix_column(&rows, from[j]), 500 * sizeof *x);
    struct matrix moved = { x, 500, COLS, 500 };
    c.model = model_for(other);
    expect_sums(&c, 2, &moved, sums);
}

static const char *map_fault(const char *const *stream, uint32_t count)
{
    static struct fault fault;
    uint32_t map[COLS];
    fault = (struct fault){ 0 };
    cr_expect_eq(detect_model_map(&model, stream, count, "m", map, &fault),
                 ERR_USAGE);
    return fault.text;
}

Test(model, what_does_not_fit_is_named)
{
    static const char *const lacking[] = { "a", "c", "x", "y", "z" };
    static const char *const more[] = { "a", "b", "c", "d", "e", "x", "y" };
    struct matrix rows = support_matrix(&arena, 3, 50, COLS, 0.0);
    struct detect_config c = support_config();
    (void)train(&rows, &c);
    cr_expect(strstr(map_fault(lacking, 5), "3 features that this input does "
                                            "not have: B, d, e.") != NULL,
              "%s", map_fault(lacking, 5));
    cr_expect(strstr(map_fault(more, 7), "does not know 2 of this input's "
                                         "features: x, y.") != NULL,
              "%s", map_fault(more, 7));
    model.name = NULL;
    cr_expect(strstr(map_fault(more, 7), "5 features without names, this input "
                                         "7") != NULL,
              "%s", map_fault(more, 7));
}

/* Workers keep it from batch to batch: it has one name on the wire. */
Test(model, has_the_same_name_in_every_batch)
{
    struct matrix rows = support_matrix(&arena, 4, 100, COLS, 0.0);
    struct detect_config c = support_config();
    struct wire_task first, second;
    (void)train(&rows, &c);
    c.model = model_for(names);
    for (uint64_t number = 1; number <= 2; number++) {
        struct detect_batch batch = { .batch = number, .rows = rows };
        struct plan_shape shape = { rows.rows, COLS, 0 };
        struct plan plan;
        struct detect_state *st;
        cr_assert_eq(detect_iforest.plan(&c, &shape, &plan), 0);
        cr_assert(plan.phase_count == 1 && plan.phase[0].model &&
                  !plan.phase[0].prepare);
        cr_assert_eq(detect_iforest.open(&c, &batch, &plan, &st), 0);
        cr_assert_eq(
            detect_iforest.task(st, 0, 0, number == 1 ? &first : &second), 0);
        detect_iforest.close(st);
    }
    cr_expect(first.model_id == second.model_id && first.model_id > 1u << 31);
    cr_expect_eq(first.model_hash, second.model_hash);
}

Test(model, a_sum_beyond_the_longest_path_is_no_result)
{
    struct matrix rows = support_matrix(&arena, 4, 1, COLS, 0.0);
    struct detect_config c = support_config();
    struct plan_shape shape = { 1, COLS, 0 };
    struct detect_batch batch = { .batch = 1, .rows = rows };
    struct plan plan;
    struct detect_state *st;
    struct wire_payload p;
    struct matrix history = support_matrix(&arena, 5, 300, COLS, 0.0);
    (void)train(&history, &c);
    c.model = model_for(names);
    cr_assert_eq(detect_iforest.plan(&c, &shape, &plan), 0);
    cr_assert_eq(detect_iforest.open(&c, &batch, &plan, &st), 0);
    uint32_t sum = (uint32_t)c.model->sum_max;
    cr_assert_eq(iforest_pack_sums(&sum, 1, &p), 0);
    cr_expect_eq(detect_iforest.validate(st, 0, 0, &p), 0);
    sum++;
    cr_expect_eq(detect_iforest.validate(st, 0, 0, &p), ERR_PROTO);
    detect_iforest.close(st);
}
