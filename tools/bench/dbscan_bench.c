/*
 * Data for tools/bench/dbscan, and DBSCAN over it on one core.
 *
 * usage: bench-dbscan make blobs|uniform ROWS COLS SEED FILE
 *        bench-dbscan run FILE ROWS COLS EPS MIN_POINTS RUNS [LABELS]
 *
 * FILE holds ROWS x COLS float32, column after column. `blobs` are 8 Gaussian
 * ones, centres uniform in (-10, 10), standard deviations in (0.5, 1.5), and
 * 1 % uniform in (-15, 15); `uniform` is the unit cube.
 *
 * `run` begins each of the RUNS with an empty arena, and prints one line:
 *   seconds=0.1,0.1,0.1 arena_bytes=... peak_bytes=... neighbours=31.2
 *   clusters=8 core=... noise=...
 * seconds are of the CPU, peak_bytes is what the process held at most beyond
 * the input, neighbours a mean over 500 points. LABELS gets one int32 a row, as
 * scikit-learn counts. FYKE_ISA chooses the level.
 */
#include "proto/base/arena.h"
#include "proto/base/check.h"
#include "proto/base/rng.h"
#include "workers/detect/dbscan/dbscan.h"
#include "workers/detect/dbscan/near.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOBS 8u
#define ASKED 500u /* points whose neighbours are counted */

struct bench {
    struct dbscan_input in;
    float *x; /* of the points */
    struct arena arena;
    struct dbscan_output out;
    int32_t *label;
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* VmHWM: getrusage would count what the parent held before it started us. */
static size_t peak_bytes(void)
{
    char line[128];
    unsigned long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtoul(line + 6, NULL, 10);
    if (file != NULL)
        fclose(file);
    return (size_t)kib * 1024;
}

/* Polar method (Marsaglia 1964). */
static double normal(struct rng *r)
{
    for (;;) {
        double u = 2 * rng_unit(r) - 1, v = 2 * rng_unit(r) - 1;
        double s = u * u + v * v;
        if (s > 0 && s < 1)
            return u * sqrt(-2 * log(s) / s);
    }
}

static double between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_unit(r);
}

static void make_blobs(float *x, uint32_t rows, uint32_t cols, struct rng *r)
{
    double centre[BLOBS][DBSCAN_COLS_MAX], sd[BLOBS];
    for (uint32_t b = 0; b < BLOBS; b++) {
        sd[b] = between(r, 0.5, 1.5);
        for (uint32_t j = 0; j < cols; j++)
            centre[b][j] = between(r, -10, 10);
    }
    for (uint32_t i = 0; i < rows; i++) {
        bool noise = rng_unit(r) < 0.01;
        uint32_t b = (uint32_t)rng_below(r, BLOBS);
        for (uint32_t j = 0; j < cols; j++)
            x[(size_t)j * rows + i] =
                noise ? (float)between(r, -15, 15)
                      : (float)(centre[b][j] + sd[b] * normal(r));
    }
}

static int make(char **argv)
{
    uint32_t rows = (uint32_t)strtoul(argv[1], NULL, 10);
    uint32_t cols = (uint32_t)strtoul(argv[2], NULL, 10);
    uint64_t seed = strtoull(argv[3], NULL, 10);
    size_t n = (size_t)rows * cols;
    struct rng r;
    float *x = malloc(n * sizeof *x);
    FILE *file = fopen(argv[4], "wb");
    check(x != NULL && cols >= 1 && cols <= DBSCAN_COLS_MAX);
    rng_init(&r, &seed, 1);
    if (strcmp(argv[0], "blobs") == 0)
        make_blobs(x, rows, cols, &r);
    else
        for (size_t i = 0; i < n; i++)
            x[i] = (float)rng_unit(&r);
    if (file == NULL || fwrite(x, sizeof *x, n, file) != n ||
        fclose(file) != 0) {
        fprintf(stderr, "bench-dbscan: %s cannot be written\n", argv[4]);
        free(x);
        return 1;
    }
    free(x);
    return 0;
}

static int read_points(struct bench *b, const char *path)
{
    struct matrix *m = &b->in.points;
    FILE *file = fopen(path, "rb");
    m->stride = (size_t)m->rows + NEAR_LANES; /* near.h reads beyond */
    float *x = calloc(m->stride * m->cols, sizeof *x);
    check(x != NULL);
    for (uint32_t j = 0; j < m->cols; j++)
        if (file == NULL ||
            fread(x + j * m->stride, sizeof *x, m->rows, file) != m->rows) {
            fprintf(stderr, "bench-dbscan: %s has fewer than %u x %u numbers\n",
                    path, m->rows, m->cols);
            free(x);
            return 1;
        }
    fclose(file);
    m->data = b->x = x;
    return 0;
}

