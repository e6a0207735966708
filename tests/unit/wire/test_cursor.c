#include "proto/wire/cursor.h"

#include "proto/base/err.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A cursor over exactly `n` bytes on the heap, so that AddressSanitizer sees
 * every step outside. */
static uint8_t *heap;

static struct cursor over(const char *bytes, size_t n)
{
    struct cursor c;
    free(heap);
    heap = malloc(n + (n == 0));
    memcpy(heap, bytes, n);
    cursor_init(&c, heap, n);
    return c;
}
#define OVER(literal) over(literal, sizeof literal - 1)

static void release(void)
{
    free(heap);
}

TestSuite(cursor, .fini = release);

Test(cursor, integers_of_every_width_are_read)
{
    struct cursor c = OVER("\x05\xcc\xff\xcd\x01\x02\xce\x01\x02\x03\x04"
                           "\xcf\x01\x02\x03\x04\x05\x06\x07\x08"
                           "\xd0\x7f\xd1\x01\x00");
    const uint64_t want[] = { 5,   255, 0x102, 0x1020304, 0x102030405060708,
                              127, 256 };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        cr_expect_eq(cursor_unsigned(&c, UINT64_MAX), want[i]);
    cr_expect_eq(c.err, 0);
    cr_expect_eq(c.at, c.end);
}

Test(cursor, negative_integers_are_read_as_signed_only)
{
    struct cursor c = OVER("\xff\xe0\xd0\x80\xd1\xff\x00\xd2\xff\xff\xff\xfe"
                           "\xd3\x80\0\0\0\0\0\0\0");
    const int64_t want[] = { -1, -32, -128, -256, -2, INT64_MIN };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        cr_expect_eq(cursor_signed(&c, INT64_MIN, INT64_MAX), want[i]);
    cr_expect_eq(c.err, 0);
    c = OVER("\xff");
    cr_expect_eq(cursor_unsigned(&c, UINT64_MAX), 0u);
    cr_expect_eq(c.err, ERR_PROTO);
}

