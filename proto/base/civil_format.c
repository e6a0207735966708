/*
 * Times in a format that the user names, directive by directive.
 */
#include "proto/base/ascii.h"
#include "proto/base/civil.h"
#include "proto/base/civil_parts.h"

#include <string.h>

/* Seconds since 1970 that stay within int64 nanoseconds. */
#define EPOCH_SECONDS_MAX INT64_C(9200000000)

struct civil_reader {
    const char *text;
    size_t n;
    size_t at;
    struct civil_parts parts;
    int64_t epoch_seconds;
    bool has_epoch;
    bool epoch_negative;
};

/* Reads 1 to `digits_max` digits. */
static int read_number(struct civil_reader *r, unsigned digits_max,
                       unsigned *ret_value)
{
    unsigned value = 0, digits = 0;
    while (r->at < r->n && digits < digits_max && r->text[r->at] >= '0' &&
           r->text[r->at] <= '9') {
        value = value * 10 + (unsigned)(r->text[r->at] - '0');
        r->at++;
        digits++;
    }
    *ret_value = value;
    return digits > 0 ? 0 : ERR_INVALID;
}

static int read_year_of_century(struct civil_reader *r)
{
    unsigned value;
    int err = read_number(r, 2, &value);
    r->parts.year = value + (value >= 69 ? 1900 : 2000); /* as POSIX has it */
    return err;
}

static bool is_word(const char *text, size_t n, const char *word, size_t length)
{
    return n >= length && ascii_equal_nocase(text, word, length);
}

/* English month names, in full or by three letters. */
static int read_month_name(struct civil_reader *r)
{
    static const char *const names[] = {
        "january", "february", "march",     "april",   "may",      "june",
        "july",    "august",   "september", "october", "november", "december",
    };
    const char *p = r->text + r->at;
    size_t left = r->n - r->at;
    for (unsigned i = 0; i < 12; i++) {
        if (!is_word(p, left, names[i], 3))
            continue;
        size_t full = strlen(names[i]);
        r->at += is_word(p, left, names[i], full) ? full : 3;
        r->parts.month = i + 1;
        return 0;
    }
    return ERR_INVALID;
}

static int read_day_of_year(struct civil_reader *r)
{
    int err = read_number(r, 3, &r->parts.day_of_year);
    if (err == 0 && r->parts.day_of_year == 0)
        return ERR_RANGE;
    return err;
}

static int read_epoch(struct civil_reader *r)
{
    int64_t value = 0;
    size_t first;
    r->epoch_negative = r->at < r->n && r->text[r->at] == '-';
    r->at += r->epoch_negative;
    for (first = r->at; r->at < r->n; r->at++) {
        unsigned digit = (unsigned)(unsigned char)r->text[r->at] - '0';
        if (digit > 9)
            break;
        value = value * 10 + digit;
        if (value > EPOCH_SECONDS_MAX)
            return ERR_RANGE;
    }
    r->epoch_seconds = value;
    r->has_epoch = true;
    return r->at > first ? 0 : ERR_INVALID;
}

static int read_fraction(struct civil_reader *r)
{
    size_t used = civil_read_fraction(r->text + r->at, r->n - r->at,
                                      &r->parts.nanosecond);
    r->at += used;
    return used > 0 ? 0 : ERR_INVALID;
}

static int read_zone(struct civil_reader *r)
{
    size_t used =
        civil_read_zone(r->text + r->at, r->n - r->at, &r->parts.zone_seconds);
    r->at += used;
    return used > 0 ? 0 : ERR_INVALID;
}

static int read_literal(struct civil_reader *r, char c)
{
    if (r->at >= r->n || r->text[r->at] != c)
        return ERR_INVALID;
    r->at++;
    return 0;
}

static int read_blanks(struct civil_reader *r)
{
    size_t first = r->at;
    while (r->at < r->n && (r->text[r->at] == ' ' || r->text[r->at] == '\t'))
        r->at++;
    return r->at > first ? 0 : ERR_INVALID;
}

static int read_directive(struct civil_reader *r, char directive)
{
    switch (directive) {
    case 'Y':
        return read_number(r, 4, &r->parts.year);
    case 'y':
        return read_year_of_century(r);
    case 'm':
        return read_number(r, 2, &r->parts.month);
    case 'b':
        return read_month_name(r);
    case 'd':
        return read_number(r, 2, &r->parts.day);
    case 'j':
        return read_day_of_year(r);
    case 'H':
        return read_number(r, 2, &r->parts.hour);
    case 'M':
        return read_number(r, 2, &r->parts.minute);
    case 'S':
        return read_number(r, 2, &r->parts.second);
    case 'f':
        return read_fraction(r);
    case 'z':
        return read_zone(r);
    case 's':
        return read_epoch(r);
    case '%':
        return read_literal(r, '%');
    default:
        return ERR_INVALID;
    }
}

int civil_parse_format(const char *text, size_t n, const char *format,
                       int64_t *ret_ns)
{
    struct civil_reader r = { .text = text, .n = n };
    r.parts.month = 1;
    r.parts.day = 1;
    for (const char *f = format; *f != 0; f++) {
        int err;
        if (*f == '%')
            err = read_directive(&r, *++f); /* refuses the final NUL */
        else if (*f == ' ')
            err = read_blanks(&r);
        else
            err = read_literal(&r, *f);
        if (err != 0)
            return err;
    }
    if (r.at != n)
        return ERR_INVALID;
    if (!r.has_epoch)
        return civil_parts_to_ns(&r.parts, ret_ns);
    int64_t ns = r.epoch_seconds * CIVIL_NS_PER_SECOND + r.parts.nanosecond;
    *ret_ns = r.epoch_negative ? -ns : ns;
    return 0;
}

int civil_check_format(const char *format)
{
    bool has_year = false, has_epoch = false;
    for (const char *f = format; *f != 0; f++) {
        if (*f != '%')
            continue;
        f++;
        if (*f == 0 || strchr("YmdHMSfybzjs%", *f) == NULL)
            return ERR_INVALID;
        has_year |= *f == 'Y' || *f == 'y';
        has_epoch |= *f == 's';
    }
    return has_year || has_epoch ? 0 : ERR_INVALID;
}
