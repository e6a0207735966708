/*
 * A table with a row of every type, for the tests of options and of --help.
 */
#ifndef FYKE_TESTS_OPTION_TABLE_H
#define FYKE_TESTS_OPTION_TABLE_H

#include "proto/base/option.h"

struct settings {
    bool quiet;
    bool fresh;
    uint64_t max_rows;
    double severity;
    int64_t timeout_us;
    uint64_t max_bytes;
    const char *db;
    const char *mode;
    struct option_list features;
    int64_t interval_us;
    double eps;
};

#define FIELD(name, type) OPTION_FIELD_AS(struct settings, name, type)

static const char *const modes[] = { "batch", "rolling", "frozen", NULL };

static const struct option table[] = {
    { "quiet", 'q', OPTION_FLAG, FIELD(quiet, bool), 0, 0, NULL, NULL, NULL,
      "Output", "say nothing but errors" },
    { "max-rows", 'n', OPTION_U64, FIELD(max_rows, uint64_t), 1, 10000000,
      "100000", NULL, NULL, "Cut", "a batch holds at most this many records" },
    { "severity", 0, OPTION_F64, FIELD(severity, double), 0, 100, "99.9", NULL,
      NULL, "Flag", "rows at this severity and above are flagged" },
    { "timeout", 0, OPTION_DURATION, FIELD(timeout_us, int64_t), 1000, 3600e6,
      "30s", NULL, NULL, "Cut", "how long a drain may take" },
    { "max-bytes", 0, OPTION_BYTES, FIELD(max_bytes, uint64_t), 65536,
      4294967296.0, "64MiB", NULL, NULL, "Cut",
      "a batch holds at most this many bytes of records" },
    { "db", 'd', OPTION_TEXT, FIELD(db, const char *), 0, 0, NULL, NULL, "FILE",
      NULL, "the database" },
    { "mode", 0, OPTION_CHOICE, FIELD(mode, const char *), 0, 0, "batch", modes,
      NULL, NULL, "how the forest learns" },
    { "features", 0, OPTION_LIST, FIELD(features, struct option_list), 0, 0,
      "x,y", NULL, "COL,...", NULL, "the columns to look at" },
    { "interval", 'i', OPTION_INTERVAL, FIELD(interval_us, int64_t), 1000,
      86400e6, "1s", NULL, "DURATION|asap|off", "Cut",
      "a batch closes after this time; asap is whenever there is room, off is "
      "by count only" },
    { "fresh", 'f', OPTION_FLAG, FIELD(fresh, bool), 0, 0, NULL, NULL, NULL,
      "Output", "start over" },
    { "eps", 0, OPTION_F64_AUTO, FIELD(eps, double), 0.5, 8, "auto", NULL, NULL,
      "Cut", "how near is near" },
};
enum { ROWS = sizeof table / sizeof table[0], OPERANDS = 2 };

#endif