static double neighbours(const struct bench *b)
{
    const struct matrix *m = &b->in.points;
    const struct near_kernel *kernel = near_kernel_of(ISA_BEST);
    struct exact_limit limit = exact_limit_of(b->in.eps, m->cols);
    struct near_range all = { 0, m->rows };
    uint64_t found = 0, seed = 1;
    struct rng r;
    rng_init(&r, &seed, 1);
    for (uint32_t k = 0; k < ASKED; k++) {
        float query[DBSCAN_COLS_MAX];
        uint64_t point = rng_below(&r, m->rows);
        for (uint32_t j = 0; j < m->cols; j++)
            query[j] = matrix_column(m, j)[point];
        found += kernel->count(&limit, m->data, m->stride, &all, 1, m->cols,
                               query, UINT32_MAX);
    }
    return (double)found / ASKED;
}

static enum isa isa_wanted(void)
{
    struct fault fault;
    const char *name = getenv("FYKE_ISA");
    enum isa isa = ISA_BEST;
    if (name != NULL && isa_from_name(name, &isa, &fault) != 0) {
        fprintf(stderr, "bench-dbscan: %s\n", fault.text);
        exit(1);
    }
    return isa;
}

static void run_once(struct bench *b)
{
    struct compute_context context = { .arena = &b->arena,
                                       .isa = isa_wanted() };
    arena_release(&b->arena);
    double begun = cpu_seconds();
    check(dbscan_cluster(&b->in, &context, &b->out) == 0);
    printf("%.5f", cpu_seconds() - begun);
}

/* Clusters are counted by their smallest core points; a border point goes to
 * the first one that it touches. Returns how many there are. */
static int32_t label(struct bench *b)
{
    int32_t clusters = 0;
    b->label = malloc(b->in.own * sizeof *b->label);
    check(b->label != NULL);
    for (uint32_t i = 0; i < b->in.own; i++) {
        uint32_t name = b->out.cluster[i];
        b->label[i] = name == DBSCAN_NONE ? -1
                      : name == i         ? clusters++
                                          : b->label[name];
    }
    for (uint32_t k = b->out.touch_count; k-- > 0;)
        b->label[b->out.touch[k].point] = b->label[b->out.touch[k].cluster];
    return clusters;
}

static int write_labels(const struct bench *b, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL ||
        fwrite(b->label, sizeof *b->label, b->in.own, file) != b->in.own ||
        fclose(file) != 0) {
        fprintf(stderr, "bench-dbscan: %s cannot be written\n", path);
        return 1;
    }
    return 0;
}

static int run(int argc, char **argv)
{
    struct bench b = { .x = NULL, .label = NULL };
    uint32_t core = 0, noise = 0;
    b.in.own = b.in.points.rows = (uint32_t)strtoul(argv[1], NULL, 10);
    b.in.points.cols = (uint32_t)strtoul(argv[2], NULL, 10);
    b.in.eps = strtod(argv[3], NULL);
    b.in.min_points = (uint32_t)strtoul(argv[4], NULL, 10);
    long runs = strtol(argv[5], NULL, 10);
    arena_init(&b.arena, SIZE_MAX);
    if (read_points(&b, argv[0]) != 0)
        return 1;
    size_t before = peak_bytes();
    printf("seconds=");
    for (long k = 0; k < runs; k++) {
        if (k > 0)
            printf(",");
        run_once(&b);
    }
    size_t after = peak_bytes();
    int32_t clusters = label(&b);
    for (uint32_t i = 0; i < b.in.own; i++) {
        core += b.out.core[i];
        noise += b.label[i] < 0;
    }
    printf(" arena_bytes=%zu peak_bytes=%zu neighbours=%.1f clusters=%d "
           "core=%u noise=%u\n",
           b.arena.bytes_used, after - before, neighbours(&b), clusters, core,
           noise);
    int rc = argc > 6 ? write_labels(&b, argv[6]) : 0;
    free(b.label);
    free(b.x);
    arena_release(&b.arena);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "make") == 0)
        return make(argv + 2);
    if (argc >= 8 && strcmp(argv[1], "run") == 0)
        return run(argc - 2, argv + 2);
    fprintf(stderr, "usage: bench-dbscan make blobs|uniform ROWS COLS SEED "
                    "FILE\n       bench-dbscan run FILE ROWS COLS EPS "
                    "MIN_POINTS RUNS [LABELS]\n");
    return 2;
}
