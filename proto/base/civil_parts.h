/*
 * A civil time in pieces, between the parsers of civil.h and the arithmetic.
 * Internal to proto/base.
 */
#ifndef FYKE_BASE_CIVIL_PARTS_H
#define FYKE_BASE_CIVIL_PARTS_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CIVIL_NS_PER_SECOND INT64_C(1000000000)
#define CIVIL_YEAR_MIN 1678u
#define CIVIL_YEAR_MAX 2261u

struct civil_parts {
    unsigned year, month, day;
    unsigned day_of_year; /* 1..366 replaces month and day, 0 = unused */
    unsigned hour, minute, second;
    uint32_t nanosecond;
    int32_t zone_seconds; /* east of UTC */
};

/* Checks every piece against the calendar. Errors: ERR_RANGE. */
FYKE_MUST_USE int civil_parts_to_ns(const struct civil_parts *c,
                                    int64_t *ret_ns);

/* Reads the digits behind a decimal point, as nanoseconds (further digits are
 * cut off). Returns how many digits there were. */
size_t civil_read_fraction(const char *p, size_t n, uint32_t *ret_nanosecond);

/* Reads Z, +HH:MM, +HHMM or +HH. Returns the bytes used, 0 for none. */
size_t civil_read_zone(const char *p, size_t n, int32_t *ret_seconds);

#endif
