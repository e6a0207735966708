#include "tools/fyke/view_table.h"

#include <criterion/criterion.h>

static void expect_table(const struct table *t, uint32_t width,
                         const char *want)
{
    struct buf out;
    buf_init(&out, 65536);
    cr_assert_eq(table_print(t, width, &out), 0);
    cr_expect_str_eq(buf_text(&out), want);
    buf_release(&out);
}

static void row_of(struct table *t, const char *a, const char *b)
{
    const char *cells[] = { a, b };
    cr_assert_eq(table_row_add(t, cells), 0);
}

Test(view_table, columns_are_as_wide_as_their_widest_cell)
{
    struct table t;
    table_init(&t);
    table_column_add(&t, "key", false);
    table_column_add(&t, "n", true);
    row_of(&t, "a", "1");
    row_of(&t, "longer", "123");
    row_of(&t, NULL, "12");
    expect_table(&t, 0,
                 "  key       n\n"
                 "  a         1\n"
                 "  longer  123\n"
                 "           12\n");
    table_release(&t);
}

Test(view_table, the_flexible_column_gives_way_and_no_other)
{
    struct table t;
    table_init(&t);
    table_column_add(&t, "why", false);
    table_column_add(&t, "line", true);
    t.flexible = 0;
    row_of(&t, "a reason that is much too long for the line", "7");
    expect_table(&t, 30,
                 "  why                     line\n"
                 "  a reason that is mu...     7\n");
    expect_table(&t, 10,
                 "  why               line\n"
                 "  a reason that...     7\n");
    table_release(&t);
}

Test(view_table, characters_are_counted_and_not_bytes)
{
    struct table t;
    table_init(&t);
    table_column_add(&t, "k", false);
    table_column_add(&t, "n", true);
    row_of(&t, "Zürich", "1");
    row_of(&t, "Bern..", "2");
    expect_table(&t, 0,
                 "  k       n\n"
                 "  Zürich  1\n"
                 "  Bern..  2\n");
    cr_expect_eq(table_text_width("a\xff\xc3\xbc"), 3);
    cr_expect_eq(table_text_bytes("\xc3\xbc"
                                  "ab",
                                  2),
                 3);
    table_release(&t);
}

Test(view_table, control_characters_cannot_move_the_cursor)
{
    struct table t;
    table_init(&t);
    table_column_add(&t, "k", false);
    table_column_add(&t, "n", true);
    row_of(&t, "a\033[2J\n", "1");
    expect_table(&t, 0,
                 "  k       n\n"
                 "  a?[2J?  1\n");
    table_release(&t);
}

Test(view_table, rows_beyond_the_maximum_are_left_out)
{
    struct table t;
    table_init(&t);
    table_column_add(&t, "a", false);
    table_column_add(&t, "b", false);
    for (uint32_t i = 0; i < TABLE_ROWS_MAX + 3; i++)
        row_of(&t, "x", "y");
    cr_expect_eq(t.row_count, TABLE_ROWS_MAX);
    table_release(&t);
}
