/*
 * Reasons in order. Internal to the room.
 */
#ifndef FYKE_DETECT_REASON_H
#define FYKE_DETECT_REASON_H

#include "engine/detect/detect.h"

/* Adds a reason to the `count` that are there: the largest contributions
 * first, ties in the order of coming. Only the `max` largest stay. */
void reason_add(struct detect_reason *reason, uint32_t max, uint32_t *count,
                const struct detect_reason *r);

#endif
