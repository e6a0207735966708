/*
 * The typed tables of settings. Rows that several commands share are written
 * once, in the macros below, so that they cannot drift apart.
 */
#include "engine/shell/settings.h"

#include "proto/base/text.h"

#include <string.h>

#define F(field) offsetof(struct settings, field)
#define SECOND 1e6
#define KIB 1024.0
#define GIB (1024.0 * 1024.0 * 1024.0)

static const char *const format_choices[] = { "csv", "ndjson", NULL };
static const char *const header_choices[] = { "yes", "no", NULL };
static const char *const output_choices[] = { "csv", "ndjson", NULL };
static const char *const votes_choices[] = { "any", "all", "1", "2",
                                             "3",   "4",   NULL };
static const char *const mode_choices[] = { "batch", "frozen", NULL };
static const char *const scale_choices[] = { "auto", "none", "standard",
                                             "robust", NULL };
static const char *const level_choices[] = { "debug", "info", "warn", "error",
                                             NULL };
static const char *const log_choices[] = { "text", "json", NULL };

/* One row a line reads as the table that it is. */
/* clang-format off */
#define INPUT_ROWS                                                             \
    { "format", 0, OPTION_CHOICE, F(schema.format), 0, 0, NULL,                \
      format_choices, "csv|ndjson", "Input",                                   \
      "Format of the input; inferred from its first bytes" },                  \
    { "delimiter", 0, OPTION_TEXT, F(schema.delimiter), 0, 0, NULL, NULL,      \
      "CHAR|tab", "Input", "One byte between CSV fields; inferred" },          \
    { "header", 0, OPTION_CHOICE, F(schema.header), 0, 0, NULL,                \
      header_choices, "yes|no", "Input",                                       \
      "Does the first CSV record name the columns; inferred" },                \
    { "time", 0, OPTION_TEXT, F(schema.time), 0, 0, NULL, NULL, "COL|none",    \
      "Input", "Column that holds the event time; the first that parses" },    \
    { "time-format", 0, OPTION_TEXT, F(schema.time_format), 0, 0, NULL, NULL,  \
      "FORMAT", "Input",                                                       \
      "iso, s, ms, us, ns (epoch), or a format such as '%d/%m/%y %H'" },       \
    { "key", 0, OPTION_LIST, F(schema.key), 0, 0, NULL, NULL, "COL", "Input",  \
      "Column that says what a row is about (customer, host, sensor)" },       \
    { "features", 0, OPTION_LIST, F(schema.features), 0, 0, NULL, NULL,        \
      "A,B,C", "Input", "Exactly these columns are looked at" },               \
    { "also", 0, OPTION_LIST, F(schema.also), 0, 0, NULL, NULL, "A,B",         \
      "Input", "Look at these too, though they would be left out" },           \
    { "ignore", 0, OPTION_LIST, F(schema.ignore), 0, 0, NULL, NULL, "A,B",     \
      "Input", "Leave these columns out" },                                    \
    { "label", 0, OPTION_TEXT, F(schema.label), 0, 0, NULL, NULL, "COL",       \
      "Input", "Column with known anomalies (0 or 1), to measure answers; "    \
      "never a feature" },                                                     \
    { "missing", 0, OPTION_LIST, F(schema.missing), 0, 0, NULL, NULL, "WORDS", \
      "Input", "Words for a missing value, instead of NA, N/A, null, NaN, ?" },\
    { "record-bytes", 0, OPTION_BYTES, F(record_bytes_max), KIB,               \
      64 * KIB * KIB, "1MiB", NULL, "SIZE", "Input",                           \
      "Longest record; longer ones go to quarantine",                          \
      OPTION_STORED }

#define PACE_ROWS                                                              \
    { "pace", 0, OPTION_TEXT, F(pace), 0, 0, NULL, NULL, "Nx|N/s", "Input",    \
      "Read a file or a pipe in time. 60x: 60 times as fast as the time "      \
      "column; 5000/s: so many records a second" }

#define EVERY_ROWS                                                             \
    { "every", 0, OPTION_DURATION, F(every_us), 0.005 * SECOND, 3600 * SECOND, \
      "100ms", NULL, "DURATION", "Input",                                      \
      "host:processes: time between samples" }

#define FOR_ROWS                                                               \
    { "for", 0, OPTION_DURATION, F(for_us), 0, 8.64e10 * 366, NULL, NULL,      \
      "DURATION", "Input",                                                     \
      "host:processes: how long; until stopped if not given" }

#define SELF_ROWS                                                              \
    { "include-self", 0, OPTION_FLAG, F(include_self), 0, 0, NULL, NULL, NULL, \
      "Input", "host:processes: watch fyke's own processes too" }

