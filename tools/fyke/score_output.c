/*
 * Numbers are written by hand: a line has five of them, and printf would take
 * longer than computing them.
 */
#include "tools/fyke/score_output.h"

#include "engine/ingest/utf8.h"
#include "proto/base/text.h"
#include "tools/fyke/csv_out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_ROWS 8192u
#define CHUNKS_PER_THREAD 4u
#define CHUNK_BYTES_MAX ((size_t)1 << 30)
#define NANO 1000000000u

struct chunk {
    struct buf text;
    uint32_t first, end; /* rows */
};

struct writing {
    const struct score_output *o;
    struct chunk *chunk;
};

static void put_u64(struct buf *out, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    (void)buf_append(out, digits + at, sizeof digits - at);
}

/* `n` in units of 10^-digits. */
static void put_fixed(struct buf *out, uint64_t n, unsigned digits)
{
    char text[12];
    uint64_t one = 1;
    for (unsigned i = 0; i < digits; i++)
        one *= 10;
    put_u64(out, n / one);
    n %= one;
    text[0] = '.';
    for (unsigned i = digits; i > 0; i--, n /= 10)
        text[i] = (char)('0' + n % 10);
    (void)buf_append(out, text, digits + 1);
}

/* Nine decimals: finer than the fixed point that the number is made of.
 * NaN: no detector has an answer. */
static void put_score(struct buf *out, double score, const char *none)
{
    if (isnan(score)) {
        (void)buf_append_text(out, none);
        return;
    }
    if (score >= 0 && score < NANO)
        put_fixed(out, (uint64_t)llround(score * NANO), 9);
    else
        (void)buf_printf(out, "%.17g", score);
}

