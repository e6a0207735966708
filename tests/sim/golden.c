/* Scripted worlds: all times fixed, at most one thing goes wrong. */
#include "tests/sim/golden.h"

#include "tests/sim/sim.h"

#include "proto/base/check.h"

#include <stdlib.h>
#include <string.h>

static struct sim_mix calm_world(uint32_t records, uint32_t workers)
{
    return (struct sim_mix){ .seed = 2,
                             .tuning.cut = COORD_CUT_COUNT,
                             .tuning.max_rows = 12,
                             .tuning.max_bytes = 1 << 20,
                             .tuning.depth = 2,
                             .tuning.cap_bytes = 1 << 22,
                             .tuning.cap_rows = 1000,
                             .records = records,
                             .cols = 2,
                             .workers = workers,
                             .detectors = 1,
                             .votes = 1,
                             .trees = 4,
                             .subsample = 8,
                             .fit_rows = 16,
                             .part_rows = 1000,
                             .trees_per_task = 2,
                             .feed_us = 2 * MS,
                             .chunk = 1,
                             .delay_min_us = MS,
                             .delay_max_us = MS,
                             .compute_us = 40 * MS,
                             .job_us = MS,
                             .commit_us = 4 * MS };
}

static void fused(struct sim_mix *m)
{
    *m = calm_world(12, 1);
}

static void parts(struct sim_mix *m)
{
    *m = calm_world(12, 2);
    m->part_rows = 6;
}

static void killed_worker(struct sim_mix *m)
{
    *m = calm_world(12, 2);
    m->compute_us = 400 * MS;
    m->heal_us = SECOND;
    m->fault_count = 1;
    m->fault[0] = (struct fault_event){ .at_us = 220 * MS,
                                        .kind = FAULT_WORKER_CRASH,
                                        .who = 1,
                                        .for_us = 5 * SECOND,
                                        .variant = 1 };
}

static void unacknowledged_commit(struct sim_mix *m)
{
    *m = calm_world(24, 1);
    m->heal_us = SECOND;
    m->fault_count = 1;
    m->fault[0] =
        (struct fault_event){ .kind = FAULT_COMMIT_UNKNOWN, .variant = 1 };
}

/* The batch size is halved, the pipeline made deeper. */
static void changed(struct sim_mix *m)
{
    *m = calm_world(24, 1);
    m->tuning.depth = 1;
    m->change_count = 1;
    m->change[0] = (struct sim_change){
        .at_us = 140 * MS, .wait_us = 3 * MS, .cut = true, .tuning = m->tuning
    };
    m->change[0].tuning.max_rows = 6;
    m->change[0].tuning.depth = 2;
    m->feed_us = 10 * MS;
}

static const struct {
    const char *name;
    void (*make)(struct sim_mix *m);
} worlds[] = {
    { "fused", fused },
    { "parts", parts },
    { "killed-worker", killed_worker },
    { "unacknowledged-commit", unacknowledged_commit },
    { "changed", changed },
};

#define WORLDS (sizeof worlds / sizeof worlds[0])

int golden_print(const char *name, FILE *out)
{
    for (size_t i = 0; i < WORLDS; i++) {
        if (strcmp(worlds[i].name, name) == 0) {
            struct sim_mix mix;
            struct store store;
            struct sim_outcome outcome;
            worlds[i].make(&mix);
            sim_run(&mix, out, false, &store, &outcome);
            store_release(&store);
            return 0;
        }
    }
    return -1;
}

/* The kept trace, NUL-terminated; "" when there is none. */
static char *golden_read(const char *folder, const char *name)
{
    char path[512];
    size_t size = 1 << 20;
    char *text = sim_alloc(size);
    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    FILE *file = fopen(path, "r");
    size_t n = file == NULL ? 0 : fread(text, 1, size - 1, file);
    text[n] = 0;
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

/* The first line in which two texts differ, from 1. */
static int line_of_difference(const char *a, const char *b)
{
    int line = 1;
    for (; *a == *b && *a != 0; a++, b++) {
        line += *a == '\n';
    }
    return line;
}

int golden_check(const char *folder)
{
    int failed = 0;
    printf("1..%zu\n", WORLDS);
    for (size_t i = 0; i < WORLDS; i++) {
        const char *name = worlds[i].name;
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        check(out != NULL && golden_print(name, out) == 0);
        fclose(out);
        char *kept = golden_read(folder, name);
        bool same = strcmp(text, kept) == 0;
        failed += !same;
        printf("%s %zu - the trace of %s is as kept\n", same ? "ok" : "not ok",
               i + 1, name);
        if (!same) {
            printf("# first difference in line %d; to see and keep the new "
                   "one:\n# sim --golden %s > tests/golden/sim/%s.txt\n",
                   line_of_difference(text, kept), name, name);
        }
        free(kept);
        free(text);
    }
    return failed > 0;
}
