/*
 * Durations, sizes and plain numbers: parsed whole or not at all.
 */
#include "proto/base/text.h"

#include "proto/base/ascii.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text_unit {
    const char *name;
    uint64_t scale;
};

/* Largest first: the parts of a duration come in this order. */
static const struct text_unit duration_units[] = {
    { "d", UINT64_C(86400000000) }, { "h", UINT64_C(3600000000) },
    { "m", UINT64_C(60000000) },    { "s", UINT64_C(1000000) },
    { "ms", UINT64_C(1000) },       { "us", UINT64_C(1) },
};
#define DURATION_UNITS (sizeof duration_units / sizeof duration_units[0])

static const struct text_unit byte_units[] = {
    { "TiB", UINT64_C(1) << 40 },
    { "GiB", UINT64_C(1) << 30 },
    { "MiB", UINT64_C(1) << 20 },
    { "KiB", UINT64_C(1) << 10 },
    { "TB", UINT64_C(1000000000000) },
    { "GB", UINT64_C(1000000000) },
    { "MB", UINT64_C(1000000) },
    { "KB", UINT64_C(1000) },
    { "B", UINT64_C(1) },
};
#define BYTE_UNITS (sizeof byte_units / sizeof byte_units[0])

/* A decimal `whole[.fraction]` before a unit; the fraction to 18 digits. */
struct text_quantity {
    uint64_t whole;
    uint64_t fraction; /* in units of 1 / fraction_scale */
    uint64_t fraction_scale;
};

/* Reads a quantity and moves `*text` behind it. */
static int text_read_quantity(const char **text, struct text_quantity *q)
{
    const char *p = *text;
    memset(q, 0, sizeof *q);
    q->fraction_scale = 1;
    if (!ascii_is_digit(*p))
        return ERR_INVALID;
    for (; ascii_is_digit(*p); p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (__builtin_mul_overflow(q->whole, 10u, &q->whole) ||
            __builtin_add_overflow(q->whole, digit, &q->whole))
            return ERR_RANGE;
    }
    if (*p == '.') {
        p++;
        if (!ascii_is_digit(*p))
            return ERR_INVALID;
        for (; ascii_is_digit(*p); p++) {
            if (q->fraction_scale >= UINT64_C(1000000000000000000))
                continue;
            q->fraction = q->fraction * 10 + (uint64_t)(*p - '0');
            q->fraction_scale *= 10;
        }
    }
    *text = p;
    return 0;
}

/* Quantity times scale, cut off below one; something never becomes nothing. */
static int text_scale(const struct text_quantity *q, uint64_t scale,
                      uint64_t *ret_value)
{
    __extension__ typedef unsigned __int128 u128;
    uint64_t whole, value;
    uint64_t part = (uint64_t)((u128)q->fraction * scale / q->fraction_scale);
    if (__builtin_mul_overflow(q->whole, scale, &whole) ||
        __builtin_add_overflow(whole, part, &value))
        return ERR_RANGE;
    if (value == 0 && q->fraction != 0)
        return ERR_RANGE;
    *ret_value = value;
    return 0;
}

/* The unit whose name is the run of letters at `*text`, or `count`. */
static size_t text_read_unit(const char **text, const struct text_unit *units,
                             size_t count, bool any_case)
{
    const char *p = *text;
    while (ascii_is_letter(*p))
        p++;
    size_t n = (size_t)(p - *text);
    for (size_t i = 0; i < count; i++) {
        const char *name = units[i].name;
        if (strlen(name) != n)
            continue;
        if (any_case ? ascii_equal_nocase(name, *text, n)
                     : memcmp(name, *text, n) == 0) {
            *text = p;
            return i;
        }
    }
    return count;
}

int text_parse_duration_us(const char *text, int64_t *ret_us)
{
    uint64_t sum = 0;
    size_t next_unit = 0; /* units must get smaller */
    if (*text == 0)
        return ERR_INVALID;
    while (*text != 0) {
        struct text_quantity q;
        int err = text_read_quantity(&text, &q);
        if (err != 0)
            return err;
        size_t unit =
            text_read_unit(&text, duration_units, DURATION_UNITS, false);
        if (unit == DURATION_UNITS || unit < next_unit)
            return ERR_INVALID;
        next_unit = unit + 1;
        uint64_t part;
        err = text_scale(&q, duration_units[unit].scale, &part);
        if (err != 0)
            return err;
        if (__builtin_add_overflow(sum, part, &sum) || sum > INT64_MAX)
            return ERR_RANGE;
        /* A fraction ends the text: 1.5m30s is nobody's habit. */
        if (q.fraction_scale != 1 && *text != 0)
            return ERR_INVALID;
    }
    *ret_us = (int64_t)sum;
    return 0;
}

int text_parse_bytes(const char *text, uint64_t *ret_bytes)
{
    struct text_quantity q;
    int err = text_read_quantity(&text, &q);
    if (err != 0)
        return err;
    size_t unit = text_read_unit(&text, byte_units, BYTE_UNITS, true);
    if (unit == BYTE_UNITS || *text != 0)
        return ERR_INVALID;
    return text_scale(&q, byte_units[unit].scale, ret_bytes);
}