#define SAMPLE_ROWS PACE_ROWS, EVERY_ROWS, FOR_ROWS, SELF_ROWS

#define FILE_ROWS                                                              \
    { "db", 0, OPTION_TEXT, F(db), 0, 0, NULL, NULL, "FILE", "Database",       \
      "The database; by the input's name if not given ($FYKE_DB)" },           \
    { "db-mode", 0, OPTION_TEXT, F(db_mode), 0, 0, "0600", NULL, "MODE",       \
      "Database", "Permissions of a new database, octal" },                    \
    { "fresh", 0, OPTION_FLAG, F(fresh), 0, 0, NULL, NULL, NULL, "Database",   \
      "Start over; the old file is kept as FILE.old",                          \
      OPTION_FLAG_ONLY }

#define KEEP_ROWS                                                              \
    { "keep-scores", 0, OPTION_FLAG, F(keep_scores), 0, 0, NULL, NULL, NULL,   \
      "Database", "Keep the score of every row, not of flagged ones alone",    \
      OPTION_STORED | OPTION_LIVE }

#define DATABASE_ROWS FILE_ROWS, KEEP_ROWS

#define INTERVAL_ROWS                                                          \
    { "interval", 0, OPTION_INTERVAL_TEXT, F(interval), 1000, 3600 * SECOND,   \
      NULL, NULL, "DURATION|asap|off|auto", "Batches",                         \
      "Cut a batch every so often (250ms, 2s); 'asap' whenever there is "      \
      "room, 'off' by count only, 'auto' as fast as it stays on time. "        \
      "Files: off; pipes and live sources: 1s",                                \
      OPTION_STORED | OPTION_LIVE | OPTION_CUT },                              \
    { "interval-target", 0, OPTION_F64, F(interval_target), 0.05, 0.95,        \
      "0.5", NULL, "SHARE", "Batches",                                         \
      "auto: share of the interval that a batch is to take",                   \
      OPTION_STORED | OPTION_LIVE | OPTION_CUT },                              \
    { "interval-min", 0, OPTION_DURATION, F(interval_min_us), 1000,            \
      3600 * SECOND, "20ms", NULL, "DURATION", "Batches",                      \
      "auto: shortest interval",                                               \
      OPTION_STORED | OPTION_LIVE | OPTION_CUT },                              \
    { "interval-max", 0, OPTION_DURATION, F(interval_max_us), 1000,            \
      3600 * SECOND, "10s", NULL, "DURATION", "Batches",                       \
      "auto: longest interval",                                                \
      OPTION_STORED | OPTION_LIVE | OPTION_CUT },                              \
    { "interval-step", 0, OPTION_F64, F(interval_step), 1.05, 4, "1.5", NULL,  \
      "FACTOR", "Batches", "auto: largest change of the interval at once",     \
      OPTION_STORED | OPTION_LIVE | OPTION_CUT }

#define SIZE_ROWS                                                              \
    { "max-rows", 0, OPTION_U64, F(max_rows), 1, 1e7, "100000", NULL, "N",     \
      "Batches", "Records of a batch at most",                                 \
      OPTION_STORED | OPTION_LIVE | OPTION_CUT },                              \
    { "max-bytes", 0, OPTION_BYTES, F(max_bytes), 64 * KIB, 4 * GIB, "64MiB",  \
      NULL, "SIZE", "Batches", "Input bytes of a batch at most",               \
      OPTION_STORED | OPTION_LIVE | OPTION_CUT },                              \
    { "pipeline", 0, OPTION_U64, F(pipeline), 1, 16, "2", NULL, "N",           \
      "Batches", "Batches between cut and commit; state lags as many",         \
      OPTION_STORED | OPTION_LIVE }

#define CUT_ROWS INTERVAL_ROWS, SIZE_ROWS

