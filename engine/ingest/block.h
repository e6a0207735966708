/*
 * Blocks: the unit that travels from the framer through parsing into batches.
 *
 * A block owns the text of whole records and, after block_parse, their
 * columns. It is built by one thread, parsed by one job, and then read only;
 * batches share it by reference, so a batch border may lie inside a block.
 *
 * Framing      one serial framer decides where records end, quote-aware for
 *              CSV, by newline for NDJSON; blank lines are not records; a
 *              byte-order mark is skipped. A record over the limit, or
 *              unclosed at the end of input, becomes a bad record that is its
 *              first physical line, and framing goes on at the next line. Of a
 *              line over the limit the first RECORD_KEPT_BYTES are kept.
 *              Records and extents do not depend on how the input was cut
 *              into pushes.
 */
#ifndef FYKE_INGEST_BLOCK_H
#define FYKE_INGEST_BLOCK_H

#include "engine/ingest/schema.h"

#define RECORD_KEPT_BYTES 4096u /* of a record over the limit */
#define BLOCK_PADDING_BYTES 64u

/* Why a record went to quarantine. Values are stored: never renumber. */
enum bad_reason {
    BAD_NONE = 0,
    BAD_TOO_LONG = 1, /* over record_bytes_max */
    BAD_UNCLOSED_QUOTE = 2,
    BAD_QUOTE = 3,        /* text after a closing quote */
    BAD_FIELD_COUNT = 4,  /* more or fewer fields than columns */
    BAD_NOT_A_NUMBER = 5, /* in a feature column */
    BAD_TIME = 6,         /* time column does not parse */
    BAD_JSON = 7,         /* not one JSON object */
    BAD_DEPTH = 8,        /* nested deeper than 64 */
    BAD_BINARY = 9,       /* NUL byte */
    BAD_EXCLUDED = 10,    /* listed as an exclusion */
    BAD_UNFINISHED = 11,  /* the pipe was left in the middle of it */
};

/* One phrase for people and for the quarantine view. */
const char *bad_reason_text(enum bad_reason reason);

struct block {
    uint32_t references;
    uint32_t columns_wanted; /* by those who have not copied x and time_ns */
    uint64_t position;       /* source byte of text[0] */
    uint64_t dropped;      /* source bytes of an over-long first record that are
                            * not in `text` */
    uint64_t end_position; /* source byte behind the last record's newline */
    uint64_t line;         /* 1-based physical line of text[0] */
    bool open_end;         /* the last record had no newline (end of input) */
    uint8_t *text;         /* text_bytes, then >= 64 readable padding bytes */
    size_t text_bytes;

    /* records, good and bad, in order */
    uint32_t records;
    uint32_t *offset; /* of the record in `text` */
    uint32_t *length; /* without its line end */
    uint32_t *extent; /* source bytes of the record with its line end; blank
                       * lines between records belong to none */
    uint32_t *lines;  /* physical line of the record minus `line` */
    uint8_t *status;  /* enum bad_reason */

    /* rows: the good records after block_parse */
    uint32_t rows;
    uint32_t cols;
    uint32_t *row_record; /* record index of each row */
    int64_t *time_ns;     /* CIVIL_NONE where there is none */
    int8_t *label;        /* as label_read has it; NULL without a label */
    uint32_t *key_offset; /* into key_text; rows + 1 entries */
    struct buf key_text;
    float *x;          /* column-major, stride = records */
    size_t bytes_held; /* memory of this block */
    uint64_t *counter; /* of block_count, NULL = none */
    size_t counted;    /* what of bytes_held the counter holds */
};

/* Source byte and 1-based physical line where a record begins. */
uint64_t block_record_position(const struct block *b, uint32_t record);
uint64_t block_record_line(const struct block *b, uint32_t record);

void block_ref(struct block *b);
void block_unref(struct block *b); /* not atomic: loop thread only */
/* From now on `*counter` holds what the block holds until it is freed; again
 * after block_parse, which adds to it. Loop thread only. */
void block_count(struct block *b, uint64_t *counter);
/* One of those who wanted the columns has them: the maker of the block (when
 * it adds nothing more of it to batches) or a batch that is assembled. Behind
 * the last one x and time_ns are gone. Loop thread only. */
void block_columns_done(struct block *b);

/* Parses every good record under the schema. Pure; marks bad ones in
 * `status`. Errors: ERR_NOMEM only. */
FYKE_MUST_USE int block_parse(struct block *b, const struct schema *s);

/* One record as a JSON object column -> text, in column order, invalid UTF-8
 * replaced by U+FFFD, missing fields as null, booleans as 1 and 0. NDJSON:
 * fields that are no columns follow at the end; what is not one JSON object
 * is ERR_INVALID. BLOCK_PADDING_BYTES must be readable behind text + n.
 * Errors: ERR_INVALID, ERR_NOMEM, ERR_LIMIT of `out`; `out` is unchanged. */
FYKE_MUST_USE
int record_to_json(const struct schema *s, const uint8_t *text, size_t n,
                   struct buf *out);

struct framer;

/* Starts at a source position (data_start for a new input, else the position
 * after the last committed record). */
FYKE_MUST_USE int framer_new(const struct schema *s, size_t record_bytes_max,
                             uint64_t position, uint64_t line,
                             struct framer **ret_f);
/* Room for the next `n` bytes of the input, so that framer_push need not copy
 * them, until then; NULL where they go elsewhere first or there is no memory.
 */
uint8_t *framer_room(struct framer *f, size_t n);
/* Takes the next bytes of the input and returns a block of all records that
 * are complete by now, NULL if none. `end` = no bytes follow: a last record
 * without newline counts (open_end). Errors: ERR_NOMEM. */
FYKE_MUST_USE int framer_push(struct framer *f, const uint8_t *bytes, size_t n,
                              bool end, struct block **ret_b);
/* At most so many records in a block from now on; then more may wait. */
void framer_limit(struct framer *f, uint32_t records_max);
/* Did the last push leave records for another one (without bytes)? */
bool framer_has_more(const struct framer *f);
void framer_free(struct framer *f);

#endif
