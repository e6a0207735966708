/*
 * Verdicts to what the store keeps: quarantine, kept scores and ranges inside
 * the merge job, in the slot's arena; answers with their reasons and records
 * one by one while they are stored.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/text.h"
#include "proto/wire/iforest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define QUARANTINE_ROWS_MAX 1000u
#define QUARANTINE_TEXT_BYTES 4096u

static void fill_reasons(const struct engine *e, const struct verdict_row *v,
                         struct store_answer *a)
{
    a->reason_count = v->reason_count;
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct detect_reason *r = &v->reason[i];
        a->reason[i] = (struct store_reason){
            .feature = e->feature_name[r->feature],
            .value = (double)r->value,
            .usual = (double)r->usual,
            .direction = r->direction,
            .contribution = r->contribution,
        };
    }
}

/* One kept row, on the writer's thread while the batch is stored: what a
 * batch says takes memory for one row at a time, however many are flagged. */
static int make_answer(void *context, uint32_t kept, struct store_answer *a)
{
    struct slot *s = context;
    const struct engine *e = s->seal.engine;
    const struct verdict_row *v = &s->verdict.row[kept];
    uint32_t record = s->input.row_record[v->row];
    struct record_view view = batch_record(&s->input, record);
    struct text_view key = batch_key(&s->input, v->row);
    buf_reset(&s->why);
    buf_reset(&s->record);
    int rc = verdict_why(v, e->feature_name, &s->why);
    if (rc == 0)
        rc = record_to_json(e->schema, view.text, view.length, &s->record);
    *a = (struct store_answer){
        .row = record,
        .detector = e->detector->name,
        .time_ns = s->input.time_ns[v->row],
        .key = key.text,
        .key_bytes = key.length,
        .score_raw = v->score,
        .score = iforest_score(v->score, s->result.trees, s->result.psi),
        .below = v->below,
        .of = v->of,
        .reference_rows = s->verdict.reference_rows,
        .why = buf_text(&s->why),
        .record = buf_text(&s->record),
        .record_bytes = (uint32_t)s->record.length,
        .flagged = v->flagged,
        .byte = view.position,
        .line = view.line,
    };
    if (v->flagged) /* of near misses the line says enough */
        fill_reasons(e, v, a);
    return rc;
}

/* The first 1 000 bad records one by one, the rest as one range. */
static int build_quarantine(struct slot *s)
{
    const struct batch_input *b = &s->input;
    uint32_t bad = b->records - b->rows;
    uint32_t rows = bad < QUARANTINE_ROWS_MAX ? bad : QUARANTINE_ROWS_MAX + 1;
    struct store_quarantine *q = arena_alloc(&s->arena, rows, sizeof *q);
    if (q == NULL)
        return ERR_NOMEM;
    uint32_t n = 0, next_row = 0;
    for (uint32_t record = 0; record < b->records && bad > 0; record++) {
        if (next_row < b->rows && b->row_record[next_row] == record) {
            next_row++;
            continue;
        }
        if (n == QUARANTINE_ROWS_MAX + 1) {
            q[n - 1].records++;
            continue;
        }
        struct record_view view = batch_record(b, record);
        bool range = n == QUARANTINE_ROWS_MAX;
        uint32_t keep = view.length < QUARANTINE_TEXT_BYTES
                            ? view.length
                            : QUARANTINE_TEXT_BYTES;
        q[n++] = (struct store_quarantine){
            .row = record,
            .records = 1,
            .byte = view.position,
            .line = view.line,
            .length = view.length,
            .reason =
                range ? "more of this batch" : bad_reason_text(view.status),
            .text = (const char *)view.text,
            .text_bytes = keep,
        };
    }
    s->commit.quarantine = q;
    s->commit.quarantine_count = n;
    s->commit.rows_quarantined = bad;
    return 0;
}

static int build_scores(struct slot *s, uint32_t flag)
{
    const struct batch_input *b = &s->input;
    struct store_score *score = arena_alloc(&s->arena, b->rows, sizeof *score);
    if (score == NULL)
        return ERR_NOMEM;
    for (uint32_t row = 0; row < b->rows; row++) {
        struct text_view key = batch_key(b, row);
        uint64_t below = s->verdict.below_bin[s->result.bin[row]];
        uint64_t of = s->verdict.of;
        score[row] = (struct store_score){
            .row = b->row_record[row],
            .time_ns = b->time_ns[row],
            .key = key.text,
            .key_bytes = key.length,
            .score_raw = s->result.score[row],
            .score = iforest_score(s->result.score[row], s->result.trees,
                                   s->result.psi),
            .below = below,
            .of = of,
            .flagged = below * VERDICT_SEVERITY_ONE >= (uint64_t)flag * of,
        };
    }
    s->commit.score = score;
    s->commit.score_count = b->rows;
    return 0;
}

static int build_source(struct engine *e, struct slot *s)
{
    const struct batch_input *b = &s->input;
    struct fault fault = { 0 };
    if (e->intake.kind == SOURCE_FILE) {
        int rc = source_file_identify(&e->intake.file, b->to_position,
                                      &s->identity, &fault);
        if (rc != 0)
            return rc;
    }
    s->source = (struct store_source){
        .source = e->source_name,
        .partition = "0",
        .kind = e->intake.kind_name,
        .identity = buf_text(&s->identity),
        .position = b->to_position,
        .line = b->to_line,
        .open_end = b->open_end,
    };
    s->range = (struct store_range){
        .source = e->source_name,
        .partition = "0",
        .from_position = b->from_position,
        .to_position = b->to_position,
        .from_line = b->from_line,
        .records = b->records,
    };
    return 0;
}

int result_build(struct engine *e, struct slot *s)
{
    s->commit = (struct store_batch){
        .batch = s->batch,
        .state_batch = s->state_batch,
        .opened_ns = s->opened_ns,
        .cut_ns = s->cut_ns,
        .cut_reason = coord_reason_name(s->reason),
        .interval_us = s->interval_us,
        .records = s->input.records,
        .rows_scored = s->input.rows,
        .flag = s->judge.flag,
        .seed = e->detect.seed,
        .algorithm = e->detector->algorithm,
        .content_hash = s->input.content_hash,
        .result_hash = s->verdict.result_hash,
        .range = &s->range,
        .range_count = 1,
        .source = &s->source,
        .detector = e->detector->name,
        .answer_make = make_answer,
        .answer_context = s,
        .answer_count = s->verdict.kept,
        .rows_flagged = s->verdict.flagged,
        .delta = s->delta.data,
        .delta_bytes = s->delta.length,
    };
    int rc = build_source(e, s);
    if (rc == 0)
        rc = build_quarantine(s);
    if (rc == 0 && s->keep_scores && s->input.rows > 0)
        rc = build_scores(s, s->judge.flag);
    return rc;
}
