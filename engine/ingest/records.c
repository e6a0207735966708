/*
 * Why this file exists: keeps the growth of parallel arrays out of framing.
 */
#include "engine/ingest/records.h"

#include "proto/base/check.h"

#include <stdlib.h>
#include <string.h>

struct block *records_block_new(void)
{
    struct block *b = calloc(1, sizeof *b);
    if (b != NULL)
        b->references = b->columns_wanted = 1;
    return b;
}

static bool grow(void **array, size_t count, size_t size)
{
    void *grown = realloc(*array, count * size);
    if (grown == NULL)
        return false;
    *array = grown;
    return true;
}

static int reserve(struct block *b, uint32_t count)
{
    bool ok = grow((void **)&b->offset, count, sizeof *b->offset) &&
              grow((void **)&b->length, count, sizeof *b->length) &&
              grow((void **)&b->extent, count, sizeof *b->extent) &&
              grow((void **)&b->lines, count, sizeof *b->lines) &&
              grow((void **)&b->status, count, sizeof *b->status);
    return ok ? 0 : ERR_NOMEM;
}

void records_trim(struct block *b, uint32_t *capacity)
{
    if (b->records > 0 && b->records < *capacity && reserve(b, b->records) == 0)
        *capacity = b->records;
}

int records_add(struct block *b, uint32_t *capacity, const struct record *r,
                uint64_t line_first, uint32_t capacity_hint)
{
    if (b->records == *capacity) {
        uint32_t wanted = *capacity == 0 ? capacity_hint : 2 * *capacity;
        check(wanted > b->records);
        int rc = reserve(b, wanted);
        if (rc < 0)
            return rc;
        *capacity = wanted;
    }
    uint32_t i = b->records++;
    b->offset[i] = (uint32_t)r->offset;
    b->length[i] = (uint32_t)r->length;
    b->extent[i] = (uint32_t)r->extent;
    b->lines[i] = (uint32_t)(r->line - line_first);
    b->status[i] = (uint8_t)r->status;
    return 0;
}

uint64_t records_newlines(const char *p, size_t n)
{
    const char *end = p + n;
    uint64_t count = 0;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        count++;
        p++;
    }
    return count;
}

bool records_line_is_blank(const char *p, size_t n, char delimiter)
{
    for (size_t i = 0; i < n; i++) {
        bool blank = p[i] == ' ' || p[i] == '\t' || p[i] == '\r';
        if (!blank || p[i] == delimiter)
            return false;
    }
    return true;
}
