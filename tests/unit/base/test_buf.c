/*
 * Growable bytes: growth, limit, remembered errors.
 */
#include "proto/base/buf.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(buf, an_empty_buffer_is_the_empty_text)
{
    struct buf b;
    buf_init(&b, 100);
    cr_assert_str_eq(buf_text(&b), "");
    cr_assert_eq(buf_append(&b, NULL, 0), 0);
    cr_assert_str_eq(buf_text(&b), "");
    buf_release(&b);
}

Test(buf, appends_follow_each_other_and_end_in_nul)
{
    struct buf b;
    buf_init(&b, 1000);
    cr_assert_eq(buf_append(&b, "ab", 2), 0);
    cr_assert_eq(buf_append_char(&b, 'c'), 0);
    cr_assert_eq(buf_append_text(&b, "def"), 0);
    cr_assert_eq(buf_printf(&b, "%d-%s", 42, "x"), 0);
    cr_assert_str_eq(buf_text(&b), "abcdef42-x");
    cr_assert_eq(b.length, 10);
    buf_release(&b);
}

Test(buf, content_survives_growth)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 100000; i++)
        cr_assert_eq(buf_append_char(&b, (char)('a' + i % 26)), 0);
    cr_assert_eq(b.length, 100000);
    for (int i = 0; i < 100000; i++)
        cr_assert_eq(b.data[i], 'a' + i % 26);
    cr_assert_eq(b.data[100000], 0);
    buf_release(&b);
}

Test(buf, the_limit_is_reached_exactly_and_not_passed)
{
    struct buf b;
    buf_init(&b, 10);
    cr_assert_eq(buf_append_text(&b, "0123456789"), 0);
    cr_assert_eq(buf_append_char(&b, 'x'), ERR_LIMIT);
    cr_assert_str_eq(buf_text(&b), "0123456789");
    buf_release(&b);
}

Test(buf, an_error_is_remembered_and_later_appends_leave_no_hole)
{
    struct buf b;
    buf_init(&b, 5);
    cr_assert_eq(buf_append_text(&b, "abc"), 0);
    cr_assert_eq(buf_append_text(&b, "defgh"), ERR_LIMIT);
    cr_assert_eq(buf_append_text(&b, "d"), ERR_LIMIT);
    cr_assert_eq(buf_printf(&b, "%d", 1), ERR_LIMIT);
    cr_assert_eq(b.err, ERR_LIMIT);
    cr_assert_str_eq(buf_text(&b), "abc");
    buf_reset(&b);
    cr_assert_eq(b.err, 0);
    cr_assert_eq(buf_append_text(&b, "defgh"), 0);
    cr_assert_str_eq(buf_text(&b), "defgh");
    buf_release(&b);
}

Test(buf, printf_over_the_limit_writes_nothing)
{
    struct buf b;
    buf_init(&b, 4);
    cr_assert_eq(buf_printf(&b, "%s", "12345"), ERR_LIMIT);
    cr_assert_eq(b.length, 0);
    cr_assert_str_eq(buf_text(&b), "");
    buf_release(&b);
}

Test(buf, a_huge_reservation_is_an_error_not_an_overflow)
{
    struct buf b;
    buf_init(&b, SIZE_MAX);
    cr_assert_eq(buf_append_char(&b, 'x'), 0);
    cr_assert_eq(buf_reserve(&b, SIZE_MAX - 1), ERR_LIMIT);
    cr_assert_str_eq(buf_text(&b), "x");
    buf_release(&b);
}

Test(buf, take_gives_the_memory_away)
{
    struct buf b;
    size_t n;
    buf_init(&b, 100);
    cr_assert_eq(buf_append_text(&b, "mine"), 0);
    uint8_t *data = buf_take(&b, &n);
    cr_assert_eq(n, 4);
    cr_assert_eq(memcmp(data, "mine", 5), 0);
    cr_assert_eq(b.length, 0);
    cr_assert_str_eq(buf_text(&b), "");
    free(data);
    cr_assert_eq(buf_append_text(&b, "next"), 0);
    buf_release(&b);
}
