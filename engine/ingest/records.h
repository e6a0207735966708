/*
 * The record table of a block under construction.
 */
#ifndef FYKE_INGEST_RECORDS_H
#define FYKE_INGEST_RECORDS_H

#include "engine/ingest/block.h"

struct record {
    size_t offset, length, extent;
    uint64_t line;
    enum bad_reason status;
};

/* A block without text, one reference. NULL when there is no memory. */
struct block *records_block_new(void);
/* Appends a record; `line_first` is the line of the block's text. `capacity`
 * is the caller's: entries allocated so far. Errors: ERR_NOMEM. */
FYKE_MUST_USE int records_add(struct block *b, uint32_t *capacity,
                              const struct record *r, uint64_t line_first,
                              uint32_t capacity_hint);

/* Gives back the room that is not used. */
void records_trim(struct block *b, uint32_t *capacity);

/* Newlines among `n` bytes. */
uint64_t records_newlines(const char *p, size_t n);
/* Only blanks that are no delimiter? */
bool records_line_is_blank(const char *p, size_t n, char delimiter);

#endif
