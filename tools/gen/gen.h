/*
 * Synthetic streams of records with known anomalies: card payments, sensors,
 * machines. Pure: no clock, no file; whoever calls brings the pace.
 *
 * Repeat   equal options give equal bytes on every CPU: whole numbers, the
 *          basic operations of doubles and proto/base/detmath.h only. How the
 *          values come about is part of the version: golden hashes in the
 *          tests say when it changed.
 * Labels   a record's `kind`, and `label`: 1 for what is strange in its
 *          values (spike, shift, correlation), 0 for the ordinary and for
 *          troubles of the stream (gap, drift, duplicate, late, malformed).
 * Memory   some hundred bytes a key; everything is allocated by gen_new,
 *          lines that wait (late, duplicate) are bounded in number.
 */
#ifndef FYKE_GEN_GEN_H
#define FYKE_GEN_GEN_H

#include "proto/base/buf.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum gen_model { GEN_CARDS = 1, GEN_SENSORS, GEN_MACHINES };
enum gen_format { GEN_CSV = 1, GEN_NDJSON };

enum gen_labels {
    GEN_LABELS_NONE = 1,
    GEN_LABELS_COLUMN, /* columns `label` and `kind` at the end; malformed
                        * records may lack them */
    GEN_LABELS_APART,  /* lines of their own, for labelled records only */
};

enum gen_kind {
    GEN_ORDINARY = 0,
    GEN_SPIKE,       /* one record far off */
    GEN_SHIFT,       /* a key's level is another one for some records */
    GEN_CORRELATION, /* each value is usual, their company is not */
    GEN_GAP,         /* the first record after a silence */
    GEN_DRIFT,       /* the record at which the usual begins to move */
    GEN_DUPLICATE,   /* a record that came before */
    GEN_LATE,        /* a record that comes behind younger ones */
    GEN_MALFORMED,   /* a record that cannot be read */
    GEN_KINDS,
};

#define GEN_INJECTED                                                           \
    (1u << GEN_SPIKE | 1u << GEN_SHIFT | 1u << GEN_CORRELATION | 1u << GEN_GAP)
#define GEN_SHARE_MAX 0.5
#define GEN_KEYS_MAX 1000000u
#define GEN_COLUMNS_MAX 1000u
#define GEN_NO_DRIFT UINT64_MAX

struct gen_options {
    enum gen_model model;
    enum gen_format format;
    enum gen_labels labels;
    uint64_t rows; /* records, good and bad; 0 = without end */
    uint64_t seed;
    int64_t start_ns; /* event time since 1970 UTC */
    int64_t every_ns; /* sensors, machines: between two records of a key;
                       * cards: between two payments, on average. 0 = usual */
    uint32_t keys;    /* cards, stations, hosts; 0 = usual */
    uint32_t columns; /* channels of a sensor; 0 = usual */
    /* shares of all records, 0..GEN_SHARE_MAX */
    double anomalies; /* records in `kinds`, about */
    double duplicates, late, malformed;
    double missing;    /* of the values */
    uint32_t kinds;    /* a set of 1 << kind, within GEN_INJECTED */
    uint64_t drift_at; /* record (from 0) at which the drift begins */
};

struct gen;

/* "spike", ...; "" for GEN_ORDINARY. */
const char *gen_kind_name(enum gen_kind kind);

/* Options that are out of range are programming errors except for what
 * depends on one another. Errors: ERR_NOMEM; ERR_USAGE for shares that add up
 * to more than 1, columns of a model that has fixed ones, times beyond 2261. */
FYKE_MUST_USE int gen_new(const struct gen_options *options, struct gen **ret_g,
                          struct fault *fault);
void gen_free(struct gen *g);

/* Appends the header line of CSV to `out` and that of the labels to `labels`
 * (which may be NULL unless GEN_LABELS_APART). Errors: those of buf. */
FYKE_MUST_USE int gen_header(struct gen *g, struct buf *out,
                             struct buf *labels);

/* Appends one record and, if it has one, its label line.
 * Returns 1, 0 when all records were made, or an error of buf. */
FYKE_MUST_USE int gen_next(struct gen *g, struct buf *out, struct buf *labels);

/* Records so far. */
uint64_t gen_written(const struct gen *g);

#endif