Test(cursor, an_integer_outside_its_range_is_an_error)
{
    struct cursor c = OVER("\x06");
    cr_expect_eq(cursor_unsigned(&c, 5), 0u);
    cr_expect_eq(c.err, ERR_PROTO);
    c = OVER("\xff");
    cr_expect_eq(cursor_signed(&c, 0, 9), 0);
    cr_expect_eq(c.err, ERR_PROTO);
    c = OVER("\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    cr_expect_eq(cursor_signed(&c, INT64_MIN, INT64_MAX), 0);
    cr_expect_eq(c.err, ERR_PROTO);
}

Test(cursor, texts_and_byte_strings_point_into_the_source)
{
    struct cursor c = OVER("\xa3"
                           "abc"
                           "\xd9\x02"
                           "de"
                           "\xc4\x01"
                           "f"
                           "\xa0");
    uint32_t n;
    const uint8_t *at = cursor_text(&c, &n);
    cr_expect(n == 3 && memcmp(at, "abc", 3) == 0 && at == heap + 1);
    at = cursor_text(&c, &n);
    cr_expect(n == 2 && memcmp(at, "de", 2) == 0);
    at = cursor_binary(&c, &n);
    cr_expect(n == 1 && *at == 'f');
    cursor_text(&c, &n);
    cr_expect_eq(n, 0u);
    cr_expect_eq(c.err, 0);
    c = OVER("\xa1x");
    cr_expect_null(cursor_binary(&c, &n), "a text is not a byte string");
    cr_expect_eq(c.err, ERR_PROTO);
}

Test(cursor, lengths_and_counts_are_checked_against_the_bytes_left)
{
    /* promises of 4 GiB of bytes, elements or entries in five bytes */
    const char *tags = "\xc6\xdb\xc9\xdd\xdf";
    for (size_t i = 0; i < 5; i++) {
        char bytes[5] = { tags[i], '\xff', '\xff', '\xff', '\xff' };
        uint32_t n;
        struct cursor c = over(bytes, 5);
        if (i == 0)
            cursor_binary(&c, &n);
        else if (i == 1)
            cursor_text(&c, &n);
        else if (i == 2)
            cursor_skip(&c);
        else if (i == 3)
            cr_expect_eq(cursor_array(&c), 0u);
        else
            cr_expect_eq(cursor_map(&c), 0u);
        cr_expect_eq(c.err, ERR_PROTO);
        c = over(bytes, 5);
        cursor_skip(&c);
        cr_expect_eq(c.err, ERR_PROTO);
    }
    struct cursor c = OVER("\x82\x01\x02\x03");
    cr_expect_eq(cursor_map(&c), 0u, "two entries need four bytes");
    cr_expect_eq(c.err, ERR_PROTO);
    c = OVER("\xa2x");
    uint32_t n;
    cr_expect_null(cursor_text(&c, &n));
}

Test(cursor, the_end_of_the_bytes_is_an_error_for_every_read)
{
    struct cursor c = OVER("");
    cr_expect_eq(cursor_unsigned(&c, 9), 0u);
    cr_expect_eq(c.err, ERR_PROTO);
    for (int tag = 0xc4; tag < 0xe0; tag++) {
        char byte = (char)tag;
        c = over(&byte, 1);
        cursor_skip(&c);
        cr_expect_eq(c.err, ERR_PROTO, "tag %x", tag);
    }
    c = OVER("\xc1");
    cursor_skip(&c);
    cr_expect_eq(c.err, ERR_PROTO, "c1 is no format");
}

Test(cursor, the_first_error_stays)
{
    struct cursor c = OVER("\x01\x02");
    cursor_fail(&c, ERR_LIMIT);
    cursor_fail(&c, ERR_PROTO);
    cr_expect_eq(cursor_unsigned(&c, 9), 0u);
    cr_expect_eq(c.err, ERR_LIMIT);
}

Test(cursor, skipping_passes_any_one_value)
{
#define VALUE(literal)                                                         \
    {                                                                          \
        literal "\x2a", sizeof literal                                         \
    }
    static const struct {
        const char *bytes;
        size_t n;
    } values[] = {
        VALUE("\x01"),
        VALUE("\xff"),
        VALUE("\xc0"),
        VALUE("\xc2"),
        VALUE("\xc3"),
        VALUE("\xa2"
              "ab"),
        VALUE("\xc4\x02\x01\x02"),
        VALUE("\xc5\x00\x02\x01\x02"),
        VALUE("\xc7\x02\x09\x01\x02"),
        VALUE("\xc8\x00\x01\x09\x01"),
        VALUE("\xca\x01\x02\x03\x04"),
        VALUE("\xcb\x01\x02\x03\x04\x05\x06\x07\x08"),
        VALUE("\xcf\x01\x02\x03\x04\x05\x06\x07\x08"),
        VALUE("\xd4\x09\x01"),
        VALUE("\xd5\x09\x01\x02"),
        VALUE("\xd6\x09\x01\x02\x03\x04"),
        VALUE("\xd7\x09\x01\x02\x03\x04\x05\x06\x07\x08"),
        VALUE("\xd8\x09\x01\x02\x03\x04\x05\x06\x07\x08"
              "\x01\x02\x03\x04\x05\x06\x07\x08"),
        VALUE("\x90"),
        VALUE("\x80"),
        VALUE("\x93\x01\x02\x03"),
        VALUE("\x82\x01\x91\x02\x03\x81\x04\x05"),
        VALUE("\x92\x90\x90"),
        VALUE("\xdc\x00\x02\x01\xc0"),
        VALUE("\xde\x00\x01\x01\xc0"),
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct cursor c = over(values[i].bytes, values[i].n);
        cursor_skip(&c);
        cr_expect_eq(cursor_unsigned(&c, 99), 0x2au, "value %zu", i);
        cr_expect_eq(c.err, 0, "value %zu", i);
    }
}

Test(cursor, skipping_ends_eight_levels_deep)
{
    char bytes[CURSOR_DEPTH_MAX + 2];
    memset(bytes, '\x91', sizeof bytes);
    bytes[CURSOR_DEPTH_MAX] = '\x07';
    struct cursor c = over(bytes, CURSOR_DEPTH_MAX + 1);
    cursor_skip(&c);
    cr_expect_eq(c.err, 0);
    cr_expect_eq(c.at, c.end);
    bytes[CURSOR_DEPTH_MAX] = '\x91';
    bytes[CURSOR_DEPTH_MAX + 1] = '\x07';
    c = over(bytes, CURSOR_DEPTH_MAX + 2);
    cursor_skip(&c);
    cr_expect_eq(c.err, ERR_LIMIT);
}
