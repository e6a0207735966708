/*
 * Comparing words: without case, by pattern, by distance; and UTF-8.
 */
#include "proto/base/text.h"

#include "proto/base/ascii.h"

#include <string.h>

#define NEAREST_LENGTH_MAX 64u

bool text_equal_nocase(const char *a, const char *b)
{
    while (*a != 0 && ascii_lower(*a) == ascii_lower(*b)) {
        a++;
        b++;
    }
    return ascii_lower(*a) == ascii_lower(*b);
}

bool text_match_nocase(const char *pattern, const char *text)
{
    const char *star = NULL;  /* behind the last '*' seen */
    const char *retry = NULL; /* where its match would end one later */
    while (*text != 0) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (ascii_lower(*pattern) == ascii_lower(*text)) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == 0;
}

static unsigned min_u(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap of neighbours) between two words of
 * at most NEAREST_LENGTH_MAX characters: optimal string alignment. */
static unsigned text_distance(const char *a, size_t a_length, const char *b,
                              size_t b_length)
{
    unsigned rows[3][NEAREST_LENGTH_MAX + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *now = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *above2 = rows[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned differ = ascii_lower(a[i - 1]) != ascii_lower(b[j - 1]);
            unsigned best = min_u(above[j], now[j - 1]) + 1;
            best = min_u(best, above[j - 1] + differ);
            if (i > 1 && j > 1 &&
                ascii_lower(a[i - 1]) == ascii_lower(b[j - 2]) &&
                ascii_lower(a[i - 2]) == ascii_lower(b[j - 1]))
                best = min_u(best, above2[j - 2] + 1);
            now[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

/* A beginning of three letters or more is meant, if nothing is closer. */
static bool text_begins(const char *candidate, const char *word, size_t n)
{
    return n >= 3 && ascii_equal_nocase(candidate, word, n);
}

const char *text_nearest(const char *word, const char *const *candidates,
                         size_t count)
{
    size_t length = strlen(word);
    if (length == 0 || length > NEAREST_LENGTH_MAX)
        return NULL;
    const char *best = NULL;
    unsigned best_edits = (unsigned)(length <= 2 ? 1 : (length + 2) / 3) + 1;
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(candidates[i]);
        if (n == 0 || n > NEAREST_LENGTH_MAX)
            continue;
        unsigned edits = text_distance(word, length, candidates[i], n);
        if (n > length && text_begins(candidates[i], word, length))
            edits = min_u(edits, 2);
        if (edits < best_edits && edits < n) {
            best_edits = edits;
            best = candidates[i];
        }
    }
    return best;
}

const char *text_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

unsigned text_utf8_length(const uint8_t *p, size_t n)
{
    if (n == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    unsigned length;
    uint8_t low = 0x80, high = 0xbf; /* of the second byte */
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        length = 2;
    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        length = 3;
        if (p[0] == 0xe0)
            low = 0xa0; /* over-long */
        if (p[0] == 0xed)
            high = 0x9f; /* surrogates */
    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        length = 4;
        if (p[0] == 0xf0)
            low = 0x90;
        if (p[0] == 0xf4)
            high = 0x8f; /* beyond U+10FFFF */
    } else {
        return 0;
    }
    if (n < length || p[1] < low || p[1] > high)
        return 0;
    for (unsigned i = 2; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return length;
}
