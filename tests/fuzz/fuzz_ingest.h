/*
 * What fuzz_csv and fuzz_ndjson share: bytes through inference, framing in
 * one push and in pieces, parsing, batches and records as JSON. Header only.
 *
 * Input   byte 0: record limit and flags, byte 1: how pieces are cut, byte 2:
 *         a missing word or key, then the text.
 */
#ifndef FYKE_FUZZ_INGEST_H
#define FYKE_FUZZ_INGEST_H

#include "engine/ingest/batch.h"
#include "proto/base/check.h"
#include "proto/base/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fuzz_run {
    const struct schema *schema;
    size_t record_max;
    uint8_t cut; /* 0 = one push */
};

struct fuzz_result {
    uint64_t records, rows, positions, content, bytes;
    uint64_t to_position, to_line;
};

/* What every parsed block promises. */
static void fuzz_block_check(const struct schema *s, struct block *b)
{
    uint64_t before = 0;
    check(b->rows <= b->records && b->cols == s->feature_count);
    for (uint32_t i = 0; i < b->records; i++) {
        check((size_t)b->offset[i] + b->length[i] <= b->text_bytes);
        check(b->extent[i] > 0 && b->status[i] <= BAD_EXCLUDED);
        check(block_record_position(b, i) >= before);
        before = block_record_position(b, i) + b->extent[i];
    }
    check(before <= b->end_position);
    for (uint32_t r = 0; r < b->rows; r++) {
        check(b->status[b->row_record[r]] == BAD_NONE);
        check(b->key_offset[r] <= b->key_offset[r + 1]);
        for (uint32_t c = 0; c < b->cols; c++) {
            float x = b->x[(size_t)c * b->records + r];
            check(isnan(x) || (isfinite(x) && !(x == 0 && signbit(x))));
        }
    }
}

static void fuzz_records_to_json(const struct schema *s, const struct block *b)
{
    struct buf out;
    buf_init(&out, 1u << 26);
    for (uint32_t i = 0; i < b->records && i < 64; i++) {
        buf_reset(&out);
        int rc = record_to_json(s, b->text + b->offset[i], b->length[i], &out);
        check(rc == 0 || b->status[i] != BAD_NONE);
        check(rc < 0 || out.data[out.length - 1] == '}');
    }
    buf_release(&out);
}

static struct fuzz_result fuzz_run_once(const struct fuzz_run *run,
                                        const uint8_t *bytes, size_t n)
{
    struct fuzz_result result = { 0 };
    struct batch_input batch;
    struct framer *f;
    const struct schema *s = run->schema;
    size_t at = (size_t)s->data_start;
    uint64_t state = run->cut;
    batch_input_init(&batch);
    if (framer_new(s, run->record_max, at, s->data_line, &f) < 0)
        abort();
    do {
        struct block *b;
        state = hash_u64(state);
        size_t piece = run->cut == 0 ? n : 1 + state % (run->cut * 4u);
        piece = piece < n - at ? piece : n - at;
        if (framer_push(f, bytes + at, piece, at + piece == n, &b) < 0)
            abort();
        at += piece;
        if (b == NULL)
            continue;
        if (block_parse(b, s) < 0 ||
            batch_input_add(&batch, b, 0, b->records) < 0)
            abort();
        fuzz_block_check(s, b);
        fuzz_records_to_json(s, b);
        for (uint32_t i = 0; i < b->records; i++)
            result.positions =
                hash_fold(result.positions, block_record_position(b, i) * 31 +
                                                block_record_line(b, i) * 7 +
                                                b->status[i]);
        block_unref(b);
    } while (at < n);
    framer_free(f);
    if (batch.records > 0 && batch_assemble(&batch, s->feature_count) < 0)
        abort();
    result.records = batch.records;
    result.rows = batch.rows;
    result.content = batch.content_hash;
    result.bytes = batch.bytes;
    result.to_position = batch.to_position;
    result.to_line = batch.to_line;
    batch_input_release(&batch);
    return result;
}

/* The schema survives its JSON and prints. */
static struct schema *fuzz_round_trip(struct schema *s)
{
    struct buf json, again;
    struct schema *back = NULL;
    buf_init(&json, 1u << 26);
    buf_init(&again, 1u << 26);
    check(schema_to_json(s, &json) == 0);
    check(schema_from_json(buf_text(&json), json.length, &back, NULL) == 0);
    check(schema_compare(s, back, NULL) == 0);
    check(schema_to_json(back, &again) == 0);
    check(strcmp(buf_text(&json), buf_text(&again)) == 0);
    buf_reset(&again);
    check(schema_print(s, "fuzz", 7, &again) == 0);
    buf_release(&json);
    buf_release(&again);
    schema_free(s);
    return back;
}

static int fuzz_ingest(const char *format, const uint8_t *data, size_t size)
{
    static const size_t maxima[] = { 1, 16, 100, 1000, 5000, 1u << 20 };
    if (size < 3)
        return 0;
    struct schema_options o = { .format = data[2] & 1 ? format : NULL };
    const char *also[] = { "a" };
    if (data[2] & 2)
        o.also = (struct option_list){ .items = also, .count = 1 };
    if (data[2] & 4)
        o.time_format = "%d/%m/%y %H";
    struct fuzz_run run = { .record_max = maxima[data[0] % 6] };
    o.record_bytes_max = run.record_max;
    const uint8_t *text = data + 3;
    size_t n = size - 3;
    struct schema *s;
    struct fault fault;
    if (schema_infer(&o, text, n, !(data[2] & 8), &s, &fault) < 0)
        return 0;
    s = fuzz_round_trip(s);
    run.schema = s;
    struct fuzz_result whole = fuzz_run_once(&run, text, n);
    run.cut = (uint8_t)(1 + data[1] % 64);
    struct fuzz_result cut = fuzz_run_once(&run, text, n);
    check(memcmp(&whole, &cut, sizeof whole) == 0);
    schema_free(s);
    return 0;
}

#endif
