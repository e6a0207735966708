/* What workers answer: whatever would lead merging astray is refused. */
#include "proto/base/bytes.h"
#include "proto/wire/dbscan.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define NONE DBSCAN_NO_POINT

static struct arena arena;
static struct wire_payload p;

static void open_arena(void)
{
    arena_init(&arena, 1u << 22);
}

static void close_arena(void)
{
    arena_release(&arena);
}

TestSuite(dbscan_unpack_result, .init = open_arena, .fini = close_arena);

static uint64_t bits(double value)
{
    return bytes_load_u64(&value);
}

/* Six points, the first of the context: two clusters, a border point, one
 * noise point of the context and two others. */
static struct {
    uint8_t core[6];
    uint32_t cluster[6], nearest[2];
    double square[2];
} w;

static int unpack_whole(void)
{
    struct dbscan_whole r;
    return dbscan_unpack_whole(&p, 6, 1, &arena, &r);
}

static void usual_whole(void)
{
    memcpy(w.core, (uint8_t[]){ 0, 1, 0, 0, 1, 0 }, 6);
    memcpy(w.cluster, (uint32_t[]){ NONE, 1, 4, NONE, 4, NONE }, 24);
    memcpy(w.nearest, (uint32_t[]){ 1, 4 }, 8);
    memcpy(w.square, (double[]){ 2.0, 3.0 }, 16);
    struct dbscan_whole r = { { 1.0, DBSCAN_EPS_KNEE, 2, 6, 6, 4 },
                              6,
                              2,
                              w.core,
                              w.cluster,
                              w.nearest,
                              w.square };
    dbscan_pack_whole(&r, &p);
    cr_assert_eq(unpack_whole(), 0);
}

