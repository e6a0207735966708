/*
 * Text people type and read: durations, sizes, numbers, nearest words.
 *
 * Durations   `250ms`, `2s`, `1m30s`, `1h`, `500us`: a unit is required.
 * Sizes       `64MiB`, `4GiB`, `64KiB`, `1000B`, also `64MB` (10^6).
 */
#ifndef FYKE_BASE_TEXT_H
#define FYKE_BASE_TEXT_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parses a whole text as a duration in microseconds. Units d h m s ms us,
 * larger ones first; the last number may have a fraction (below a microsecond
 * it is cut off, but never to nothing).
 * Errors: ERR_INVALID (no unit, unknown unit, not a number), ERR_RANGE. */
FYKE_MUST_USE int text_parse_duration_us(const char *text, int64_t *ret_us);

/* Parses a whole text as bytes, units without case. Errors as above. */
FYKE_MUST_USE int text_parse_bytes(const char *text, uint64_t *ret_bytes);

/* Parses a whole text as a decimal unsigned integer. */
FYKE_MUST_USE int text_parse_u64(const char *text, uint64_t *ret_value);

/* Parses a whole text as a finite decimal number, independent of locale. */
FYKE_MUST_USE int text_parse_f64(const char *text, double *ret_value);

/* "250ms", "1.5s", "1m30s": the shortest exact form. Returns `out`. */
const char *text_duration(int64_t us, char *out, size_t out_bytes);

/* "64MiB", "1.5GiB", "512B": exact, as it would be typed. Returns `out`. */
const char *text_bytes(uint64_t bytes, char *out, size_t out_bytes);

/* "2.2 MB", "117 MB", "512 B": decimal units, rounded, for people. */
const char *text_bytes_rough(uint64_t bytes, char *out, size_t out_bytes);

/* A count with thin groups for people: 23430 -> "23 430". Returns `out`. */
const char *text_count(uint64_t n, char *out, size_t out_bytes);

/* A measurement for people in at most five significant digits, two or three
 * with SI letters from 10 000 up: 762.15, 0.004, 1234, 12k, 1.2M. The same on
 * every machine and in every locale. Returns `out`. */
const char *text_number(double x, char *out, size_t out_bytes);

/* The shortest of 15 to 17 digits that reads back as the same double, for
 * machines (CSV, JSON): 0.1, 1e+30, -0 as 0. In any locale. Needs 32 bytes.
 * "nan", "inf", "-inf" for what is no number. Returns `out`. */
const char *text_f64(double x, char *out, size_t out_bytes);

/* The candidate nearest to `word` by edit distance, or NULL when none is
 * near enough to be meant. `candidates` has `count` entries. */
const char *text_nearest(const char *word, const char *const *candidates,
                         size_t count);

/* ASCII comparison without case. */
bool text_equal_nocase(const char *a, const char *b);

/* Shell-like pattern match with '*' only, without case: `*_id`. */
bool text_match_nocase(const char *pattern, const char *text);

/* What is behind the last slash of a path. */
const char *text_base_name(const char *path);

/* Length of the valid UTF-8 sequence at `p` (1..4), 0 if invalid. */
unsigned text_utf8_length(const uint8_t *p, size_t n);

/* For one line of a log or a table: each control byte and each byte that is no
 * UTF-8 becomes '?'. */
void text_clean(char *text);

#endif
