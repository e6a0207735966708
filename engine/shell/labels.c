#include "engine/shell/labels.h"

#include "engine/ingest/label.h"

#include <string.h>

#define SEVERITY_BINS 100001u /* 0.001 each */

int labels_init(struct labels *l, uint32_t detectors)
{
    int rc = 0;
    memset(l, 0, sizeof *l);
    for (uint32_t d = 0; rc == 0 && d < detectors; d++)
        rc = metrics_bins_init(&l->of[d], LEARN_BINS);
    if (rc == 0 && detectors > 1)
        rc = metrics_bins_init(&l->severity, SEVERITY_BINS);
    l->detectors = detectors;
    return rc;
}

void labels_release(struct labels *l)
{
    for (uint32_t d = 0; d < DETECT_MAX; d++)
        metrics_bins_release(&l->of[d]);
    metrics_bins_release(&l->severity);
    memset(l, 0, sizeof *l);
}

static void count_severity(struct labels *l, const struct verdict *v,
                           uint32_t row, int is_anomaly)
{
    struct verdict_severity s = verdict_severity_of(v, row);
    if (s.answered)
        metrics_bins_add(&l->severity,
                         (uint32_t)(s.below * (SEVERITY_BINS - 1) / s.of),
                         is_anomaly);
}

void labels_add(struct labels *l, const struct batch_input *b,
                const struct detect_run *run, const struct verdict *v)
{
    for (uint32_t i = 0; l->detectors > 0 && i < b->rows; i++) {
        int8_t label = b->label[i];
        l->missing += label == LABEL_MISSING;
        l->ordinary += label == LABEL_ORDINARY;
        l->anomalies += label == LABEL_ANOMALY;
        if (label == LABEL_MISSING)
            continue;
        for (uint32_t d = 0; d < l->detectors; d++)
            if (run[d].result.bin[i] != DETECT_NO_BIN)
                metrics_bins_add(&l->of[d], run[d].result.bin[i], label);
        if (l->detectors > 1)
            count_severity(l, v, i, label);
    }
}

void labels_measure(const struct labels *l, const struct detect_set *set,
                    struct labels_measured *ret_m)
{
    *ret_m = (struct labels_measured){ .detectors = l->detectors,
                                       .anomalies = l->anomalies,
                                       .ordinary = l->ordinary,
                                       .missing = l->missing };
    for (uint32_t d = 0; d < l->detectors; d++) {
        ret_m->name[d] = set->ops[d]->name;
        metrics_of_bins(&l->of[d], &ret_m->of[d]);
    }
    if (l->detectors > 1)
        metrics_of_bins(&l->severity, &ret_m->severity);
}
