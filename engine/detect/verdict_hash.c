/* One number for all that a batch's verdict says. */
#include "engine/detect/verdict_parts.h"

#include "proto/base/hash.h"

static uint64_t hash_reasons(uint64_t state, const struct verdict_answer *a)
{
    state = hash_fold(state, a->reason_count);
    for (uint32_t i = 0; i < a->reason_count; i++) {
        const struct detect_reason *r = &a->reason[i];
        state = hash_fold(state, r->feature);
        state = hash_bytes(state, &r->value, sizeof r->value);
        state = hash_bytes(state, &r->usual, sizeof r->usual);
        state = hash_bytes(state, &r->contribution, sizeof r->contribution);
        state = hash_bytes(state, &r->distance, sizeof r->distance);
        state = hash_fold(state, (uint64_t)r->direction + 1);
    }
    return state;
}

static uint64_t hash_row(uint64_t state, const struct verdict_row *row,
                         uint32_t runs)
{
    state = hash_fold(state, row->row);
    for (uint32_t d = 0; d < runs; d++) {
        state = hash_fold(state, row->answer[d].score);
        state = hash_fold(state, row->answer[d].below);
        state = hash_fold(state, row->answer[d].of);
    }
    state = hash_fold(state, row->flagged);
    state = hash_fold(state, row->votes);
    state = hash_fold(state, row->decider);
    for (uint32_t d = 0; d < runs; d++)
        state = hash_reasons(state, &row->answer[d]);
    return state;
}

/* Bins say which rows have an answer; scores say the rest of them. */
static uint64_t hash_result(uint64_t state, const struct detect_result *r,
                            uint32_t rows, uint64_t of)
{
    state = hash_fold(state, r->cols);
    state = hash_fold(state, r->trees);
    state = hash_fold(state, r->psi);
    state = hash_bytes(state, r->score, rows * sizeof *r->score);
    if (r->cluster != NULL) {
        state = hash_bytes(state, r->bin, rows * sizeof *r->bin);
        state = hash_bytes(state, r->cluster, rows * sizeof *r->cluster);
    }
    if (r->core != NULL)
        state = hash_bytes(state, r->core, rows * sizeof *r->core);
    return hash_fold(state, of);
}

static uint64_t hash_delta(uint64_t state, const struct verdict *v)
{
    const struct learn_delta *d = &v->delta;
    for (uint32_t i = 0; i < d->detector_count; i++) {
        const struct learn_counts *c = &d->detector[i];
        state = hash_fold(state, c->detector);
        state = hash_bytes(state, c->bin, c->bin_count * sizeof *c->bin);
        state = hash_bytes(state, c->count, c->bin_count * sizeof *c->count);
    }
    state = hash_bytes(state, v->recent_row,
                       d->recent.rows * sizeof *v->recent_row);
    return hash_bytes(state, d->recent.data,
                      (size_t)d->recent.rows * d->recent.cols *
                          sizeof *d->recent.data);
}

uint64_t verdict_hash(const struct verdict *v, const struct detect_run *run,
                      uint32_t runs)
{
    uint64_t state = hash_fold(v->rows, runs);
    for (uint32_t d = 0; d < runs; d++)
        state = hash_result(state, &run[d].result, v->rows, v->scale[d].of);
    state = hash_fold(state, v->flagged);
    for (uint32_t i = 0; i < v->kept; i++)
        state = hash_row(state, &v->row[i], runs);
    return hash_delta(state, v);
}
