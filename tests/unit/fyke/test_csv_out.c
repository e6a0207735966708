#include "tools/fyke/csv_out.h"

#include "tools/fyke/cli.h"

#include <criterion/criterion.h>

/* csv_out_write is tested with the whole program (tests/integration). */
bool cli_stdout_is_gone(void)
{
    return false;
}

int cli_finish(void)
{
    return 0;
}

static void expect_line(const char *const *fields, uint32_t count,
                        const char *want)
{
    struct buf out;
    buf_init(&out, 4096);
    cr_assert_eq(csv_out_line(fields, count, &out), 0);
    cr_expect_str_eq(buf_text(&out), want);
    buf_release(&out);
}

Test(csv_out, plain_fields_stand_as_they_are)
{
    const char *fields[] = { "a", "1.5", "x y" };
    expect_line(fields, 3, "a,1.5,x y\n");
}

Test(csv_out, null_and_nothing_are_empty_fields)
{
    const char *fields[] = { NULL, "", "b" };
    expect_line(fields, 3, ",,b\n");
}

Test(csv_out, a_comma_a_quote_or_a_line_break_is_quoted)
{
    const char *fields[] = { "a,b", "say \"hi\"", "two\nlines", "cr\r" };
    expect_line(fields, 4,
                "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"cr\r\"\n");
}

Test(csv_out, blanks_around_a_field_survive)
{
    const char *fields[] = { " a", "a ", "\"" };
    expect_line(fields, 3, "\" a\",\"a \",\"\"\"\"\n");
}

Test(csv_out, a_full_buffer_is_an_error)
{
    const char *fields[] = { "0123456789" };
    struct buf out;
    buf_init(&out, 4);
    cr_expect_eq(csv_out_line(fields, 1, &out), ERR_LIMIT);
    buf_release(&out);
}
