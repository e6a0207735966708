/*
 * The time column's text as nanoseconds since 1970 UTC.
 */
#ifndef FYKE_INGEST_ROW_TIME_H
#define FYKE_INGEST_ROW_TIME_H

#include "engine/ingest/schema.h"

/* Reads trimmed, non-missing text. `format` belongs to TIME_FORMAT.
 * Errors: ERR_INVALID, ERR_RANGE. */
FYKE_MUST_USE int row_time_parse(enum time_kind kind, const char *format,
                                 const char *text, size_t n, int64_t *ret_ns);

/* The epoch unit in which `x` lies between 2000 and 2100, else TIME_NONE. */
enum time_kind row_time_epoch_unit(double x);

/* iso, s, ms, us, ns or a strptime-like format; TIME_NONE if unusable. */
enum time_kind row_time_kind_named(const char *word);

#endif
