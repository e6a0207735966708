/*
 * Labels against scores.
 */
#include "tools/fyke/score_label.h"

#include "engine/ingest/label.h"

#include <stdlib.h>
#include <string.h>

/* Higher is stranger. */
static uint64_t strangeness(const struct detect_result *r, uint32_t row)
{
    return r->order == DETECT_LOWER_STRANGER ? UINT32_MAX - r->score[row]
                                             : r->score[row];
}

/* Rows with a label and an answer. Returns how many. */
static uint64_t entries_fill(const struct batch_input *b,
                             const struct detect_result *r, uint64_t *entry)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < b->rows; i++)
        if (b->label[i] != LABEL_MISSING && r->bin[i] != DETECT_NO_BIN)
            entry[n++] = strangeness(r, i) << 1 | (b->label[i] != 0);
    return n;
}

/* The severities that the votes come to: their bits ascend with them. */
static uint64_t severities_fill(const struct batch_input *b,
                                const struct verdict *v, uint64_t *entry)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < b->rows; i++) {
        struct verdict_severity s = verdict_severity_of(v, i);
        double share = (double)s.below / (double)s.of;
        uint64_t bits;
        memcpy(&bits, &share, sizeof bits);
        if (b->label[i] != LABEL_MISSING && s.answered)
            entry[n++] = bits << 1 | (b->label[i] != 0);
    }
    return n;
}

int score_label_measure(const struct batch_input *b,
                        const struct score_detect *found,
                        struct labels_measured *ret_m)
{
    struct labels_measured m = { 0 };
    if (b->label == NULL) {
        *ret_m = m;
        return ERR_OK;
    }
    uint64_t *entry = malloc((b->rows + (size_t)1) * sizeof *entry);
    if (entry == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < b->rows; i++) {
        m.missing += b->label[i] == LABEL_MISSING;
        m.ordinary += b->label[i] == LABEL_ORDINARY;
        m.anomalies += b->label[i] == LABEL_ANOMALY;
    }
    m.detectors = found->detectors.count;
    for (uint32_t d = 0; d < m.detectors; d++) {
        m.name[d] = found->detectors.ops[d]->name;
        metrics_of_rows(entry, entries_fill(b, &found->run[d].result, entry),
                        &m.of[d]);
    }
    if (m.detectors > 1)
        metrics_of_rows(entry, severities_fill(b, &found->verdict, entry),
                        &m.severity);
    free(entry);
    *ret_m = m;
    return ERR_OK;
}
