/*
 * How well committed answers agree with --label: rows counted by label and
 * histogram bin, of each detector and, with several, of the severity that
 * their votes come to.
 *
 * Resolution   a detector's score in the LEARN_BINS bins of its reference
 *              (forest: 1/8192 of the expected path; dbscan: 1/1024 of a
 *              doubling of the distance), severity in 0.001. Rows of one bin
 *              count as equal.
 * Repeat       sums of counts: the same whatever the cuts and the order.
 */
#ifndef FYKE_SHELL_LABELS_H
#define FYKE_SHELL_LABELS_H

#include "engine/detect/verdict.h"
#include "engine/ingest/batch.h"
#include "engine/learn/metrics.h"

struct labels {
    uint32_t detectors; /* 0: there is no label */
    struct metrics_bins of[DETECT_MAX];
    struct metrics_bins severity; /* of several detectors */
    uint64_t anomalies, ordinary, missing;
};

/* What was counted so far. */
struct labels_measured {
    uint32_t detectors;
    const char *name[DETECT_MAX];
    struct metrics of[DETECT_MAX];
    struct metrics severity;               /* of several detectors */
    uint64_t anomalies, ordinary, missing; /* labels, with or without answer */
};

/* Errors: ERR_NOMEM; release it then too. */
FYKE_MUST_USE int labels_init(struct labels *l, uint32_t detectors);
void labels_release(struct labels *l);
/* A batch with labels is committed; its runs are still open. */
void labels_add(struct labels *l, const struct batch_input *b,
                const struct detect_run *run, const struct verdict *v);
/* `detectors` is 0 when there is no label. */
void labels_measure(const struct labels *l, const struct detect_set *set,
                    struct labels_measured *ret_m);

#endif
