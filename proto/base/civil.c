/*
 * Civil time by arithmetic: no clock, no zone database, no locale.
 *
 * Days are counted in years that begin in March, so that the leap day comes
 * last (proleptic Gregorian calendar). Years 1678..2261 keep nanoseconds
 * within int64, zone shifts included.
 */
#include "proto/base/civil.h"

#include "proto/base/check.h"
#include "proto/base/civil_parts.h"

#include <stdio.h>

#define NS_PER_MS INT64_C(1000000)
#define MS_PER_DAY INT64_C(86400000)

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
                                    31, 31, 30, 31, 30, 31 };
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01 of a valid date. */
static int64_t days_from_civil(unsigned year, unsigned month, unsigned day)
{
    unsigned y = month <= 2 ? year - 1 : year;
    unsigned m = month <= 2 ? month + 9 : month - 3; /* March = 0 */
    unsigned day_of_year = (153 * m + 2) / 5 + day - 1;
    unsigned leaps = y / 4 - y / 100 + y / 400;
    return (int64_t)y * 365 + leaps + day_of_year - 719468;
}

int civil_parts_to_ns(const struct civil_parts *c, int64_t *ret_ns)
{
    if (c->month < 1 || c->month > 12 || c->hour > 23 || c->minute > 59 ||
        c->second > 60)
        return ERR_RANGE;
    if (c->year < CIVIL_YEAR_MIN || c->year > CIVIL_YEAR_MAX)
        return ERR_RANGE;
    int64_t days;
    if (c->day_of_year != 0) {
        if (c->day_of_year > 365u + is_leap(c->year))
            return ERR_RANGE;
        days = days_from_civil(c->year, 1, 1) + c->day_of_year - 1;
    } else {
        if (c->day < 1 || c->day > days_in_month(c->year, c->month))
            return ERR_RANGE;
        days = days_from_civil(c->year, c->month, c->day);
    }
    /* A leap second is the first moment of the next minute. */
    int64_t nanosecond = c->second == 60 ? 0 : c->nanosecond;
    int64_t seconds = days * 86400 + (int64_t)c->hour * 3600 +
                      (int64_t)c->minute * 60 + c->second - c->zone_seconds;
    *ret_ns = seconds * CIVIL_NS_PER_SECOND + nanosecond;
    return 0;
}

/* Two digits as a number; `*bad` collects, without a branch per digit, that
 * one of them was none. */
static unsigned digits2(const char *p, unsigned *bad)
{
    unsigned tens = (unsigned)(unsigned char)p[0] - '0';
    unsigned ones = (unsigned)(unsigned char)p[1] - '0';
    *bad |= (unsigned)(tens > 9) | (unsigned)(ones > 9);
    return tens * 10 + ones;
}

size_t civil_read_fraction(const char *p, size_t n, uint32_t *ret_nanosecond)
{
    uint32_t value = 0;
    size_t i = 0;
    for (; i < n && p[i] >= '0' && p[i] <= '9'; i++)
        if (i < 9)
            value = value * 10 + (uint32_t)(p[i] - '0');
    for (size_t j = i; j < 9; j++)
        value *= 10;
    *ret_nanosecond = value;
    return i;
}

size_t civil_read_zone(const char *p, size_t n, int32_t *ret_seconds)
{
    if (n >= 1 && (p[0] == 'Z' || p[0] == 'z')) {
        *ret_seconds = 0;
        return 1;
    }
    if (n < 3 || (p[0] != '+' && p[0] != '-'))
        return 0;
    unsigned bad = 0, minutes = 0;
    size_t used = 3;
    unsigned hours = digits2(p + 1, &bad);
    if (n >= 6 && p[3] == ':') {
        minutes = digits2(p + 4, &bad);
        used = 6;
    } else if (n >= 5 && p[3] >= '0' && p[3] <= '9') {
        minutes = digits2(p + 3, &bad);
        used = 5;
    }
    if (bad || hours > 23 || minutes > 59)
        return 0;
    int32_t seconds = (int32_t)(hours * 3600 + minutes * 60);
    *ret_seconds = p[0] == '-' ? -seconds : seconds;
    return used;
}

/* The part behind the date: `HH:MM[:SS[.fraction]][ ][zone]`, all of it. */
static int civil_parse_time(const char *p, size_t n, struct civil_parts *c)
{
    unsigned bad = 0;
    if (n < 5 || p[2] != ':')
        return ERR_INVALID;
    c->hour = digits2(p, &bad);
    c->minute = digits2(p + 3, &bad);
    size_t at = 5;
    if (n >= 8 && p[5] == ':') {
        c->second = digits2(p + 6, &bad);
        at = 8;
        if (at < n && (p[at] == '.' || p[at] == ',')) {
            size_t used =
                civil_read_fraction(p + at + 1, n - at - 1, &c->nanosecond);
            if (used == 0)
                return ERR_INVALID;
            at += 1 + used;
        }
    }
    if (bad)
        return ERR_INVALID;
    if (at == n)
        return 0;
    if (p[at] == ' ')
        at++;
    size_t used = civil_read_zone(p + at, n - at, &c->zone_seconds);
    return used > 0 && at + used == n ? 0 : ERR_INVALID;
}

int civil_parse_iso(const char *text, size_t n, int64_t *ret_ns)
{
    if (n < 10 || text[4] != '-' || text[7] != '-')
        return ERR_INVALID;
    struct civil_parts c = { 0 };
    unsigned bad = 0;
    c.year = digits2(text, &bad) * 100 + digits2(text + 2, &bad);
    c.month = digits2(text + 5, &bad);
    c.day = digits2(text + 8, &bad);
    if (bad)
        return ERR_INVALID;
    if (n > 10) {
        char c10 = text[10];
        if (c10 != ' ' && c10 != 'T' && c10 != 't')
            return ERR_INVALID;
        int err = civil_parse_time(text + 11, n - 11, &c);
        if (err != 0)
            return err;
    }
    return civil_parts_to_ns(&c, ret_ns);
}

const char *civil_format_ms(int64_t ns, char *out, size_t out_bytes)
{
    check(out_bytes >= 24);
    if (ns == CIVIL_NONE) {
        out[0] = 0;
        return out;
    }
    int64_t ms = ns / NS_PER_MS - (ns % NS_PER_MS < 0);
    int64_t days = ms / MS_PER_DAY - (ms % MS_PER_DAY < 0);
    unsigned in_day = (unsigned)(ms - days * MS_PER_DAY);
    /* The reverse of days_from_civil; 146097 days are 400 years. */
    unsigned count = (unsigned)(days + 719468);
    unsigned era = count / 146097, in_era = count % 146097;
    unsigned in_era_year =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    unsigned in_year =
        in_era - (in_era_year * 365 + in_era_year / 4 - in_era_year / 100);
    unsigned m = (5 * in_year + 2) / 153; /* March = 0 */
    unsigned day = in_year - (153 * m + 2) / 5 + 1;
    unsigned month = m < 10 ? m + 3 : m - 9;
    unsigned year = era * 400 + in_era_year + (month <= 2);
    (void)snprintf(out, out_bytes, "%04u-%02u-%02u %02u:%02u:%02u.%03u",
                   year % 10000, month, day, in_day / 3600000,
                   in_day / 60000 % 60, in_day / 1000 % 60, in_day % 1000);
    return out;
}