#define DETECTOR_ROWS                                                          \
    { "detector", 0, OPTION_LIST, F(detector), 0, 0, "iforest", NULL,          \
      "NAMES", "Detector",                                                     \
      "Detectors: iforest, dbscan, or both, which then vote (--votes)",        \
      OPTION_STORED },                                                         \
    { "votes", 0, OPTION_CHOICE, F(votes), 0, 0, "any", votes_choices,         \
      "any|all|N", "Detector",                                                 \
      "How many detectors must find a row strange to flag it",                 \
      OPTION_STORED | OPTION_LIVE },                                           \
    { "severity", 0, OPTION_F64, F(severity), 50, 99.9999, "99.9", NULL,       \
      "PERCENT", "Detector",                                                   \
      "Flag rows stranger than this share of the recent ones",                 \
      OPTION_STORED | OPTION_LIVE | OPTION_ALIAS_REST, "contamination" },      \
    { "mode", 0, OPTION_CHOICE, F(mode), 0, 0, "batch", mode_choices,          \
      "batch|frozen", "Detector",                                              \
      "A forest fitted on each batch, or one model for all of them; left "     \
      "out, as before",                                                        \
      OPTION_STORED | OPTION_KEPT },                                           \
    { "model", 0, OPTION_TEXT, F(model), 0, 0, NULL, NULL, "FILE|HASH",        \
      "Detector",                                                              \
      "Score with this model: a file (fyke model), or one that the "           \
      "database holds; left out, as before",                                   \
      OPTION_STORED | OPTION_KEPT },                                           \
    { "train", 0, OPTION_TEXT, F(train), 0, 0, NULL, NULL, "FILE",             \
      "Detector",                                                              \
      "Fit the model on the rows of this file, then score the input" },        \
    { "trees", 0, OPTION_U64, F(trees), 1, 2000, "200", NULL, "N", "Detector", \
      "Trees of the isolation forest",                                         \
      OPTION_STORED, "n-estimators" },                                         \
    { "subsample", 0, OPTION_U64, F(subsample), 2, 4096, "256", NULL, "N",     \
      "Detector", "Rows that each tree is grown on",                           \
      OPTION_STORED, "max-samples" },                                          \
    { "extension", 0, OPTION_U64, F(extension), 0, 1023, "0", NULL, "N",       \
      "Detector",                                                              \
      "Splits look at so many features more than one (extended forest)",       \
      OPTION_STORED },                                                         \
    { "fit-rows", 0, OPTION_U64, F(fit_rows), 1, 100000, "1024", NULL, "N",    \
      "Detector", "Smaller batches are fitted together with recent rows",      \
      OPTION_STORED },                                                         \
    { "eps", 0, OPTION_F64_AUTO, F(eps), 1e-30, 1e30, "auto", NULL,            \
      "X|auto", "Detector",                                                    \
      "dbscan: how far neighbours may be; auto finds it in each batch",        \
      OPTION_STORED },                                                         \
    { "min-points", 0, OPTION_U64, F(min_points), 1, 1000, "10", NULL, "N",    \
      "Detector", "dbscan: neighbours of a core row, itself among them",       \
      OPTION_STORED, "min-samples" },                                          \
    { "scale", 0, OPTION_CHOICE, F(scale), 0, 0, "auto", scale_choices,        \
      "HOW", "Detector",                                                       \
      "dbscan: how columns are made comparable; auto is robust while eps is "  \
      "found, none with a number",                                             \
      OPTION_STORED },                                                         \
    { "context-rows", 0, OPTION_U64, F(context_rows), 0, 100000, "1024", NULL, \
      "N", "Detector",                                                         \
      "dbscan: smaller batches are clustered together with recent rows",       \
      OPTION_STORED },                                                         \
    { "seed", 0, OPTION_U64, F(seed), 0, 9007199254740992.0, "1", NULL, "N",   \
      "Detector", "Equal seeds and batches give equal answers, to the bit",    \
      OPTION_STORED, "random-state" }

#define CONFIG_ROW                                                             \
    { "config", 0, OPTION_TEXT, F(config), 0, 0, NULL, NULL, "FILE", "Other",  \
      "Read settings from this YAML file ($FYKE_CONFIG)",                      \
      OPTION_FLAG_ONLY }

#define TALK_ROWS                                                              \
    CONFIG_ROW,                                                                \
    { "drain-timeout", 0, OPTION_DURATION, F(drain_timeout_us), 0,             \
      3600 * SECOND, "30s", NULL, "DURATION", "Other",                         \
      "How long Ctrl-C and SIGTERM wait for batches under way" },              \
    { "quiet", 'q', OPTION_FLAG, F(quiet), 0, 0, NULL, NULL, NULL, "Other",    \
      "Say nothing but errors" }
#define LEVEL_ROW(level)                                                       \
    { "log-level", 0, OPTION_CHOICE, F(log_level), 0, 0, level, level_choices, \
      "LEVEL", "Other", "How much to log on standard error",                   \
      OPTION_STORED | OPTION_LIVE },                                           \
    { "log-format", 0, OPTION_CHOICE, F(log_format), 0, 0, "text",             \
      log_choices, "text|json", "Other",                                       \
      "Log lines as key=value pairs, or one JSON object a line" }

#define WORKERS_ROWS                                                           \
    { "workers", 0, OPTION_U64, F(workers), 0, 256, "0", NULL, "N", "Workers", \
      "Local worker processes; 0 = the cores that this process may use" }

