/*
 * One measurement of fyke advise: this very binary runs as `fyke run` on a
 * database of its own, is fed with the input's bytes through a pipe, and what
 * its batches took is read from that database.
 */
#ifndef FYKE_TOOLS_ADVISE_RUN_H
#define FYKE_TOOLS_ADVISE_RUN_H

#include "tools/fyke/advise_choose.h"
#include "tools/fyke/advise_input.h"

#define ADVISE_FLAGS_MAX 48u

/* What all measurements share. */
struct advise_bench {
    const struct advise_input *input;
    const char *folder; /* for the databases; removed by the owner */
    /* flags of fyke run: [0] to replay the bytes, [1] to read live */
    const char *flag[2][ADVISE_FLAGS_MAX];
    uint32_t flag_count[2];
    bool (*stopped)(void); /* a signal came */
};

struct advise_spec {
    int64_t interval_us; /* 0 = by count */
    uint64_t max_rows;   /* 0 = as the user said */
    bool alone;          /* one batch at a time (--pipeline 1) */
    bool live;           /* read host:processes itself, not the bytes */
    double rows_per_s;   /* 0 = as fast as they are read */
    int64_t time_us;     /* from the moment on when all is running */
};

struct advise_seen {
    uint64_t batches;  /* whole ones, after the warm-up */
    double rows_per_s; /* 0 = too little was seen */
    double rows_a_batch;
    /* medians of the batches' steps and of all from cut to committed */
    double queue_ms, compute_ms, merge_ms, commit_ms, total_ms;
    struct advise_trial trial; /* with the interval */
};

/* Errors: ERR_CANCELED when `stopped`; when fyke run failed, its own words as
 * the fault and an error that leads to the same exit code. */
FYKE_MUST_USE int advise_run(const struct advise_bench *bench,
                             const struct advise_spec *spec,
                             struct advise_seen *ret_seen, struct fault *fault);

/* advise_seen.c: what the batches opened at `from_s` (seconds of the epoch) or
 * later show. */
FYKE_MUST_USE int advise_seen_read(const char *db, double from_s,
                                   struct advise_seen *ret_seen,
                                   struct fault *fault);
/* Batches committed so far; 0 also while there is no database. */
uint64_t advise_seen_commits(const char *db);

#endif
