/*
 * CSV records (RFC 4180): fields, and rows of a block.
 *
 * A quote opens only at the start of a field and closes at the next quote
 * that is not doubled; behind it only blanks may stand. Elsewhere a quote is
 * an ordinary byte.
 */
#ifndef FYKE_INGEST_CSV_H
#define FYKE_INGEST_CSV_H

#include "engine/ingest/sink.h"

struct csv_cursor {
    const char *p, *end;
    char delimiter;
    bool done;
    struct buf *scratch; /* unescaped text of fields with doubled quotes */
};

struct csv_field {
    const char *text; /* into the record, or into scratch until the next
                       * field with doubled quotes */
    size_t length;
    bool quoted;
};

/* A cursor before the first field. `scratch` is borrowed. */
void csv_cursor_init(struct csv_cursor *c, char delimiter, const uint8_t *text,
                     size_t n, struct buf *scratch);
/* 1 and a field, 0 at the end, ERR_INVALID for text behind a closing quote,
 * ERR_NOMEM. */
FYKE_MUST_USE int csv_cursor_next(struct csv_cursor *c,
                                  struct csv_field *ret_field);

/* Parses the good records of a block into the sink. Errors: ERR_NOMEM. */
FYKE_MUST_USE int csv_parse_block(struct block *b, struct sink *k);

#endif
