/*
 * Records as text, fast: numbers with a fixed count of decimals, time with a
 * remembered day.
 */
#ifndef FYKE_GEN_LINE_H
#define FYKE_GEN_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_NUMBER_BYTES 24u /* of the longest number */
#define LINE_TIME_BYTES 24u   /* "2026-01-01 00:00:00.000" */

/* What was written last: most times share their day or second. */
struct line_time {
    int64_t second; /* since 1970, INT64_MIN = none yet */
    char text[LINE_TIME_BYTES];
};

void line_time_init(struct line_time *t);

/* These append at `p` and return the end. Not NUL-terminated. */

/* |x| < 1e12, `decimals` 0..4, rounded to nearest. */
char *line_number(char *p, double x, unsigned decimals);
char *line_whole(char *p, uint64_t n);
/* With zeros in front up to `digits`. */
char *line_padded(char *p, uint64_t n, unsigned digits);
/* With milliseconds if `ms`. */
char *line_stamp(struct line_time *t, char *p, int64_t time_ns, bool ms);
char *line_text(char *p, const char *text);

#endif
