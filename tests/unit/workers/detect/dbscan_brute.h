/*
 * DBSCAN by its definition, for tests: every pair of points by the double sum
 * in column order.
 */
#ifndef FYKE_TEST_WORKERS_DETECT_DBSCAN_BRUTE_H
#define FYKE_TEST_WORKERS_DETECT_DBSCAN_BRUTE_H

#include "workers/detect/dbscan/index.h"

/* Quadratic. Memory from the arena; no memory fails the test. */
struct dbscan_output brute_cluster(const struct dbscan_input *in,
                                   struct arena *a);

/* Fails the test, saying `what`, unless both are equal in every element. */
void brute_compare(const struct dbscan_input *in,
                   const struct dbscan_output *want,
                   const struct dbscan_output *got, const char *what);

/* dbscan_cluster_by at each level that this CPU has, compared with `want`. */
void brute_check_levels(const struct dbscan_index_ops *index,
                        const struct dbscan_input *in,
                        const struct dbscan_output *want, struct arena *a,
                        const char *what);

#endif
