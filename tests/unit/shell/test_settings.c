/* The typed tables: defaults, limits, the interval's words. */
#include "engine/shell/settings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct settings defaults(void)
{
    struct settings s = { 0 };
    struct fault fault = { 0 };
    cr_assert_eq(option_defaults(settings_run, settings_run_count, &s, &fault),
                 0, "%s", fault.text);
    return s;
}

static int parse(struct settings *s, const char *flag, const char *value,
                 struct fault *fault)
{
    char name[64], text[64];
    char *argv[3] = { name, name, text };
    (void)snprintf(name, sizeof name, "%s", flag);
    (void)snprintf(text, sizeof text, "%s", value);
    uint32_t operands = 0;
    return option_parse(settings_run, settings_run_count, 3, argv, s, NULL,
                        NULL, 0, &operands, fault);
}

Test(settings, defaults_are_those_of_the_contract)
{
    struct settings s = defaults();
    cr_expect_eq(s.max_rows, 100000);
    cr_expect_eq(s.max_bytes, 64u << 20);
    cr_expect_eq(s.pipeline, 2);
    cr_expect_eq(s.trees, 200);
    cr_expect_eq(s.subsample, 256);
    cr_expect_eq(s.fit_rows, 1024);
    cr_expect_eq(s.eps, 0.0, "auto");
    cr_expect_eq(s.min_points, 10);
    cr_expect_str_eq(s.scale, "auto");
    cr_expect_eq(s.context_rows, 1024);
    cr_expect_eq(s.seed, 1);
    cr_expect_eq(s.severity, 99.9);
    cr_expect_eq(s.every_us, 100000);
    cr_expect_str_eq(s.db_mode, "0600");
}

Test(settings, every_row_has_a_help_text_and_a_group)
{
    for (size_t i = 0; i < settings_run_count; i++) {
        cr_expect_not_null(settings_run[i].help);
        cr_expect_not_null(settings_run[i].group);
    }
    for (size_t i = 0; i < settings_coordinator_count; i++)
        cr_expect_not_null(settings_coordinator[i].help);
}

Test(settings, limits_are_enforced_with_the_range_in_the_fault)
{
    static const char *const bad[][3] = {
        { "--max-rows", "0", "1..10000000" },
        { "--max-rows", "10000001", "1..10000000" },
        { "--max-bytes", "1KiB", "64KiB..4GiB" },
        { "--pipeline", "17", "1..16" },
        { "--trees", "2001", "1..2000" },
        { "--every", "1ms", "5ms" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct settings s = defaults();
        struct fault fault = { 0 };
        cr_expect_eq(parse(&s, bad[i][0], bad[i][1], &fault), ERR_USAGE);
        cr_expect_not_null(strstr(fault.text, bad[i][2]), "%s", fault.text);
    }
}

Test(settings, files_are_cut_by_count_and_live_sources_every_second)
{
    struct settings s = defaults();
    int64_t us = 0;
    cr_assert_eq(settings_interval(&s, false, &us, NULL), 0);
    cr_expect_eq(us, OPTION_INTERVAL_OFF);
    cr_assert_eq(settings_interval(&s, true, &us, NULL), 0);
    cr_expect_eq(us, 1000000);
}

Test(settings, the_interval_is_a_duration_or_a_word)
{
    struct settings s = defaults();
    struct fault fault = { 0 };
    int64_t us = 7;
    s.interval = "250ms";
    cr_assert_eq(settings_interval(&s, false, &us, &fault), 0);
    cr_expect_eq(us, 250000);
    s.interval = "asap";
    cr_assert_eq(settings_interval(&s, false, &us, &fault), 0);
    cr_expect_eq(us, OPTION_INTERVAL_ASAP);
    s.interval = "off";
    cr_assert_eq(settings_interval(&s, true, &us, &fault), 0);
    cr_expect_eq(us, OPTION_INTERVAL_OFF);
    s.interval = "auto";
    cr_assert_eq(settings_interval(&s, true, &us, &fault), 0);
    cr_expect_eq(us, OPTION_INTERVAL_AUTO);
    s.interval = "250";
    cr_expect_eq(settings_interval(&s, true, &us, &fault), ERR_USAGE);
    cr_expect_not_null(strstr(fault.text, "unit"), "%s", fault.text);
}

Test(settings, an_interval_is_checked_where_it_is_given)
{
    struct settings s = defaults();
    struct fault fault = { 0 };
    cr_expect_eq(parse(&s, "--interval", "250", &fault), ERR_USAGE);
    cr_expect_not_null(strstr(fault.text, "try --interval 250ms"), "%s",
                       fault.text);
    cr_expect_eq(parse(&s, "--interval", "2h", &fault), ERR_USAGE);
    cr_expect_not_null(strstr(fault.text, "1ms..1h"), "%s", fault.text);
    cr_expect_null(s.interval);
}