#define EXPECT_WHOLE(change, err)                                              \
    do {                                                                       \
        usual_whole();                                                         \
        change;                                                                \
        cr_expect_eq(unpack_whole(), err, #change);                            \
    } while (0)

Test(dbscan_unpack_result, a_whole_batch_names_core_points_only)
{
    EXPECT_WHOLE(w.core[3] = 2, ERR_PROTO);
    EXPECT_WHOLE(w.core[5] = 1, ERR_PROTO);
    EXPECT_WHOLE(w.core[4] = 0, ERR_PROTO);
    EXPECT_WHOLE(w.cluster[2] = 6, ERR_PROTO);
    EXPECT_WHOLE(w.cluster[2] = 3, ERR_PROTO);
    EXPECT_WHOLE(w.cluster[2] = 2, ERR_PROTO);
    EXPECT_WHOLE(w.cluster[4] = 1, ERR_PROTO);
    EXPECT_WHOLE((w.cluster[4] = 1, w.cluster[2] = 1), 0);
    EXPECT_WHOLE(w.cluster[1] = 4, ERR_PROTO);
    EXPECT_WHOLE(w.cluster[1] = NONE, ERR_PROTO);
}

Test(dbscan_unpack_result, noise_is_counted_and_has_a_core_point)
{
    EXPECT_WHOLE(w.cluster[2] = NONE, ERR_PROTO);
    EXPECT_WHOLE(w.cluster[0] = 4, 0);
    EXPECT_WHOLE(w.cluster[3] = 1, ERR_PROTO);
    EXPECT_WHOLE(w.nearest[0] = 2, ERR_PROTO);
    EXPECT_WHOLE(w.nearest[0] = 6, ERR_PROTO);
    EXPECT_WHOLE(w.nearest[0] = NONE, ERR_PROTO);
    EXPECT_WHOLE((w.nearest[0] = NONE, w.square[0] = (double)INFINITY),
                 ERR_PROTO);
    EXPECT_WHOLE(w.square[1] = -1.0, ERR_PROTO);
    EXPECT_WHOLE(w.square[1] = (double)NAN, ERR_PROTO);
    EXPECT_WHOLE(w.square[1] = (double)INFINITY, ERR_PROTO);
    EXPECT_WHOLE(w.square[1] = 0.0, 0);
}

Test(dbscan_unpack_result, eps_of_a_whole_batch_is_usable)
{
    EXPECT_WHOLE(p.number[0] = bits(0.0), ERR_PROTO);
    EXPECT_WHOLE(p.number[0] = bits((double)NAN), ERR_PROTO);
    EXPECT_WHOLE(p.number[0] = bits((double)INFINITY), ERR_PROTO);
    EXPECT_WHOLE(p.number[1] = DBSCAN_EPS_WHYS, ERR_LIMIT);
    EXPECT_WHOLE(p.number[1] = DBSCAN_EPS_FEW, ERR_PROTO);
    EXPECT_WHOLE((p.number[1] = DBSCAN_EPS_FEW, p.number[0] = bits(0.0)),
                 ERR_PROTO);
    EXPECT_WHOLE(p.number[2] = 0, ERR_PROTO);
    EXPECT_WHOLE(p.number[3] = DBSCAN_SAMPLE_MAX + 1, ERR_LIMIT);
    EXPECT_WHOLE(p.number[4] = 7, ERR_LIMIT);
}

Test(dbscan_unpack_result, shapes_of_a_whole_batch_are_those_asked_for)
{
    struct dbscan_whole r;
    usual_whole();
    cr_expect_eq(dbscan_unpack_whole(&p, 5, 1, &arena, &r), ERR_PROTO);
    cr_expect_eq(dbscan_unpack_whole(&p, 7, 1, &arena, &r), ERR_PROTO);
    cr_expect_eq(dbscan_unpack_whole(&p, 6, 0, &arena, &r), ERR_PROTO);
    for (uint32_t i = 0; i < 4; i++) {
        EXPECT_WHOLE(p.block[i].rows--, ERR_PROTO);
        EXPECT_WHOLE(p.block[i].type = WIRE_F32, ERR_PROTO);
        EXPECT_WHOLE(p.block[i].cols = 2, ERR_PROTO);
    }
    EXPECT_WHOLE(p.block[2].rows = UINT32_MAX, ERR_PROTO);
    EXPECT_WHOLE(p.number_count--, ERR_PROTO);
    EXPECT_WHOLE(p.block_count--, ERR_PROTO);
}

/* Four own points and two of the halo. */
static struct {
    uint8_t core[4];
    uint32_t cluster[4], point[3], touched[3];
} t;

static int unpack_part(void)
{
    struct dbscan_part r;
    return dbscan_unpack_part(&p, 4, 2, &arena, &r);
}

static void usual_part(void)
{
    memcpy(t.core, (uint8_t[]){ 1, 0, 1, 0 }, 4);
    memcpy(t.cluster, (uint32_t[]){ 0, NONE, 2, NONE }, 16);
    memcpy(t.point, (uint32_t[]){ 1, 1, 5 }, 12);
    memcpy(t.touched, (uint32_t[]){ 0, 2, 2 }, 12);
    struct dbscan_part r = { 4, 3, t.core, t.cluster, t.point, t.touched };
    dbscan_pack_part(&r, &p);
    cr_assert_eq(unpack_part(), 0);
}

#define EXPECT_PART(change, err)                                               \
    do {                                                                       \
        usual_part();                                                          \
        change;                                                                \
        cr_expect_eq(unpack_part(), err, #change);                             \
    } while (0)

Test(dbscan_unpack_result, a_part_answers_for_its_own_points)
{
    EXPECT_PART(t.core[1] = 1, ERR_PROTO);
    EXPECT_PART(t.core[3] = 255, ERR_PROTO);
    EXPECT_PART(t.cluster[3] = 2, ERR_PROTO);
    EXPECT_PART(t.cluster[2] = 0, ERR_PROTO);
    EXPECT_PART(t.cluster[2] = 3, ERR_PROTO);
    EXPECT_PART(t.cluster[0] = 2, ERR_PROTO);
    EXPECT_PART(t.cluster[0] = 4, ERR_PROTO);
    for (uint32_t i = 0; i < 4; i++) {
        EXPECT_PART(p.block[i].rows--, ERR_PROTO);
        EXPECT_PART(p.block[i].type = WIRE_F32, ERR_PROTO);
    }
    EXPECT_PART(p.block_count++, ERR_PROTO);
}

Test(dbscan_unpack_result, touches_are_ascending_pairs_of_points_and_clusters)
{
    EXPECT_PART(t.point[0] = 0, ERR_PROTO);
    EXPECT_PART(t.point[2] = 6, ERR_PROTO);
    EXPECT_PART(t.point[2] = UINT32_MAX, ERR_PROTO);
    EXPECT_PART(t.point[2] = 1, ERR_PROTO);
    EXPECT_PART(t.touched[0] = 2, ERR_PROTO);
    EXPECT_PART(t.touched[2] = 3, ERR_PROTO);
    EXPECT_PART(t.touched[2] = 1, ERR_PROTO);
    EXPECT_PART(t.touched[2] = UINT32_MAX, ERR_PROTO);
    EXPECT_PART((t.point[0] = 4, t.point[1] = 4), 0);
    EXPECT_PART((t.point[0] = 3, t.point[1] = 1), ERR_PROTO);
}

Test(dbscan_unpack_result, lists_of_near_points_ascend)
{
    double square[6] = { 0, 1, (double)INFINITY, 2, 2, 3 };
    const double *r;
    dbscan_pack_near(square, 3, 2, &p);
    cr_expect_eq(dbscan_unpack_near(&p, 3, 2, &arena, &r), 0);
    cr_expect_eq(dbscan_unpack_near(&p, 2, 3, &arena, &r), ERR_PROTO);
    cr_expect_eq(dbscan_unpack_near(&p, 3, 1, &arena, &r), ERR_PROTO);
    square[5] = 1;
    cr_expect_eq(dbscan_unpack_near(&p, 3, 2, &arena, &r), ERR_PROTO);
    square[5] = (double)NAN;
    cr_expect_eq(dbscan_unpack_near(&p, 3, 2, &arena, &r), ERR_PROTO);
    square[5] = 3;
    square[3] = -1;
    cr_expect_eq(dbscan_unpack_near(&p, 3, 2, &arena, &r), ERR_PROTO);
    square[3] = 2;
    p.block[0].type = WIRE_U64;
    cr_expect_eq(dbscan_unpack_near(&p, 3, 2, &arena, &r), ERR_PROTO);
}

Test(dbscan_unpack_result, a_search_finds_points_unless_there_are_none)
{
    uint32_t nearest[2] = { 0, 2 };
    double square[2] = { 0, 1 };
    const uint32_t *found;
    const double *r;
    dbscan_pack_search(nearest, square, 2, &p);
    cr_expect_eq(dbscan_unpack_search(&p, 3, 2, &arena, &found, &r), 0);
    cr_expect_eq(dbscan_unpack_search(&p, 2, 2, &arena, &found, &r), ERR_PROTO);
    cr_expect_eq(dbscan_unpack_search(&p, 0, 2, &arena, &found, &r), ERR_PROTO);
    cr_expect_eq(dbscan_unpack_search(&p, 3, 3, &arena, &found, &r), ERR_PROTO);
    nearest[1] = NONE;
    square[1] = (double)INFINITY;
    cr_expect_eq(dbscan_unpack_search(&p, 3, 2, &arena, &found, &r), ERR_PROTO);
    nearest[0] = NONE;
    square[0] = (double)INFINITY;
    cr_expect_eq(dbscan_unpack_search(&p, 0, 2, &arena, &found, &r), 0);
    square[0] = 1;
    cr_expect_eq(dbscan_unpack_search(&p, 0, 2, &arena, &found, &r), ERR_PROTO);
}
