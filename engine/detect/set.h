/*
 * The detectors of one stream, and one batch in the hands of each.
 *
 * Order    that of the table of detectors, whatever order they were named in:
 *          their answers, their votes and what is stored stand in it.
 */
#ifndef FYKE_DETECT_SET_H
#define FYKE_DETECT_SET_H

#include "engine/detect/detect.h"
#include "proto/base/buf.h"

#define DETECT_MAX 4u /* detectors of one stream */

struct detect_set {
    uint32_t count;
    const struct detect_ops *ops[DETECT_MAX];
};

/* By name, each once however often it is named. Errors: ERR_USAGE with a fault
 * that says the nearest right name. */
FYKE_MUST_USE int detect_set_of(const char *const *names, uint32_t count,
                                struct detect_set *ret_set,
                                struct fault *fault);
/* The same from a text as detect_set_put writes it. */
FYKE_MUST_USE int detect_set_parse(const char *text, struct detect_set *ret_set,
                                   struct fault *fault);
/* "iforest,dbscan". Errors: those of `out`. */
int detect_set_put(const struct detect_set *set, struct buf *out);

/* How many votes flag a row: "any" is one, "all" one of each detector, a
 * number itself. Errors: ERR_USAGE when that is more than there are
 * detectors, with a fault that says what goes. */
FYKE_MUST_USE int detect_set_votes(const struct detect_set *set,
                                   const char *votes, uint32_t *ret_votes,
                                   struct fault *fault);

/* Every detector's check. */
FYKE_MUST_USE int detect_set_check(const struct detect_set *set,
                                   const struct detect_config *c, uint32_t cols,
                                   struct fault *fault);
/* The most recent rows that one of them wants. */
uint32_t detect_set_recent_rows(const struct detect_set *set,
                                const struct detect_config *c);
/* One number for the versions of all their numbers; of a detector alone its
 * own. */
uint32_t detect_set_algorithm(const struct detect_set *set);

/* One detector's work on a batch. Without rows there is no state and the
 * result is empty. */
struct detect_run {
    const struct detect_ops *ops;
    struct plan plan;
    struct detect_state *state;
    struct detect_result result; /* after merge */
};

#endif
