#include "engine/ingest/utf8.h"
#include "tests/unit/ingest/support.h"

static const char *repaired(const char *text, size_t n, bool json)
{
    static struct buf out;
    buf_release(&out);
    buf_init(&out, 4096);
    if (json)
        utf8_append_json(&out, text, n);
    else
        utf8_append(&out, text, n);
    return buf_text(&out);
}

Test(utf8, invalid_bytes_become_replacements)
{
    cr_expect_str_eq(repaired("abc", 3, false), "abc");
    cr_expect_str_eq(repaired("", 0, false), "");
    cr_expect_str_eq(repaired("\xc3\xa9\xff"
                              "a\xc3",
                              5, false),
                     "\xc3\xa9\xef\xbf\xbd"
                     "a\xef\xbf\xbd");
    cr_expect_str_eq(repaired("\xed\xa0\x80", 3, false),
                     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

Test(utf8, json_strings_are_escaped)
{
    cr_expect_str_eq(repaired("a\"b\\c\n\r\t\x01\x7f\0z", 12, true),
                     "\"a\\\"b\\\\c\\n\\r\\t\\u0001\x7f\xef\xbf\xbdz\"");
}

Test(utf8, validity_is_told)
{
    cr_expect(utf8_valid("\xf0\x9f\x98\x80", 4));
    cr_expect_not(utf8_valid("\xf0\x9f\x98", 3));
    cr_expect_not(utf8_valid("\xc0\x80", 2));
}
