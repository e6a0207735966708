/*
 * Data for tools/bench/iforest, and the isolation forest over it: through the
 * tasks that a worker gets.
 *
 * usage: bench-iforest make ROWS COLS SEED FILE
 *        bench-iforest run FILE ROWS COLS RUNS [SUMS]
 *        bench-iforest threads FILE ROWS COLS RUNS
 *
 * FILE holds ROWS x COLS float32, column after column: 8 bell-shaped blobs,
 * centres uniform in (-10, 10), standard deviations in (0.5, 1.5), and 1 % of
 * the rows uniform in (-15, 15).
 *
 * `run` prints seconds of the CPU, one for each of RUNS:
 *   fit_s=... score_s=... batch_10000_s=... batch_1000_s=...
 * fit is drawing and growing 100 trees of 256 rows from all rows, score all
 * rows against that model, batch both in one task over the first rows. SUMS
 * gets the path sums of score, a uint32 a row.
 *
 * `threads` prints seconds of the clock for scoring all rows by one thread and
 * by two with half of them each, taken in turns, and of the CPU, of both
 * threads together, which other programs hardly change:
 *   one_s=... two_s=... one_cpu_s=... two_cpu_s=...
 * FYKE_ISA chooses the level.
 */
#include "proto/base/arena.h"
#include "proto/base/check.h"
#include "proto/wire/iforest.h"
#include "workers/detect/compute.h"
#include "workers/detect/iforest/grow.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TREES 100u
#define PSI 256u
#define SEED 1u
#define BATCH 1u
#define RUNS_MAX 1000u
#define BLOBS 8u

struct bench {
    struct matrix rows;
    uint32_t runs;
    enum isa isa;
    struct arena arena, scratch;
    struct compute_model *model;
};

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void print_seconds(const char *name, const double *seconds,
                          uint32_t runs)
{
    printf("%s_s=", name);
    for (uint32_t i = 0; i < runs; i++)
        printf("%s%.7f", i > 0 ? "," : "", seconds[i]);
    printf(" ");
}

/* ---- data ---- */

/* Nearly a normal one. */
static double bell(struct rng *r)
{
    double sum = -6;
    for (uint32_t k = 0; k < 12; k++)
        sum += rng_unit(r);
    return sum;
}

static int data_make(uint32_t rows, uint32_t cols, uint64_t seed,
                     const char *path)
{
    float *column = malloc(rows * sizeof *column);
    FILE *file = fopen(path, "wb");
    check(column != NULL);
    if (file == NULL) {
        free(column);
        return 1;
    }
    for (uint32_t j = 0; j < cols; j++) {
        double centre[BLOBS], width[BLOBS];
        const uint64_t words[] = { seed, j };
        struct rng r;
        rng_init(&r, words, 2);
        for (uint32_t k = 0; k < BLOBS; k++) {
            centre[k] = 20 * rng_unit(&r) - 10;
            width[k] = 0.5 + rng_unit(&r);
        }
        for (uint32_t i = 0; i < rows; i++) {
            uint32_t k = i % BLOBS;
            double x = i % 100 == 0 ? 30 * rng_unit(&r) - 15
                                    : centre[k] + width[k] * bell(&r);
            column[i] = (float)x;
        }
        check(fwrite(column, sizeof *column, rows, file) == rows);
    }
    free(column);
    return fclose(file) == 0 ? 0 : 1;
}

static struct matrix data_read(const char *path, uint32_t rows, uint32_t cols,
                               struct arena *arena)
{
    size_t n = (size_t)rows * cols;
    float *x = arena_alloc(arena, n, sizeof *x);
    FILE *file = fopen(path, "rb");
    check(x != NULL);
    if (file == NULL || fread(x, sizeof *x, n, file) != n) {
        fprintf(stderr, "bench-iforest: %s is not %u x %u numbers\n", path,
                rows, cols);
        exit(1);
    }
    fclose(file);
    return (struct matrix){ x, rows, cols, rows };
}

/* ---- what is measured ---- */

