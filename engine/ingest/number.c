/*
 * Why this file exists: CSV fields, NDJSON numbers and NDJSON strings must
 * come out as the same float32, so there is one place that reads them.
 */
#include "engine/ingest/number.h"

#include "engine/ingest/parse_seam.h"
#include "proto/base/ascii.h"

#include <math.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

void number_trim(const char **text, size_t *n)
{
    while (*n > 0 && is_blank((*text)[0])) {
        (*text)++;
        (*n)--;
    }
    while (*n > 0 && is_blank((*text)[*n - 1]))
        (*n)--;
}

enum number_kind number_parse(const char *text, size_t n, double *ret_value)
{
    number_trim(&text, &n);
    const char *end = text + n;
    if (n > 1 && text[0] == '+' && text[1] != '-')
        text++;
    double value = 0;
    const char *stop = seam_number(text, end, &value);
    if (stop == text || stop != end)
        return NUMBER_NOT;
    if (isnan(value))
        return NUMBER_MISSING;
    *ret_value = value;
    return NUMBER_VALUE;
}

bool number_has_comma(const char *text, size_t n)
{
    char copy[40];
    double value;
    const char *comma = n > 0 ? memchr(text, ',', n) : NULL;
    if (comma == NULL || n >= sizeof copy)
        return false;
    memcpy(copy, text, n);
    copy[comma - text] = '.';
    return number_parse(copy, n, &value) == NUMBER_VALUE;
}

int number_bool_word(const char *text, size_t n)
{
    number_trim(&text, &n);
    if (n == 4 && ascii_equal_nocase(text, "true", 4))
        return 1;
    return n == 5 && ascii_equal_nocase(text, "false", 5) ? 0 : -1;
}

bool number_is_missing(const struct schema *s, const char *text, size_t n)
{
    if (n == 0)
        return true;
    for (uint32_t i = 0; i < s->missing_count; i++)
        if (strlen(s->missing[i]) == n && memcmp(s->missing[i], text, n) == 0)
            return true;
    return false;
}
