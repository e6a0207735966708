/* The msgpack formats, read by one function: `head_read`. */
#include "proto/wire/cursor.h"

#include "proto/base/check.h"
#include "proto/base/err.h"

enum head_kind {
    HEAD_NONE = 0, /* not a msgpack format, or the cursor failed */
    HEAD_UNSIGNED,
    HEAD_NEGATIVE,
    HEAD_TEXT,
    HEAD_BINARY,
    HEAD_ARRAY,
    HEAD_MAP,
    HEAD_OTHER, /* nil, booleans, floats, extensions: only ever skipped */
};

/* What stands before a value's content. `value` is the integer itself (of a
 * negative one its two's complement), or the count or length of what follows:
 * elements, entries, or bytes. */
struct head {
    enum head_kind kind;
    uint64_t value;
};

/* Formats 0xc0..0xdf: a big-endian number of `width` bytes follows the tag,
 * then (number + extra) bytes for those that have content. */
struct format {
    uint8_t kind;
    uint8_t width;
    uint8_t extra;
};

static const struct format formats[32] = {
    { HEAD_OTHER, 0, 0 },    /* c0 nil */
    { HEAD_NONE, 0, 0 },     /* c1 never used */
    { HEAD_OTHER, 0, 0 },    /* c2 false */
    { HEAD_OTHER, 0, 0 },    /* c3 true */
    { HEAD_BINARY, 1, 0 },   /* c4 bin 8 */
    { HEAD_BINARY, 2, 0 },   /* c5 bin 16 */
    { HEAD_BINARY, 4, 0 },   /* c6 bin 32 */
    { HEAD_OTHER, 1, 1 },    /* c7 ext 8 */
    { HEAD_OTHER, 2, 1 },    /* c8 ext 16 */
    { HEAD_OTHER, 4, 1 },    /* c9 ext 32 */
    { HEAD_OTHER, 0, 4 },    /* ca float 32 */
    { HEAD_OTHER, 0, 8 },    /* cb float 64 */
    { HEAD_UNSIGNED, 1, 0 }, /* cc uint 8 */
    { HEAD_UNSIGNED, 2, 0 }, /* cd uint 16 */
    { HEAD_UNSIGNED, 4, 0 }, /* ce uint 32 */
    { HEAD_UNSIGNED, 8, 0 }, /* cf uint 64 */
    { HEAD_NEGATIVE, 1, 0 }, /* d0 int 8 */
    { HEAD_NEGATIVE, 2, 0 }, /* d1 int 16 */
    { HEAD_NEGATIVE, 4, 0 }, /* d2 int 32 */
    { HEAD_NEGATIVE, 8, 0 }, /* d3 int 64 */
    { HEAD_OTHER, 0, 2 },    /* d4 fixext 1 */
    { HEAD_OTHER, 0, 3 },    /* d5 fixext 2 */
    { HEAD_OTHER, 0, 5 },    /* d6 fixext 4 */
    { HEAD_OTHER, 0, 9 },    /* d7 fixext 8 */
    { HEAD_OTHER, 0, 17 },   /* d8 fixext 16 */
    { HEAD_TEXT, 1, 0 },     /* d9 str 8 */
    { HEAD_TEXT, 2, 0 },     /* da str 16 */
    { HEAD_TEXT, 4, 0 },     /* db str 32 */
    { HEAD_ARRAY, 2, 0 },    /* dc array 16 */
    { HEAD_ARRAY, 4, 0 },    /* dd array 32 */
    { HEAD_MAP, 2, 0 },      /* de map 16 */
    { HEAD_MAP, 4, 0 },      /* df map 32 */
};

void cursor_init(struct cursor *c, const void *bytes, size_t n)
{
    c->at = bytes;
    c->end = c->at + n;
    c->err = 0;
}

void cursor_fail(struct cursor *c, int err)
{
    if (c->err == 0)
        c->err = err;
    c->at = c->end;
}

static size_t bytes_left(const struct cursor *c)
{
    return (size_t)(c->end - c->at);
}

/* The tags that hold their number in themselves. */
static struct head head_short(uint8_t tag)
{
    if (tag < 0x80)
        return (struct head){ HEAD_UNSIGNED, tag };
    if (tag < 0x90)
        return (struct head){ HEAD_MAP, tag & 0x0fu };
    if (tag < 0xa0)
        return (struct head){ HEAD_ARRAY, tag & 0x0fu };
    if (tag < 0xc0)
        return (struct head){ HEAD_TEXT, tag & 0x1fu };
    return (struct head){ HEAD_NEGATIVE, (uint64_t)(int64_t)(int8_t)tag };
}

