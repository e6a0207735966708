/*
 * Civil time in UTC without a clock or a time-zone database.
 *
 * Units    nanoseconds since 1970-01-01T00:00:00Z in int64 (1678..2261).
 */
#ifndef FYKE_BASE_CIVIL_H
#define FYKE_BASE_CIVIL_H

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define CIVIL_NONE INT64_MIN /* no time */

/* Parses ISO 8601: `YYYY-MM-DD`, then optionally space or T and `HH:MM`
 * `[:SS[.fraction]]` and a zone `Z`, `+HH:MM`, `+HHMM`, `+HH`, which may
 * follow a space. No zone means UTC. Digits below a nanosecond are cut off;
 * second 60 is the first moment of the next minute. The whole text must match.
 * Errors: ERR_INVALID (not of this form), ERR_RANGE (no such date or time, or
 * a year outside 1678..2261). */
FYKE_MUST_USE int civil_parse_iso(const char *text, size_t n, int64_t *ret_ns);

/* Parses by a strptime-like format of the directives %Y %m %d %H %M %S %f
 * %y %b %z %j %s %%, other characters literal, a space matching any run of
 * blanks. Numbers may leave out leading zeros; %f is any number of digits
 * behind a point; %b an English month name; %j replaces month and day; %s
 * seconds since 1970. `format` is NUL-terminated. Errors as above. */
FYKE_MUST_USE int civil_parse_format(const char *text, size_t n,
                                     const char *format, int64_t *ret_ns);

/* Checks a format for civil_parse_format: 0, or ERR_INVALID for an unknown
 * directive or one without %Y, %y or %s (a time without a year is none). */
FYKE_MUST_USE int civil_check_format(const char *format);

/* `YYYY-MM-DD HH:MM:SS.SSS`, rounded down, "" for CIVIL_NONE; needs 24 bytes.
 * Returns `out`. */
const char *civil_format_ms(int64_t ns, char *out, size_t out_bytes);

#endif
