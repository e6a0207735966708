/*
 * Numbers and missing words: one reading of a value's text for both formats.
 *
 * Number   decimal, blanks around it and a leading '+' allowed, no hex;
 *          inf and infinity are numbers, nan (any case) is missing.
 * Float    beyond float32 it is +-FLT_MAX, -0 is +0; never NaN or infinite.
 */
#ifndef FYKE_INGEST_NUMBER_H
#define FYKE_INGEST_NUMBER_H

#include "engine/ingest/float32.h"
#include "engine/ingest/schema.h"

enum number_kind {
    NUMBER_NOT = 0, /* other text, the empty one included */
    NUMBER_VALUE,
    NUMBER_MISSING, /* nan */
};

/* Reads a whole text. */
enum number_kind number_parse(const char *text, size_t n, double *ret_value);

/* Is this a number but for a decimal comma, as in 3,14? */
bool number_has_comma(const char *text, size_t n);

/* true/false in any case: 1/0, else -1. For columns of type COLUMN_BINARY. */
int number_bool_word(const char *text, size_t n);

/* Is this (trimmed) text empty or one of the schema's missing words? */
bool number_is_missing(const struct schema *s, const char *text, size_t n);

/* Cuts blanks (space, tab, CR) off both ends. */
void number_trim(const char **text, size_t *n);

#endif
