/*
 * What is usual in a column: the median and a robust spread, exact and in a
 * fixed order of operations. Internal to the room.
 *
 * Median   the lower of the two middle values when their number is even, so
 *          that it is a value that occurred.
 * Spread   in units of a normal distribution's standard deviation, the first
 *          of these that is above 0: 1.4826 x median |x - median|; distance of
 *          the 5 % and 95 % quantiles / 3.2897; 1.2533 x mean |x - median|.
 *          0 = constant.
 * Missing  left out; NaN for both when nothing is left.
 */
#ifndef FYKE_DETECT_USUAL_H
#define FYKE_DETECT_USUAL_H

#include <stdint.h>

/* Unsigned words in the order of the values (not NaN). */
uint32_t usual_key(float value);

/* The k-th smallest (from 0) of n keys. `scratch` has room for n words. */
uint32_t usual_select(const uint32_t *keys, uint32_t n, uint32_t k,
                      uint32_t *scratch);

/* `x` has n values and is overwritten; `scratch` has room for 2 n words. */
void usual_column(float *x, uint32_t n, uint32_t *scratch, float *ret_usual,
                  float *ret_spread);

#endif
