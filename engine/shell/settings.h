/*
 * Every setting of a coordinator in one struct and one typed table, from
 * which flags, limits and --help come.
 */
#ifndef FYKE_SHELL_SETTINGS_H
#define FYKE_SHELL_SETTINGS_H

#include "engine/ingest/schema.h"
#include "proto/base/option.h"

#include <stdbool.h>
#include <stdint.h>

struct settings {
    /* input */
    struct schema_options schema;
    int64_t every_us, for_us; /* host:processes; for_us 0 = until stopped */
    bool include_self;
    const char *pace; /* NULL = as fast as it goes; "60x", "5000/s" */
    uint64_t record_bytes_max;
    /* database */
    const char *db;
    const char *db_mode; /* "0600" */
    bool fresh;
    bool keep_scores;
    /* cut */
    const char *interval; /* NULL = off for files, 1s for live; else a
                           * duration, asap, off or auto */
    double interval_target, interval_step; /* auto: share, factor */
    int64_t interval_min_us, interval_max_us;
    uint64_t max_rows, max_bytes, pipeline;
    /* detectors */
    struct option_list detector; /* "iforest" */
    const char *votes;           /* "any", "all", "1".. */
    const char *mode;            /* "batch", "frozen" */
    const char *model; /* a file or a hash; in force: the hash, or "" */
    const char *train; /* a file to fit on, or NULL */
    uint64_t seed, trees, subsample, extension, fit_rows;
    double eps; /* 0 = auto */
    uint64_t min_points, context_rows;
    const char *scale; /* "auto", "none", "standard", "robust" */
    double severity;   /* 99.9 */
    /* workers and cluster */
    uint64_t workers; /* local ones; 0 = cores (run), none (coordinator) */
    const char *listen, *url_file;
    bool allow_plaintext;
    int64_t drain_timeout_us;
    /* talk */
    bool quiet;
    bool json;              /* of fyke advise */
    bool explain;           /* of fyke score */
    const char *log_level;  /* "info" */
    const char *log_format; /* "text" */
    const char *config;     /* file */
    /* of fyke score */
    uint64_t threads;        /* 0 = cores */
    const char *output;      /* "csv", "ndjson" */
    const char *output_file; /* NULL = standard output */
    /* how fyke advise measures */
    const char *rate; /* "5000/s" or NULL */
    int64_t measure_us;
};

/* Commands differ in what they offer: a table per command, same struct. */
extern const struct option settings_run[]; /* fyke run */
extern const size_t settings_run_count;
extern const struct option settings_coordinator[]; /* fyke coordinator */
extern const size_t settings_coordinator_count;
extern const struct option settings_advise[]; /* fyke advise */
extern const size_t settings_advise_count;
extern const struct option settings_score[]; /* fyke score */
extern const size_t settings_score_count;
extern const struct option settings_input[]; /* how an input is read */
extern const size_t settings_input_count;
extern const struct option settings_check_input[]; /* fyke check input */
extern const size_t settings_check_input_count;

/* The interval in force for this kind of input: microseconds,
 * OPTION_INTERVAL_ASAP, OPTION_INTERVAL_OFF or OPTION_INTERVAL_AUTO. */
FYKE_MUST_USE int settings_interval(const struct settings *s, bool live,
                                    int64_t *ret_us, struct fault *fault);

#endif
