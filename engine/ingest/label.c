/*
 * Why this file exists: data sets spell "ordinary" in few ways and "anomaly"
 * in many.
 */
#include "engine/ingest/label.h"

#include "engine/ingest/number.h"

#include <string.h>
#include <strings.h>

static bool is_ordinary(const char *text, size_t n)
{
    static const char *const words[] = {
        "false",   "no",     "normal",     "ordinary", "nominal",
        "regular", "benign", "legitimate", "genuine",  "inlier",
        "good",    "ok",     "none",       "negative",
    };
    if (n > 0 && text[n - 1] == '.')
        n--;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && strncasecmp(words[i], text, n) == 0)
            return true;
    return false;
}

int8_t label_read(const struct schema *s, const char *text, size_t n)
{
    double value;
    if (number_is_missing(s, text, n))
        return LABEL_MISSING;
    switch (number_parse(text, n, &value)) {
    case NUMBER_VALUE:
        return value == 0 ? LABEL_ORDINARY : LABEL_ANOMALY;
    case NUMBER_MISSING:
        return LABEL_MISSING;
    case NUMBER_NOT:
        break;
    }
    return is_ordinary(text, n) ? LABEL_ORDINARY : LABEL_ANOMALY;
}
