/*
 * The learned state's inside. Internal to the room.
 */
#ifndef FYKE_LEARN_STATE_H
#define FYKE_LEARN_STATE_H

#include "engine/learn/learn.h"
#include "engine/learn/recent.h"

#include <stdbool.h>

struct learn_segment {
    uint64_t rows;
    uint32_t count[LEARN_BINS];
};

struct learn {
    uint64_t batch;
    uint64_t rows;              /* over all segments */
    uint32_t first, closed;     /* ring of closed segments */
    uint32_t total[LEARN_BINS]; /* sum over all segments */
    struct learn_segment segment[LEARN_SEGMENTS];
    struct learn_segment open;
    struct recent recent;
};

/* A copy of its own. Errors: ERR_NOMEM. */
FYKE_MUST_USE int learn_clone(const struct learn *l, struct learn **ret_l);

/* May `d` be applied to a state with these columns? */
bool learn_delta_fits(const struct learn *l, const struct learn_delta *d);

#endif
