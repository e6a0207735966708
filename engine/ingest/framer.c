/*
 * Why this file exists: one serial pass decides where records end, at memory
 * speed: newlines and quotes are found by memchr, and a line without a quote
 * is touched twice.
 *
 * A record that fails (too long, quote never closed) gives back all lines but
 * its first. Scanning those again from each line would be quadratic, so the
 * state in which the failed scan stopped is remembered: a later scan that is
 * inside quotes at the same newline must take the same way, and jumps there.
 */
#include "engine/ingest/framer_state.h"
#include "engine/ingest/records.h"
#include "proto/base/check.h"

#include <stdlib.h>
#include <string.h>

#define SKIP_BYTES_MAX (UINT64_C(1) << 31) /* extents are 32 bits */
#define PUSH_BYTES_MAX (UINT32_C(1) << 30)

int framer_new(const struct schema *s, size_t record_bytes_max,
               uint64_t position, uint64_t line, struct framer **ret_f)
{
    check(record_bytes_max >= 1 && record_bytes_max <= PUSH_BYTES_MAX);
    struct framer *f = calloc(1, sizeof *f);
    if (f == NULL)
        return ERR_NOMEM;
    f->csv = s->format == SCHEMA_CSV;
    f->delimiter = (char)s->delimiter;
    f->record_max = record_bytes_max;
    f->records_max = UINT32_MAX;
    f->bom_done = position > 0;
    f->position = position;
    f->line = f->start_line = line;
    *ret_f = f;
    return 0;
}

void framer_free(struct framer *f)
{
    if (f == NULL)
        return;
    block_unref(f->block);
    free(f->text);
    free(f);
}

void framer_limit(struct framer *f, uint32_t records_max)
{
    check(records_max > 0);
    f->records_max = records_max;
}

bool framer_has_more(const struct framer *f)
{
    return f->more;
}

/* The next record begins at `start`. */
static void record_start(struct framer *f, size_t start, uint64_t line)
{
    if (start < f->at)
        f->quote = 0; /* what was found lies further on: look again */
    f->start = f->at = start;
    f->start_line = line;
    f->quoted = f->spans = false;
}

static int record_add(struct framer *f, const struct record *r)
{
    if (f->block == NULL) {
        f->block = records_block_new();
        if (f->block == NULL)
            return ERR_NOMEM;
        f->record_capacity = 0;
    }
    return records_add(f->block, &f->record_capacity, r, f->line,
                       (uint32_t)(f->length / 64 + 16));
}

static bool line_is_blank(const struct framer *f, const char *p, size_t n)
{
    return records_line_is_blank(p, n, f->csv ? f->delimiter : '\n');
}

/* Length of text[start..end) without the CR of a CRLF. */
static size_t length_without_cr(const struct framer *f, size_t end)
{
    size_t n = end - f->start;
    bool crlf = end < f->length && n > 0 && f->text[end - 1] == '\r';
    return crlf ? n - 1 : n;
}

/* Ends the record at `end`; behind it is its newline or the end of input. */
static int record_end(struct framer *f, size_t end, enum bad_reason status)
{
    const char *text = f->text + f->start;
    bool newline = end < f->length;
    size_t next = newline ? end + 1 : end;
    struct record r = { f->start, length_without_cr(f, end), next - f->start,
                        f->start_line, status };
    uint64_t lines =
        f->spans ? records_newlines(text, next - f->start) : newline;
    if ((uint8_t)*text > ' ' || !line_is_blank(f, text, end - f->start)) {
        if (r.length > f->record_max) {
            r.status = BAD_TOO_LONG;
            if (r.length > RECORD_KEPT_BYTES)
                r.length = RECORD_KEPT_BYTES;
        }
        int rc = record_add(f, &r);
        if (rc < 0)
            return rc;
        f->block->open_end = !newline;
    }
    record_start(f, next, f->start_line + lines);
    return 0;
}

/* The record from `start` failed: its first physical line is bad, the rest
 * is looked at again. 1 when that line has not ended yet. */
static int record_fail(struct framer *f)
{
    const char *newline =
        memchr(f->text + f->start, '\n', f->length - f->start);
    if (newline == NULL && !f->end)
        return 1;
    size_t end = newline ? (size_t)(newline - f->text) : f->length;
    f->memo_from = end + 1;
    f->memo_to = f->at;
    f->memo_quoted = f->quoted;
    f->spans = false;
    return record_end(f, end, BAD_UNCLOSED_QUOTE);
}

static size_t find(const struct framer *f, size_t from, size_t to, char c)
{
    if (from >= to)
        return to;
    const char *p = memchr(f->text + from, c, to - from);
    return p != NULL ? (size_t)(p - f->text) : to;
}

/* Brings f->quote to the first quote at or behind `from`. */
static size_t quote_find(struct framer *f, size_t from)
{
    if (f->quote < from || (f->quote < f->length && f->text[f->quote] != '"'))
        f->quote = find(f, from, f->length, '"');
    return f->quote;
}

enum scan {
    SCAN_MORE,    /* go on from `at` */
    SCAN_ENDED,   /* the record ends at the newline at `at` */
    SCAN_STARVED, /* the bytes are used up */
};

