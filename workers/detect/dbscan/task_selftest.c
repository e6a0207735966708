/* Small sets of points through every kind of task: workers that differ in one
 * bit do not work for one coordinator. */
#include "proto/base/hash.h"
#include "proto/base/rng.h"
#include "proto/wire/dbscan.h"
#include "workers/detect/compute.h"
#include "workers/detect/dbscan/task.h"

#define SELFTEST_SEED 19960802u

/* Blobs on a coarse lattice, so that distances are often equal, and every
 * sixteenth point anywhere. */
static int selftest_points(uint32_t rows, uint32_t cols, struct arena *arena,
                           struct matrix *ret_m)
{
    const uint64_t seed[] = { SELFTEST_SEED, rows, cols };
    struct rng r;
    float *x = arena_alloc(arena, (size_t)rows * cols, sizeof *x);
    if (x == NULL)
        return ERR_NOMEM;
    rng_init(&r, seed, 3);
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t blob = rng_below(&r, 4);
        for (uint32_t j = 0; j < cols; j++) {
            uint64_t step = rng_below(&r, i % 16 == 0 ? 160 : 8);
            uint64_t base = i % 16 == 0 ? 0 : 40 * blob;
            x[(size_t)j * rows + i] = 0.25f * (float)(base + step);
        }
    }
    *ret_m = (struct matrix){ x, rows, cols, rows };
    return 0;
}

static int selftest_run(uint32_t phase, struct wire_task *task,
                        struct arena *arena, uint64_t *digest)
{
    struct compute_context context = { .arena = arena };
    struct wire_payload result;
    task->phase = phase;
    int err = compute_dbscan.run(task, NULL, &context, &result);
    if (err == 0)
        *digest = hash_fold(*digest, wire_payload_hash(&result));
    return err;
}

/* eps found, and another one given. */
static int selftest_whole(const struct matrix *points, struct arena *arena,
                          uint64_t *digest)
{
    struct wire_task task = { 0 };
    struct dbscan_whole_task t = { SELFTEST_SEED,    1,      0.0, 6,
                                   points->rows / 4, *points };
    int err = dbscan_pack_whole_task(&t, arena, &task.payload);
    if (err == 0)
        err = selftest_run(DBSCAN_WHOLE, &task, arena, digest);
    t.eps = 0.5;
    if (err == 0)
        err = dbscan_pack_whole_task(&t, arena, &task.payload);
    return err != 0 ? err : selftest_run(DBSCAN_WHOLE, &task, arena, digest);
}

static int selftest_parts(const struct matrix *points, struct arena *arena,
                          uint64_t *digest)
{
    struct wire_task task = { 0 };
    uint32_t half = points->rows / 2;
    struct matrix head = matrix_slice(points, 0, half);
    struct matrix tail = matrix_slice(points, half, points->rows - half);
    struct matrix few = matrix_slice(points, 0, 20);
    struct dbscan_near_task near = { 4, few, tail };
    struct dbscan_part_task part = { 0.75, 5, half, *points };
    struct dbscan_search_task search = { head, tail };
    int err = dbscan_pack_near_task(&near, arena, &task.payload);
    if (err == 0)
        err = selftest_run(DBSCAN_NEAR, &task, arena, digest);
    if (err == 0)
        err = dbscan_pack_part_task(&part, arena, &task.payload);
    if (err == 0)
        err = selftest_run(DBSCAN_PART, &task, arena, digest);
    if (err == 0)
        err = dbscan_pack_search_task(&search, arena, &task.payload);
    return err != 0 ? err : selftest_run(DBSCAN_SEARCH, &task, arena, digest);
}

/* As many columns as make the grid answer, and the tree. */
uint64_t dbscan_selftest(void)
{
    static const struct {
        uint32_t rows, cols;
    } set[] = { { 600, 2 }, { 300, 3 }, { 400, 7 }, { 200, 20 } };
    struct arena arena;
    struct matrix points;
    uint64_t digest = 0;
    int err = 0;
    arena_init(&arena, SIZE_MAX);
    for (uint32_t i = 0; i < sizeof set / sizeof set[0] && err == 0; i++) {
        arena_reset(&arena);
        err = selftest_points(set[i].rows, set[i].cols, &arena, &points);
        if (err == 0)
            err = selftest_whole(&points, &arena, &digest);
        if (err == 0)
            err = selftest_parts(&points, &arena, &digest);
    }
    arena_release(&arena);
    return err == 0 ? digest : 0;
}
