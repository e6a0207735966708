/*
 * Logfmt lines as JSON objects, checked by a small reader of JSON.
 */
#include "proto/base/text.h"
#include "proto/host/log.h"
#include "proto/host/log_json.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char *json_of(const char *line)
{
    static char out[LOG_LINE_MAX];
    out[log_json(line, strlen(line), out, sizeof out - 1)] = '\0';
    return out;
}

/* Reads a string; NULL when it is none. */
static const char *read_string(const char *p, const char *end)
{
    if (p == end || *p++ != '"')
        return NULL;
    while (p < end && *p != '"') {
        unsigned char c = (unsigned char)*p;
        unsigned n = text_utf8_length((const uint8_t *)p, (size_t)(end - p));
        if (c < 0x20 || n == 0)
            return NULL;
        if (c != '\\') {
            p += n;
            continue;
        }
        if (end - p < 2)
            return NULL;
        if (p[1] == 'u') {
            if (end - p < 6 || strspn(p + 2, "0123456789abcdef") < 4)
                return NULL;
            p += 6;
        } else if (strchr("\"\\nrt", p[1]) != NULL) {
            p += 2;
        } else {
            return NULL;
        }
    }
    return p < end ? p + 1 : NULL;
}

static const char *read_value(const char *p, const char *end)
{
    if (p < end && *p == '"')
        return read_string(p, end);
    if (end - p >= 4 && memcmp(p, "true", 4) == 0)
        return p + 4;
    if (end - p >= 5 && memcmp(p, "false", 5) == 0)
        return p + 5;
    size_t n = 0;
    while (p + n < end && strchr("-.0123456789", p[n]) != NULL)
        n++;
    return n > 0 ? p + n : NULL;
}

/* One flat object and nothing else. */
static bool is_object(const char *p, size_t n)
{
    const char *end = p + n;
    if (n < 2 || *p++ != '{')
        return false;
    if (*p == '}')
        return p + 1 == end;
    for (;;) {
        p = read_string(p, end);
        if (p == NULL || p == end || *p++ != ':')
            return false;
        p = read_value(p, end);
        if (p == NULL || p == end)
            return false;
        if (*p == '}')
            return p + 1 == end;
        if (*p++ != ',')
            return false;
    }
}

Test(log_json, pairs_become_members)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        { "", "{}" },
        { "a=b", "{\"a\":\"b\"}" },
        { "a=7 b=-1.50 c=0", "{\"a\":7,\"b\":-1.50,\"c\":0}" },
        { "  a=1   b=2  ", "{\"a\":1,\"b\":2}" },
        { "word a=", "{\"word\":true,\"a\":\"\"}" },
        { "cut=true x=false y=truly",
          "{\"cut\":true,\"x\":false,\"y\":\"truly\"}" },
        { "a=\"7\"", "{\"a\":\"7\"}" },
        { "a=\"say \\\"x\\\" c:\\\\d\\n\"",
          "{\"a\":\"say \\\"x\\\" c:\\\\d\\n\"}" },
        { "a=\"\\x01\\xff\"", "{\"a\":\"\\u0001\\\\xff\"}" },
        { "a=\"open", "{\"a\":\"open\"}" },
        { "a=\"x\"b=1", "{\"a\":\"x\",\"b\":1}" },
        { "a=x\"y", "{\"a\":\"x\\\"y\"}" },
        { "a=\xff\xc3\xa4", "{\"a\":\"\\\\xff\xc3\xa4\"}" },
        { "a\\b=1", "{\"a\\\\b\":1}" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_str_eq(json_of(cases[i].line), cases[i].want, "%s",
                         cases[i].line);
}

Test(log_json, only_plain_decimal_numbers_are_numbers)
{
    static const char *const texts[] = {
        "00ab",
        "007",
        "12e4567890123456",
        "1.",
        ".5",
        "-",
        "+1",
        "0x10",
        "1_000",
        "inf",
        "1.2.3",
        "123456789012345678901", /* longer than any number that is meant */
    };
    char line[64], want[64];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)snprintf(line, sizeof line, "a=%s", texts[i]);
        (void)snprintf(want, sizeof want, "{\"a\":\"%s\"}", texts[i]);
        cr_expect_str_eq(json_of(line), want);
    }
}

Test(log_json, a_cut_leaves_an_object_that_says_so)
{
    static const char line[] = "what=long first=\"some \\\"text\\\" here\" "
                               "number=1234567890 last=\xc3\xa4\xc3\xa4\xc3\xa4"
                               "\xc3\xa4\xc3\xa4 word other=\"quoted\"";
    char whole[LOG_LINE_MAX];
    size_t full = log_json(line, sizeof line - 1, whole, sizeof whole);
    cr_assert(is_object(whole, full));
    for (size_t room = LOG_JSON_BYTES_MIN; room < full + 30; room++) {
        char *out = malloc(room);
        size_t n = log_json(line, sizeof line - 1, out, room);
        cr_assert_leq(n, room);
        cr_assert(is_object(out, n), "%.*s", (int)n, out);
        bool same = n == full && memcmp(out, whole, full) == 0;
        bool told = memcmp(out + n - 11, "\"cut\":true}", 11) == 0;
        cr_assert_neq(same, told, "%.*s", (int)n, out);
        cr_assert(same || room < full + 20);
        free(out);
    }
}

Test(log_json, whatever_the_bytes_the_line_is_json)
{
    static const char often[] = "=\"\\ xn\xc3\xa4 12.-\x01\xff";
    struct rng rng = seed_rng(seed_any());
    for (int round = 0; round < 20000; round++) {
        char line[200], out[160];
        size_t n = rng_below(&rng, sizeof line);
        for (size_t i = 0; i < n; i++)
            line[i] = rng_below(&rng, 3) != 0
                          ? often[rng_below(&rng, sizeof often)]
                          : (char)rng_below(&rng, 256);
        size_t room = LOG_JSON_BYTES_MIN + rng_below(&rng, sizeof out - 64 + 1);
        size_t length = log_json(line, n, out, room);
        cr_assert_leq(length, room);
        cr_assert(is_object(out, length), "round %d: %.*s", round, (int)length,
                  out);
    }
}