static enum scan scan_plain(struct framer *f)
{
    size_t newline = find(f, f->at, f->length, '\n');
    if (f->csv) {
        size_t q = quote_find(f, f->at);
        while (q < newline) {
            if (q == f->start || f->text[q - 1] == f->delimiter) {
                f->quoted = f->spans = true;
                f->at = q + 1;
                return SCAN_MORE;
            }
            q = quote_find(f, q + 1);
        }
    }
    f->at = newline;
    return newline < f->length ? SCAN_ENDED : SCAN_STARVED;
}

static enum scan scan_quoted(struct framer *f)
{
    size_t q = quote_find(f, f->at);
    if (f->at >= f->memo_from && f->at < f->memo_to) {
        size_t to = q < f->memo_to ? q : f->memo_to;
        if (find(f, f->at, to, '\n') < to) {
            f->at = f->memo_to;
            f->quoted = f->memo_quoted;
            return SCAN_MORE;
        }
    }
    if (q == f->length || (q + 1 == f->length && !f->end)) {
        f->at = q;
        return SCAN_STARVED;
    }
    if (q + 1 < f->length && f->text[q + 1] == '"') {
        f->at = q + 2;
        return SCAN_MORE;
    }
    f->quoted = false;
    f->at = q + 1;
    return SCAN_MORE;
}

static bool block_is_full(const struct framer *f)
{
    return f->block != NULL && f->block->records >= f->records_max;
}

/* Finds all records that are complete, as many as a block may hold. 1 when
 * the line at `start` is over the limit and has not ended. */
static int records_find(struct framer *f)
{
    while (f->start < f->length && !block_is_full(f)) {
        enum scan scan = f->quoted ? scan_quoted(f) : scan_plain(f);
        bool ended = scan == SCAN_ENDED ||
                     (scan == SCAN_STARVED && f->end && !f->quoted);
        bool over = ended ? length_without_cr(f, f->at) > f->record_max
                          : f->at - f->start > f->record_max + 1;
        int rc = 0;
        if (over || (scan == SCAN_STARVED && f->end && f->quoted))
            rc = record_fail(f);
        else if (ended)
            rc = record_end(f, f->at, BAD_NONE);
        else if (scan == SCAN_STARVED)
            return 0;
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* The skipped line has ended: it becomes a record, or nothing when blank. */
static int skip_end(struct framer *f, bool newline, bool open_end)
{
    uint64_t extent = f->skipped + newline;
    f->skipping = false;
    if (f->skipped_blank) {
        f->position += extent;
        f->line += newline;
        f->length = 0;
        record_start(f, 0, f->line);
        return 0;
    }
    size_t kept = f->length;
    if (newline && kept == f->skipped && f->text[kept - 1] == '\r')
        kept--;
    struct record r = { 0, kept, extent, f->line, BAD_TOO_LONG };
    int rc = record_add(f, &r);
    if (rc < 0)
        return rc;
    f->block->open_end = open_end;
    f->dropped = extent - f->length;
    record_start(f, f->length, f->line + newline);
    return 0;
}

/* Goes on in a line over the limit, taking bytes off the front. */
static int skip_line(struct framer *f, const uint8_t **bytes, size_t *n)
{
    size_t take = *n;
    const uint8_t *newline = *n > 0 ? memchr(*bytes, '\n', *n) : NULL;
    if (newline != NULL)
        take = (size_t)(newline - *bytes);
    bool cut = take > SKIP_BYTES_MAX - f->skipped;
    if (cut) {
        take = (size_t)(SKIP_BYTES_MAX - f->skipped);
        newline = NULL;
    }
    size_t room = RECORD_KEPT_BYTES - f->length;
    int rc = framer_text_append(f, *bytes, take < room ? take : room);
    if (rc < 0)
        return rc;
    f->skipped_blank =
        f->skipped_blank && line_is_blank(f, (const char *)*bytes, take);
    f->skipped += take;
    *bytes += take + (newline != NULL);
    *n -= take + (newline != NULL);
    if (newline == NULL && !cut && !f->end)
        return 0;
    return skip_end(f, newline != NULL, newline == NULL && *n == 0 && f->end);
}

/* A byte-order mark at the start of the input belongs to no record. Returns
 * false while it cannot be told. */
static bool bom_skip(struct framer *f)
{
    static const char bom[3] = "\xef\xbb\xbf";
    size_t n = f->length < 3 ? f->length : 3;
    if (f->bom_done || memcmp(f->text, bom, n) != 0) {
        f->bom_done = true;
        return true;
    }
    if (n < 3)
        return false;
    f->bom_done = true;
    record_start(f, 3, f->line);
    return true;
}

int framer_push(struct framer *f, const uint8_t *bytes, size_t n, bool end,
                struct block **ret_b)
{
    check(n <= PUSH_BYTES_MAX);
    f->end = end;
    int rc = 0;
    if (f->skipping)
        rc = skip_line(f, &bytes, &n);
    if (rc < 0)
        return rc;
    if (f->skipping) {
        *ret_b = NULL;
        return 0;
    }
    rc = framer_text_append(f, bytes, n);
    if (rc == 0 && bom_skip(f))
        rc = records_find(f);
    int over = rc;
    f->more = rc == 0 && f->start < f->length && block_is_full(f);
    if (rc >= 0)
        rc = framer_cut(f, ret_b);
    if (rc == 0 && over > 0) {
        f->skipping = true;
        f->skipped = f->length;
        f->skipped_blank = line_is_blank(f, f->text, f->length);
        if (f->length > RECORD_KEPT_BYTES)
            f->length = RECORD_KEPT_BYTES;
    }
    return rc;
}
