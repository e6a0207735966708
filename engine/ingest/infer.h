/*
 * Inference, inside the room: a table of sample values, what each column
 * looks like, and who plays which role.
 *
 * Steps   text check and format (infer_text.c), sample (infer_csv.c,
 *         infer_ndjson.c), columns (infer_column.c), roles (infer_roles.c).
 */
#ifndef FYKE_INGEST_INFER_H
#define FYKE_INGEST_INFER_H

#include "engine/ingest/block.h"
#include "proto/base/arena.h"

enum cell_kind {
    CELL_ABSENT = 0, /* or null */
    CELL_TEXT,       /* a CSV field, a JSON string or number */
};

struct cell {
    const char *text;
    uint32_t length;
    enum cell_kind kind;
};

struct sample {
    struct arena arena;
    struct block *block; /* the records, header included */
    enum schema_format format;
    uint8_t delimiter;
    bool header, row_names;
    uint64_t data_start, data_line;
    uint32_t records; /* good ones, at most SCHEMA_INFER_RECORDS */
    uint32_t columns;
    char **name;       /* unique without case, valid UTF-8 */
    bool *in_array;    /* NDJSON: the path has an array index */
    struct cell *cell; /* [column * records + record] */
    bool fields_left;  /* more than SCHEMA_COLUMNS_MAX paths */
    char clash[64];    /* NDJSON: a path that came twice in a record */
};

/* What the values of one column look like. */
struct sight {
    enum column_type type;
    enum time_kind time_kind; /* of values that read as time, else TIME_NONE */
    bool zone;                /* ISO with a zone */
    uint32_t seen, missing, numbers, decimal_commas, time_like;
    uint32_t distinct; /* different whole numbers, up to a limit */
    bool whole;        /* all numbers are whole */
    bool never_falls;
    bool mostly_rises; /* in 19 steps of 20 */
    uint32_t steps;
    double step; /* between all neighbours, NaN if it varies */
    double min, median, max;
    struct cell odd; /* the first value that is no number */
};

/* Bytes that are no text, or text of another kind: ERR_CONTENT. A delimiter
 * that the user named (or NULL) may be a control character. */
FYKE_MUST_USE int infer_text_check(const uint8_t *bytes, size_t n,
                                   const char *delimiter, struct fault *fault);
bool infer_text_is_ndjson(const uint8_t *bytes, size_t n);

/* Frames up to `records` records from the front of the input. */
FYKE_MUST_USE int infer_frame(enum schema_format format, uint8_t delimiter,
                              size_t record_bytes_max, const uint8_t *bytes,
                              size_t n, bool complete, uint32_t records,
                              struct block **ret_b);
/* ERR_CONTENT that shows the first three bad records, or says there is
 * nothing; ERR_AGAIN when more bytes may help. */
int infer_nothing(const struct block *b, bool complete, struct fault *fault);

/* Fill the sample; its arena is initialised, format set. */
FYKE_MUST_USE int infer_csv(struct sample *t, const struct schema_options *o,
                            const uint8_t *bytes, size_t n, bool complete,
                            struct fault *fault);
FYKE_MUST_USE int infer_ndjson(struct sample *t, const struct schema_options *o,
                               const uint8_t *bytes, size_t n, bool complete,
                               struct fault *fault);
/* Names that are empty or taken are changed. Errors: ERR_NOMEM. */
FYKE_MUST_USE int infer_names(struct sample *t);
char *infer_name_copy(struct sample *t, const char *text, size_t n);

/* Looks at `records` cells; `leads` = the column stands first or has no name
 * of its own. `s` gives the missing words. `scratch` holds
 * `records` doubles. */
void infer_column(const struct schema *s, const char *name, bool leads,
                  const struct cell *cell, uint32_t records, double *scratch,
                  struct sight *ret_sight);
bool infer_name_is_time(const char *name);
bool infer_name_is_id(const char *name);
bool infer_name_is_label(const char *name);

/* Time column, key, features, reasons, hint. */
FYKE_MUST_USE int infer_roles(struct schema *s, const struct sample *t,
                              const struct sight *sight,
                              const struct schema_options *o,
                              struct fault *fault);
/* Chooses time_column and time_kind. */
FYKE_MUST_USE int infer_time(struct schema *s, const struct sample *t,
                             const struct sight *sight,
                             const struct schema_options *o,
                             struct fault *fault);
/* Index of the column of that name (without case), or ERR_USAGE with the
 * nearest name. */
FYKE_MUST_USE int infer_find(const struct schema *s, const char *flag,
                             const char *word, uint32_t *ret_column,
                             struct fault *fault);

#endif
