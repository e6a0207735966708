/*
 * The option table: flags, values, faults, defaults.
 */
#include "tests/unit/base/option_table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct run {
    struct settings s;
    struct fault fault;
    bool given[ROWS];
    const char *operands[OPERANDS];
    uint32_t operand_count;
    int err;
};

/* Parses words separated by single blanks into a run with defaults. */
static struct run parse(const char *line)
{
    struct run run;
    static char copy[2000];
    char *argv[100] = { copy };
    int argc = 1;
    memset(&run, 0, sizeof run);
    cr_assert_eq(option_defaults(table, ROWS, &run.s, &run.fault), 0, "%s",
                 run.fault.text);
    strncpy(copy, line, sizeof copy - 1);
    char *rest = copy, *word;
    while ((word = strsep(&rest, " ")) != NULL && argc < 99)
        if (*line != 0)
            argv[argc++] = word;
    run.err =
        option_parse(table, ROWS, argc, argv, &run.s, run.given, run.operands,
                     OPERANDS, &run.operand_count, &run.fault);
    return run;
}

static void expect_fault(const char *line, const char *text)
{
    struct run run = parse(line);
    cr_assert_eq(run.err, ERR_USAGE, "%s: %s", line, err_name(run.err));
    cr_assert_eq(run.fault.err, ERR_USAGE);
    cr_assert_str_eq(run.fault.text, text);
    option_release(table, ROWS, &run.s);
}

Test(option, defaults_are_set)
{
    struct run run = parse("");
    cr_assert_eq(run.err, 0);
    cr_assert_eq(run.s.max_rows, 100000);
    cr_assert_eq(run.s.severity, 99.9);
    cr_assert_eq(run.s.timeout_us, 30000000);
    cr_assert_eq(run.s.max_bytes, UINT64_C(64) << 20);
    cr_assert_null(run.s.db);
    cr_assert_str_eq(run.s.mode, "batch");
    cr_assert_eq(run.s.features.count, 2);
    cr_assert_eq(run.s.interval_us, 1000000);
    cr_assert_not(run.s.quiet);
    for (int i = 0; i < ROWS; i++)
        cr_assert_not(run.given[i]);
    option_release(table, ROWS, &run.s);
}

Test(option, values_follow_or_are_attached)
{
    struct run run = parse("--max-rows 5 --severity=98.5 -d a.db -n7 -q "
                           "--interval=asap --timeout 1m30s --mode rolling");
    cr_assert_eq(run.err, 0, "%s", run.fault.text);
    cr_assert_eq(run.s.max_rows, 7, "the last one wins");
    cr_assert_eq(run.s.severity, 98.5);
    cr_assert_str_eq(run.s.db, "a.db");
    cr_assert(run.s.quiet);
    cr_assert_eq(run.s.interval_us, OPTION_INTERVAL_ASAP);
    cr_assert_eq(run.s.timeout_us, 90000000);
    cr_assert_str_eq(run.s.mode, "rolling");
    cr_assert(run.given[0] && run.given[1] && run.given[2] && run.given[3]);
    cr_assert_not(run.given[4]);
    option_release(table, ROWS, &run.s);
}

Test(option, a_number_may_be_left_to_be_found)
{
    struct buf out;
    buf_init(&out, 100);
    struct run run = parse("");
    cr_expect_eq(run.s.eps, 0.0, "auto, the default");
    cr_expect_eq(option_print(&table[ROWS - 1], &run.s, &out), 0);
    option_release(table, ROWS, &run.s);
    run = parse("--eps 0.75");
    cr_expect_eq(run.s.eps, 0.75);
    (void)buf_append_char(&out, ' ');
    cr_expect_eq(option_print(&table[ROWS - 1], &run.s, &out), 0);
    option_release(table, ROWS, &run.s);
    run = parse("--eps 0.75 --eps AUTO");
    cr_expect_eq(run.s.eps, 0.0);
    cr_expect_str_eq(buf_text(&out), "auto 0.75");
    option_release(table, ROWS, &run.s);
    buf_release(&out);
}

