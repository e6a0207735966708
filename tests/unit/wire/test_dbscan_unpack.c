/* What a worker is asked: every number, shape and value out of place. */
#include "proto/base/bytes.h"
#include "proto/wire/dbscan.h"

#include <criterion/criterion.h>
#include <math.h>

static struct arena arena;
static float values[] = { 1, 2, 3, 4, 5, 6 };
static struct wire_payload p;

static void open_arena(void)
{
    arena_init(&arena, 1u << 22);
}

static void close_arena(void)
{
    arena_release(&arena);
}

TestSuite(dbscan_unpack, .init = open_arena, .fini = close_arena);

static uint64_t bits(double value)
{
    return bytes_load_u64(&value);
}

static int unpack_whole(void)
{
    struct dbscan_whole_task t;
    return dbscan_unpack_whole_task(&p, &arena, &t);
}

static void usual_whole(void)
{
    struct dbscan_whole_task t = {
        .eps = 0.5, .min_points = 4, .context = 2, .points = { values, 3, 2, 3 }
    };
    cr_assert_eq(dbscan_pack_whole_task(&t, &arena, &p), 0);
    cr_assert_eq(unpack_whole(), 0);
}

static int unpack_part(void)
{
    struct dbscan_part_task t;
    return dbscan_unpack_part_task(&p, &arena, &t);
}

static void usual_part(void)
{
    struct dbscan_part_task t = { 0.5, 4, 2, { values, 3, 2, 3 } };
    cr_assert_eq(dbscan_pack_part_task(&t, &arena, &p), 0);
    cr_assert_eq(unpack_part(), 0);
}

static int unpack_near(void)
{
    struct dbscan_near_task t;
    return dbscan_unpack_near_task(&p, &arena, &t);
}

static void usual_near(void)
{
    struct dbscan_near_task t = { 3, { values, 3, 2, 3 }, { values, 2, 2, 2 } };
    cr_assert_eq(dbscan_pack_near_task(&t, &arena, &p), 0);
    cr_assert_eq(unpack_near(), 0);
}

static int unpack_search(void)
{
    struct dbscan_search_task t;
    return dbscan_unpack_search_task(&p, &arena, &t);
}

static void usual_search(void)
{
    struct dbscan_search_task t = { { values, 3, 2, 3 }, { values, 2, 2, 2 } };
    cr_assert_eq(dbscan_pack_search_task(&t, &arena, &p), 0);
    cr_assert_eq(unpack_search(), 0);
}

Test(dbscan_unpack, eps_is_a_distance_or_to_be_found)
{
    static const double wrong[] = { -1.0,        1e-101,           1e101,
                                    (double)NAN, (double)INFINITY, 5e-324 };
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        usual_whole();
        p.number[2] = bits(wrong[i]);
        cr_expect_eq(unpack_whole(), ERR_PROTO, "%g", wrong[i]);
        usual_part();
        p.number[0] = bits(wrong[i]);
        cr_expect_eq(unpack_part(), ERR_PROTO, "%g", wrong[i]);
    }
    usual_whole();
    p.number[2] = bits(0.0);
    cr_expect_eq(unpack_whole(), 0);
    usual_part();
    p.number[0] = bits(0.0);
    cr_expect_eq(unpack_part(), ERR_PROTO, "a part is told");
}

static void expect_number(void (*usual)(void), int (*unpack)(void),
                          uint32_t index, uint64_t value, int err)
{
    usual();
    p.number[index] = value;
    cr_expect_eq(unpack(), err, "number %u = %llu", index,
                 (unsigned long long)value);
}

Test(dbscan_unpack, numbers_outside_their_range_are_refused)
{
    expect_number(usual_whole, unpack_whole, 3, 0, ERR_PROTO);
    expect_number(usual_whole, unpack_whole, 3, DBSCAN_MIN_POINTS_MAX + 1,
                  ERR_LIMIT);
    expect_number(usual_whole, unpack_whole, 3, (1ull << 32) + 4, ERR_LIMIT);
    expect_number(usual_whole, unpack_whole, 4, 3, 0);
    expect_number(usual_whole, unpack_whole, 4, 4, ERR_LIMIT);
    expect_number(usual_part, unpack_part, 1, 0, ERR_PROTO);
    expect_number(usual_part, unpack_part, 1, DBSCAN_MIN_POINTS_MAX + 1,
                  ERR_LIMIT);
    expect_number(usual_part, unpack_part, 2, 3, 0);
    expect_number(usual_part, unpack_part, 2, 4, ERR_LIMIT);
    expect_number(usual_part, unpack_part, 2, UINT64_MAX, ERR_LIMIT);
    expect_number(usual_near, unpack_near, 0, 0, ERR_PROTO);
    expect_number(usual_near, unpack_near, 0, DBSCAN_MIN_POINTS_MAX + 1,
                  ERR_LIMIT);
}

Test(dbscan_unpack, a_wrong_number_of_numbers_or_blocks_is_refused)
{
    static const struct {
        void (*usual)(void);
        int (*unpack)(void);
    } kind[] = { { usual_whole, unpack_whole },
                 { usual_part, unpack_part },
                 { usual_near, unpack_near },
                 { usual_search, unpack_search } };
    for (uint32_t i = 0; i < 4; i++) {
        kind[i].usual();
        p.number_count++;
        cr_expect_eq(kind[i].unpack(), ERR_PROTO);
        kind[i].usual();
        p.block_count++;
        cr_expect_eq(kind[i].unpack(), ERR_PROTO);
        kind[i].usual();
        p.block_count--;
        cr_expect_eq(kind[i].unpack(), ERR_PROTO);
        kind[i].usual();
        p.block[p.block_count - 1].type = WIRE_U32;
        cr_expect_eq(kind[i].unpack(), ERR_PROTO);
        kind[i].usual();
        p.block[p.block_count - 1].cols = 0;
        cr_expect_eq(kind[i].unpack(), ERR_PROTO);
        kind[i].usual();
        p.block[0].rows = 0;
        p.block[0].cols = DBSCAN_FEATURES_MAX + 1;
        cr_expect_eq(kind[i].unpack(), ERR_LIMIT);
    }
}

Test(dbscan_unpack, queries_have_the_columns_of_the_points)
{
    usual_near();
    p.block[0].rows = 6;
    p.block[0].cols = 1;
    cr_expect_eq(unpack_near(), ERR_PROTO);
    usual_search();
    p.block[0].rows = 6;
    p.block[0].cols = 1;
    cr_expect_eq(unpack_search(), ERR_PROTO);
}

Test(dbscan_unpack, a_point_has_all_its_values)
{
    static const float wrong[] = { NAN, INFINITY, -INFINITY };
    for (uint32_t i = 0; i < 3; i++) {
        float kept = values[5];
        usual_whole();
        values[5] = wrong[i];
        cr_expect_eq(unpack_whole(), ERR_PROTO);
        values[5] = kept;
    }
}

Test(dbscan_unpack, no_more_queries_than_are_sampled)
{
    static float many[DBSCAN_SAMPLE_MAX + 1];
    struct dbscan_near_task t = { 3,
                                  { many, DBSCAN_SAMPLE_MAX + 1, 1,
                                    DBSCAN_SAMPLE_MAX + 1 },
                                  { many, 2, 1, 2 } };
    cr_assert_eq(dbscan_pack_near_task(&t, &arena, &p), 0);
    cr_expect_eq(unpack_near(), ERR_LIMIT);
}
