/*
 * What a verdict is made of. Internal to the room.
 */
#ifndef FYKE_DETECT_VERDICT_PARTS_H
#define FYKE_DETECT_VERDICT_PARTS_H

#include "engine/detect/verdict.h"

/* Hash of every score, kept row, reason and of the delta. */
uint64_t verdict_hash(const struct verdict *v,
                      const struct detect_result *result);

#endif
