/*
 * Decimal text of doubles, independent of the locale: the digits come from
 * printf, which rounds exactly; where the point goes is decided here.
 */
#include "proto/base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_DIGITS 5   /* of a measurement */
#define NUMBER_SI_POWER 4 /* SI letters from 10^4 on */
#define F64_DIGITS_MIN 15 /* every decimal of so many digits survives */
#define F64_DIGITS_MAX 17 /* every double survives */

struct decimal {
    char digits[F64_DIGITS_MAX + 1]; /* d1 d2 d3 ...: d1.d2d3 * 10^power */
    int power;
};

/* Rounds |x| to `count` digits. */
static void decimal_round(struct decimal *d, double x, int count)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%.*e", count - 1, fabs(x));
    int n = 0;
    const char *p = text;
    memset(d, 0, sizeof *d);
    for (; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && n < count)
            d->digits[n++] = *p;
    d->power = atoi(p + 1);
}

static void decimal_trim(struct decimal *d)
{
    size_t n = strlen(d->digits);
    while (n > 1 && d->digits[n - 1] == '0')
        d->digits[--n] = 0;
}

/* Digits with the point behind the first `before` of them (may be <= 0). */
static void decimal_layout(const struct decimal *d, int before, char *out,
                           size_t out_bytes)
{
    int n = (int)strlen(d->digits);
    if (before <= 0)
        (void)snprintf(out, out_bytes, "0.%.*s%s", -before, "0000000000000000",
                       d->digits);
    else if (n <= before)
        (void)snprintf(out, out_bytes, "%s%.*s", d->digits, before - n,
                       "00000000000000000000");
    else
        (void)snprintf(out, out_bytes, "%.*s.%s", before, d->digits,
                       d->digits + before);
}

static void decimal_scientific(const struct decimal *d, char *out,
                               size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "%.1s%s%se%c%02d", d->digits,
                   d->digits[1] != 0 ? "." : "", d->digits + 1,
                   d->power < 0 ? '-' : '+', abs(d->power));
}

/* Handles what has no digits; true when `out` is done. */
static bool number_special(double x, char *out, size_t out_bytes)
{
    const char *text = NULL;
    if (isnan(x))
        text = "nan";
    else if (isinf(x))
        text = x < 0 ? "-inf" : "inf";
    else if (x == 0)
        text = "0";
    if (text == NULL)
        return false;
    (void)snprintf(out, out_bytes, "%s", text);
    return true;
}

const char *text_number(double x, char *out, size_t out_bytes)
{
    if (number_special(x, out, out_bytes))
        return out;
    struct decimal d;
    decimal_round(&d, x, NUMBER_DIGITS);
    char text[64];
    int power = d.power;
    if (power >= NUMBER_SI_POWER && power < 21) {
        /* 12k, 123k, 1.2M: two digits, three before the next letter. */
        decimal_round(&d, x, power % 3 == 2 ? 3 : 2);
        power = d.power;
    }
    decimal_trim(&d);
    if (power < -4 || power >= 21) {
        decimal_scientific(&d, text, sizeof text);
    } else if (power < NUMBER_SI_POWER) {
        decimal_layout(&d, power + 1, text, sizeof text);
    } else {
        decimal_layout(&d, power % 3 + 1, text, sizeof text - 1);
        size_t n = strlen(text);
        text[n] = "kMGTPE"[power / 3 - 1];
        text[n + 1] = 0;
    }
    (void)snprintf(out, out_bytes, "%s%s", x < 0 ? "-" : "", text);
    return out;
}

const char *text_f64(double x, char *out, size_t out_bytes)
{
    if (number_special(x, out, out_bytes))
        return out;
    struct decimal d;
    char text[64];
    for (int count = F64_DIGITS_MIN; count <= F64_DIGITS_MAX; count++) {
        decimal_round(&d, x, count);
        decimal_trim(&d);
        if (d.power < -5 || d.power >= F64_DIGITS_MAX)
            decimal_scientific(&d, text, sizeof text);
        else
            decimal_layout(&d, d.power + 1, text, sizeof text);
        double back;
        if (text_parse_f64(text, &back) == 0 && back == fabs(x))
            break;
    }
    (void)snprintf(out, out_bytes, "%s%s", x < 0 ? "-" : "", text);
    return out;
}

const char *text_bytes_rough(uint64_t bytes, char *out, size_t out_bytes)
{
    static const char *const units[] = {
        "B", "kB", "MB", "GB", "TB", "PB", "EB"
    };
    uint64_t tenths = bytes; /* of the unit, once there is one */
    unsigned unit = 0;
    if (bytes < 1000) {
        (void)snprintf(out, out_bytes, "%u B", (unsigned)bytes);
        return out;
    }
    uint64_t scale = 1;
    do {
        scale *= 1000;
        unit++;
        tenths = bytes / (scale / 10);
        tenths += bytes % (scale / 10) >= scale / 20;
    } while (tenths >= 10000 && unit < 6);
    if (tenths < 100)
        (void)snprintf(out, out_bytes, "%u.%u %s", (unsigned)(tenths / 10),
                       (unsigned)(tenths % 10), units[unit]);
    else
        (void)snprintf(out, out_bytes, "%u %s", (unsigned)((tenths + 5) / 10),
                       units[unit]);
    return out;
}