/* Draws and grows the forest; the caller resets the arena. */
static struct iforest_forest forest_grow(const struct bench *b,
                                         struct arena *arena)
{
    struct grow_rows rows = { .second = b->rows };
    struct grow_space space;
    struct grow_nodes nodes;
    check(grow_space_init(&space, PSI, b->rows.cols, 0, arena) == 0);
    check(grow_nodes_init(&nodes, TREES, PSI, 0, arena) == 0);
    for (uint32_t k = 0; k < TREES; k += GROW_TREES) {
        uint32_t count = TREES - k < GROW_TREES ? TREES - k : GROW_TREES;
        grow_trees(&space, &rows, NULL, SEED, BATCH, k, count, &nodes);
    }
    return grow_forest(&nodes, PSI, b->rows.cols);
}

static void bench_fit(struct bench *b, double *ret_seconds)
{
    struct wire_payload payload;
    struct iforest_forest forest = { 0 };
    for (uint32_t i = 0; i < b->runs; i++) {
        arena_reset(&b->scratch);
        double start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        forest = forest_grow(b, &b->scratch);
        ret_seconds[i] = seconds_of(CLOCK_THREAD_CPUTIME_ID) - start;
    }
    check(iforest_pack_forest(&forest, &b->scratch, &payload) == 0);
    check(compute_iforest.model_new(&payload, &b->model) == 0);
}

static void task_run(const struct bench *b, const struct wire_task *task,
                     struct arena *scratch, struct wire_payload *ret_result)
{
    struct compute_context context = { .arena = scratch, .isa = b->isa };
    arena_reset(scratch);
    check(compute_iforest.run(task, b->model, &context, ret_result) == 0);
}

static void bench_task(struct bench *b, const struct wire_task *task,
                       struct wire_payload *ret_result, double *ret_seconds)
{
    for (uint32_t i = 0; i < b->runs; i++) {
        double start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        task_run(b, task, &b->scratch, ret_result);
        ret_seconds[i] = seconds_of(CLOCK_THREAD_CPUTIME_ID) - start;
    }
}

static void score_task(struct bench *b, const struct matrix *rows,
                       struct wire_task *ret_task)
{
    struct iforest_score_task t = { *rows };
    *ret_task = (struct wire_task){ .phase = IFOREST_SCORE };
    check(iforest_pack_score(&t, &b->arena, &ret_task->payload) == 0);
}

static void bench_score(struct bench *b, double *ret_seconds, const char *path)
{
    struct wire_task task;
    struct wire_payload result;
    score_task(b, &b->rows, &task);
    bench_task(b, &task, &result, ret_seconds);
    if (path == NULL)
        return;
    FILE *file = fopen(path, "wb");
    uint32_t *sums = arena_alloc(&b->arena, b->rows.rows, sizeof *sums);
    check(file != NULL && sums != NULL);
    check(iforest_unpack_sums(&result, b->rows.rows, sums) == 0);
    check(fwrite(sums, sizeof *sums, b->rows.rows, file) == b->rows.rows);
    check(fclose(file) == 0);
}

static void bench_batch(struct bench *b, uint32_t rows, double *ret_seconds)
{
    struct matrix some = b->rows;
    some.rows = rows < some.rows ? rows : some.rows;
    struct iforest_fit_score_task t = { SEED, BATCH, TREES,
                                        PSI,  some,  { .cols = some.cols },
                                        0 };
    struct wire_task task = { .phase = IFOREST_FIT_SCORE };
    struct wire_payload result;
    check(iforest_pack_fit_score(&t, &b->arena, &task.payload) == 0);
    bench_task(b, &task, &result, ret_seconds);
}

static void bench_run(struct bench *b, const char *sums)
{
    static const char *const names[] = { "fit", "score", "batch_10000",
                                         "batch_1000" };
    double seconds[4][RUNS_MAX];
    bench_fit(b, seconds[0]);
    bench_score(b, seconds[1], sums);
    bench_batch(b, 10000, seconds[2]);
    bench_batch(b, 1000, seconds[3]);
    for (uint32_t k = 0; k < 4; k++)
        print_seconds(names[k], seconds[k], b->runs);
    printf("\n");
}