Test(option, short_flags_may_share_a_dash)
{
    struct run run = parse("-qfn 9");
    cr_assert_eq(run.err, 0, "%s", run.fault.text);
    cr_assert(run.s.quiet && run.s.fresh);
    cr_assert_eq(run.s.max_rows, 9);
    option_release(table, ROWS, &run.s);
}

Test(option, flags_may_follow_operands_and_two_dashes_end_them)
{
    struct run run = parse("in.csv -q -- --odd-name");
    cr_assert_eq(run.err, 0, "%s", run.fault.text);
    cr_assert_eq(run.operand_count, 2);
    cr_assert_str_eq(run.operands[0], "in.csv");
    cr_assert_str_eq(run.operands[1], "--odd-name");
    cr_assert(run.s.quiet);
    option_release(table, ROWS, &run.s);
}

Test(option, a_lone_dash_is_an_operand)
{
    struct run run = parse("- -q");
    cr_assert_eq(run.err, 0);
    cr_assert_eq(run.operand_count, 1);
    cr_assert_str_eq(run.operands[0], "-");
    option_release(table, ROWS, &run.s);
    run = parse("--db -");
    cr_assert_str_eq(run.s.db, "-");
    option_release(table, ROWS, &run.s);
}

Test(option, faults_name_the_flag_the_range_and_the_way_out)
{
    expect_fault("--max-rows 0", "--max-rows 0 is out of range: 1..10000000");
    expect_fault("--max-rows=-3", "--max-rows -3 is out of range: 1..10000000");
    expect_fault("--max-rows 99999999999999999999999",
                 "--max-rows 99999999999999999999999 is out of range: "
                 "1..10000000");
    expect_fault("--max-rows 5x", "--max-rows 5x is not a whole number");
    expect_fault("--max-rows 1.5", "--max-rows 1.5 is not a whole number");
    expect_fault("--max-rows -x", "--max-rows -x is not a whole number");
    expect_fault("--interval 250",
                 "--interval 250 has no unit: try --interval 250ms");
    expect_fault("--interval soon", "--interval soon is not a duration: try "
                                    "250ms, 2s, 1m30s, asap, off or auto");
    expect_fault("--interval 0s", "--interval 0s is out of range: 1ms..1d");
    expect_fault("--timeout 2h", "--timeout 2h is out of range: 1ms..1h");
    expect_fault("--timeout asap", "--timeout asap is not a duration: try "
                                   "250ms, 2s or 1m30s");
    expect_fault("--max-bytes 64",
                 "--max-bytes 64 has no unit: try --max-bytes 64MiB");
    expect_fault("--max-bytes 64Q", "--max-bytes 64Q is not a size: try "
                                    "64KiB, 64MiB or 4GiB");
    expect_fault("--max-bytes 1KiB",
                 "--max-bytes 1KiB is out of range: 64KiB..4GiB");
    expect_fault("--severity 100.5",
                 "--severity 100.5 is out of range: 0..100");
    expect_fault("--severity high", "--severity high is not a number");
    expect_fault("--mode roling", "--mode roling: choose batch, rolling or "
                                  "frozen; did you mean rolling?");
    expect_fault("--mode xyzzyx",
                 "--mode xyzzyx: choose batch, rolling or frozen");
    expect_fault("--eps 9", "--eps 9 is out of range: 0.5..8, or auto");
    expect_fault("--eps 0", "--eps 0 is out of range: 0.5..8, or auto");
    expect_fault("--eps near", "--eps near is neither a number nor auto");
    expect_fault("--quiet=perhaps", "--quiet perhaps: say true or false");
}

