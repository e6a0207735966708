/*
 * The reasons of tools/bench/reasons: path deltas, by the library and by a
 * model file.
 *
 * usage: bench-reasons rate FILE ROWS COLS EXPLAINED RUNS
 *        bench-reasons model MODEL FILE ROWS COLS RUNS OUT
 *
 * FILE holds ROWS x COLS float32, column after column. Both print seconds of
 * the CPU for a row, one figure for each of RUNS:
 *   row_s=...
 *
 * `rate` fits 100 trees of 256 rows through fyke_detect.h, and explains the
 * EXPLAINED rows with the highest scores. `model` explains all rows with the
 * forest of a model file, whose features are the columns in their order, and
 * writes the contributions to OUT, column after column: float64, in path
 * lengths, summed over the trees.
 */
#include "engine/detect/model_file.h"
#include "proto/base/check.h"
#include "proto/base/matrix.h"
#include "proto/wire/iforest_delta.h"
#include "tools/lib/fyke_detect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TREES 100u
#define PSI 256u

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *room(size_t count, size_t bytes)
{
    void *p = calloc(count > 0 ? count : 1, bytes);
    check(p != NULL);
    return p;
}

static void *file_read(const char *path, size_t *ret_bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "bench-reasons: cannot read %s\n", path);
        exit(1);
    }
    *ret_bytes = (size_t)ftell(file);
    void *bytes = room(*ret_bytes, 1);
    rewind(file);
    check(fread(bytes, 1, *ret_bytes, file) == *ret_bytes);
    fclose(file);
    return bytes;
}

static float *data_read(const char *path, uint32_t rows, uint32_t cols)
{
    size_t bytes;
    float *x = file_read(path, &bytes);
    if (bytes != (size_t)rows * cols * sizeof *x) {
        fprintf(stderr, "bench-reasons: %s is not %u x %u numbers\n", path,
                rows, cols);
        exit(1);
    }
    return x;
}

static void print_seconds(double seconds, uint32_t rows, uint32_t run)
{
    printf("%s%.10f", run > 0 ? "," : "row_s=", seconds / rows);
}

/* ---- the library ---- */

struct scored {
    double score;
    uint32_t row;
};

static int stranger_first(const void *a, const void *b)
{
    double x = ((const struct scored *)a)->score;
    double y = ((const struct scored *)b)->score;
    return (y > x) - (y < x);
}

/* The rows with the highest scores, in the order in which they came. */
static struct fyke_matrix strangest(const struct fyke_matrix *all,
                                    const double *score, uint32_t wanted)
{
    struct scored *order = room(all->rows, sizeof *order);
    float *x = room((size_t)wanted * all->cols, sizeof *x);
    for (uint32_t i = 0; i < all->rows; i++)
        order[i] = (struct scored){ score[i], i };
    qsort(order, all->rows, sizeof *order, stranger_first);
    double least = order[wanted - 1].score;
    for (uint32_t i = 0, at = 0; i < all->rows && at < wanted; i++)
        if (score[i] >= least) {
            for (uint32_t j = 0; j < all->cols; j++)
                x[(size_t)j * wanted + at] = all->data[j * all->stride + i];
            at++;
        }
    free(order);
    return (struct fyke_matrix){ x, wanted, all->cols, wanted };
}

static const struct fyke_forest *library_fit(const struct fyke_matrix *rows,
                                             void **ret_memory)
{
    struct fyke_forest_options o;
    const struct fyke_forest *forest;
    fyke_forest_defaults(&o);
    o.trees = TREES;
    o.subsample = PSI;
    size_t bytes = fyke_forest_bytes(&o, rows->rows, rows->cols);
    size_t work_bytes = fyke_forest_fit_workspace(&o, rows->rows, rows->cols);
    void *work = room(work_bytes, 1);
    *ret_memory = room(bytes, 1);
    check(fyke_forest_fit(&o, rows, *ret_memory, bytes, work, work_bytes,
                          &forest) == FYKE_OK);
    free(work);
    return forest;
}

