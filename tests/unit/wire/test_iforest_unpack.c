#include "tests/unit/wire/forests.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct arena arena;
static float values[] = { 1, 2, 3, 4, 5, 6 };
static uint32_t index_of[] = { 0, 1, 1, 2 };
static struct wire_payload p;

static void open_arena(void)
{
    arena_init(&arena, 1u << 22);
}

static void close_arena(void)
{
    arena_release(&arena);
}

TestSuite(iforest_unpack, .init = open_arena, .fini = close_arena);

static int unpack_fit(void)
{
    struct iforest_fit_task t;
    return iforest_unpack_fit(&p, &arena, &t);
}

/* Two trees of psi 2 over three rows of two columns. */
static void usual_fit(void)
{
    struct iforest_fit_task t = { .tree_count = 2,
                                  .psi = 2,
                                  .rows = { values, 3, 2, 3 },
                                  .index = index_of };
    cr_assert_eq(iforest_pack_fit(&t, &arena, &p), 0);
    cr_assert_eq(unpack_fit(), 0);
}

Test(iforest_unpack, numbers_outside_their_range_are_refused)
{
    enum { TREE_FIRST = 2, TREE_COUNT, PSI };
    usual_fit();
    p.number[TREE_COUNT] = 0;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    p.number[TREE_COUNT] = IFOREST_TREES_MAX + 1;
    cr_expect_eq(unpack_fit(), ERR_LIMIT);
    p.number[TREE_COUNT] = (1ull << 32) + 2;
    cr_expect_eq(unpack_fit(), ERR_LIMIT, "not cut to 32 bits");
    usual_fit();
    p.number[TREE_FIRST] = IFOREST_TREES_MAX - 2;
    cr_expect_eq(unpack_fit(), 0);
    p.number[TREE_FIRST]++;
    cr_expect_eq(unpack_fit(), ERR_LIMIT);
    usual_fit();
    p.number[PSI] = 0;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    p.number[PSI] = IFOREST_SUBSAMPLE_MAX + 1;
    cr_expect_eq(unpack_fit(), ERR_LIMIT);
    p.number[PSI] = 3;
    cr_expect_eq(unpack_fit(), ERR_PROTO, "not what the index holds");
}

Test(iforest_unpack, a_wrong_number_of_numbers_or_blocks_is_refused)
{
    usual_fit();
    p.number_count--;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    usual_fit();
    p.block_count--;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    usual_fit();
    p.block_count++;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
}

Test(iforest_unpack, an_index_must_ascend_and_stay_below_the_rows)
{
    usual_fit();
    index_of[3] = 3;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    index_of[3] = UINT32_MAX;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    index_of[3] = 1;
    cr_expect_eq(unpack_fit(), ERR_PROTO, "twice the same row");
    index_of[2] = 2;
    cr_expect_eq(unpack_fit(), ERR_PROTO, "descending");
}

Test(iforest_unpack, a_matrix_of_another_type_or_shape_is_refused)
{
    usual_fit();
    p.block[0].type = WIRE_U32;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    usual_fit();
    p.block[1].type = WIRE_F32;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    usual_fit();
    p.block[1].rows = 2;
    p.block[1].cols = 2;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    usual_fit();
    p.block[0].rows = 0;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    usual_fit();
    p.block[0].cols = 0;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    usual_fit();
    p.block[0].rows = 1;
    p.block[0].cols = IFOREST_FEATURES_MAX + 1;
    cr_expect_eq(unpack_fit(), ERR_LIMIT);
}

Test(iforest_unpack, missing_values_pass_and_infinities_do_not)
{
    usual_fit();
    values[4] = NAN;
    cr_expect_eq(unpack_fit(), 0);
    values[4] = INFINITY;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
    values[4] = -INFINITY;
    cr_expect_eq(unpack_fit(), ERR_PROTO);
}

Test(iforest_unpack, without_memory_it_says_so)
{
    struct arena tiny;
    struct iforest_fit_task t;
    usual_fit();
    arena_init(&tiny, 0);
    cr_expect_eq(iforest_unpack_fit(&p, &tiny, &t), ERR_NOMEM);
    arena_release(&tiny);
}

static int unpack_fit_score(void)
{
    struct iforest_fit_score_task t;
    return iforest_unpack_fit_score(&p, &arena, &t);
}