Test(option, faults_speak_as_the_place_where_the_value_stood)
{
    static const struct {
        int row;
        const char *value, *want[3]; /* fyke set, a file, the environment */
    } cases[] = {
        { 1,
          "0",
          { "max_rows=0 is out of range: 1..10000000",
            "max_rows: 0 is out of range: 1..10000000",
            "FYKE_MAX_ROWS=0 is out of range: 1..10000000" } },
        { 8,
          "250",
          { "interval=250 has no unit: try interval=250ms",
            "interval: 250 has no unit: try interval: 250ms",
            "FYKE_INTERVAL=250 has no unit: try FYKE_INTERVAL=250ms" } },
        { 6,
          "roling",
          { "mode=roling: choose batch, rolling or frozen; did you mean "
            "rolling?",
            "mode: roling: choose batch, rolling or frozen; did you mean "
            "rolling?",
            "FYKE_MODE=roling: choose batch, rolling or frozen; did you mean "
            "rolling?" } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int voice = 0; voice < 3; voice++) {
            struct settings s = { .max_rows = 5, .mode = "x" };
            struct fault fault = { 0 };
            cr_assert_eq(option_set_as(&table[cases[i].row],
                                       OPTION_VOICE_SET + voice, cases[i].value,
                                       &s, &fault),
                         ERR_USAGE);
            cr_assert_str_eq(fault.text, cases[i].want[voice]);
            cr_assert_eq(s.max_rows, 5, "unchanged");
        }
    }
}

Test(option, set_named_sets_and_names_the_setting)
{
    struct settings s = { 0 };
    struct fault fault = { 0 };
    cr_assert_eq(option_set_named(&table[1], "7", &s, &fault), 0);
    cr_assert_eq(s.max_rows, 7);
    cr_assert_eq(option_set_named(&table[1], "x", &s, &fault), ERR_USAGE);
    cr_assert_str_eq(fault.text, "max_rows=x is not a whole number");
}

Test(option, a_long_value_leaves_room_for_the_reason)
{
    char value[2000];
    struct settings s = { 0 };
    struct fault fault = { 0 };
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = 0;
    cr_assert_eq(option_set_named(&table[1], value, &s, &fault), ERR_USAGE);
    cr_assert_not_null(strstr(fault.text, "xx... is not a whole number"), "%s",
                       fault.text);
}

Test(option, an_interval_kept_as_text_is_checked)
{
    static const struct option row = {
        .name = "interval",
        .type = OPTION_INTERVAL_TEXT,
        .offset = FIELD(db, const char *),
        .min = 1000,
        .max = 3600e6,
    };
    static const char *const good[] = { "250ms", "asap", "OFF", "auto", "1h" };
    static const char *const bad[] = { "250", "0s", "2h", "soon", "" };
    struct settings s = { 0 };
    struct fault fault = { 0 };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_assert_eq(option_set(&row, good[i], &s, &fault), 0);
        cr_assert_eq(s.db, good[i], "borrowed as typed");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(option_set(&row, bad[i], &s, &fault), ERR_USAGE);
        cr_assert_eq(s.db, good[4], "unchanged");
    }
}

Test(option, unknown_words_get_the_nearest_right_one)
{
    expect_fault("--intervall 5s",
                 "unknown option --intervall, did you mean --interval?");
    expect_fault("--intervall=5s",
                 "unknown option --intervall, did you mean --interval?");
    expect_fault("--zzzzz", "unknown option --zzzzz; --help lists them");
    expect_fault("-x", "unknown option -x; --help lists them");
    expect_fault("-qx", "unknown option -x; --help lists them");
}

Test(option, a_very_long_unknown_word_is_cut)
{
    char line[300] = "--max-rows";
    struct run run;
    memset(line + 10, 's', 200);
    run = parse(line);
    cr_assert_eq(run.err, ERR_USAGE);
    cr_assert_eq(strncmp(run.fault.text, "unknown option --max-rowsss", 27), 0);
    cr_assert_str_eq(strstr(run.fault.text, "; "), "; --help lists them");
    option_release(table, ROWS, &run.s);
}

Test(option, a_missing_value_is_said)
{
    expect_fault("--db", "--db needs a value: --db FILE");
    expect_fault("--db --fresh", "--db needs a value: --db FILE");
    expect_fault("-n", "--max-rows needs a value: --max-rows N");
}

Test(option, operands_are_limited)
{
    expect_fault("a b c", "c is one operand too many (at most 2); flags begin "
                          "with --");
    char *argv[] = { NULL, NULL };
    char name[] = "x";
    struct fault fault;
    uint32_t n = 7;
    argv[1] = name;
    cr_assert_eq(
        option_parse(NULL, 0, 2, argv, NULL, NULL, NULL, 0, &n, &fault),
        ERR_USAGE);
    cr_assert_str_eq(fault.text, "x: this command takes no operand");
    cr_assert_eq(n, 7, "written on success only");
}