static void bench_rate(const struct fyke_matrix *all, uint32_t explained,
                       uint32_t runs)
{
    void *memory;
    const struct fyke_forest *forest = library_fit(all, &memory);
    size_t work_bytes = fyke_forest_workspace(forest);
    void *work = room(work_bytes, 1);
    double *score = room(all->rows, sizeof *score);
    double *given = room((size_t)explained * all->cols, sizeof *given);
    check(fyke_forest_score(forest, all, score, work, work_bytes) == 0);
    struct fyke_matrix some = strangest(all, score, explained);
    for (uint32_t i = 0; i < runs; i++) {
        double start = cpu_seconds();
        check(fyke_forest_explain(forest, &some, given, NULL, work,
                                  work_bytes) == 0);
        print_seconds(cpu_seconds() - start, explained, i);
    }
    printf("\n");
    free((void *)(uintptr_t)some.data);
    free(given);
    free(score);
    free(work);
    free(memory);
}

/* ---- a model file ---- */

static void model_explain(const struct iforest_delta *trees,
                          const struct matrix *rows, double *ret_contribution)
{
    int64_t delta[IFOREST_FEATURES_MAX];
    for (uint32_t i = 0; i < rows->rows; i++) {
        memset(delta, 0, rows->cols * sizeof *delta);
        iforest_delta_row(trees, rows->data + i, rows->stride, delta);
        for (uint32_t j = 0; j < rows->cols; j++)
            ret_contribution[(size_t)j * rows->rows + i] =
                (double)delta[j] / IFOREST_ONE;
    }
}

static void bench_model(const char *path, const struct matrix *rows,
                        uint32_t runs, const char *out)
{
    struct arena arena;
    struct model_file model;
    struct iforest_delta trees;
    struct fault fault;
    size_t bytes, n = (size_t)rows->rows * rows->cols;
    void *file = file_read(path, &bytes);
    arena_init(&arena, SIZE_MAX);
    if (model_file_decode(file, bytes, path, &arena, &model, &fault) != 0) {
        fprintf(stderr, "bench-reasons: %s\n", fault.text);
        exit(1);
    }
    check(model.forest.features == rows->cols);
    uint32_t *c = room((size_t)model.forest.subsample + 1, sizeof *c);
    double *given = room(n, sizeof *given);
    for (uint32_t i = 0; i <= model.forest.subsample; i++)
        c[i] = iforest_c(i);
    check(iforest_delta_init(&trees, &model.forest, c, model.forest.subsample,
                             &arena) == 0);
    for (uint32_t i = 0; i < runs; i++) {
        double start = cpu_seconds();
        model_explain(&trees, rows, given);
        print_seconds(cpu_seconds() - start, rows->rows, i);
    }
    printf("\n");
    FILE *to = fopen(out, "wb");
    check(to != NULL && fwrite(given, sizeof *given, n, to) == n);
    check(fclose(to) == 0);
    free(given);
    free(c);
    free(file);
    arena_release(&arena);
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

static int usage(void)
{
    fprintf(stderr,
            "usage: bench-reasons rate FILE ROWS COLS EXPLAINED RUNS\n"
            "       bench-reasons model MODEL FILE ROWS COLS RUNS OUT\n");
    return 2;
}

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "rate") == 0) {
        uint32_t rows = number(argv[3]), cols = number(argv[4]);
        uint32_t explained = number(argv[5]);
        if (rows == 0 || cols == 0 || explained == 0 || explained > rows)
            return usage();
        float *x = data_read(argv[2], rows, cols);
        struct fyke_matrix all = { x, rows, cols, rows };
        bench_rate(&all, explained, number(argv[6]));
        free(x);
        return 0;
    }
    if (argc == 8 && strcmp(argv[1], "model") == 0) {
        uint32_t rows = number(argv[4]), cols = number(argv[5]);
        if (rows == 0 || cols == 0 || cols > IFOREST_FEATURES_MAX)
            return usage();
        float *x = data_read(argv[3], rows, cols);
        struct matrix all = { x, rows, cols, rows };
        bench_model(argv[2], &all, number(argv[6]), argv[7]);
        free(x);
        return 0;
    }
    return usage();
}