/* An int format that holds a number >= 0 is an unsigned one. */
static struct head head_signed(uint64_t value, uint32_t width)
{
    check(width > 0 && width <= 8);
    uint32_t unused_bits = 64 - 8 * width;
    int64_t v = (int64_t)(value << unused_bits) >> unused_bits;
    return (struct head){ v < 0 ? HEAD_NEGATIVE : HEAD_UNSIGNED, (uint64_t)v };
}

/* Could what `h` promises lie in the bytes left? Each element needs one byte
 * at least, each entry of a map two. */
static int head_fits(const struct head *h, size_t left)
{
    switch (h->kind) {
    case HEAD_UNSIGNED:
    case HEAD_NEGATIVE:
        return 1;
    case HEAD_MAP:
        return h->value <= left / 2;
    case HEAD_TEXT:
    case HEAD_BINARY:
    case HEAD_ARRAY:
    case HEAD_OTHER:
        return h->value <= left;
    case HEAD_NONE:
        break;
    }
    return 0;
}

static struct head head_long(struct cursor *c, const struct format *f)
{
    if (f->width > bytes_left(c))
        return (struct head){ HEAD_NONE, 0 };
    uint64_t value = 0;
    for (uint32_t i = 0; i < f->width; i++)
        value = value << 8 | *c->at++;
    if (f->kind == HEAD_NEGATIVE)
        return head_signed(value, f->width);
    return (struct head){ (enum head_kind)f->kind, value + f->extra };
}

static struct head head_read(struct cursor *c)
{
    struct head none = { HEAD_NONE, 0 };
    if (c->at == c->end) {
        cursor_fail(c, ERR_PROTO);
        return none;
    }
    uint8_t tag = *c->at++;
    struct head h = tag >= 0xc0 && tag < 0xe0 ? head_long(c, &formats[tag & 31])
                                              : head_short(tag);
    if (!head_fits(&h, bytes_left(c))) {
        cursor_fail(c, ERR_PROTO);
        return none;
    }
    return h;
}

/* Reads a head of one kind; its value, or 0 on failure. */
static uint64_t head_of(struct cursor *c, enum head_kind kind)
{
    struct head h = head_read(c);
    if (h.kind != kind) {
        cursor_fail(c, ERR_PROTO);
        return 0;
    }
    return h.value;
}

uint64_t cursor_unsigned(struct cursor *c, uint64_t max)
{
    uint64_t value = head_of(c, HEAD_UNSIGNED);
    if (value > max) {
        cursor_fail(c, ERR_PROTO);
        return 0;
    }
    return value;
}

int64_t cursor_signed(struct cursor *c, int64_t min, int64_t max)
{
    struct head h = head_read(c);
    int64_t value = (int64_t)h.value;
    int is_integer = h.kind == HEAD_NEGATIVE ||
                     (h.kind == HEAD_UNSIGNED && h.value <= INT64_MAX);
    if (!is_integer || value < min || value > max) {
        cursor_fail(c, ERR_PROTO);
        return 0;
    }
    return value;
}

uint32_t cursor_map(struct cursor *c)
{
    return (uint32_t)head_of(c, HEAD_MAP);
}

uint32_t cursor_array(struct cursor *c)
{
    return (uint32_t)head_of(c, HEAD_ARRAY);
}

static const uint8_t *content(struct cursor *c, enum head_kind kind,
                              uint32_t *ret_bytes)
{
    uint32_t n = (uint32_t)head_of(c, kind);
    const uint8_t *at = c->at;
    c->at += n;
    *ret_bytes = n;
    return c->err == 0 ? at : NULL;
}

const uint8_t *cursor_text(struct cursor *c, uint32_t *ret_bytes)
{
    return content(c, HEAD_TEXT, ret_bytes);
}

const uint8_t *cursor_binary(struct cursor *c, uint32_t *ret_bytes)
{
    return content(c, HEAD_BINARY, ret_bytes);
}

void cursor_skip(struct cursor *c)
{
    uint64_t open[CURSOR_DEPTH_MAX]; /* values still to come, per level */
    uint32_t depth = 0;
    do {
        struct head h = head_read(c);
        uint64_t inner = h.kind == HEAD_ARRAY ? h.value
                         : h.kind == HEAD_MAP ? 2 * h.value
                                              : 0;
        if (h.kind == HEAD_NONE) {
            return;
        }
        if (h.kind == HEAD_TEXT || h.kind == HEAD_BINARY ||
            h.kind == HEAD_OTHER)
            c->at += h.value;
        if (inner > 0 && depth == CURSOR_DEPTH_MAX) {
            cursor_fail(c, ERR_LIMIT);
            return;
        }
        if (inner > 0) {
            open[depth++] = inner;
            continue;
        }
        while (depth > 0 && --open[depth - 1] == 0)
            depth--;
    } while (depth > 0);
}
