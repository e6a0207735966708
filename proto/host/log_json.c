/*
 * Pairs of a logfmt line, one after the other, into the members of an object.
 * Each piece is written whole or not at all, so that a cut leaves valid JSON.
 */
#include "proto/host/log_json.h"

#include "proto/base/ascii.h"
#include "proto/base/check.h"
#include "proto/base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES_MAX 20u

static const char cut_end[] = "\",\"cut\":true}";

struct json_out {
    char *bytes;
    size_t at, room; /* `room` leaves space for cut_end */
    bool cut, open;  /* `open`: in a string when it was cut */
};

struct words {
    const char *at, *end;
};

static bool put(struct json_out *o, const char *bytes, size_t n)
{
    if (o->cut || n > o->room - o->at) {
        o->cut = true;
        return false;
    }
    memcpy(o->bytes + o->at, bytes, n);
    o->at += n;
    return true;
}

/* One character, or one byte that is none, of a string. */
static size_t put_char(struct json_out *o, const char *at, const char *end)
{
    char text[8];
    unsigned char c = (unsigned char)*at;
    size_t n = text_utf8_length((const uint8_t *)at, (size_t)(end - at));
    if (c == '"' || c == '\\') {
        (void)put(o, (const char[2]){ '\\', (char)c }, 2);
        return 1;
    }
    if (n != 0 && c >= 0x20) {
        (void)put(o, at, n);
        return n;
    }
    int length =
        snprintf(text, sizeof text, c < 0x20 ? "\\u%04x" : "\\\\x%02x", c);
    (void)put(o, text, (size_t)length);
    return 1;
}

static int hex_digit(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* An escape of log_quote behind its backslash; returns its length. \xNN of a
 * control character is that character, of another byte it stays as it is. */
static size_t put_escape(struct json_out *o, const char *at, const char *end)
{
    char text[8];
    if (strchr("\"\\nrt", *at) != NULL && *at != '\0') {
        (void)put(o, (const char[2]){ '\\', *at }, 2);
        return 1;
    }
    int high = *at == 'x' && end - at >= 3 ? hex_digit(at[1]) : -1;
    int low = high >= 0 ? hex_digit(at[2]) : -1;
    if (low < 0) {
        (void)put(o, "\\\\", 2);
        return 0;
    }
    int c = high * 16 + low;
    int length =
        snprintf(text, sizeof text, c < 0x20 ? "\\u%04x" : "\\\\x%02x", c);
    (void)put(o, text, (size_t)length);
    return 3;
}

/* The value behind an opening quote, to its closing one. */
static void put_quoted(struct json_out *o, struct words *w)
{
    while (w->at < w->end && *w->at != '"') {
        if (*w->at == '\\' && w->at + 1 < w->end) {
            w->at++;
            w->at += put_escape(o, w->at, w->end);
        } else {
            w->at += put_char(o, w->at, w->end);
        }
    }
    if (w->at < w->end)
        w->at++;
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)? and short enough to be meant as a number; an
 * exponent is rather a part of a hexadecimal name. */
static bool is_number(const char *at, size_t n)
{
    const char *end = at + n;
    if (n > NUMBER_BYTES_MAX)
        return false;
    if (at < end && *at == '-')
        at++;
    if (at == end || !ascii_is_digit(*at) ||
        (*at == '0' && end - at > 1 && at[1] != '.'))
        return false;
    while (at < end && ascii_is_digit(*at))
        at++;
    if (at == end)
        return true;
    if (*at++ != '.' || at == end)
        return false;
    while (at < end && ascii_is_digit(*at))
        at++;
    return at == end;
}

static bool is_literal(const char *at, size_t n)
{
    return (n == 4 && memcmp(at, "true", 4) == 0) ||
           (n == 5 && memcmp(at, "false", 5) == 0) || is_number(at, n);
}

/* A word up to a blank, for a name also up to its '='. */
static size_t word_length(const struct words *w, bool name)
{
    const char *p = w->at;
    while (p < w->end && *p != ' ' && !(name && *p == '='))
        p++;
    return (size_t)(p - w->at);
}

static void put_text(struct json_out *o, const char *at, size_t n)
{
    const char *end = at + n;
    while (at < end)
        at += put_char(o, at, end);
}

static void put_value(struct json_out *o, struct words *w)
{
    size_t n = word_length(w, false);
    bool quoted = w->at < w->end && *w->at == '"';
    if (!quoted && is_literal(w->at, n)) {
        (void)put(o, w->at, n);
        w->at += n;
        return;
    }
    o->open = put(o, "\"", 1);
    if (quoted) {
        w->at++;
        put_quoted(o, w);
    } else {
        put_text(o, w->at, n);
        w->at += n;
    }
    if (put(o, "\"", 1))
        o->open = false;
}

static void put_pair(struct json_out *o, struct words *w)
{
    size_t start = o->at;
    size_t n = word_length(w, true);
    const char *begin = start == 1 ? "\"" : ",\"";
    (void)put(o, begin, strlen(begin));
    put_text(o, w->at, n);
    (void)put(o, "\":", 2);
    w->at += n;
    if (w->at < w->end && *w->at == '=') {
        w->at++;
        put_value(o, w);
    } else {
        (void)put(o, "true", 4);
    }
    if (o->cut && !o->open)
        o->at = start; /* a name without its value says nothing */
}

/* There is room for it. */
static void put_end(struct json_out *o)
{
    const char *end = "}";
    if (o->cut)
        end = o->open ? cut_end : o->at > 1 ? cut_end + 1 : cut_end + 2;
    memcpy(o->bytes + o->at, end, strlen(end));
    o->at += strlen(end);
}

size_t log_json(const char *line, size_t line_bytes, char *out,
                size_t out_bytes)
{
    check(out_bytes >= LOG_JSON_BYTES_MIN);
    struct words w = { line, line + line_bytes };
    struct json_out o = { .bytes = out, .room = out_bytes - sizeof cut_end };
    (void)put(&o, "{", 1);
    for (;;) {
        while (w.at < w.end && *w.at == ' ')
            w.at++;
        if (w.at == w.end || o.cut)
            break;
        put_pair(&o, &w);
    }
    put_end(&o);
    return o.at;
}
