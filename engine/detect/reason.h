/*
 * Reasons by robust distance: |value - usual| / spread per feature, all in
 * double and in a fixed order. A missing value, a value that equals the usual
 * and a feature without a usual give none. Internal to the room.
 */
#ifndef FYKE_DETECT_REASON_H
#define FYKE_DETECT_REASON_H

#include "engine/detect/detect.h"

/* The features of a row that are furthest from the usual, at most `max`, ties:
 * the lower feature first. Returns how many. */
uint32_t reasons_find(const struct matrix *rows, uint32_t row,
                      const float *usual, const float *spread,
                      struct detect_reason *ret_reason, uint32_t max);

#endif
