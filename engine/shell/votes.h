/*
 * Who found what was flagged: flagged rows by the detectors that voted for
 * them.
 */
#ifndef FYKE_SHELL_VOTES_H
#define FYKE_SHELL_VOTES_H

#include "engine/detect/set.h"
#include "proto/base/buf.h"

struct verdict;

struct votes_tally {
    uint32_t detectors;
    const char *name[DETECT_MAX];
    uint64_t rows[DETECT_MAX]; /* that this one voted for */
    uint64_t all;              /* that every one voted for */
};

/* Nothing counted yet. */
struct votes_tally votes_tally_of(const struct detect_set *set);
void votes_add(struct votes_tally *t, const struct verdict *v);
/* "37 by iforest, 12 by dbscan, 8 by both". Errors: those of `out`. */
int votes_put(const struct votes_tally *t, struct buf *out);

#endif
