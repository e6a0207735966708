/*
 * What a verdict is made of. Internal to the room.
 */
#ifndef FYKE_DETECT_VERDICT_PARTS_H
#define FYKE_DETECT_VERDICT_PARTS_H

#include "engine/detect/verdict.h"

/*
 * The severities that rows of the batch have, as whole numbers: a row's level.
 * Rows of one level have one deciding detector and one severity, and severity
 * never falls from one level to the next. Of a detector alone that answers
 * every row, levels are its bins; else level 0 is "no answer" and the others
 * are the bins that have rows, of all detectors, in the order of severity.
 */
struct ladder {
    const uint32_t *level; /* per row */
    uint32_t levels;
    uint32_t first;         /* 1 when level 0 is "no answer" */
    uint32_t *own;          /* rows per level */
    const uint64_t *below;  /* severity per level: below / of its detector */
    const uint8_t *decider; /* per level; NULL: detector 0 decides all */
    uint32_t *bins[DETECT_MAX]; /* rows per bin of each detector */
};

/* Counts bins and fills v->scale. Memory from `arena`. */
FYKE_MUST_USE int ladder_make(const struct verdict_config *config,
                              const struct detect_run *run, uint32_t runs,
                              const struct learn_view *view,
                              struct arena *arena, struct verdict *v,
                              struct ladder *ret_l);

static inline uint32_t ladder_decider(const struct ladder *l, uint32_t level)
{
    return l->decider != NULL ? l->decider[level] : 0;
}

/* The first level whose severity reaches `limit`, l->levels if none does. */
uint32_t ladder_reach(const struct ladder *l, const struct verdict *v,
                      uint32_t limit);

/* Hash of every score, kept row, reason and of the delta. */
uint64_t verdict_hash(const struct verdict *v, const struct detect_run *run,
                      uint32_t runs);

#endif
