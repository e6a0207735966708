/*
 * The option part of --help.
 */
#include "tests/unit/base/option_table.h"

#include <criterion/criterion.h>
#include <string.h>

Test(option_help, help_is_grouped_and_fits_80_columns)
{
    struct buf out;
    buf_init(&out, 10000);
    cr_assert_eq(option_help(table, ROWS, &out), 0);
    const char *want =
        "Output\n"
        "  -q, --quiet                       say nothing but errors\n"
        "  -f, --fresh                       start over\n"
        "\n"
        "Cut\n"
        "  -n, --max-rows N                  a batch holds at most this many "
        "records\n"
        "                                    (default 100000; 1..10000000)\n"
        "      --timeout DURATION            how long a drain may take "
        "(default 30s;\n"
        "                                    1ms..1h)\n"
        "      --max-bytes SIZE              a batch holds at most this many "
        "bytes of\n"
        "                                    records (default 64MiB; "
        "64KiB..4GiB)\n"
        "  -i, --interval DURATION|asap|off  a batch closes after this time; "
        "asap is\n"
        "                                    whenever there is room, off is "
        "by count only\n"
        "                                    (default 1s; 1ms..1d)\n"
        "      --eps X|auto                  how near is near (default auto; "
        "0.5..8)\n"
        "\n"
        "Flag\n"
        "      --severity X                  rows at this severity and above "
        "are flagged\n"
        "                                    (default 99.9; 0..100)\n"
        "\n"
        "Options\n"
        "  -d, --db FILE                     the database\n"
        "      --mode WORD                   how the forest learns: batch, "
        "rolling,\n"
        "                                    frozen (default batch)\n"
        "      --features COL,...            the columns to look at (default "
        "x,y)\n";
    cr_assert_str_eq(buf_text(&out), want);
    for (const char *p = buf_text(&out); *p != 0;) {
        size_t n = strcspn(p, "\n");
        cr_assert_leq(n, 80);
        p += n + 1;
    }
    buf_release(&out);
}

Test(option_help, numbers_without_limits_take_everything_and_show_no_range)
{
    static const struct option free_row = {
        "seed",
        0,
        OPTION_U64,
        FIELD(max_rows, uint64_t),
        0,
        0,
        NULL,
        NULL,
        NULL,
        NULL,
        "what the random numbers begin with"
    };
    struct settings s = { 0 };
    struct fault fault;
    struct buf out;
    cr_assert_eq(option_set(&free_row, "18446744073709551615", &s, &fault), 0);
    cr_assert_eq(s.max_rows, UINT64_MAX);
    cr_assert_eq(option_set(&free_row, "18446744073709551616", &s, &fault),
                 ERR_USAGE);
    cr_assert_str_eq(fault.text, "--seed 18446744073709551616 is out of range");
    buf_init(&out, 1000);
    cr_assert_eq(option_help(&free_row, 1, &out), 0);
    cr_assert_str_eq(buf_text(&out),
                     "Options\n"
                     "      --seed N  what the random numbers begin with\n");
    buf_release(&out);
}

Test(option_help, a_wide_flag_stands_on_a_line_of_its_own)
{
    static const struct option rows[] = {
        { "x", 0, OPTION_FLAG, FIELD(quiet, bool), 0, 0, NULL, NULL, NULL, "G",
          "short" },
        { "a-name-that-is-long", 0, OPTION_TEXT, FIELD(db, const char *), 0, 0,
          "", NULL, "AND-A-LONG-ARGUMENT", "G", "wide" },
    };
    struct buf out;
    buf_init(&out, 1000);
    cr_assert_eq(option_help(rows, 2, &out), 0);
    cr_assert_str_eq(buf_text(&out),
                     "G\n"
                     "      --x  short\n"
                     "      --a-name-that-is-long AND-A-LONG-ARGUMENT\n"
                     "           wide\n");
    buf_release(&out);
}

Test(option_help, live_settings_are_marked_and_the_mark_is_explained)
{
    static const struct option rows[] = {
        { "quiet", 0, OPTION_FLAG, FIELD(quiet, bool), 0, 0, NULL, NULL, NULL,
          "G", "short", OPTION_LIVE },
        { "rows", 0, OPTION_U64, FIELD(max_rows, uint64_t), 1, 9, "5", NULL,
          NULL, "G", "rows", OPTION_STORED | OPTION_LIVE },
        { "x", 0, OPTION_U64, FIELD(max_rows, uint64_t), 1, 9, NULL, NULL, NULL,
          "G", "other", OPTION_STORED },
    };
    struct buf out;
    buf_init(&out, 1000);
    cr_assert_eq(option_help(rows, 3, &out), 0);
    cr_assert_str_eq(buf_text(&out),
                     "G\n"
                     "      --quiet   short (live)\n"
                     "      --rows N  rows (default 5; 1..9; live)\n"
                     "      --x N     other (1..9)\n"
                     "\n"
                     "live: `fyke set` changes it while the engine runs.\n");
    buf_release(&out);
}

Test(option_help, help_reports_a_full_buffer)
{
    struct buf out;
    buf_init(&out, 50);
    cr_assert_eq(option_help(table, ROWS, &out), ERR_LIMIT);
    buf_release(&out);
}
