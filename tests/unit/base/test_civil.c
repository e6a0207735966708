/*
 * Civil time: parsing, formatting, and the way back.
 */
#include "proto/base/civil.h"
#include "proto/base/rng.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

static int64_t iso(const char *text)
{
    int64_t ns = 0;
    int err = civil_parse_iso(text, strlen(text), &ns);
    cr_assert_eq(err, 0, "%s: %s", text, err_name(err));
    return ns;
}

static int64_t by_format(const char *text, const char *format)
{
    int64_t ns = 0;
    int err = civil_check_format(format);
    cr_assert_eq(err, 0, "%s: %s", format, err_name(err));
    err = civil_parse_format(text, strlen(text), format, &ns);
    cr_assert_eq(err, 0, "%s by %s: %s", text, format, err_name(err));
    return ns;
}

Test(civil, dates_and_times_are_parsed)
{
    cr_assert_eq(iso("1970-01-01"), 0);
    cr_assert_eq(iso("1970-01-01 00:00"), 0);
    cr_assert_eq(iso("1970-01-01T00:00:01"), SECOND);
    cr_assert_eq(iso("2018-06-05 12:53:09"), 1528203189 * SECOND);
    cr_assert_eq(iso("2018-06-05t12:53:09z"), 1528203189 * SECOND);
    cr_assert_eq(iso("1969-12-31 23:59:59"), -SECOND);
    cr_assert_eq(iso("2000-02-29"), 951782400 * SECOND);
    cr_assert_eq(iso("1900-03-01"), -2203891200 * SECOND);
}

Test(civil, fractions_have_any_number_of_digits)
{
    cr_assert_eq(iso("1970-01-01 00:00:00.5"), SECOND / 2);
    cr_assert_eq(iso("1970-01-01 00:00:00,25"), SECOND / 4);
    cr_assert_eq(iso("1970-01-01 00:00:00.123456789"), 123456789);
    cr_assert_eq(iso("1970-01-01 00:00:00.1234567899999999999999"), 123456789);
    cr_assert_eq(iso("1970-01-01 00:00:00.000000001Z"), 1);
    cr_assert_eq(iso("1969-12-31 23:59:59.75"), -SECOND / 4);
}

Test(civil, zones_shift_to_utc)
{
    int64_t noon = iso("2020-01-01 12:00:00");
    cr_assert_eq(iso("2020-01-01T12:00:00Z"), noon);
    cr_assert_eq(iso("2020-01-01T13:00:00+01:00"), noon);
    cr_assert_eq(iso("2020-01-01T13:00:00+0100"), noon);
    cr_assert_eq(iso("2020-01-01T13:00:00+01"), noon);
    cr_assert_eq(iso("2020-01-01T06:30:00-05:30"), noon);
    cr_assert_eq(iso("2020-01-01 12:00Z"), noon);
    cr_assert_eq(iso("2020-01-01 12:00:00 +0000"), noon);
    cr_assert_eq(iso("2020-01-01 12:00:00.000 Z"), noon);
}

Test(civil, second_60_is_the_next_minute)
{
    cr_assert_eq(iso("2016-12-31T23:59:60Z"), iso("2017-01-01T00:00:00Z"));
    cr_assert_eq(iso("2016-12-31T23:59:60.7Z"), iso("2017-01-01T00:00:00Z"));
}

Test(civil, what_the_calendar_does_not_have_is_out_of_range)
{
    static const char *const texts[] = {
        "2020-13-01",       "2020-00-01",          "2020-01-00",
        "2020-01-32",       "2020-04-31",          "2019-02-29",
        "1900-02-29",       "2020-01-01 24:00",    "2020-01-01 23:60",
        "2020-01-01 25:00", "2020-01-01 00:00:61", "1677-12-31",
        "2262-01-01",       "0000-01-01",          "9999-12-31",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t ns = 7;
        cr_assert_eq(civil_parse_iso(texts[i], strlen(texts[i]), &ns),
                     ERR_RANGE, "%s", texts[i]);
        cr_assert_eq(ns, 7);
    }
}

