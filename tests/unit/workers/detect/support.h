/*
 * What the tests of the worker's isolation forest share: pseudo-random
 * matrices, tasks run through their payloads, and a second, plain way to score
 * a forest.
 */
#ifndef FYKE_TEST_WORKERS_DETECT_SUPPORT_H
#define FYKE_TEST_WORKERS_DETECT_SUPPORT_H

#include "proto/base/arena.h"
#include "proto/wire/iforest.h"
#include "workers/detect/compute.h"

#include <stdint.h>

/* rows x cols of mixed columns (wide, narrow, tied), a share of them missing;
 * the same for the same seed, whatever the number of rows asked for before. */
struct matrix support_matrix(struct arena *a, uint64_t seed, uint32_t rows,
                             uint32_t cols, double missing);

/* Sums of a fused task. */
const uint32_t *support_fit_score(struct arena *a, const struct matrix *rows,
                                  const struct matrix *recent, uint64_t seed,
                                  uint32_t trees, uint32_t psi);

/* The forest of one FIT task over trees [first, first + count), sampled from
 * all of `rows`. */
struct iforest_forest support_fit(struct arena *a, const struct matrix *rows,
                                  uint64_t seed, uint32_t first, uint32_t count,
                                  uint32_t psi);
struct iforest_forest support_fit_extended(struct arena *a,
                                           const struct matrix *rows,
                                           uint64_t seed, uint32_t first,
                                           uint32_t count, uint32_t psi,
                                           uint32_t extension);

/* What an inner node compares with its threshold; NaN: missing. */
double support_value(const struct iforest_forest *f, uint32_t node,
                     const struct matrix *rows, uint32_t row);

/* Sums of `rows` under a forest, by model and SCORE task. */
const uint32_t *support_score(struct arena *a, const struct iforest_forest *f,
                              const struct matrix *rows);

/* The same with the kernels of a level. */
const uint32_t *support_score_at(struct arena *a, enum isa isa,
                                 const struct iforest_forest *f,
                                 const struct matrix *rows);

/* The sum of one row, by following the forest's definition node by node. */
uint32_t support_path_sum(const struct iforest_forest *f,
                          const struct matrix *rows, uint32_t row);

#endif
