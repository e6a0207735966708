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

/* What one detector has seen. */
struct learn_ring {
    uint32_t detector;
    uint64_t rows;              /* over all segments */
    uint32_t first, closed;     /* ring of closed segments */
    uint32_t total[LEARN_BINS]; /* sum over all segments */
    struct learn_segment segment[LEARN_SEGMENTS];
    struct learn_segment open;
};

struct learn {
    uint64_t batch;
    uint32_t ring_count;
    struct learn_ring *ring[LEARN_DETECTORS_MAX]; /* by number */
    struct recent recent;
};

/* A copy of its own. Errors: ERR_NOMEM. */
FYKE_MUST_USE int learn_clone(const struct learn *l, struct learn **ret_l);

/* May `d` be applied to a state with these columns? */
bool learn_delta_fits(const struct learn *l, const struct learn_delta *d);

/* The ring of a detector, an empty one if there was none. Errors: ERR_NOMEM;
 * ERR_INVALID: there are LEARN_DETECTORS_MAX others. */
FYKE_MUST_USE int learn_ring_of(struct learn *l, uint32_t detector,
                                struct learn_ring **ret_ring);

#endif
