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
    OPTION_FLAG,          /* bool, no value: --quiet */
    OPTION_U64,           /* uint64_t with min, max */
    OPTION_F64,           /* double with min, max */
    OPTION_F64_AUTO,      /* the same, or the word auto: 0 */
    OPTION_DURATION,      /* int64_t microseconds with min, max */
    OPTION_BYTES,         /* uint64_t with min, max */
    OPTION_TEXT,          /* const char *, borrowed from argv or environment */
    OPTION_CHOICE,        /* const char *, one of `choices` */
    OPTION_LIST,          /* struct option_list: may be repeated, and a,b,c */
    OPTION_INTERVAL,      /* int64_t microseconds, or a word: asap, off, auto */
    OPTION_INTERVAL_TEXT, /* const char *: the text of an OPTION_INTERVAL,
                           * checked; NULL = unset */
};

#define OPTION_LIST_MAX 1024
#define OPTION_INTERVAL_ASAP 0
#define OPTION_INTERVAL_OFF (-1)
#define OPTION_INTERVAL_AUTO (-2)

struct option_list {
    const char **items; /* allocated, freed by option_list_release */
    char *storage;      /* the text the items point into */
    uint32_t count;
};

/* How a fault names a setting and its value. */
enum option_voice {
    OPTION_VOICE_FLAG,        /* --max-rows 0 */
    OPTION_VOICE_SET,         /* max_rows=0 */
    OPTION_VOICE_FILE,        /* max_rows: 0 */
    OPTION_VOICE_ENVIRONMENT, /* FYKE_MAX_ROWS=0 */
};

/* What else is true of a setting. */
enum option_trait {
    OPTION_STORED = 1,    /* kept in the database: shapes batches or answers */
    OPTION_LIVE = 2,      /* `fyke set` changes it while the engine runs */
    OPTION_FLAG_ONLY = 4, /* not in a file or the environment: --fresh */
    OPTION_CUT = 8,       /* says when a batch is cut: closes the open one */
    OPTION_KEPT = 32,     /* with OPTION_STORED: left out, it stays as it is
                           * stored, even if the last start named it */
    OPTION_ALIAS_REST = 16, /* the alias of a percentage gives what is above
                             * it, as a share: 0.01 stands for 99 */
};

struct option {
    const char *name; /* long name without dashes: "max-rows" */
    char letter;      /* short form or 0 */
    enum option_type type;
    size_t offset;        /* of the field in the target struct */
    double min, max;      /* inclusive limits (us, bytes); both 0 = none */
    const char *fallback; /* default as typed, NULL = none */
    const char *const *choices; /* NULL-terminated, OPTION_CHOICE only */
    const char *argument;       /* what --help shows: "DURATION|asap|off" */
    const char *group;          /* heading in --help */
    const char *help;           /* one sentence, no final full stop */
    unsigned traits;            /* enum option_trait */
    const char *alias;          /* another flag for it, as other programs name
                                 * it, or NULL */
};

/* The offset of `field` in `type_name`, which must have the C type that the
 * row's type writes; otherwise it does not compile:
 * `{ "seed", 0, OPTION_U64, OPTION_FIELD_AS(struct run, seed, uint64_t) }`. */
#define OPTION_FIELD_AS(type_name, field, c_type)                              \
    (offsetof(type_name, field) +                                              \
     0 * sizeof(char[_Generic(((type_name *)0)->field, c_type : 1)]))

/* The same without the check. */
#define OPTION_FIELD(type_name, field) offsetof(type_name, field)

/* Sets every field that has a default. */
FYKE_MUST_USE int option_defaults(const struct option *table, size_t count,
                                  void *target, struct fault *fault);

/* Parses argv[1..argc), flags by name or alias, the last one of a row counts.
 * Flags anywhere (`--rows 5`, `--rows=5`, `-r 5`, `-r5`,
 * `--quiet`), `--` ends them, others (a lone `-` too) are operands. A list
 * that is given replaces the default, given again it grows.
 * `given` (may be NULL, `count` entries) tells which rows were set.
 * Errors: ERR_USAGE with a fault that names the flag, the range and, for an
 * unknown word, the nearest right one. */
FYKE_MUST_USE int option_parse(const struct option *table, size_t count,
                               int argc, char **argv, void *target, bool *given,
                               const char **operands, uint32_t operands_max,
                               uint32_t *ret_operands, struct fault *fault);

/* Sets one row from text, as a flag would. A list is replaced; items are
 * separated by commas, blanks around them and empty ones are dropped. A flag
 * takes true/false, yes/no, on/off, 1/0, or NULL for true. Text is borrowed,
 * also the text of a fallback. The field is unchanged on error. */
FYKE_MUST_USE int option_set(const struct option *row, const char *value,
                             void *target, struct fault *fault);

/* As option_set, with the faults of another voice: "max_rows=0 is out of
 * range: 1..10000000", "interval=250 has no unit: try interval=250ms". Long
 * values are shortened in faults. */
FYKE_MUST_USE int option_set_as(const struct option *row,
                                enum option_voice voice, const char *value,
                                void *target, struct fault *fault);
/* option_set_as in the voice of `fyke set`. */
FYKE_MUST_USE int option_set_named(const struct option *row, const char *value,
                                   void *target, struct fault *fault);

/* As option_set, but a list grows. */
FYKE_MUST_USE int option_add(const struct option *row, const char *value,
                             void *target, struct fault *fault);

/* A setting's name outside of flags, in `fyke set`, files and SQL: max_rows;
 * cut when it does not fit. Returns `out`. */
const char *option_setting_name(const struct option *row, char *out,
                                size_t out_bytes);
/* Its environment variable: FYKE_MAX_ROWS. Returns `out`. */
const char *option_environment_name(const struct option *row, char *out,
                                    size_t out_bytes);
/* The row of a setting by either spelling (max_rows, max-rows), NULL when
 * there is none. */
const struct option *option_find(const struct option *table, size_t count,
                                 const char *name);
/* The row that a wrong name most likely means, also by its alias; NULL when
 * none is near. */
const struct option *option_find_near(const struct option *table, size_t count,
                                      const char *name);

/* The value of one row as it would be typed; "" for unset text. */
int option_print(const struct option *row, const void *target, struct buf *out);

/* The option part of a --help text, grouped, 80 columns, with ranges and
 * defaults. Rows of one group stand together at the place of its first. */
int option_help(const struct option *table, size_t count, struct buf *out);

/* What --help says of one row, in one line: the sentence, then choices,
 * default, range, marks and the alias. */
int option_help_text(const struct option *row, struct buf *out);

/* "asap", "off", "auto" or the duration; may be written into `out`. */
const char *option_interval_text(int64_t us, char *out, size_t out_bytes);

/* What stands for the value in a usage text: `argument`, or by type "N". */
const char *option_argument_text(const struct option *row);

/* "1..10000000" in the row's unit, "" for a row without limits. */
void option_range_text(const struct option *row, char *out, size_t out_bytes);

void option_list_release(struct option_list *list);
/* Frees every list in the target. */
void option_release(const struct option *table, size_t count, void *target);

#endif
