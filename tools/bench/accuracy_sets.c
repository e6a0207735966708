/*
 * How well the isolation forest finds labelled outliers, and how much two fits
 * agree: every file is one batch, scored by the worker's half for seeds 1..N.
 *
 * usage: accuracy-sets TREES SUBSAMPLE EXTENSION SEEDS FILE.csv...
 *
 * A file has numbers under a header, its last column is the label (1 =
 * outlier); an empty field is missing. One line per file on stdout:
 *   set=NAME rows=N features=N trees=N psi=N extension=N seeds=N auroc=MEAN
 *   sd=SD top1=SHARE
 * AUROC counts ties half. top1 is how much of the strangest 1 % (one row at
 * least) the fits of two neighbouring seeds have in common, on average.
 */
#include "proto/base/check.h"
#include "proto/wire/iforest.h"
#include "workers/detect/compute.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 65536

struct set {
    const char *path;
    uint32_t rows, cols; /* without the label */
    float *x;            /* column-major */
    bool *outlier;
};

struct config {
    uint32_t trees, psi, extension, seeds;
};

struct ranked {
    uint32_t sum, row;
};

static void die(const char *path, const char *what)
{
    fprintf(stderr, "accuracy-sets: %s: %s\n", path, what);
    exit(1);
}

static uint32_t count_fields(const char *line)
{
    uint32_t n = 1;
    for (; *line != '\0'; line++)
        n += *line == ',';
    return n;
}

/* The fields of a line to `values`, one every `stride`; false when there are
 * not exactly `n`. */
static bool line_read(const char *line, uint32_t n, float *values,
                      size_t stride)
{
    for (uint32_t j = 0; j < n; j++) {
        char *end;
        float value = strtof(line, &end);
        values[j * stride] = end == line ? NAN : value;
        if (*end != (j + 1 < n ? ',' : '\n') && *end != '\r' && *end != '\0')
            return false;
        line = end + 1;
    }
    return true;
}

static void set_read(struct set *s)
{
    static char line[LINE_BYTES];
    FILE *f = fopen(s->path, "r");
    if (f == NULL || fgets(line, sizeof line, f) == NULL)
        die(s->path, "cannot be read");
    uint32_t fields = count_fields(line), rows = 0, at = 0;
    while (fgets(line, sizeof line, f) != NULL)
        rows++;
    s->rows = rows;
    s->cols = fields - 1;
    s->x = malloc((size_t)rows * fields * sizeof *s->x);
    s->outlier = malloc(rows * sizeof *s->outlier);
    if (rows == 0 || fields < 2 || s->x == NULL || s->outlier == NULL)
        die(s->path, "has no rows of features and a label");
    rewind(f);
    check(fgets(line, sizeof line, f) != NULL);
    for (; at < rows && fgets(line, sizeof line, f) != NULL; at++) {
        if (!line_read(line, fields, s->x + at, rows))
            die(s->path, "a line has another number of fields");
        s->outlier[at] = s->x[(size_t)s->cols * rows + at] > 0.5f;
    }
    fclose(f);
}

static const uint32_t *set_score(const struct set *s, const struct config *c,
                                 uint64_t seed, struct arena *arena)
{
    struct compute_context context = { .arena = arena };
    struct iforest_fit_score_task t = {
        .seed = seed,
        .batch = 1,
        .trees = c->trees,
        .psi = iforest_subsample(c->psi, s->rows),
        .rows = { s->x, s->rows, s->cols, s->rows },
        .recent = { .cols = s->cols },
        .extension = c->extension < s->cols ? c->extension : s->cols - 1,
    };
    struct wire_task task = { .phase = IFOREST_FIT_SCORE };
    struct wire_payload result;
    struct iforest_forest forest;
    uint32_t *sums = arena_alloc(arena, s->rows, sizeof *sums);
    check(sums != NULL);
    check(iforest_pack_fit_score(&t, arena, &task.payload) == 0);
    check(compute_iforest.run(&task, NULL, &context, &result) == 0);
    check(iforest_unpack_fit_scored(&result, s->rows, arena, sums, &forest) ==
          0);
    return sums;
}

/* The stranger one, then the earlier one first. */
static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->sum != y->sum)
        return x->sum < y->sum ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Chance that an outlier's path is shorter than an inlier's. */
static double auroc(const struct set *s, const struct ranked *r)
{
    double outliers = 0, rank_sum = 0;
    for (uint32_t i = 0, end; i < s->rows; i = end) {
        double tied = 0;
        for (end = i; end < s->rows && r[end].sum == r[i].sum; end++)
            tied += s->outlier[r[end].row];
        /* ranks i + 1 to end, each the middle one */
        rank_sum += tied * ((double)i + 1 + end) / 2;
        outliers += tied;
    }
    double inliers = s->rows - outliers;
    double over = rank_sum - outliers * (outliers + 1) / 2;
    return 1.0 - over / (outliers * inliers);
}

static void set_run(const struct set *s, const struct config *c)
{
    uint32_t top = s->rows / 100 > 0 ? s->rows / 100 : 1;
    struct ranked *r = malloc(s->rows * sizeof *r);
    uint32_t *strange_in = calloc(s->rows, sizeof *strange_in);
    double sum = 0, squares = 0, common = 0;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    check(r != NULL && strange_in != NULL);
    for (uint32_t seed = 1; seed <= c->seeds; seed++) {
        arena_reset(&arena);
        const uint32_t *sums = set_score(s, c, seed, &arena);
        for (uint32_t i = 0; i < s->rows; i++)
            r[i] = (struct ranked){ sums[i], i };
        qsort(r, s->rows, sizeof *r, compare_ranked);
        double area = auroc(s, r);
        sum += area;
        squares += area * area;
        for (uint32_t i = 0; i < top; i++) {
            common += seed > 1 && strange_in[r[i].row] == seed - 1;
            strange_in[r[i].row] = seed;
        }
    }
    double n = c->seeds, mean = sum / n;
    double variance = n > 1 ? (squares - n * mean * mean) / (n - 1) : 0;
    const char *name = strrchr(s->path, '/');
    name = name == NULL ? s->path : name + 1;
    printf("set=%.*s rows=%u features=%u trees=%u psi=%u extension=%u seeds=%u "
           "auroc=%.4f sd=%.4f top1=%.3f\n",
           (int)strcspn(name, "."), name, s->rows, s->cols, c->trees, c->psi,
           c->extension, c->seeds, mean, sqrt(variance > 0 ? variance : 0),
           n > 1 ? common / top / (n - 1) : 1.0);
    free(r);
    free(strange_in);
    arena_release(&arena);
}

int main(int argc, char **argv)
{
    uint32_t number[4] = { 0 };
    for (int i = 0; i < 4 && i + 1 < argc; i++)
        number[i] = (uint32_t)strtoul(argv[i + 1], NULL, 10);
    struct config c = { number[0], number[1], number[2], number[3] };
    if (argc < 6 || c.trees < 1 || c.trees > IFOREST_TREES_MAX || c.psi < 2 ||
        c.psi > IFOREST_SUBSAMPLE_MAX || c.seeds < 1) {
        fprintf(stderr, "usage: accuracy-sets TREES SUBSAMPLE EXTENSION SEEDS "
                        "FILE.csv...\n");
        return 2;
    }
    for (int i = 5; i < argc; i++) {
        struct set s = { .path = argv[i] };
        set_read(&s);
        set_run(&s, &c);
        free(s.x);
        free(s.outlier);
    }
    return 0;
}
