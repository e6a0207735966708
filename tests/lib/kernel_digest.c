/*
 * The numeric half as one number: fits and scores forests over a range of
 * shapes with the kernels of each level that this CPU has, and prints
 *
 *   selftest=a31e... c=9f02... avx2=9f02... avx512=9f02...
 *
 * Built by each compiler, at each level of optimisation and for other CPUs, it
 * prints the same digests.
 */
#include "proto/base/arena.h"
#include "proto/base/check.h"
#include "proto/base/hash.h"
#include "proto/wire/iforest.h"
#include "workers/detect/compute.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

struct shape {
    uint32_t rows, cols, trees, psi, extension;
};

static const struct shape shapes[] = {
    { 1, 1, 3, 1, 0 },        { 7, 2, 200, 5, 0 },
    { 513, 3, 50, 2, 0 },     { 1000, 10, 100, 256, 0 },
    { 3000, 30, 40, 256, 0 }, { 700, 256, 12, 100, 0 },
    { 900, 4, 12, 512, 0 },   { 1200, 6, 8, 1024, 0 },
    { 4200, 3, 3, 4096, 0 },  { 100, 5, 2000, 16, 0 },
    { 600, 8, 20, 128, 2 },
};

/* Columns of many kinds: even, heavy-tailed, tied, tiny, huge, with holes. */
static float value_of(uint32_t col, struct rng *r)
{
    double unit = rng_unit(r);
    switch (col % 7) {
    case 0:
        return (float)unit;
    case 1:
        return (float)(1.0 / (unit + 1e-6));
    case 2:
        return unit < 0.2 ? NAN : (float)(int)(unit * 9.0);
    case 3:
        return (float)((unit - 0.5) * 6e38);
    case 4:
        return (float)((unit - 0.5) * 1e-42);
    case 5:
        return unit < 0.5 ? -0.0f : 0.0f;
    default:
        return unit < 0.01 ? FLT_MAX : (float)(unit * unit);
    }
}

static struct matrix rows_make(const struct shape *s, struct arena *arena)
{
    const uint64_t seed[] = { s->rows, s->cols };
    float *x = arena_alloc(arena, (size_t)s->rows * s->cols, sizeof *x);
    struct rng r;
    check(x != NULL);
    rng_init(&r, seed, 2);
    for (uint32_t j = 0; j < s->cols; j++)
        for (uint32_t i = 0; i < s->rows; i++)
            x[(size_t)j * s->rows + i] = value_of(j, &r);
    return (struct matrix){ x, s->rows, s->cols, s->rows };
}

static uint64_t shape_digest(const struct shape *s, enum isa isa)
{
    struct arena arena;
    struct wire_payload result;
    struct wire_task task = { .phase = IFOREST_FIT_SCORE };
    arena_init(&arena, SIZE_MAX);
    struct compute_context context = { .arena = &arena, .isa = isa };
    struct iforest_fit_score_task t = { .seed = 42,
                                        .batch = 7,
                                        .trees = s->trees,
                                        .psi = s->psi,
                                        .rows = rows_make(s, &arena),
                                        .recent = { .cols = s->cols },
                                        .extension = s->extension };
    check(iforest_pack_fit_score(&t, &arena, &task.payload) == 0);
    check(compute_iforest.run(&task, NULL, &context, &result) == 0);
    uint64_t digest = wire_payload_hash(&result);
    arena_release(&arena);
    return digest;
}

int main(void)
{
    printf("selftest=%016llx", (unsigned long long)compute_selftest_digest());
    for (enum isa isa = ISA_C; isa <= isa_detect(); isa++) {
        uint64_t digest = 0;
        for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
            digest = hash_fold(digest, shape_digest(&shapes[k], isa));
        printf(" %s=%016llx", isa_name(isa), (unsigned long long)digest);
    }
    printf("\n");
    return 0;
}
