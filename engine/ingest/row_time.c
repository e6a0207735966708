/*
 * Why this file exists: epoch times must be exact to the nanosecond, which a
 * double is not; digits are read as integers.
 */
#include "engine/ingest/row_time.h"

#include "engine/ingest/number.h"
#include "proto/base/ascii.h"
#include "proto/base/civil.h"

#include <math.h>
#include <string.h>

#define EPOCH_2000_S 946684800.0
#define EPOCH_2100_S 4102444800.0

static int64_t unit_ns(enum time_kind kind)
{
    switch (kind) {
    case TIME_EPOCH_S:
        return 1000000000;
    case TIME_EPOCH_MS:
        return 1000000;
    case TIME_EPOCH_US:
        return 1000;
    default:
        return 1;
    }
}

/* Anything that is not plain digits with a fraction: 1.5e9. */
static int epoch_float(const char *text, size_t n, int64_t unit,
                       int64_t *ret_ns)
{
    double value;
    if (number_parse(text, n, &value) != NUMBER_VALUE)
        return ERR_INVALID;
    value = rint(value * (double)unit);
    if (!(fabs(value) < 9.2e18))
        return ERR_RANGE;
    *ret_ns = (int64_t)value;
    return 0;
}

static int epoch_parse(const char *text, size_t n, int64_t unit,
                       int64_t *ret_ns)
{
    size_t i = n > 0 && (text[0] == '-' || text[0] == '+');
    size_t first = i;
    int64_t ns = 0;
    for (; i < n && ascii_is_digit(text[i]); i++)
        if (__builtin_mul_overflow(ns, 10, &ns) ||
            __builtin_add_overflow(ns, text[i] - '0', &ns))
            return ERR_RANGE;
    if (i == first)
        return epoch_float(text, n, unit, ret_ns);
    if (__builtin_mul_overflow(ns, unit, &ns))
        return ERR_RANGE;
    if (i < n && text[i] == '.') {
        int64_t digit_ns = unit;
        for (i++; i < n && ascii_is_digit(text[i]); i++) {
            digit_ns /= 10;
            if (__builtin_add_overflow(ns, digit_ns * (text[i] - '0'), &ns))
                return ERR_RANGE;
        }
    }
    if (i < n)
        return epoch_float(text, n, unit, ret_ns);
    *ret_ns = text[0] == '-' ? -ns : ns;
    return 0;
}

int row_time_parse(enum time_kind kind, const char *format, const char *text,
                   size_t n, int64_t *ret_ns)
{
    switch (kind) {
    case TIME_NONE:
        return ERR_INVALID;
    case TIME_ISO:
        return civil_parse_iso(text, n, ret_ns);
    case TIME_FORMAT:
        return civil_parse_format(text, n, format, ret_ns);
    case TIME_EPOCH_S:
    case TIME_EPOCH_MS:
    case TIME_EPOCH_US:
    case TIME_EPOCH_NS:
        break;
    }
    return epoch_parse(text, n, unit_ns(kind), ret_ns);
}

enum time_kind row_time_epoch_unit(double x)
{
    static const enum time_kind kinds[] = { TIME_EPOCH_S, TIME_EPOCH_MS,
                                            TIME_EPOCH_US, TIME_EPOCH_NS };
    for (size_t i = 0; i < 4; i++) {
        int64_t unit = unit_ns(kinds[i]);
        double scale = 1e9 / (double)unit;
        if (x >= EPOCH_2000_S * scale && x < EPOCH_2100_S * scale)
            return kinds[i];
    }
    return TIME_NONE;
}

enum time_kind row_time_kind_named(const char *word)
{
    if (strcmp(word, "iso") == 0)
        return TIME_ISO;
    if (strcmp(word, "s") == 0)
        return TIME_EPOCH_S;
    if (strcmp(word, "ms") == 0)
        return TIME_EPOCH_MS;
    if (strcmp(word, "us") == 0)
        return TIME_EPOCH_US;
    if (strcmp(word, "ns") == 0)
        return TIME_EPOCH_NS;
    bool usable = strchr(word, '%') != NULL && civil_check_format(word) == 0;
    return usable ? TIME_FORMAT : TIME_NONE;
}