const struct option settings_run[] = {
    INPUT_ROWS, SAMPLE_ROWS, DATABASE_ROWS, CUT_ROWS, DETECTOR_ROWS,
    WORKERS_ROWS,
    TALK_ROWS, LEVEL_ROW("warn"),
};
const size_t settings_run_count = sizeof settings_run / sizeof *settings_run;

const struct option settings_coordinator[] = {
    { "listen", 0, OPTION_TEXT, F(listen), 0, 0, "tcp://127.0.0.1:7117", NULL,
      "URL", "Workers", "Where workers join; port 0 picks a free one" },
    { "url-file", 0, OPTION_TEXT, F(url_file), 0, 0, NULL, NULL, "PATH",
      "Workers", "Write the URL there once it is bound" },
    { "allow-plaintext", 0, OPTION_FLAG, F(allow_plaintext), 0, 0, NULL, NULL,
      NULL, "Workers", "Listen beyond this machine though nothing is "
      "encrypted and anyone who reaches the port may join" },
    INPUT_ROWS, SAMPLE_ROWS, DATABASE_ROWS, CUT_ROWS, DETECTOR_ROWS,
    TALK_ROWS, LEVEL_ROW("info"),
};
const size_t settings_coordinator_count =
    sizeof settings_coordinator / sizeof *settings_coordinator;

const struct option settings_advise[] = {
    { "rate", 0, OPTION_TEXT, F(rate), 0, 0, NULL, NULL, "N/s", "Measuring",
      "Rows that arrive in a second; by the time column or the live rate, "
      "else half of what is possible",
      OPTION_FLAG_ONLY },
    { "for", 0, OPTION_DURATION, F(measure_us), 0.2 * SECOND, 3600 * SECOND,
      "2s", NULL, "DURATION", "Measuring",
      "How long one measurement takes; there are about twelve" },
    { "db", 0, OPTION_TEXT, F(db), 0, 0, NULL, NULL, "FILE", "Measuring",
      "Where the database would lie: its folder is measured, it is left "
      "alone" },
    { "json", 0, OPTION_FLAG, F(json), 0, 0, NULL, NULL, NULL, "Measuring",
      "One JSON object instead of tables",
      OPTION_FLAG_ONLY },
    { "quiet", 'q', OPTION_FLAG, F(quiet), 0, 0, NULL, NULL, NULL, "Measuring",
      "No progress on standard error" },
    INPUT_ROWS, EVERY_ROWS, SELF_ROWS, KEEP_ROWS, SIZE_ROWS, DETECTOR_ROWS,
    WORKERS_ROWS, CONFIG_ROW,
};
const size_t settings_advise_count =
    sizeof settings_advise / sizeof *settings_advise;

const struct option settings_score[] = {
    { "output", 0, OPTION_CHOICE, F(output), 0, 0, "csv", output_choices,
      "csv|ndjson", "Output", "A line or an object for each row",
      OPTION_FLAG_ONLY },
    { "output-file", 'o', OPTION_TEXT, F(output_file), 0, 0, NULL, NULL,
      "FILE", "Output", "Write there instead of to standard output",
      OPTION_FLAG_ONLY },
    { "explain", 0, OPTION_FLAG, F(explain), 0, 0, NULL, NULL, NULL, "Output",
      "Say why, of flagged rows and near misses",
      OPTION_FLAG_ONLY },
    INPUT_ROWS, DETECTOR_ROWS, CONFIG_ROW,
    { "threads", 0, OPTION_U64, F(threads), 0, 256, "0", NULL, "N", "Other",
      "Threads that parse and compute; 0 = the cores that this process may use",
      OPTION_FLAG_ONLY },
    { "quiet", 'q', OPTION_FLAG, F(quiet), 0, 0, NULL, NULL, NULL, "Other",
      "No summary on standard error" },
};
const size_t settings_score_count =
    sizeof settings_score / sizeof *settings_score;

const struct option settings_input[] = { INPUT_ROWS };
const size_t settings_input_count =
    sizeof settings_input / sizeof *settings_input;

const struct option settings_check_input[] = { INPUT_ROWS, CONFIG_ROW };
const size_t settings_check_input_count =
    sizeof settings_check_input / sizeof *settings_check_input;
/* clang-format on */

int settings_interval(const struct settings *s, bool live, int64_t *ret_us,
                      struct fault *fault)
{
    if (s->interval == NULL || *s->interval == '\0') {
        *ret_us = live ? 1000000 : OPTION_INTERVAL_OFF;
        return 0;
    }
    struct option row = { .name = "interval",
                          .type = OPTION_INTERVAL,
                          .min = 1000,
                          .max = 3600 * SECOND };
    return option_set(&row, s->interval, ret_us, fault);
}
