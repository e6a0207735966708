/*
 * What is said of DBSCAN's results beyond the table of detectors.
 */
#ifndef FYKE_DETECT_DBSCAN_H
#define FYKE_DETECT_DBSCAN_H

#include "engine/detect/detect.h"
#include "proto/base/buf.h"

/* The most rows that a batch may have so that each of its tasks fits a
 * message, whatever its values are. */
uint64_t dbscan_rows_max(const struct detect_config *c, uint32_t cols);

/* What distances were measured with, for people: "eps 0.42 (auto: knee of the
 * 10-distance curve over 1024 of 38252 rows, 94.1 % of them within it)". The
 * result is DBSCAN's. Errors: those of `out`. */
int dbscan_why_eps(const struct detect_result *r, struct buf *out);

#endif
