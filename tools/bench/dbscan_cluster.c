/*
 * Times DBSCAN of one file on one core, for tools/bench/dbscan.
 *
 * usage: bench-dbscan FILE ROWS COLS EPS MIN_POINTS RUNS [LABELS]
 *
 * FILE holds ROWS x COLS float32, column after column. Every run begins with
 * an empty arena. One line on stdout, and in LABELS one int32 a row as
 * scikit-learn gives them:
 *   dbscan seconds=0.1 cpu_s=0.1 arena_bytes=... peak_bytes=... clusters=8
 *   core=... noise=...
 * seconds is the least time of the runs, peak_bytes what the process held at
 * most beyond the input.
 */
#include "proto/base/arena.h"
#include "proto/base/check.h"
#include "workers/detect/dbscan/dbscan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct bench {
    struct dbscan_input in;
    struct arena arena;
    struct dbscan_output out;
    int32_t *label;
    double seconds, cpu_s;
    long before_kib, after_kib;
};

static double clock_seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void bench_read(struct bench *b, const char *path)
{
    size_t n = (size_t)b->in.points.rows * b->in.points.cols;
    float *x = malloc(n * sizeof *x);
    FILE *file = fopen(path, "rb");
    if (x == NULL || file == NULL || fread(x, sizeof *x, n, file) != n) {
        fprintf(stderr, "bench-dbscan: %s: %zu numbers wanted\n", path, n);
        exit(1);
    }
    fclose(file);
    b->in.points.data = x;
}

static void bench_run(struct bench *b)
{
    struct compute_context context = { .arena = &b->arena };
    arena_release(&b->arena);
    double begun = clock_seconds(CLOCK_MONOTONIC);
    double begun_cpu = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
    check(dbscan_cluster(&b->in, &context, &b->out) == 0);
    double seconds = clock_seconds(CLOCK_MONOTONIC) - begun;
    double cpu_s = clock_seconds(CLOCK_THREAD_CPUTIME_ID) - begun_cpu;
    b->seconds = seconds < b->seconds ? seconds : b->seconds;
    b->cpu_s = cpu_s < b->cpu_s ? cpu_s : b->cpu_s;
}

/* Clusters by their smallest core points; a border point goes to the first
 * that it touches. Returns how many there are. */
static int32_t bench_label(struct bench *b)
{
    uint32_t n = b->in.own;
    int32_t clusters = 0;
    b->label = malloc(n * sizeof *b->label);
    check(b->label != NULL);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t name = b->out.cluster[i];
        b->label[i] = name == DBSCAN_NONE ? -1
                      : name == i         ? clusters++
                                          : b->label[name];
    }
    for (uint32_t k = b->out.touch_count; k-- > 0;)
        b->label[b->out.touch[k].point] = b->label[b->out.touch[k].cluster];
    return clusters;
}

static void bench_write(const struct bench *b, const char *path)
{
    FILE *file = fopen(path, "wb");
    check(file != NULL &&
          fwrite(b->label, sizeof *b->label, b->in.own, file) == b->in.own);
    check(fclose(file) == 0);
}

static void bench_print(const struct bench *b, int32_t clusters)
{
    uint32_t core = 0, noise = 0;
    for (uint32_t i = 0; i < b->in.own; i++) {
        core += b->out.core[i];
        noise += b->label[i] < 0;
    }
    printf("dbscan seconds=%.4f cpu_s=%.4f arena_bytes=%zu peak_bytes=%lld "
           "clusters=%d core=%u noise=%u\n",
           b->seconds, b->cpu_s, b->arena.bytes_used,
           (long long)(b->after_kib - b->before_kib) * 1024, clusters, core,
           noise);
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fprintf(stderr, "usage: bench-dbscan FILE ROWS COLS EPS MIN_POINTS "
                        "RUNS [LABELS]\n");
        return 2;
    }
    uint32_t rows = (uint32_t)strtoul(argv[2], NULL, 10);
    uint32_t cols = (uint32_t)strtoul(argv[3], NULL, 10);
    struct bench b = { .seconds = 1e9, .cpu_s = 1e9 };
    b.in = (struct dbscan_input){ { NULL, rows, cols, rows },
                                  rows,
                                  strtod(argv[4], NULL),
                                  (uint32_t)strtoul(argv[5], NULL, 10) };
    arena_init(&b.arena, SIZE_MAX);
    bench_read(&b, argv[1]);
    b.before_kib = peak_kib();
    for (long runs = strtol(argv[6], NULL, 10); runs > 0; runs--)
        bench_run(&b);
    b.after_kib = peak_kib();
    int32_t clusters = bench_label(&b);
    bench_print(&b, clusters);
    if (argc > 7)
        bench_write(&b, argv[7]);
    arena_release(&b.arena);
    return 0;
}