Test(civil, what_is_not_iso_is_invalid)
{
    static const char *const texts[] = {
        "",
        "2020",
        "2020-1-01",
        "2020-01-1",
        "20200101",
        "2020/01/01",
        " 2020-01-01",
        "2020-01-01 ",
        "2020-01-01T",
        "2020-01-01 1:00",
        "2020-01-01 10",
        "2020-01-01 10:",
        "2020-01-01 10:0",
        "2020-01-01 10:00:",
        "2020-01-01 10:00:0",
        "2020-01-01 10:00:00.",
        "2020-01-01 10:00:00.Z",
        "2020-01-01 10:00.5",
        "2020-01-01 10:00:00+1",
        "2020-01-01 10:00:00+24:00",
        "2020-01-01 10:00:00+01:60",
        "2020-01-01 10:00:00+01:0",
        "2020-01-01 10:00:00+01:00x",
        "2020-01-01 10:00:00 ",
        "2020-01-01 10:00:00ZZ",
        "2020-01-01X10:00:00",
        "2020-01-01-10:00:00",
        "20a0-01-01",
        "2020-01-01 1a:00:00",
        "-020-01-01",
        "+020-01-01",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t ns = 7;
        cr_assert_eq(civil_parse_iso(texts[i], strlen(texts[i]), &ns),
                     ERR_INVALID, "%s", texts[i]);
        cr_assert_eq(ns, 7);
    }
}

/* Nothing behind the length is read: the sanitizers would see it. */
Test(civil, every_shorter_text_is_handled_within_its_length)
{
    const char *text = "2020-01-01T10:11:12.123456789+01:00";
    for (size_t n = 0; n <= strlen(text); n++) {
        char *copy = malloc(n + 1);
        memcpy(copy, text, n);
        copy = realloc(copy, n > 0 ? n : 1);
        int64_t ns;
        int err = civil_parse_iso(copy, n, &ns);
        bool whole = n == 10 || n == 16 || n == 19 || (n >= 21 && n <= 29) ||
                     n == 32 || n == 35;
        cr_assert_eq(err == 0, whole, "%zu bytes", n);
        free(copy);
    }
}

Test(civil, formats_are_rounded_down_and_work_before_1970)
{
    char text[24];
    cr_assert_str_eq(civil_format_ms(0, text, sizeof text),
                     "1970-01-01 00:00:00.000");
    cr_assert_str_eq(civil_format_ms(-1, text, sizeof text),
                     "1969-12-31 23:59:59.999");
    cr_assert_str_eq(civil_format_ms(999999, text, sizeof text),
                     "1970-01-01 00:00:00.000");
    cr_assert_str_eq(
        civil_format_ms(1528203189 * SECOND + 123999999, text, sizeof text),
        "2018-06-05 12:53:09.123");
    cr_assert_str_eq(civil_format_ms(INT64_MAX, text, sizeof text),
                     "2262-04-11 23:47:16.854");
    cr_assert_str_eq(civil_format_ms(INT64_MIN + 1, text, sizeof text),
                     "1677-09-21 00:12:43.145");
    cr_assert_str_eq(civil_format_ms(CIVIL_NONE, text, sizeof text), "");
}

Test(civil, a_short_output_is_a_programmer_error, .signal = SIGABRT)
{
    char text[23];
    (void)civil_format_ms(0, text, sizeof text);
}