Test(option, a_list_replaces_its_default_and_then_grows)
{
    struct run run = parse("--features a,b --features=c -q");
    cr_assert_eq(run.err, 0, "%s", run.fault.text);
    cr_assert_eq(run.s.features.count, 3);
    cr_assert_str_eq(run.s.features.items[0], "a");
    cr_assert_str_eq(run.s.features.items[1], "b");
    cr_assert_str_eq(run.s.features.items[2], "c");
    option_release(table, ROWS, &run.s);
    cr_assert_eq(run.s.features.count, 0);
}

Test(option, empty_items_and_blanks_around_items_are_dropped)
{
    struct settings s = { 0 };
    cr_assert_eq(option_set(&table[7], " a , ,b c,", &s, NULL), 0);
    cr_assert_eq(s.features.count, 2);
    cr_assert_str_eq(s.features.items[0], "a");
    cr_assert_str_eq(s.features.items[1], "b c");
    cr_assert_eq(option_set(&table[7], "", &s, NULL), 0);
    cr_assert_eq(s.features.count, 0);
    option_list_release(&s.features);
}

Test(option, a_list_has_a_maximum)
{
    struct settings s = { 0 };
    struct fault fault;
    char many[3 * OPTION_LIST_MAX + 1] = "";
    for (int i = 0; i < OPTION_LIST_MAX; i++)
        memcpy(many + 2 * i, "z,", 3);
    cr_assert_eq(option_set(&table[7], many, &s, &fault), 0);
    cr_assert_eq(s.features.count, OPTION_LIST_MAX);
    cr_assert_eq(option_add(&table[7], "one", &s, &fault), ERR_USAGE);
    cr_assert_str_eq(fault.text, "--features has more than 1024 items");
    cr_assert_eq(s.features.count, OPTION_LIST_MAX, "unchanged");
    option_list_release(&s.features);
}

Test(option, a_field_is_unchanged_on_error)
{
    struct settings s = { .max_rows = 5, .mode = "x", .interval_us = 3 };
    cr_assert_eq(option_set(&table[1], "0", &s, NULL), ERR_USAGE);
    cr_assert_eq(option_set(&table[6], "y", &s, NULL), ERR_USAGE);
    cr_assert_eq(option_set(&table[8], "5", &s, NULL), ERR_USAGE);
    cr_assert_eq(s.max_rows, 5);
    cr_assert_str_eq(s.mode, "x");
    cr_assert_eq(s.interval_us, 3);
}

Test(option, printed_values_can_be_typed_again)
{
    static const struct {
        int row;
        const char *typed, *printed;
    } cases[] = {
        { 0, "yes", "true" },
        { 0, "off", "false" },
        { 1, "5", "5" },
        { 2, "99.90", "99.9" },
        { 3, "90s", "1m30s" },
        { 4, "1024KiB", "1MiB" },
        { 5, "my file", "my file" },
        { 6, "FROZEN", "frozen" },
        { 7, "a, b", "a,b" },
        { 8, "off", "off" },
        { 8, "ASAP", "asap" },
        { 8, "Auto", "auto" },
        { 8, "250ms", "250ms" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings s = { 0 };
        const struct option *row = &table[cases[i].row];
        struct buf out;
        buf_init(&out, 1000);
        cr_assert_eq(option_set(row, cases[i].typed, &s, NULL), 0);
        cr_assert_eq(option_print(row, &s, &out), 0);
        cr_assert_str_eq(buf_text(&out), cases[i].printed);
        option_release(table, ROWS, &s);
        cr_assert_eq(option_set(row, buf_text(&out), &s, NULL), 0);
        option_release(table, ROWS, &s);
        buf_release(&out);
    }
}

Test(option, unset_text_prints_as_nothing)
{
    struct settings s = { 0 };
    struct buf out;
    buf_init(&out, 1000);
    cr_assert_eq(option_print(&table[5], &s, &out), 0);
    cr_assert_str_eq(buf_text(&out), "");
    buf_release(&out);
}
