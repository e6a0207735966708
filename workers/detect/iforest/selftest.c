/* A small forest whose every number is hashed: workers that differ in one bit
 * do not work for one coordinator. */
#include "workers/detect/iforest/selftest.h"

#include "proto/base/hash.h"
#include "workers/detect/compute.h"
#include "workers/detect/iforest/form.h"
#include "workers/detect/iforest/grow.h"

#include <math.h>

#define SELFTEST_COLS 5u
#define SELFTEST_SEED 20080615u

static float selftest_value(uint32_t col, struct rng *r)
{
    double unit = rng_unit(r);
    switch (col) {
    case 0:
        return (float)unit;
    case 1:
        return unit < 0.1 ? NAN : (float)(unit * unit * 1e6);
    case 2:
        return (float)((unit - 0.5) * 3e38);
    case 3:
        return (float)(int)(unit * 4.0);
    default:
        return 7.0f;
    }
}

static int selftest_rows(uint32_t rows, struct arena *arena,
                         struct matrix *ret_m)
{
    const uint64_t seed[] = { SELFTEST_SEED, rows };
    struct rng r;
    float *x = arena_alloc(arena, (size_t)rows * SELFTEST_COLS, sizeof *x);
    if (x == NULL)
        return ERR_NOMEM;
    rng_init(&r, seed, 2);
    for (uint32_t j = 0; j < SELFTEST_COLS; j++)
        for (uint32_t i = 0; i < rows; i++)
            x[(size_t)j * rows + i] = selftest_value(j, &r);
    *ret_m = (struct matrix){ x, rows, SELFTEST_COLS, rows };
    return 0;
}

/* The fused road. */
static int selftest_fused(const struct matrix *m, uint32_t trees, uint32_t psi,
                          struct arena *arena, uint64_t *digest)
{
    struct compute_context context = { .arena = arena };
    struct wire_task task = { .phase = IFOREST_FIT_SCORE };
    struct wire_payload sums;
    struct iforest_fit_score_task t = {
        SELFTEST_SEED, 1, trees, psi, *m, { NULL, 0, m->cols, 0 }
    };
    int err = iforest_pack_fit_score(&t, arena, &task.payload);
    if (err == 0)
        err = compute_iforest.run(&task, NULL, &context, &sums);
    if (err == 0)
        *digest = hash_fold(*digest, wire_payload_hash(&sums));
    return err;
}

/* The trees of the other road: their numbers, then a double per sum. */
static int selftest_forest(const struct matrix *m, uint32_t trees, uint32_t psi,
                           struct arena *arena, uint64_t *digest)
{
    struct grow_space space;
    struct grow_nodes nodes;
    struct grow_rows rows = { .second = *m };
    int err = grow_space_init(&space, psi, m->cols, 0, arena);
    if (err == 0)
        err = grow_nodes_init(&nodes, trees, psi, 0, arena);
    if (err != 0)
        return err;
    for (uint32_t t = 0; t < trees; t++)
        grow_trees(&space, &rows, NULL, SELFTEST_SEED, 2, t, 1, &nodes);
    for (uint32_t k = 0; k < nodes.used; k++) {
        uint64_t node = hash_bytes(nodes.feature[k], &nodes.threshold[k], 4);
        double score = iforest_score(iforest_c(nodes.count[k]), 1, psi);
        *digest = hash_fold(*digest, node);
        *digest = hash_fold(*digest, nodes.right[k]);
        *digest = hash_bytes(*digest, &score, sizeof score);
    }
    return 0;
}

static int selftest_case(uint32_t rows, uint32_t trees, uint32_t psi,
                         struct arena *arena, uint64_t *digest)
{
    struct matrix m;
    int err = selftest_rows(rows, arena, &m);
    if (err == 0)
        err = selftest_fused(&m, trees, psi, arena, digest);
    if (err == 0)
        err = selftest_forest(&m, trees, psi, arena, digest);
    return err;
}

uint64_t iforest_selftest(void)
{
    struct arena arena;
    uint64_t digest = 0;
    arena_init(&arena, SIZE_MAX);
    int err = selftest_case(300, 10, 64, &arena, &digest);
    if (err == 0)
        err = selftest_case(2100, 2, 2048, &arena, &digest);
    arena_release(&arena);
    return err == 0 ? digest : 0;
}
