/*
 * Random deltas for the tests of learned state.
 */
#ifndef FYKE_TEST_LEARN_SUPPORT_H
#define FYKE_TEST_LEARN_SUPPORT_H

#include "engine/learn/learn.h"
#include "proto/base/rng.h"

#include <stdbool.h>

/* A delta of up to `rows_max` rows over a few bins of detector 1, 2 or both
 * (2 may have left some out), with up to `recent_max`
 * recent rows; memory from `a`. */
struct learn_delta support_delta(struct arena *a, struct rng *r,
                                 uint32_t rows_max, uint32_t cols,
                                 uint32_t recent_max);

/* The delta of `rows` rows in one bin of detector 1 and no recent rows. */
struct learn_delta support_one_bin(const uint32_t *bin, const uint32_t *rows);

/* A detector's reference, which is there. */
struct learn_reference support_reference(const struct learn_view *v,
                                         uint32_t detector);

/* Are the two states the same bytes? */
bool support_same(const struct learn *a, const struct learn *b);

#endif
