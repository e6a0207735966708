/*
 * The framer's inside, for its two files only.
 */
#ifndef FYKE_INGEST_FRAMER_STATE_H
#define FYKE_INGEST_FRAMER_STATE_H

#include "engine/ingest/block.h"

struct framer {
    bool csv;
    char delimiter;
    bool bom_done;
    bool end;
    size_t record_max;

    char *text; /* capacity >= length + padding */
    size_t length, capacity;
    uint64_t position; /* source byte of text[0] */
    uint64_t line;     /* physical line of text[0] */

    /* the record being looked for */
    size_t start; /* its first byte */
    uint64_t start_line;
    size_t at;    /* scanned up to here */
    bool quoted;  /* `at` is inside quotes */
    bool spans;   /* it had quotes: may hold newlines */
    size_t quote; /* the first quote at or behind `at`, if it is one */

    /* where the scan of a failed record stopped */
    size_t memo_from, memo_to;
    bool memo_quoted;

    /* the line over the limit that is being skipped: text holds its head */
    bool skipping;
    bool skipped_blank; /* nothing but blanks so far */
    uint64_t skipped;   /* its bytes so far, kept ones included */
    uint64_t dropped;   /* of the block being built */

    struct block *block; /* being built, NULL before its first record */
    uint32_t record_capacity;
    uint32_t records_max; /* of a block */
    bool more;            /* the last push stopped there */
};

/* Appends to the text; padding behind it is zero. Errors: ERR_NOMEM. */
FYKE_MUST_USE int framer_text_append(struct framer *f, const uint8_t *bytes,
                                     size_t n);
/* The records found become a block, NULL if there are none; what is behind
 * them stays. Errors: ERR_NOMEM. */
FYKE_MUST_USE int framer_cut(struct framer *f, struct block **ret_b);

#endif
