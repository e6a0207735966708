/*
 * Why this file exists: keys, names and record texts go into SQLite and JSON,
 * which want valid UTF-8, while input is whatever it is.
 */
#include "engine/ingest/utf8.h"

#include "proto/base/text.h"

static const char replacement[] = "\xef\xbf\xbd";

/* Length of the leading run that needs no change; `json` also stops at what
 * must be escaped. */
static size_t clean_run(const uint8_t *p, size_t n, bool json)
{
    size_t i = 0;
    while (i < n) {
        if (p[i] < 0x80) {
            if (json && (p[i] < 0x20 || p[i] == '"' || p[i] == '\\'))
                break;
            i++;
            continue;
        }
        unsigned length = text_utf8_length(p + i, n - i);
        if (length == 0)
            break;
        i += length;
    }
    return i;
}

bool utf8_valid(const char *text, size_t n)
{
    return clean_run((const uint8_t *)text, n, false) == n;
}

void utf8_append(struct buf *out, const char *text, size_t n)
{
    while (n > 0) {
        size_t run = clean_run((const uint8_t *)text, n, false);
        buf_append(out, text, run);
        if (run == n)
            return;
        buf_append(out, replacement, 3);
        text += run + 1;
        n -= run + 1;
    }
}

static void append_escaped(struct buf *out, uint8_t c)
{
    switch (c) {
    case '"':
        buf_append_text(out, "\\\"");
        return;
    case '\\':
        buf_append_text(out, "\\\\");
        return;
    case '\n':
        buf_append_text(out, "\\n");
        return;
    case '\r':
        buf_append_text(out, "\\r");
        return;
    case '\t':
        buf_append_text(out, "\\t");
        return;
    default:
        break;
    }
    if (c == 0 || c >= 0x80)
        buf_append(out, replacement, 3);
    else
        buf_printf(out, "\\u%04x", c);
}

void utf8_append_json(struct buf *out, const char *text, size_t n)
{
    buf_append_char(out, '"');
    while (n > 0) {
        size_t run = clean_run((const uint8_t *)text, n, true);
        buf_append(out, text, run);
        if (run == n)
            break;
        append_escaped(out, (uint8_t)text[run]);
        text += run + 1;
        n -= run + 1;
    }
    buf_append_char(out, '"');
}