static void usual_fit_score(void)
{
    struct iforest_fit_score_task t = { .trees = 10,
                                        .psi = 4,
                                        .rows = { values, 2, 2, 2 },
                                        .recent = { values, 2, 2, 2 } };
    cr_assert_eq(iforest_pack_fit_score(&t, &arena, &p), 0);
    cr_assert_eq(unpack_fit_score(), 0);
}

Test(iforest_unpack, a_sample_larger_than_the_fit_set_is_refused)
{
    enum { TREES = 2, PSI };
    usual_fit_score();
    p.number[PSI] = 5;
    cr_expect_eq(unpack_fit_score(), ERR_PROTO);
    usual_fit_score();
    p.number[TREES] = 0;
    cr_expect_eq(unpack_fit_score(), ERR_PROTO);
    p.number[TREES] = IFOREST_TREES_MAX + 1;
    cr_expect_eq(unpack_fit_score(), ERR_LIMIT);
}

Test(iforest_unpack, recent_rows_have_the_columns_of_the_rows)
{
    usual_fit_score();
    p.block[1].rows = 4;
    p.block[1].cols = 1;
    cr_expect_eq(unpack_fit_score(), ERR_PROTO);
    usual_fit_score();
    p.number_count++;
    cr_expect_eq(unpack_fit_score(), ERR_PROTO);
}

Test(iforest_unpack, a_score_task_has_rows)
{
    struct iforest_score_task t = { { values, 3, 2, 3 } };
    cr_assert_eq(iforest_pack_score(&t, &arena, &p), 0);
    struct iforest_packed_rows rows;
    cr_expect_eq(iforest_unpack_score(&p, &rows), 0);
    cr_expect(rows.rows == 3 && rows.cols == 2);
    p.block[0].rows = 0;
    cr_expect_eq(iforest_unpack_score(&p, &rows), ERR_PROTO);
    p.block[0].rows = 3;
    p.block[0].cols = IFOREST_FEATURES_MAX + 1;
    cr_expect_eq(iforest_unpack_score(&p, &rows), ERR_LIMIT);
    p.block[0].cols = 0;
    cr_expect_eq(iforest_unpack_score(&p, &rows), ERR_PROTO);
    p.block[0].cols = 2;
    p.block[0].type = WIRE_U32;
    cr_expect_eq(iforest_unpack_score(&p, &rows), ERR_PROTO);
    p.block_count = 0;
    cr_expect_eq(iforest_unpack_score(&p, &rows), ERR_PROTO);
}

Test(iforest_unpack, rows_to_score_are_checked_where_they_are_copied)
{
    float x[] = { 1, 2, -INFINITY, 4, 5, 6, NAN, 8, INFINITY, 10 }, some[4];
    struct iforest_packed_rows rows = { x, 5, 2 };
    cr_expect_eq(iforest_unpack_rows(&rows, 0, 2, some), 0);
    cr_expect(some[0] == 1 && some[1] == 2 && some[2] == 6);
    cr_expect(isnan(some[3]));
    cr_expect_eq(iforest_unpack_rows(&rows, 2, 1, some), ERR_PROTO);
    cr_expect_eq(iforest_unpack_rows(&rows, 3, 1, some), ERR_PROTO);
    cr_expect_eq(iforest_unpack_rows(&rows, 4, 1, some), 0);
    cr_expect(some[0] == 5 && some[1] == 10);
}

Test(iforest_unpack, sums_are_exactly_as_many_as_rows)
{
    uint32_t sums[4] = { 1, 2, 3, 77 };
    uint32_t back[4] = { 0, 0, 0, 77 };
    cr_assert_eq(iforest_pack_sums(sums, 3, &p), 0);
    cr_expect_eq(iforest_unpack_sums(&p, 4, back), ERR_PROTO);
    cr_expect_eq(iforest_unpack_sums(&p, 2, back), ERR_PROTO);
    cr_expect_eq(back[0], 0u, "nothing is written before all is checked");
    p.block[0].type = WIRE_F32;
    cr_expect_eq(iforest_unpack_sums(&p, 3, back), ERR_PROTO);
    p.block[0].type = WIRE_U32;
    p.block[0].cols = 2;
    cr_expect_eq(iforest_unpack_sums(&p, 3, back), ERR_PROTO);
    p.block[0].cols = 1;
    cr_expect_eq(iforest_unpack_sums(&p, 3, back), 0);
    cr_expect_eq(back[2], 3u);
    cr_expect_eq(back[3], 77u);
}