Test(civil, every_day_of_five_centuries_agrees_with_gmtime)
{
    int64_t first = iso("1678-01-01") / SECOND / 86400;
    int64_t last = iso("2261-12-31") / SECOND / 86400;
    for (int64_t day = first; day <= last; day++) {
        char want[80], got[24];
        struct tm tm;
        time_t seconds = (time_t)(day * 86400);
        gmtime_r(&seconds, &tm);
        snprintf(want, sizeof want, "%04d-%02d-%02d 00:00:00.000",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
        civil_format_ms(day * 86400 * SECOND, got, sizeof got);
        cr_assert_str_eq(got, want);
        cr_assert_eq(iso(want), day * 86400 * SECOND, "%s", want);
    }
}

Test(civil, random_times_come_back)
{
    uint64_t seed = 21;
    struct rng r;
    int64_t span = iso("2261-12-31") / 1000000;
    cr_log_info("seed %llu", (unsigned long long)seed);
    rng_init(&r, &seed, 1);
    for (int i = 0; i < 200000; i++) {
        int64_t ms = (int64_t)rng_below(&r, (uint64_t)span * 2) - span;
        char text[24];
        cr_assert_eq(iso(civil_format_ms(ms * 1000000, text, sizeof text)),
                     ms * 1000000, "%s", text);
    }
}

Test(civil, formats_name_their_parts)
{
    int64_t want = iso("2018-06-05 12:53:09");
    cr_assert_eq(by_format("05/06/2018 12:53:09", "%d/%m/%Y %H:%M:%S"), want);
    cr_assert_eq(by_format("5.6.18 12:53:9", "%d.%m.%y %H:%M:%S"), want);
    cr_assert_eq(
        by_format("05/Jun/2018:14:53:09 +0200", "%d/%b/%Y:%H:%M:%S %z"), want);
    cr_assert_eq(by_format("june  5 2018 12:53:09", "%b %d %Y %H:%M:%S"), want);
    cr_assert_eq(by_format("2018156T125309.5", "%Y%jT%H%M%S.%f"),
                 want + SECOND / 2);
    cr_assert_eq(by_format("1528203189.25", "%s.%f"), want + SECOND / 4);
    cr_assert_eq(by_format("-1.5", "%s.%f"), -3 * SECOND / 2);
    cr_assert_eq(by_format("100% 2018", "100%% %Y"), iso("2018-01-01"));
    cr_assert_eq(by_format("2018-06", "%Y-%m"), iso("2018-06-01"));
    cr_assert_eq(by_format("68", "%y"), iso("2068-01-01"));
    cr_assert_eq(by_format("69", "%y"), iso("1969-01-01"));
    cr_assert_eq(by_format("MAY 2018", "%b %Y"), iso("2018-05-01"));
    cr_assert_eq(by_format("2020366", "%Y%j"), iso("2020-12-31"));
}

Test(civil, texts_that_do_not_follow_the_format_are_refused)
{
    static const struct {
        const char *text, *format;
        int err;
    } cases[] = {
        { "2018-06-05x", "%Y-%m-%d", ERR_INVALID },
        { "2018-06-", "%Y-%m-%d", ERR_INVALID },
        { "2018/06/05", "%Y-%m-%d", ERR_INVALID },
        { "2018-06-05", "%Y-%m-%d %H", ERR_INVALID },
        { "2018-06-05 ", "%Y-%m-%d %H", ERR_INVALID },
        { "2018-06-0512", "%Y-%m-%d %H", ERR_INVALID },
        { "Jux 2018", "%b %Y", ERR_INVALID },
        { "", "%Y", ERR_INVALID },
        { "2018", "%Y%", ERR_INVALID },
        { "2018", "%Y%Q", ERR_INVALID },
        { "2018 10", "%Y %z", ERR_INVALID },
        { "2018 ", "%Y %z", ERR_INVALID },
        { "2018.", "%Y.%f", ERR_INVALID },
        { "-", "%s", ERR_INVALID },
        { "2019366", "%Y%j", ERR_RANGE },
        { "2019000", "%Y%j", ERR_RANGE },
        { "2019-13", "%Y-%m", ERR_RANGE },
        { "2019-02-30", "%Y-%m-%d", ERR_RANGE },
        { "2019 24", "%Y %H", ERR_RANGE },
        { "999", "%Y", ERR_RANGE },
        { "99999999999", "%s", ERR_RANGE },
        { "999999999999999999999999", "%s", ERR_RANGE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ns = 7;
        cr_assert_eq(civil_parse_format(cases[i].text, strlen(cases[i].text),
                                        cases[i].format, &ns),
                     cases[i].err, "%s by %s", cases[i].text, cases[i].format);
        cr_assert_eq(ns, 7);
    }
}

Test(civil, formats_without_a_year_or_with_unknown_directives_are_invalid)
{
    cr_assert_eq(civil_check_format("%H:%M"), ERR_INVALID);
    cr_assert_eq(civil_check_format(""), ERR_INVALID);
    cr_assert_eq(civil_check_format("%Y %p"), ERR_INVALID);
    cr_assert_eq(civil_check_format("%Y %"), ERR_INVALID);
    cr_assert_eq(civil_check_format("%%Y"), ERR_INVALID);
    cr_assert_eq(civil_check_format("%s"), 0);
    cr_assert_eq(civil_check_format("%y %j"), 0);
}
