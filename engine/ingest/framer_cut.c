/*
 * Why this file exists: the framer's text goes from block to block without
 * being copied as a whole, and no block holds room that it does not use.
 */
#include "engine/ingest/framer_state.h"
#include "engine/ingest/records.h"

#include <stdlib.h>
#include <string.h>

static int text_reserve(struct framer *f, size_t n)
{
    size_t wanted = f->length + n + BLOCK_PADDING_BYTES;
    if (wanted > f->capacity) {
        if (f->length > 0 && wanted < 2 * f->capacity)
            wanted = 2 * f->capacity;
        char *text = realloc(f->text, wanted);
        if (text == NULL)
            return ERR_NOMEM;
        f->text = text;
        f->capacity = wanted;
    }
    return 0;
}

uint8_t *framer_room(struct framer *f, size_t n)
{
    if (f->skipping || text_reserve(f, n) != 0)
        return NULL;
    return (uint8_t *)f->text + f->length;
}

int framer_text_append(struct framer *f, const uint8_t *bytes, size_t n)
{
    bool there = f->text != NULL && bytes == (uint8_t *)f->text + f->length;
    if (!there) { /* not framer_room's */
        int rc = text_reserve(f, n);
        if (rc != 0)
            return rc;
        if (n > 0)
            memcpy(f->text + f->length, bytes, n);
    }
    f->length += n;
    memset(f->text + f->length, 0, BLOCK_PADDING_BYTES);
    return 0;
}

/* Gives the framer's text up to `start` to the block. */
static void text_give(struct framer *f, struct block *b)
{
    size_t wanted = f->start + BLOCK_PADDING_BYTES;
    if (wanted + wanted / 16 < f->capacity) {
        char *text = realloc(f->text, wanted);
        if (text != NULL) {
            f->text = text;
            f->capacity = wanted;
        }
    }
    b->text = (uint8_t *)f->text;
    b->bytes_held = f->capacity;
}

/* The text before `start` becomes the block's, the rest stays: the smaller
 * of the two is copied. */
static int text_split(struct framer *f, struct block *b)
{
    size_t rest = f->length - f->start;
    bool give = rest <= f->start;
    size_t bytes = (give ? rest : f->start) + BLOCK_PADDING_BYTES;
    char *copy = malloc(bytes);
    if (copy == NULL)
        return ERR_NOMEM;
    memcpy(copy, give ? f->text + f->start : f->text, bytes);
    if (give) {
        text_give(f, b);
        f->text = copy;
        f->capacity = bytes;
    } else {
        b->text = (uint8_t *)copy;
        b->bytes_held = bytes;
        memmove(f->text, f->text + f->start, rest + BLOCK_PADDING_BYTES);
    }
    b->text_bytes = f->start;
    return 0;
}

int framer_cut(struct framer *f, struct block **ret_b)
{
    struct block *b = f->block;
    size_t rest = f->length - f->start;
    if (b != NULL) {
        int rc = text_split(f, b);
        if (rc < 0)
            return rc;
        b->position = f->position;
        b->dropped = f->dropped;
        b->end_position = f->position + f->start + f->dropped;
        b->line = f->line;
        records_trim(b, &f->record_capacity);
        b->bytes_held += sizeof *b + (size_t)17 * f->record_capacity;
        f->block = NULL;
    } else {
        memmove(f->text, f->text + f->start, rest + BLOCK_PADDING_BYTES);
    }
    f->position += f->start + f->dropped;
    f->line = f->start_line;
    f->length = rest;
    f->at -= f->start;
    f->start = f->quote = 0;
    f->dropped = 0;
    f->memo_from = f->memo_to = 0;
    *ret_b = b;
    return 0;
}
