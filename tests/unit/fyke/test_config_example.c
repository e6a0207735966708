/*
 * Settings as YAML: what is printed reads back as the same.
 */
#include "tools/fyke/config_example.h"

#include "tests/lib/seed.h"
#include "tools/fyke/config_yaml.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct option text_row = {
    .name = "db-mode", .type = OPTION_TEXT, .group = "A", .help = "text"
};
static const struct option list_row = {
    .name = "key", .type = OPTION_LIST, .group = "A", .help = "list"
};

static void expect_back(const struct option *row, const char *value)
{
    struct buf out;
    struct config_list l;
    buf_init(&out, 10000);
    config_list_init(&l);
    cr_assert_eq(config_yaml_print(row, value, &out), 0);
    cr_assert_eq(config_yaml_read(&l, out.data, out.length), 0);
    cr_assert_eq(l.problem_count, 0, "%s: %s", buf_text(&out),
                 l.problem[0].text);
    cr_assert_eq(l.entry_count, 1);
    cr_assert_not_null(l.entry[0].value, "%s", buf_text(&out));
    cr_expect_str_eq(l.entry[0].value, value, "%s", buf_text(&out));
    config_list_release(&l);
    buf_release(&out);
}

Test(config_example, values_read_back_as_they_are)
{
    static const char *const values[] = {
        "0600",
        ";",
        "a b",
        "null",
        "~",
        "yes",
        "x: y",
        "#",
        "a #b",
        "\"",
        "\\t",
        "'q'",
        "",
        "a:",
        "-",
        "- x",
        "[a]",
        "tcp://1.2.3.4:5",
        "*a",
        "&a",
        "!x",
        "%d/%m/%y",
        "\xc3\xa9t\xc3\xa9",
        "a\tb",
        "@x",
        "60x",
        "{a: b}",
        "...",
        "---",
        "?",
        "a\x01z",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        expect_back(&text_row, values[i]);
    expect_back(&list_row, "a,b c,null,\"q\"");
}

Test(config_example, any_text_reads_back)
{
    static const char letters[] = "ab:#-,[]{}&*!|>'\"%@`~ \\?.=\n\t\x7f";
    struct rng r = seed_rng(seed_any());
    for (int round = 0; round < 2000; round++) {
        char text[24];
        size_t n = rng_below(&r, sizeof text);
        for (size_t i = 0; i < n; i++)
            text[i] = letters[rng_below(&r, sizeof letters - 1)];
        text[n] = '\0';
        expect_back(&text_row, text);
    }
}

Test(config_example, settings_stand_behind_a_hash_without_a_blank)
{
    static const struct option rows[] = {
        { "max-rows", 0, OPTION_U64, 0, 1, 9, "5", .group = "A", .help = "rows",
          .traits = OPTION_LIVE },
        { "fresh", 0, OPTION_FLAG, 0, .group = "A", .help = "no",
          .traits = OPTION_FLAG_ONLY },
        { "key", 0, OPTION_LIST, 0, .group = "B", .help = "who" },
        { "quiet", 0, OPTION_FLAG, 0, .group = "A", .help = "hush" },
    };
    struct buf out;
    buf_init(&out, 10000);
    cr_assert_eq(config_example_print(rows, 4, &out), 0);
    cr_expect_not_null(strstr(buf_text(&out), "\n# ---- A ----\n"
                                              "\n# rows (default 5; 1..9; live)"
                                              "\n#max_rows: 5\n"
                                              "\n# hush\n#quiet: false\n"
                                              "\n# ---- B ----\n"
                                              "\n# who\n#key: [customer, shop]"
                                              "\n"),
                       "%s", buf_text(&out));
    cr_expect_null(strstr(buf_text(&out), "#fresh"));
    buf_release(&out);
}