/* The kept row of this number, NULL if it was not kept. */
static const struct verdict_row *kept_find(const struct verdict *v,
                                           uint32_t row)
{
    uint32_t low = 0, high = v->kept;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (v->row[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->kept && v->row[low].row == row ? &v->row[low] : NULL;
}

static bool has_key(const struct score_output *o)
{
    return o->in->schema->key_count > 0;
}

/* ---- CSV ---- */

static void csv_head(const struct score_output *o, struct buf *out)
{
    const struct detect_set *set = &o->found->detectors;
    (void)buf_printf(out, "row,line,%sscore,severity,flagged,cluster,core",
                     has_key(o) ? "key," : "");
    if (set->count > 1)
        (void)buf_append_text(out, ",votes");
    for (uint32_t i = 0; i < set->count && set->count > 1; i++)
        (void)buf_printf(out, ",%s,%s_score", set->ops[i]->name,
                         set->ops[i]->name);
    (void)buf_append_text(out, o->explain ? ",why\n" : "\n");
}

static void csv_why(const struct score_output *o,
                    const struct verdict_row *kept, struct buf *why,
                    struct buf *out)
{
    (void)buf_append_char(out, ',');
    if (kept == NULL)
        return;
    buf_reset(why);
    (void)verdict_why(verdict_speaker(&o->found->verdict, kept),
                      o->feature_name, why);
    (void)csv_out_field(buf_text(why), why->length, out);
}

/* The cluster of a row, and is it a core point? Empty without an answer. */
static void csv_clusters(const struct detect_result *r, uint32_t row,
                         struct buf *out)
{
    if (r->cluster == NULL || r->bin[row] == DETECT_NO_BIN)
        (void)buf_append_text(out, ",,");
    else
        (void)buf_printf(out, ",%d,%d", r->cluster[row],
                         r->core != NULL && r->core[row] != 0);
}

static uint32_t count_votes(const struct score_detect *d, uint32_t row)
{
    uint32_t votes = 0;
    for (uint32_t i = 0; i < d->detectors.count; i++)
        votes += score_detect_answer(d, i, row).vote;
    return votes;
}

/* Every detector's severity and score; empty where it has no answer. */
static void csv_each(const struct score_detect *d, uint32_t row,
                     struct buf *out)
{
    (void)buf_printf(out, ",%u", count_votes(d, row));
    for (uint32_t i = 0; i < d->detectors.count; i++) {
        struct score_answer a = score_detect_answer(d, i, row);
        (void)buf_append_char(out, ',');
        if (!isnan(a.score))
            put_fixed(out, a.severity, 4);
        (void)buf_append_char(out, ',');
        put_score(out, a.score, "");
    }
}

static void csv_row(const struct score_output *o, uint32_t row, struct buf *why,
                    struct buf *out)
{
    const struct batch_input *b = &o->in->batch;
    const struct score_detect *d = o->found;
    uint32_t record = b->row_record[row];
    put_u64(out, record);
    (void)buf_append_char(out, ',');
    put_u64(out, batch_record(b, record).line);
    (void)buf_append_char(out, ',');
    if (has_key(o)) {
        struct text_view key = batch_key(b, row);
        (void)csv_out_field(key.text, key.length, out);
        (void)buf_append_char(out, ',');
    }
    put_score(out, score_detect_score(d, row), "");
    (void)buf_append_char(out, ',');
    put_fixed(out, score_detect_severity(d, row), 4);
    (void)buf_append_text(out, score_detect_flagged(d, row) ? ",1" : ",0");
    csv_clusters(score_detect_clusters(d), row, out);
    if (d->detectors.count > 1)
        csv_each(d, row, out);
    if (o->explain)
        csv_why(o, kept_find(&d->verdict, row), why, out);
    (void)buf_append_char(out, '\n');
}

/* ---- NDJSON ---- */

static void json_number(struct buf *out, const char *name, double value)
{
    char text[32];
    (void)buf_printf(out, ",\"%s\":%s", name,
                     isfinite(value) ? text_f64(value, text, sizeof text)
                                     : "null");
}

/* As few digits as tell this float32 from its neighbours. */
static void json_float(struct buf *out, const char *name, float value)
{
    char text[32];
    for (int digits = 6; digits <= 9; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    (void)buf_printf(out, ",\"%s\":%s", name, isfinite(value) ? text : "null");
}

static void json_reason(const struct score_output *o, uint32_t detector,
                        const struct detect_reason *r, struct buf *out)
{
    const char *name = o->feature_name[r->feature];
    (void)buf_printf(out, "{\"detector\":\"%s\",\"feature\":",
                     o->found->detectors.ops[detector]->name);
    utf8_append_json(out, name, strlen(name));
    json_float(out, "value", r->value);
    json_float(out, "usual", r->usual);
    (void)buf_append_text(out, r->direction > 0   ? ",\"direction\":\"high\""
                               : r->direction < 0 ? ",\"direction\":\"low\""
                                                  : ",\"direction\":null");
    json_number(out, "contribution", r->contribution);
    (void)buf_append_char(out, '}');
}

static void json_why(const struct score_output *o,
                     const struct verdict_row *kept, struct buf *why,
                     struct buf *out)
{
    if (kept == NULL) {
        (void)buf_append_text(out, ",\"why\":null,\"reasons\":[]");
        return;
    }
    buf_reset(why);
    (void)verdict_why(verdict_speaker(&o->found->verdict, kept),
                      o->feature_name, why);
    (void)buf_append_text(out, ",\"why\":");
    utf8_append_json(out, buf_text(why), why->length);
    (void)buf_append_text(out, ",\"reasons\":[");
    const char *between = "";
    for (uint32_t d = 0; d < o->found->detectors.count; d++) {
        const struct verdict_answer *a = &kept->answer[d];
        for (uint32_t i = 0; i < a->reason_count; i++, between = ",") {
            (void)buf_append_text(out, between);
            json_reason(o, d, &a->reason[i], out);
        }
    }
    (void)buf_append_char(out, ']');
}

static void json_clusters(const struct detect_result *r, uint32_t row,
                          struct buf *out)
{
    if (r->cluster == NULL || r->bin[row] == DETECT_NO_BIN)
        (void)buf_append_text(out, ",\"cluster\":null,\"core\":null");
    else
        (void)buf_printf(out, ",\"cluster\":%d,\"core\":%s", r->cluster[row],
                         r->core != NULL && r->core[row] != 0 ? "true"
                                                              : "false");
}

static void json_each(const struct score_detect *d, uint32_t row,
                      struct buf *out)
{
    (void)buf_printf(out, ",\"votes\":%u", count_votes(d, row));
    for (uint32_t i = 0; i < d->detectors.count; i++) {
        struct score_answer a = score_detect_answer(d, i, row);
        const char *name = d->detectors.ops[i]->name;
        (void)buf_printf(out, ",\"%s\":", name);
        if (isnan(a.score))
            (void)buf_append_text(out, "null");
        else
            put_fixed(out, a.severity, 4);
        (void)buf_printf(out, ",\"%s_score\":", name);
        put_score(out, a.score, "null");
    }
}

static void json_row(const struct score_output *o, uint32_t row,
                     struct buf *why, struct buf *out)
{
    const struct batch_input *b = &o->in->batch;
    const struct score_detect *d = o->found;
    uint32_t record = b->row_record[row];
    (void)buf_append_text(out, "{\"row\":");
    put_u64(out, record);
    (void)buf_append_text(out, ",\"line\":");
    put_u64(out, batch_record(b, record).line);
    if (has_key(o)) {
        struct text_view key = batch_key(b, row);
        (void)buf_append_text(out, ",\"key\":");
        utf8_append_json(out, key.text, key.length);
    }
    (void)buf_append_text(out, ",\"score\":");
    put_score(out, score_detect_score(d, row), "null");
    (void)buf_append_text(out, ",\"severity\":");
    put_fixed(out, score_detect_severity(d, row), 4);
    (void)buf_append_text(out, score_detect_flagged(d, row)
                                   ? ",\"flagged\":true"
                                   : ",\"flagged\":false");
    json_clusters(score_detect_clusters(d), row, out);
    if (d->detectors.count > 1)
        json_each(d, row, out);
    if (o->explain)
        json_why(o, kept_find(&d->verdict, row), why, out);
    (void)buf_append_text(out, "}\n");
}

/* ---- chunks ---- */

static int chunk_make(void *context, uint32_t index, uint32_t thread)
{
    struct writing *w = context;
    struct chunk *c = &w->chunk[index];
    struct buf why;
    (void)thread;
    buf_init(&why, CHUNK_BYTES_MAX);
    buf_reset(&c->text);
    for (uint32_t row = c->first; row < c->end; row++) {
        if (w->o->ndjson)
            json_row(w->o, row, &why, &c->text);
        else
            csv_row(w->o, row, &why, &c->text);
    }
    buf_release(&why);
    return c->text.err;
}

static int write_chunks(struct writing *w, uint32_t chunks, struct pool *pool)
{
    const struct score_output *o = w->o;
    uint32_t rows = o->in->batch.rows;
    for (uint32_t row = 0; row < rows && !ferror(o->file);) {
        uint32_t count = 0;
        for (; count < chunks && row < rows; count++) {
            struct chunk *c = &w->chunk[count];
            c->first = row;
            row = rows - row > CHUNK_ROWS ? row + CHUNK_ROWS : rows;
            c->end = row;
        }
        int err = pool_run(pool, count, chunk_make, w);
        if (err != 0)
            return err;
        for (uint32_t i = 0; i < count; i++)
            (void)fwrite(w->chunk[i].text.data, 1, w->chunk[i].text.length,
                         o->file);
    }
    return ERR_OK;
}

int score_output_write(struct score_output *o, struct pool *pool)
{
    uint32_t chunks = CHUNKS_PER_THREAD * pool_threads(pool);
    struct writing w = { .o = o };
    w.chunk = calloc(chunks, sizeof *w.chunk);
    if (w.chunk == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < chunks; i++)
        buf_init(&w.chunk[i].text, CHUNK_BYTES_MAX);
    if (!o->ndjson) {
        csv_head(o, &w.chunk[0].text);
        (void)fwrite(w.chunk[0].text.data, 1, w.chunk[0].text.length, o->file);
    }
    int err = write_chunks(&w, chunks, pool);
    for (uint32_t i = 0; i < chunks; i++)
        buf_release(&w.chunk[i].text);
    free(w.chunk);
    return err;
}
