#include "tests/unit/wire/forests.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static const float column_major[] = { 1, 2, 3, 99, 4, NAN, 6, 99 };
/* two columns of three rows in four-row columns */
static const struct matrix strided = { column_major, 3, 2, 4 };

static void open_arena(void)
{
    arena_init(&arena, 1u << 22);
}

static void close_arena(void)
{
    arena_release(&arena);
}

TestSuite(iforest_pack, .init = open_arena, .fini = close_arena);

static bool matrices_equal(const struct matrix *a, const struct matrix *b)
{
    if (a->rows != b->rows || a->cols != b->cols)
        return false;
    for (uint32_t j = 0; j < a->cols; j++)
        if (memcmp(matrix_column(a, j), matrix_column(b, j),
                   a->rows * sizeof(float)) != 0)
            return false;
    return true;
}

Test(iforest_pack, a_fit_task_comes_back)
{
    const uint32_t index[] = { 0, 1, 0, 2, 1, 2 };
    struct iforest_fit_task t = { .seed = UINT64_MAX,
                                  .batch = 7,
                                  .tree_first = 10,
                                  .tree_count = 3,
                                  .psi = 2,
                                  .rows = strided,
                                  .index = index },
                            got;
    struct wire_payload p;
    uint8_t *bytes;
    cr_assert_eq(iforest_pack_fit(&t, &arena, &p), 0);
    p = payload_over_wire(&p, &bytes);
    cr_assert_eq(iforest_unpack_fit(&p, &arena, &got), 0);
    free(bytes); /* what was unpacked does not point there */
    cr_expect(got.seed == t.seed && got.batch == 7 && got.tree_first == 10 &&
              got.tree_count == 3 && got.psi == 2);
    cr_expect(matrices_equal(&got.rows, &strided));
    cr_expect_eq(got.rows.stride, 3u);
    cr_expect_eq(memcmp(got.index, index, sizeof index), 0);
}

Test(iforest_pack, a_fit_score_task_comes_back)
{
    struct iforest_fit_score_task t = { .seed = 1,
                                        .batch = 2,
                                        .trees = 100,
                                        .psi = 5,
                                        .rows = strided,
                                        .recent =
                                            matrix_slice(&strided, 1, 2) },
                                  got;
    struct wire_payload p;
    uint8_t *bytes;
    cr_assert_eq(iforest_pack_fit_score(&t, &arena, &p), 0);
    p = payload_over_wire(&p, &bytes);
    cr_assert_eq(iforest_unpack_fit_score(&p, &arena, &got), 0);
    free(bytes);
    cr_expect(got.seed == 1 && got.batch == 2 && got.trees == 100 &&
              got.psi == 5);
    cr_expect(matrices_equal(&got.rows, &strided));
    cr_expect(matrices_equal(&got.recent, &t.recent));
}

Test(iforest_pack, no_recent_rows_need_no_shape)
{
    struct iforest_fit_score_task t = { .trees = 1, .psi = 3, .rows = strided },
                                  got;
    struct wire_payload p;
    cr_assert_eq(iforest_pack_fit_score(&t, &arena, &p), 0);
    cr_assert_eq(iforest_unpack_fit_score(&p, &arena, &got), 0);
    cr_expect(got.recent.rows == 0 && got.recent.cols == 2);
}

Test(iforest_pack, a_score_task_and_its_sums_come_back)
{
    struct iforest_score_task t = { strided };
    struct iforest_packed_rows packed;
    float values[6];
    struct matrix got = { values, strided.rows, strided.cols, strided.rows };
    struct wire_payload p;
    uint8_t *bytes;
    cr_assert_eq(iforest_pack_score(&t, &arena, &p), 0);
    p = payload_over_wire(&p, &bytes);
    cr_assert_eq(iforest_unpack_score(&p, &packed), 0);
    cr_assert(packed.rows == got.rows && packed.cols == got.cols);
    cr_assert_eq(iforest_unpack_rows(&packed, 0, got.rows, values), 0);
    free(bytes);
    cr_expect(matrices_equal(&got, &strided));

    const uint32_t sums[] = { 1, UINT32_MAX, 3 };
    uint32_t back[3];
    cr_assert_eq(iforest_pack_sums(sums, 3, &p), 0);
    p = payload_over_wire(&p, &bytes);
    cr_assert_eq(iforest_unpack_sums(&p, 3, back), 0);
    free(bytes);
    cr_expect_eq(memcmp(sums, back, sizeof sums), 0);
}

Test(iforest_pack, a_dense_matrix_is_not_copied)
{
    struct iforest_score_task t = { { column_major, 4, 2, 4 } };
    struct wire_payload p;
    size_t used = arena.bytes_used;
    cr_assert_eq(iforest_pack_score(&t, &arena, &p), 0);
    cr_expect_eq(p.block[0].data, column_major);
    cr_expect_eq(arena.bytes_used, used);
}

Test(iforest_pack, what_is_over_a_maximum_is_not_packed)
{
    struct wire_payload p;
    struct iforest_fit_task fit = { .tree_count = IFOREST_TREES_MAX + 1 };
    cr_expect_eq(iforest_pack_fit(&fit, &arena, &p), ERR_LIMIT);
    struct iforest_fit_score_task both = { .psi = IFOREST_SUBSAMPLE_MAX + 1 };
    cr_expect_eq(iforest_pack_fit_score(&both, &arena, &p), ERR_LIMIT);
    struct iforest_score_task score = { { column_major, 1,
                                          IFOREST_FEATURES_MAX + 1, 1 } };
    cr_expect_eq(iforest_pack_score(&score, &arena, &p), ERR_LIMIT);
    struct iforest_forest forest = { .trees = IFOREST_TREES_MAX + 1 };
    cr_expect_eq(iforest_pack_forest(&forest, &arena, &p), ERR_LIMIT);
}

Test(iforest_pack, without_memory_nothing_is_packed)
{
    struct arena tiny;
    struct wire_payload p;
    struct iforest_score_task t = { strided };
    arena_init(&tiny, 0);
    cr_expect_eq(iforest_pack_score(&t, &tiny, &p), ERR_NOMEM);
    arena_release(&tiny);
}
