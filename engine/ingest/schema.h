/*
 * What an input looks like: format, columns, their types and roles.
 *
 * Inferred once, from the first records, then pinned in the database as JSON.
 * Names compare without case (ASCII). Everything a user may name overrides
 * what would be inferred.
 *
 * Thread rule  const after inference: parse jobs share one schema.
 */
#ifndef FYKE_INGEST_SCHEMA_H
#define FYKE_INGEST_SCHEMA_H

#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/option.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEMA_COLUMNS_MAX 1900u /* a SQLite view holds 2000 columns */
#define SCHEMA_FEATURES_MAX 1024u
#define SCHEMA_INFER_RECORDS 1000u
#define SCHEMA_NO_COLUMN UINT32_MAX

enum schema_format { SCHEMA_AUTO = 0, SCHEMA_CSV = 1, SCHEMA_NDJSON = 2 };

enum column_type {
    COLUMN_NUMBER = 1, /* has fractions or exponents */
    COLUMN_INTEGER,
    COLUMN_BINARY, /* only 0 and 1 (or false and true) */
    COLUMN_TIME,
    COLUMN_TEXT,
    COLUMN_EMPTY, /* nothing but missing values so far */
};

enum column_role {
    COLUMN_OUT = 0,
    COLUMN_FEATURE,
    COLUMN_TIME_OF_ROW,
    COLUMN_KEY
};

enum time_kind {
    TIME_NONE = 0,
    TIME_ISO,
    TIME_FORMAT, /* schema.time_format */
    TIME_EPOCH_S,
    TIME_EPOCH_MS,
    TIME_EPOCH_US,
    TIME_EPOCH_NS,
};

struct column {
    char *name; /* NDJSON: dotted path; valid UTF-8 */
    enum column_type type;
    enum column_role role;
    char reason[160]; /* why this role, for people */
    /* what inference saw; 0 after schema_from_json */
    uint32_t seen, missing;
    double min, median, max; /* of numbers, NaN if none */
};

struct schema {
    enum schema_format format;
    uint8_t delimiter;   /* CSV */
    bool header;         /* CSV: the first record names the columns */
    bool row_names;      /* CSV: a leading unnamed row-name column */
    uint64_t data_start; /* byte where the first data record begins */
    uint64_t data_line;  /* its 1-based physical line */
    uint32_t column_count;
    struct column *column;
    uint32_t time_column, key_column; /* or SCHEMA_NO_COLUMN */
    /* Known truth, to measure answers with: never a feature. Not kept in the
     * JSON; SCHEMA_NO_COLUMN unless named. */
    uint32_t label_column;
    /* `key` may be made of several columns (name/pid): then key_columns > 1
     * and their texts are joined with '/'. key_column is the first. */
    uint32_t key_count;
    uint32_t key[8];
    uint32_t feature_count;
    uint32_t *feature; /* column index per feature, ascending */
    enum time_kind time_kind;
    char *time_format; /* NULL unless TIME_FORMAT */
    char **missing;    /* words that mean missing */
    uint32_t missing_count;
    char hint[240]; /* one remark for people ("decimal comma?"), or "" */
    /* what inference saw; 0 and false after schema_from_json */
    uint32_t sampled; /* records */
    bool utf8;        /* they are all valid UTF-8 */
};

/* What the user named; zeroed = infer everything. */
struct schema_options {
    const char *format;      /* "csv", "ndjson" or NULL */
    const char *delimiter;   /* one byte, or "tab", "\\t", NULL */
    const char *header;      /* "yes", "no" or NULL */
    const char *time;        /* column name, "none" or NULL */
    const char *time_format; /* "iso", "s", "ms", "us", "ns", a strptime
                              * format, or NULL */
    const char *label;       /* column name or NULL */
    struct option_list key, features, also, ignore, missing;
    const char *features_flag; /* NULL, or where a model names `features`: what
                                * messages say for --features */
    size_t record_bytes_max;
};

/* Infers from the first bytes of an input. `complete` = these are all bytes.
 * Fewer than SCHEMA_INFER_RECORDS records are fine.
 * Errors: ERR_CONTENT (not text, empty, no numeric column, first 1000 records
 * all bad: the fault shows the first three), ERR_USAGE (a named column does
 * not exist: names the nearest), ERR_AGAIN (not complete and no whole record
 * yet: come back with more bytes), ERR_NOMEM. */
FYKE_MUST_USE int schema_infer(const struct schema_options *options,
                               const uint8_t *bytes, size_t n, bool complete,
                               struct schema **ret_s, struct fault *fault);
void schema_free(struct schema *s);

/* Exact round trip through JSON (without the seen.. statistics). */
int schema_to_json(const struct schema *s, struct buf *out);
FYKE_MUST_USE int schema_from_json(const char *json, size_t n,
                                   struct schema **ret_s, struct fault *fault);

/* Names the label of a schema that came from JSON; NULL: none. Errors:
 * ERR_USAGE (no such column, or it is the time or a feature). */
FYKE_MUST_USE int schema_label_set(struct schema *s, const char *label,
                                   struct fault *fault);

/* 0 when `now` reads the same columns in the same roles as `pinned`; else
 * ERR_DIFFERENT with a fault that names the first difference. */
FYKE_MUST_USE int schema_compare(const struct schema *pinned,
                                 const struct schema *now, struct fault *fault);

/* The `fyke check input` table (EXPERIENCE): `label` is the file's name. */
int schema_print(const struct schema *s, const char *label, uint64_t bytes,
                 struct buf *out);

const char *column_type_name(enum column_type t); /* "number", "0/1", ... */
const char *column_role_name(enum column_role r); /* "feature", "out", ... */

#endif
