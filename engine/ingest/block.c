/*
 * Why this file exists: the life of a block, whatever its format.
 */
#include "engine/ingest/block.h"

#include "engine/ingest/csv.h"
#include "engine/ingest/ndjson.h"
#include "proto/base/check.h"

#include <stdlib.h>

const char *bad_reason_text(enum bad_reason reason)
{
    switch (reason) {
    case BAD_NONE:
        return "good";
    case BAD_TOO_LONG:
        return "longer than the record limit";
    case BAD_UNCLOSED_QUOTE:
        return "a quote that is never closed";
    case BAD_QUOTE:
        return "text after a closing quote";
    case BAD_FIELD_COUNT:
        return "more or fewer fields than columns";
    case BAD_NOT_A_NUMBER:
        return "not a number in a feature column";
    case BAD_TIME:
        return "time does not parse";
    case BAD_JSON:
        return "not one JSON object";
    case BAD_DEPTH:
        return "nested deeper than 64";
    case BAD_BINARY:
        return "binary: a NUL byte";
    case BAD_EXCLUDED:
        return "excluded";
    case BAD_UNFINISHED:
        return "cut short: the pipe was left in the middle of it";
    }
    return "unknown reason";
}

uint64_t block_record_position(const struct block *b, uint32_t record)
{
    check(record < b->records);
    return b->position + b->offset[record] + (record > 0 ? b->dropped : 0);
}

uint64_t block_record_line(const struct block *b, uint32_t record)
{
    check(record < b->records);
    return b->line + b->lines[record];
}

void block_ref(struct block *b)
{
    check(b->references > 0);
    b->references++;
}

void block_unref(struct block *b)
{
    if (b == NULL)
        return;
    check(b->references > 0);
    if (--b->references > 0)
        return;
    if (b->counter != NULL)
        *b->counter -= b->counted;
    free(b->text);
    free(b->offset);
    free(b->length);
    free(b->extent);
    free(b->lines);
    free(b->status);
    free(b->row_record);
    free(b->time_ns);
    free(b->label);
    free(b->key_offset);
    buf_release(&b->key_text);
    free(b->x);
    free(b);
}

void block_count(struct block *b, uint64_t *counter)
{
    check(b->counter == NULL || b->counter == counter);
    *counter += b->bytes_held - b->counted;
    b->counter = counter;
    b->counted = b->bytes_held;
}

void block_columns_done(struct block *b)
{
    check(b->columns_wanted > 0);
    if (--b->columns_wanted > 0 || b->x == NULL)
        return;
    size_t n = b->records;
    b->bytes_held -= n * b->cols * sizeof *b->x + (n + 1) * sizeof *b->time_ns;
    free(b->x);
    free(b->time_ns);
    b->x = NULL;
    b->time_ns = NULL;
    if (b->counter != NULL)
        block_count(b, b->counter);
}

int block_parse(struct block *b, const struct schema *s)
{
    struct sink k;
    int rc = sink_init(&k, s, b);
    if (rc == 0)
        rc = s->format == SCHEMA_NDJSON ? ndjson_parse_block(b, &k)
                                        : csv_parse_block(b, &k);
    if (rc == 0)
        rc = sink_finish(&k);
    sink_release(&k);
    return rc;
}
