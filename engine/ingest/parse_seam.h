/*
 * The one seam to C++: numbers by fast_float, NDJSON records by simdjson.
 *
 * Every value of a record is visited, so a record that is not one valid JSON
 * object is always refused. Numbers are checked against the JSON grammar and
 * handed over as text: one number parser serves both formats, and 30 digits
 * or 1e400 are numbers like any other.
 *
 * Thread rule  a parser belongs to one job at a time; no hidden state.
 * Memory       a parser keeps its buffers from record to record.
 */
#ifndef FYKE_INGEST_PARSE_SEAM_H
#define FYKE_INGEST_PARSE_SEAM_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JSON_DEPTH_MAX 64
#define JSON_PADDING_BYTES 64 /* readable bytes behind a record */

/* Parses the longest number (decimal, no blanks, no '+', no hex) or the words
 * inf, infinity, nan at `text`. Returns where it stopped, `text` if there is
 * no number. Beyond double the value is an infinity, below it 0. */
const char *seam_number(const char *text, const char *end, double *ret_value);

/* Where the float32 of a row's features go: feature j to x[j * stride]. */
struct seam_row {
    float *x;
    size_t stride;
    uint32_t features;
};

/* Reads a row's features that follow each other as plain numbers: each a whole
 * field, none missing. Returns the end of the last one and how many there
 * were; `text` and 0 if the first is something else. */
const char *seam_features(const char *text, const char *end, char delimiter,
                          const struct seam_row *row, uint32_t *ret_count);

enum json_kind {
    JSON_STRING = 1, /* unescaped, valid UTF-8 */
    JSON_NUMBER,     /* the token as written */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

/* One scalar value. Texts are valid during the call only, except that those
 * of one record stay valid until the next json_parser_visit. */
struct json_leaf {
    const char *path; /* names joined with '.', array items by their index;
                       * valid during the call only */
    size_t path_bytes;
    const char *text;
    size_t text_bytes;
    enum json_kind kind;
    bool in_array; /* some part of the path is an array index */
};

struct json_visitor {
    /* Returns 0, or a negative error that ends the visit. */
    int (*leaf)(void *context, const struct json_leaf *leaf);
    void *context;
};

struct json_parser;

/* NULL when there is no memory. */
struct json_parser *json_parser_new(void);
void json_parser_free(struct json_parser *p);

/* Visits the leaves of one record in order. JSON_PADDING_BYTES must be
 * readable behind text + n. On an error some leaves were visited already.
 * Errors: ERR_INVALID (not one JSON object), ERR_LIMIT (nested too deep),
 * ERR_NOMEM, and what the visitor returned. */
FYKE_MUST_USE int json_parser_visit(struct json_parser *p, const char *text,
                                    size_t n,
                                    const struct json_visitor *visitor);

#ifdef __cplusplus
}
#endif
#endif