/* ---- two threads ---- */

struct half {
    const struct bench *bench;
    struct wire_task task;
    struct arena scratch;
    double cpu; /* seconds of the last run */
};

static void *half_score(void *argument)
{
    struct half *half = argument;
    struct wire_payload result;
    double start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    task_run(half->bench, &half->task, &half->scratch, &result);
    half->cpu = seconds_of(CLOCK_THREAD_CPUTIME_ID) - start;
    return NULL;
}

static double both_score(struct half *halves)
{
    pthread_t thread;
    double start = seconds_of(CLOCK_MONOTONIC);
    check(pthread_create(&thread, NULL, half_score, &halves[0]) == 0);
    half_score(&halves[1]);
    check(pthread_join(thread, NULL) == 0);
    return seconds_of(CLOCK_MONOTONIC) - start;
}

static void bench_threads(struct bench *b)
{
    double fit[RUNS_MAX], one[RUNS_MAX], two[RUNS_MAX];
    double one_cpu[RUNS_MAX], two_cpu[RUNS_MAX];
    uint32_t cut = b->rows.rows / 2;
    struct half all = { .bench = b },
                halves[2] = { { .bench = b }, { .bench = b } };
    const struct matrix part[] = { matrix_slice(&b->rows, 0, cut),
                                   matrix_slice(&b->rows, cut,
                                                b->rows.rows - cut) };
    bench_fit(b, fit);
    arena_init(&all.scratch, SIZE_MAX);
    score_task(b, &b->rows, &all.task);
    for (uint32_t k = 0; k < 2; k++) {
        arena_init(&halves[k].scratch, SIZE_MAX);
        score_task(b, &part[k], &halves[k].task);
    }
    half_score(&all); /* memory is there from here on */
    (void)both_score(halves);
    for (uint32_t i = 0; i < b->runs; i++) {
        double start = seconds_of(CLOCK_MONOTONIC);
        half_score(&all);
        one[i] = seconds_of(CLOCK_MONOTONIC) - start;
        two[i] = both_score(halves);
        one_cpu[i] = all.cpu;
        two_cpu[i] = halves[0].cpu + halves[1].cpu;
    }
    print_seconds("one", one, b->runs);
    print_seconds("two", two, b->runs);
    print_seconds("one_cpu", one_cpu, b->runs);
    print_seconds("two_cpu", two_cpu, b->runs);
    printf("\n");
    arena_release(&all.scratch);
    arena_release(&halves[0].scratch);
    arena_release(&halves[1].scratch);
}

static int usage(void)
{
    fprintf(stderr, "usage: bench-iforest make ROWS COLS SEED FILE\n"
                    "       bench-iforest run FILE ROWS COLS RUNS [SUMS]\n"
                    "       bench-iforest threads FILE ROWS COLS RUNS\n");
    return 2;
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    struct bench b = { .isa = ISA_BEST };
    struct fault fault;
    const char *level = getenv("FYKE_ISA");
    if (level != NULL && isa_from_name(level, &b.isa, &fault) != 0) {
        fprintf(stderr, "bench-iforest: %s\n", fault.text);
        return 2;
    }
    if (argc == 6 && strcmp(argv[1], "make") == 0)
        return data_make(number(argv[2]), number(argv[3]), number(argv[4]),
                         argv[5]);
    if (argc < 6 || argc > 7)
        return usage();
    b.runs = number(argv[5]);
    if (b.runs < 1 || b.runs > RUNS_MAX || number(argv[3]) < PSI)
        return usage();
    arena_init(&b.arena, SIZE_MAX);
    arena_init(&b.scratch, SIZE_MAX);
    b.rows = data_read(argv[2], number(argv[3]), number(argv[4]), &b.arena);
    if (strcmp(argv[1], "run") == 0)
        bench_run(&b, argc == 7 ? argv[6] : NULL);
    else if (strcmp(argv[1], "threads") == 0)
        bench_threads(&b);
    else
        return usage();
    compute_iforest.model_free(b.model);
    arena_release(&b.arena);
    arena_release(&b.scratch);
    return 0;
}