int text_parse_u64(const char *text, uint64_t *ret_value)
{
    struct text_quantity q;
    int err = text_read_quantity(&text, &q);
    if (err != 0)
        return err;
    if (*text != 0 || q.fraction_scale != 1)
        return ERR_INVALID;
    *ret_value = q.whole;
    return 0;
}

/* [+-] digits [. digits] [e [+-] digits], at least one digit before the e. */
static bool text_is_decimal(const char *p)
{
    unsigned digits = 0;
    if (*p == '+' || *p == '-')
        p++;
    for (; ascii_is_digit(*p); p++)
        digits = 1;
    if (*p == '.')
        for (p++; ascii_is_digit(*p); p++)
            digits = 1;
    if (digits == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-')
            p++;
        if (!ascii_is_digit(*p))
            return false;
        while (ascii_is_digit(*p))
            p++;
    }
    return *p == 0;
}

int text_parse_f64(const char *text, double *ret_value)
{
    if (!text_is_decimal(text))
        return ERR_INVALID;
    /* The C locale is built in: this neither allocates nor fails. */
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        return ERR_NOMEM;
    double value = strtod_l(text, NULL, c_locale);
    freelocale(c_locale);
    if (!(value >= -DBL_MAX && value <= DBL_MAX))
        return ERR_RANGE;
    *ret_value = value;
    return 0;
}

/* `value / scale` in decimal without trailing zeros; exact for the scales of
 * this file (powers of ten, and of two up to 2^40 with few digits). */
static void text_decimal(uint64_t value, uint64_t scale, unsigned digits_max,
                         const char *unit, char *out, size_t out_bytes)
{
    char fraction[32];
    unsigned n = 0;
    uint64_t rest = value % scale;
    for (; rest != 0 && n < digits_max; n++) {
        rest *= 10;
        fraction[n] = (char)('0' + rest / scale);
        rest %= scale;
    }
    fraction[n] = 0;
    (void)snprintf(out, out_bytes, "%" PRIu64 "%s%s%s", value / scale,
                   n > 0 ? "." : "", fraction, unit);
}

const char *text_duration(int64_t us, char *out, size_t out_bytes)
{
    char text[64] = "";
    size_t at = 0;
    uint64_t left = us < 0 ? -(uint64_t)us : (uint64_t)us;
    if (us < 0)
        text[at++] = '-';
    for (unsigned i = 0; i < 3; i++) { /* days, hours, minutes */
        uint64_t scale = duration_units[i].scale;
        if (left >= scale) {
            text_decimal(left / scale, 1, 0, duration_units[i].name, text + at,
                         sizeof text - at);
            at += strlen(text + at);
            left %= scale;
        }
    }
    bool alone = at == 0 || (at == 1 && us < 0);
    unsigned unit = 3; /* seconds; below one second alone: ms, us */
    if (alone && left > 0)
        while (left < duration_units[unit].scale)
            unit++;
    if (left > 0 || alone)
        text_decimal(left, duration_units[unit].scale, 6,
                     duration_units[unit].name, text + at, sizeof text - at);
    (void)snprintf(out, out_bytes, "%s", text);
    return out;
}

/* Decimal digits of bytes / scale, 99 when it has more than two decimals. */
static unsigned text_digits(uint64_t bytes, uint64_t scale)
{
    unsigned digits = 0;
    uint64_t rest = bytes % scale;
    for (; rest != 0 && digits <= 2; digits++)
        rest = rest * 10 % scale;
    if (digits > 2 || bytes < scale)
        return 99;
    for (uint64_t whole = bytes / scale; whole != 0; whole /= 10)
        digits++;
    return digits;
}

const char *text_bytes(uint64_t bytes, char *out, size_t out_bytes)
{
    size_t best = BYTE_UNITS - 1; /* plain bytes are always exact */
    unsigned best_digits = 99;
    for (size_t unit = 0; unit < BYTE_UNITS; unit++) {
        unsigned digits = text_digits(bytes, byte_units[unit].scale);
        if (digits < best_digits) {
            best_digits = digits;
            best = unit;
        }
    }
    text_decimal(bytes, byte_units[best].scale, 2, byte_units[best].name, out,
                 out_bytes);
    return out;
}

const char *text_count(uint64_t n, char *out, size_t out_bytes)
{
    char text[32];
    size_t at = sizeof text - 1;
    text[at] = 0;
    unsigned digits = 0;
    do {
        if (digits > 0 && digits % 3 == 0)
            text[--at] = ' ';
        text[--at] = (char)('0' + n % 10);
        n /= 10;
        digits++;
    } while (n != 0);
    (void)snprintf(out, out_bytes, "%s", text + at);
    return out;
}

void text_clean(char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        unsigned bytes = text_utf8_length((const uint8_t *)text, left);
        if (bytes == 0 || (unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
            bytes = 1;
        }
        text += bytes;
        left -= bytes;
    }
}
