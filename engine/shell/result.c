/*
 * Verdicts to what the store keeps: quarantine, kept scores and ranges inside
 * the merge job, in the slot's arena; answers with their reasons and records
 * one by one while they are stored.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/text.h"

#include <stdio.h>
#include <string.h>

#define QUARANTINE_ROWS_MAX 1000u
#define QUARANTINE_TEXT_BYTES 4096u

static uint32_t fill_reasons(const struct engine *e,
                             const struct verdict_answer *v,
                             struct store_reason *ret_reason)
{
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct detect_reason *r = &v->reason[i];
        ret_reason[i] = (struct store_reason){
            .feature = e->feature_name[r->feature],
            .value = (double)r->value,
            .usual = (double)r->usual,
            .direction = r->direction,
            .contribution = r->contribution,
        };
    }
    return v->reason_count;
}

static struct store_place place_of(const struct detect_result *r, uint32_t row)
{
    return (struct store_place){
        .clustered = r->cluster != NULL,
        .cluster = r->cluster != NULL ? r->cluster[row] : 0,
        .core = r->core != NULL && r->core[row] != 0,
    };
}

/* What the detectors say that answered and do not decide. */
static void fill_opinions(const struct slot *s, const struct verdict_row *v,
                          struct store_answer *a)
{
    const struct engine *e = s->seal.engine;
    for (uint32_t d = 0; d < s->verdict.detectors; d++) {
        const struct verdict_answer *said = &v->answer[d];
        const struct detect_run *run = &s->run[d];
        if (d == v->decider || !said->answered)
            continue;
        struct store_opinion *o = &a->opinion[a->opinion_count++];
        *o = (struct store_opinion){
            .detector = run->ops->name,
            .score_raw = said->score,
            .score = run->ops->score(&run->result, v->row),
            .below = said->below,
            .of = said->of,
            .reference_rows = s->verdict.scale[d].reference_rows,
            .place = place_of(&run->result, v->row),
        };
        if (v->flagged)
            o->reason_count = fill_reasons(e, said, o->reason);
    }
}

/* One kept row, on the writer's thread while the batch is stored: what a
 * batch says takes memory for one row at a time, however many are flagged. */
static int make_answer(void *context, uint32_t kept, struct store_answer *a)
{
    struct slot *s = context;
    const struct engine *e = s->seal.engine;
    const struct verdict_row *v = &s->verdict.row[kept];
    const struct verdict_answer *said = &v->answer[v->decider];
    const struct detect_run *run = &s->run[v->decider];
    uint32_t record = s->input.row_record[v->row];
    struct record_view view = batch_record(&s->input, record);
    struct text_view key = batch_key(&s->input, v->row);
    buf_reset(&s->why);
    buf_reset(&s->record);
    int rc =
        verdict_why(verdict_speaker(&s->verdict, v), e->feature_name, &s->why);
    if (rc == 0)
        rc = record_to_json(e->schema, view.text, view.length, &s->record);
    *a = (struct store_answer){
        .row = record,
        .votes = v->votes,
        .detector = run->ops->name,
        .time_ns = s->input.time_ns[v->row],
        .key = key.text,
        .key_bytes = key.length,
        .score_raw = said->score,
        .score = run->ops->score(&run->result, v->row),
        .below = said->below,
        .of = said->of,
        .reference_rows = s->verdict.scale[v->decider].reference_rows,
        .place = place_of(&run->result, v->row),
        .why = buf_text(&s->why),
        .record = buf_text(&s->record),
        .record_bytes = (uint32_t)s->record.length,
        .flagged = v->flagged,
        .byte = view.position,
        .line = view.line,
    };
    if (v->flagged) /* of near misses the line says enough */
        a->reason_count = fill_reasons(e, said, a->reason);
    fill_opinions(s, v, a);
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

/* Every answer of one detector. */
static void fill_scores(struct slot *s, uint32_t detector,
                        struct store_score *score, uint32_t *count)
{
    const struct batch_input *b = &s->input;
    const struct detect_run *run = &s->run[detector];
    const struct verdict_scale *scale = &s->verdict.scale[detector];
    for (uint32_t row = 0; row < b->rows; row++) {
        struct text_view key = batch_key(b, row);
        uint32_t bin = run->result.bin[row];
        if (bin == DETECT_NO_BIN)
            continue;
        uint64_t below = scale->below_bin[bin];
        score[(*count)++] = (struct store_score){
            .row = b->row_record[row],
            .detector = run->ops->name,
            .time_ns = b->time_ns[row],
            .key = key.text,
            .key_bytes = key.length,
            .score_raw = run->result.score[row],
            .score = run->ops->score(&run->result, row),
            .below = below,
            .of = scale->of,
            .flagged = verdict_reaches(below, scale->of, s->judge.flag),
            .place = place_of(&run->result, row),
        };
    }
}

static int build_scores(struct slot *s)
{
    uint32_t detectors = s->verdict.detectors, count = 0;
    struct store_score *score = arena_alloc(
        &s->arena, (size_t)s->input.rows * detectors, sizeof *score);
    if (score == NULL)
        return ERR_NOMEM;
    for (uint32_t d = 0; d < detectors; d++)
        fill_scores(s, d, score, &count);
    s->commit.score = score;
    s->commit.score_count = count;
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
        .votes = s->judge.votes,
        .seed = e->detect.seed,
        .algorithm = detect_set_algorithm(&e->detectors),
        .content_hash = s->input.content_hash,
        .result_hash = s->verdict.result_hash,
        .range = &s->range,
        .range_count = 1,
        .source = &s->source,
        .detector = e->detector_names,
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
        rc = build_scores(s);
    return rc;
}
