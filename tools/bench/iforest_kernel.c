/*
 * Microbenchmark of the isolation forest on one core: rows/s of scoring and
 * microseconds per tree of fitting, in CPU time, the best of several runs.
 *
 * usage: [FYKE_ISA=c|avx2|avx512] bench-iforest [ROWS [SUBSAMPLE [TREES]]]
 *
 * One line per number of features on stdout:
 *   iforest d=10 rows=32768 psi=256 trees=100 score_rows_per_s=...
 *   fit_us_per_tree=...
 */
#include "proto/base/arena.h"
#include "proto/base/check.h"
#include "proto/wire/iforest.h"
#include "workers/detect/compute.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS 9

struct bench {
    uint32_t rows, psi, trees, cols;
    enum isa isa;
    struct arena arena, scratch;
    struct matrix matrix;
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void bench_fill(struct bench *b)
{
    struct rng r;
    uint64_t seed = b->cols;
    size_t n = (size_t)b->rows * b->cols;
    float *x = arena_alloc(&b->arena, n, sizeof *x);
    check(x != NULL);
    rng_init(&r, &seed, 1);
    for (size_t i = 0; i < n; i++) /* bell-shaped enough */
        x[i] = (float)(rng_unit(&r) + rng_unit(&r) + rng_unit(&r));
    b->matrix = (struct matrix){ x, b->rows, b->cols, b->rows };
}

static void bench_fit_task(struct bench *b, struct wire_task *ret_task)
{
    uint32_t *index =
        arena_alloc(&b->arena, (size_t)b->trees * b->psi, sizeof *index);
    uint32_t *scratch = arena_alloc(&b->arena, rng_sample_scratch(b->psi), 4);
    check(index != NULL && scratch != NULL);
    for (uint32_t t = 0; t < b->trees; t++) {
        struct rng r;
        iforest_tree_rng(&r, 1, 1, t);
        rng_sample(&r, b->rows, b->psi, index + (size_t)t * b->psi, scratch);
    }
    struct iforest_fit_task task = {
        1, 1, 0, b->trees, b->psi, b->matrix, index
    };
    *ret_task = (struct wire_task){ .phase = IFOREST_FIT };
    check(iforest_pack_fit(&task, &b->arena, &ret_task->payload) == 0);
}

/* Best CPU time of a task, seconds; the last result stays in `scratch`. */
static double bench_task(struct bench *b, const struct wire_task *task,
                         const struct compute_model *model,
                         struct wire_payload *ret_result)
{
    struct compute_context context = { .arena = &b->scratch, .isa = b->isa };
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        arena_reset(&b->scratch);
        double start = cpu_seconds();
        check(compute_iforest.run(task, model, &context, ret_result) == 0);
        double seconds = cpu_seconds() - start;
        best = seconds < best ? seconds : best;
    }
    return best;
}

static void bench_run(struct bench *b)
{
    struct wire_task fit, score = { .phase = IFOREST_SCORE };
    struct wire_payload forest, sums;
    struct compute_model *model;
    arena_init(&b->arena, SIZE_MAX);
    arena_init(&b->scratch, SIZE_MAX);
    bench_fill(b);
    bench_fit_task(b, &fit);
    double fit_s = bench_task(b, &fit, NULL, &forest);
    check(compute_iforest.model_new(&forest, &model) == 0);
    struct iforest_score_task t = { b->matrix };
    check(iforest_pack_score(&t, &b->arena, &score.payload) == 0);
    double score_s = bench_task(b, &score, model, &sums);
    printf("iforest d=%u rows=%u psi=%u trees=%u score_rows_per_s=%.0f "
           "fit_us_per_tree=%.1f\n",
           b->cols, b->rows, b->psi, b->trees, b->rows / score_s,
           fit_s / b->trees * 1e6);
    compute_iforest.model_free(model);
    arena_release(&b->arena);
    arena_release(&b->scratch);
}

static uint32_t number_of(int argc, char **argv, int index, uint32_t otherwise)
{
    return argc > index ? (uint32_t)strtoul(argv[index], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    struct fault fault;
    enum isa isa = ISA_BEST;
    const char *level = getenv("FYKE_ISA");
    if (level != NULL && isa_from_name(level, &isa, &fault) != 0) {
        fprintf(stderr, "bench-iforest: %s\n", fault.text);
        return 2;
    }
    static const uint32_t cols[] = { 2, 10, 30 };
    for (size_t k = 0; k < sizeof cols / sizeof cols[0]; k++) {
        struct bench b = { .rows = number_of(argc, argv, 1, 32768),
                           .psi = number_of(argc, argv, 2, 256),
                           .trees = number_of(argc, argv, 3, 100),
                           .cols = cols[k],
                           .isa = isa };
        if (b.psi < 1 || b.psi > b.rows || b.trees < 1) {
            fprintf(stderr, "usage: bench-iforest [ROWS [SUBSAMPLE [TREES]]], "
                            "SUBSAMPLE <= ROWS\n");
            return 2;
        }
        bench_run(&b);
    }
    return 0;
}
