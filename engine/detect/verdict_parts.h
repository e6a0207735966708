/*
 * What a verdict is made of. Internal to the room.
 */
#ifndef FYKE_DETECT_VERDICT_PARTS_H
#define FYKE_DETECT_VERDICT_PARTS_H

#include "engine/detect/verdict.h"

/* The VERDICT_REASONS features of a row that are furthest from the usual. */
void reasons_find(const struct matrix *rows, uint32_t row, const float *usual,
                  const float *spread, struct verdict_row *ret_row);

/* Hash of every score, kept row, reason and of the delta. */
uint64_t verdict_hash(const struct verdict *v,
                      const struct detect_result *result);

#endif
