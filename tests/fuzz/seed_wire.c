/*
 * Writes one valid message of each kind with a payload into a folder, as a
 * corpus to start from: seed-wire DIR
 */
#include "proto/base/check.h"
#include "proto/wire/dbscan.h"
#include "proto/wire/iforest.h"
#include "tests/lib/wire_tools.h"

#include <stdio.h>

static const float values[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const struct matrix rows = { values, 4, 2, 4 };

static void seed_write(const char *dir, const char *name,
                       const struct wire_message *m)
{
    char path[4096];
    struct buf b;
    buf_init(&b, 1u << 20);
    check(wire_encode_to_buf(m, &b) == 0);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    check(f != NULL && fwrite(b.data, 1, b.length, f) == b.length);
    check(fclose(f) == 0);
    buf_release(&b);
}

static void task_write(const char *dir, const char *name,
                       const struct wire_payload *p)
{
    struct wire_message m = { .envelope = { .kind = WIRE_TASK } };
    m.body.task.detector = (struct wire_text){ "iforest", 7 };
    m.body.task.payload = *p;
    seed_write(dir, name, &m);
}

static void forest_write(const char *dir, struct arena *arena,
                         struct wire_payload *p)
{
    const uint32_t tree_first[] = { 0, 3, 4 }, right[] = { 2, 0, 0, 0 };
    const uint16_t feature[] = { 1, IFOREST_LEAF, IFOREST_LEAF, IFOREST_LEAF };
    const float threshold[] = { 0.5f, 0, 0, 0 };
    const uint32_t count[] = { 4, 1, 3, 4 };
    const uint16_t axis[8] = { 1, 0 };
    const float weight[8] = { 0.5f, -2 };
    const uint32_t sums[8] = { 1, 2, 3 };
    struct iforest_forest forest = { 2,         4,          2,
                                     4,         tree_first, feature,
                                     threshold, right,      count };
    check(iforest_pack_forest(&forest, arena, p) == 0);
    struct wire_message m = { .envelope = { .kind = WIRE_MODEL } };
    m.body.model.payload = *p;
    seed_write(dir, "forest", &m);
    forest.extension = 1;
    forest.axis = axis;
    forest.weight = weight;
    check(iforest_pack_forest(&forest, arena, &m.body.model.payload) == 0);
    seed_write(dir, "forest_extended", &m);
    check(iforest_pack_fit_scored(sums, 8, &forest, arena, p) == 0);
    task_write(dir, "fit_scored", p);
}

static void dbscan_write(const char *dir, struct arena *arena)
{
    const uint8_t core[4] = { 1, 0, 1, 0 };
    const uint32_t cluster[4] = { 0, 0, 2, DBSCAN_NO_POINT },
                   nearest[1] = { 2 };
    const uint32_t own[3] = { 0, DBSCAN_NO_POINT, 2 };
    const uint32_t point[2] = { 1, 3 }, touched[2] = { 0, 2 };
    const double square[4] = { 1, 2, 3, 4 };
    const struct dbscan_whole_task whole = { 1, 2, 0.0, 2, 1, rows };
    const struct dbscan_near_task near = { 2, rows, rows };
    const struct dbscan_part_task part = { 0.5, 2, 3, rows };
    const struct dbscan_search_task search = { rows, rows };
    const struct dbscan_whole whole_result = {
        { 0.5, DBSCAN_EPS_KNEE, 2, 4, 4, 3 },
        4,
        1,
        core,
        cluster,
        nearest,
        square
    };
    const struct dbscan_part part_result = { 3, 2, core, own, point, touched };
    struct wire_payload p;
    check(dbscan_pack_whole_task(&whole, arena, &p) == 0);
    task_write(dir, "dbscan_whole_task", &p);
    check(dbscan_pack_near_task(&near, arena, &p) == 0);
    task_write(dir, "dbscan_near_task", &p);
    check(dbscan_pack_part_task(&part, arena, &p) == 0);
    task_write(dir, "dbscan_part_task", &p);
    check(dbscan_pack_search_task(&search, arena, &p) == 0);
    task_write(dir, "dbscan_search_task", &p);
    dbscan_pack_whole(&whole_result, &p);
    task_write(dir, "dbscan_whole", &p);
    dbscan_pack_part(&part_result, &p);
    task_write(dir, "dbscan_part", &p);
    dbscan_pack_near(square, 2, 2, &p);
    task_write(dir, "dbscan_near", &p);
    dbscan_pack_search(nearest, square, 1, &p);
    task_write(dir, "dbscan_search", &p);
}

int main(int argc, char **argv)
{
    static const uint32_t small[] = {
        WIRE_HELLO,   WIRE_READY,       WIRE_HEARTBEAT,   WIRE_NEED_MODEL,
        WIRE_BYE,     WIRE_HELLO_REPLY, WIRE_HELLO_FIRST, WIRE_HEARTBEAT_REPLY,
        WIRE_REFUSED, WIRE_BYE_REPLY,   WIRE_CONTROL,     WIRE_CONTROL_REPLY,
    };
    if (argc != 2) {
        fprintf(stderr, "usage: seed-wire DIR\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        struct wire_message m = { .envelope = { .kind = small[i] } };
        if (small[i] == WIRE_HEARTBEAT)
            m.body.heartbeat.held_count = 2;
        if (small[i] == WIRE_CONTROL) {
            m.body.control.pair_count = 1;
            m.body.control.pair[0] =
                (struct wire_pair){ { "interval", 8 }, { "250ms", 5 } };
        }
        seed_write(argv[1], wire_kind_name(small[i]), &m);
    }
    struct arena arena;
    struct wire_payload p;
    arena_init(&arena, 1u << 20);
    const uint32_t index[] = { 0, 1, 2, 1, 2, 3 }, sums[8] = { 1, 2, 3 };
    const struct iforest_fit_task fit = { 1, 2, 0, 2, 3, rows, index };
    const struct iforest_fit_score_task both = { 1, 2, 10, 3, rows, rows };
    const struct iforest_score_task score = { rows };
    check(iforest_pack_fit(&fit, &arena, &p) == 0);
    task_write(argv[1], "fit", &p);
    check(iforest_pack_fit_score(&both, &arena, &p) == 0);
    task_write(argv[1], "fit_score", &p);
    check(iforest_pack_score(&score, &arena, &p) == 0);
    task_write(argv[1], "score", &p);
    check(iforest_pack_sums(sums, 8, &p) == 0);
    task_write(argv[1], "sums", &p);
    forest_write(argv[1], &arena, &p);
    dbscan_write(argv[1], &arena);
    arena_release(&arena);
    return 0;
}
