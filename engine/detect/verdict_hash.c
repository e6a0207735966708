/* One number for all that a batch's verdict says. */
#include "engine/detect/verdict_parts.h"

#include "proto/base/hash.h"

static uint64_t hash_reason(uint64_t state, const struct detect_reason *r)
{
    state = hash_fold(state, r->feature);
    state = hash_bytes(state, &r->value, sizeof r->value);
    state = hash_bytes(state, &r->usual, sizeof r->usual);
    state = hash_bytes(state, &r->distance, sizeof r->distance);
    return hash_fold(state, r->direction > 0);
}

static uint64_t hash_row(uint64_t state, const struct verdict_row *row)
{
    state = hash_fold(state, row->row);
    state = hash_fold(state, row->score);
    state = hash_fold(state, row->below);
    state = hash_fold(state, row->of);
    state = hash_fold(state, row->flagged);
    state = hash_fold(state, row->reason_count);
    for (uint32_t i = 0; i < row->reason_count; i++)
        state = hash_reason(state, &row->reason[i]);
    return state;
}

uint64_t verdict_hash(const struct verdict *v,
                      const struct detect_result *result)
{
    uint64_t state = hash_fold(v->rows, result->cols);
    state = hash_fold(state, result->trees);
    state = hash_fold(state, result->psi);
    state = hash_bytes(state, result->score, v->rows * sizeof *result->score);
    state = hash_fold(state, v->of);
    state = hash_fold(state, v->flagged);
    for (uint32_t i = 0; i < v->kept; i++)
        state = hash_row(state, &v->row[i]);
    state = hash_bytes(state, v->bin, v->bin_count * sizeof *v->bin);
    state = hash_bytes(state, v->bin_rows, v->bin_count * sizeof *v->bin_rows);
    state = hash_bytes(state, v->recent_row,
                       v->recent_count * sizeof *v->recent_row);
    return hash_bytes(state, v->recent_data,
                      (size_t)v->recent_count * result->cols *
                          sizeof *v->recent_data);
}
