/*
 * Why this file exists: the table of `fyke check input`.
 */
#include "engine/ingest/schema.h"

#include "proto/base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH_MAX 80u

/* Characters, not bytes: columns line up under a terminal's eyes. */
static uint32_t text_width(const char *text)
{
    uint32_t width = 0;
    for (; *text != '\0'; text++)
        width += ((uint8_t)*text & 0xc0) != 0x80;
    return width;
}

static void append_padded(struct buf *out, const char *text, uint32_t width)
{
    uint32_t used = text_width(text);
    buf_append_text(out, text);
    for (; used < width; used++)
        buf_append_char(out, ' ');
}

static const char *delimiter_name(uint8_t d, char *out, size_t size)
{
    switch (d) {
    case ',':
        return "comma";
    case ';':
        return "semicolon";
    case '\t':
        return "tab";
    case '|':
        return "pipe";
    case ' ':
        return "space";
    case ':':
        return "colon";
    default:
        snprintf(out, size, "delimiter %c", d);
        return out;
    }
}

static void append_head(const struct schema *s, const char *label,
                        uint64_t bytes, struct buf *out)
{
    char text[32];
    buf_printf(out, "%s: ", label);
    if (s->format == SCHEMA_NDJSON)
        buf_append_text(out, "NDJSON");
    else
        buf_printf(out, "CSV, %s, %s%s",
                   delimiter_name(s->delimiter, text, sizeof text),
                   s->header ? "header" : "no header",
                   s->row_names ? ", row names" : "");
    if (s->sampled > 0)
        buf_append_text(out, s->utf8 ? ", UTF-8"
                                     : ", not UTF-8 (shown with U+FFFD)");
    if (bytes > 0)
        buf_printf(out, ", %s", text_bytes_rough(bytes, text, sizeof text));
    buf_append_char(out, '\n');
}

static void append_missing(const struct column *c, struct buf *out)
{
    double share = c->seen > 0 ? 100.0 * c->missing / c->seen : 0;
    if (share > 0 && share < 1)
        buf_append_text(out, "<1 % missing");
    else if (share > 99 && share < 100)
        buf_append_text(out, ">99 % missing");
    else
        buf_printf(out, "%.0f %% missing", share);
}

static void append_figures(const struct column *c, struct buf *out)
{
    char min[32], median[32], max[32];
    append_missing(c, out);
    if (isnan(c->median))
        return;
    buf_printf(out, ", %s .. %s .. %s", text_number(c->min, min, sizeof min),
               text_number(c->median, median, sizeof median),
               text_number(c->max, max, sizeof max));
}

static void append_why(const struct schema *s, const struct column *c,
                       struct buf *out)
{
    bool named = strncmp(c->reason, "named by", 8) == 0;
    if (c->role == COLUMN_FEATURE && c->seen > 0) {
        append_figures(c, out);
        if (named)
            buf_printf(out, ", %s", c->reason);
        return;
    }
    buf_append_text(out, c->reason);
    if (s->key_count == 0 && strcmp(c->reason, "named like an id") == 0)
        buf_printf(out, "   (--key %s?)", c->name);
}

static void append_foot(const struct schema *s, struct buf *out)
{
    if (s->feature_count == 1)
        buf_printf(out,
                   "One feature only: results will follow %s. Change with "
                   "--also, --features, --ignore.\n",
                   s->column[s->feature[0]].name);
    else
        buf_printf(out,
                   "%u features. Change with --also, --features, --ignore.\n",
                   s->feature_count);
    if (s->hint[0] != '\0')
        buf_printf(out, "Note: %s.\n", s->hint);
}

int schema_print(const struct schema *s, const char *label, uint64_t bytes,
                 struct buf *out)
{
    uint32_t width = 6;
    for (uint32_t i = 0; i < s->column_count; i++) {
        uint32_t w = text_width(s->column[i].name);
        if (w > width)
            width = w;
    }
    width = (width < NAME_WIDTH_MAX ? width : NAME_WIDTH_MAX) + 4;
    append_head(s, label, bytes, out);
    buf_append_text(out, "  ");
    append_padded(out, "column", width);
    append_padded(out, "type", 9);
    append_padded(out, "role", 9);
    buf_append_text(out, "why\n");
    for (uint32_t i = 0; i < s->column_count; i++) {
        const struct column *c = &s->column[i];
        buf_append_text(out, "  ");
        append_padded(out, c->name, width - 1);
        buf_append_char(out, ' ');
        append_padded(out, column_type_name(c->type), 9);
        append_padded(out, column_role_name(c->role), 9);
        append_why(s, c, out);
        buf_append_char(out, '\n');
    }
    append_foot(s, out);
    return out->err;
}
