/*
 * One typed table describes every setting of a command: it parses flags and
 * environment, checks limits and prints --help.
 *
 * Thread rule  tables are const; parsing writes only the caller's struct.
 */
#ifndef FYKE_BASE_OPTION_H
#define FYKE_BASE_OPTION_H

#include "proto/base/buf.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_FLAG,     /* bool, no value: --quiet */
    OPTION_U64,      /* uint64_t with min, max */
    OPTION_F64,      /* double with min, max */
    OPTION_DURATION, /* int64_t microseconds with min, max */
    OPTION_BYTES,    /* uint64_t with min, max */
    OPTION_TEXT,     /* const char *, borrowed from argv or environment */
    OPTION_CHOICE,   /* const char *, one of `choices` */
    OPTION_LIST,     /* struct option_list: may be repeated, and a,b,c */
    OPTION_INTERVAL, /* int64_t microseconds, or the words asap (0), off (-1) */
};

#define OPTION_LIST_MAX 1024
#define OPTION_INTERVAL_ASAP 0
#define OPTION_INTERVAL_OFF (-1)

struct option_list {
    const char **items; /* allocated, freed by option_list_release */
    char *storage;      /* the text the items point into */
    uint32_t count;
};

struct option {
    const char *name;  /* long name without dashes: "max-rows" */
    char letter;       /* short form or 0 */
    enum option_type type;
    size_t offset;     /* of the field in the target struct */
    double min, max;   /* inclusive limits of numbers (in us or bytes) */
    const char *fallback;       /* default as typed, NULL = none */
    const char *const *choices; /* NULL-terminated, OPTION_CHOICE only */
    const char *argument;       /* what --help shows: "DURATION|asap|off" */
    const char *group;          /* heading in --help */
    const char *help;           /* one sentence, no final full stop */
};

/* Type check at compile time: OPTION(FIELD...) helpers bind a row to a field */
#define OPTION_FIELD(type_name, field) offsetof(type_name, field)

/* Sets every field that has a default. */
FYKE_MUST_USE int option_defaults(const struct option *table, size_t count,
                                  void *target, struct fault *fault);

/* Parses argv[1..argc): flags anywhere, `--` ends them, others are operands.
 * `given` (may be NULL, `count` entries) tells which rows were set.
 * Errors: ERR_USAGE with a fault that names the flag, the range and, for an
 * unknown word, the nearest right one. */
FYKE_MUST_USE int option_parse(const struct option *table, size_t count,
                               int argc, char **argv, void *target,
                               bool *given, const char **operands,
                               uint32_t operands_max, uint32_t *ret_operands,
                               struct fault *fault);

/* Sets one row from text, as a flag would. */
FYKE_MUST_USE int option_set(const struct option *row, const char *value,
                             void *target, struct fault *fault);

/* The value of one row as it would be typed; "" for unset text. */
int option_print(const struct option *row, const void *target, struct buf *out);

/* The option part of a --help text, grouped, 80 columns. */
int option_help(const struct option *table, size_t count, struct buf *out);

void option_list_release(struct option_list *list);
/* Frees every list in the target. */
void option_release(const struct option *table, size_t count, void *target);

#endif
