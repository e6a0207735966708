/*
 * Durations, sizes, counts and plain numbers.
 */
#include "proto/base/text.h"
#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

Test(text, durations_have_units)
{
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {
        { "250ms", 250000 },
        { "2s", 2000000 },
        { "1m30s", 90000000 },
        { "1h", 3600000000 },
        { "500us", 500 },
        { "1d", 86400000000 },
        { "0s", 0 },
        { "1.5s", 1500000 },
        { "0.25ms", 250 },
        { "1h1m1s1ms1us", 3661001001 },
        { "1m0.5s", 60500000 },
        { "1.0000009s", 1000000 },
        { "007s", 7000000 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t us = -1;
        cr_assert_eq(text_parse_duration_us(cases[i].text, &us), 0, "%s",
                     cases[i].text);
        cr_assert_eq(us, cases[i].us, "%s", cases[i].text);
    }
}

Test(text, what_is_no_duration_is_refused)
{
    static const char *const invalid[] = {
        "",     "250",  "ms",  "5 ms", " 5ms", "5ms ", "-5ms",    "+5ms",
        "1s1m", "1s1s", "5x",  "5mss", "1.s",  ".5s",  "1.5m30s", "1m30",
        "1e3s", "5S",   "5Ms", "5min", "asap", "1,5s",
    };
    static const char *const range[] = {
        "99999999999999999999s",
        "9223372036855s",
        "106751992d",
        "0.0000001s",
        "0.5us",
    };
    int64_t us = 7;
    for (size_t i = 0; i < COUNT(invalid); i++)
        cr_assert_eq(text_parse_duration_us(invalid[i], &us), ERR_INVALID, "%s",
                     invalid[i]);
    for (size_t i = 0; i < COUNT(range); i++)
        cr_assert_eq(text_parse_duration_us(range[i], &us), ERR_RANGE, "%s",
                     range[i]);
    cr_assert_eq(us, 7);
}

Test(text, durations_print_short)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        { 0, "0s" },
        { 1, "1us" },
        { 500, "500us" },
        { 1500, "1.5ms" },
        { 250000, "250ms" },
        { 1000000, "1s" },
        { 1500000, "1.5s" },
        { 90000000, "1m30s" },
        { 60500000, "1m0.5s" },
        { 3600000000, "1h" },
        { 3600000001, "1h0.000001s" },
        { 86400000000, "1d" },
        { 90061000000, "1d1h1m1s" },
        { -250000, "-250ms" },
        { -60000000, "-1m" },
    };
    char out[64];
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_assert_str_eq(text_duration(cases[i].us, out, sizeof out),
                         cases[i].text);
}

Test(text, printed_durations_and_sizes_read_back)
{
    struct rng r = seed_rng(31);
    char out[64];
    for (int i = 0; i < 100000; i++) {
        uint64_t n = rng_next(&r) >> (1 + rng_below(&r, 63));
        if (rng_below(&r, 2) == 0)
            n -= n % 1000;
        int64_t us;
        uint64_t bytes;
        text_duration((int64_t)n, out, sizeof out);
        cr_assert_eq(text_parse_duration_us(out, &us), 0, "%s", out);
        cr_assert_eq(us, (int64_t)n, "%s", out);
        text_bytes(n, out, sizeof out);
        cr_assert_eq(text_parse_bytes(out, &bytes), 0, "%s", out);
        cr_assert_eq(bytes, n, "%s", out);
    }
}

Test(text, sizes_have_units)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        { "64MiB", UINT64_C(64) << 20 },
        { "4GiB", UINT64_C(4) << 30 },
        { "64KiB", 65536 },
        { "1000B", 1000 },
        { "64MB", 64000000 },
        { "1.5GiB", 1610612736 },
        { "64mib", UINT64_C(64) << 20 },
        { "2kB", 2000 },
        { "1TiB", UINT64_C(1) << 40 },
        { "0B", 0 },
        { "3TB", 3000000000000 },
        { "0.3KiB", 307 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t bytes = 1;
        cr_assert_eq(text_parse_bytes(cases[i].text, &bytes), 0, "%s",
                     cases[i].text);
        cr_assert_eq(bytes, cases[i].bytes, "%s", cases[i].text);
    }
}

Test(text, what_is_no_size_is_refused)
{
    static const char *const invalid[] = { "",    "64",   "MiB",  "64M",
                                           "-1B", "64 B", "1B1B", "64MiBs",
                                           "1.B", ".5B",  "0x10B" };
    uint64_t bytes = 7;
    for (size_t i = 0; i < COUNT(invalid); i++)
        cr_assert_eq(text_parse_bytes(invalid[i], &bytes), ERR_INVALID, "%s",
                     invalid[i]);
    cr_assert_eq(text_parse_bytes("99999999999TiB", &bytes), ERR_RANGE);
    cr_assert_eq(text_parse_bytes("0.4B", &bytes), ERR_RANGE);
    cr_assert_eq(bytes, 7);
}

Test(text, sizes_print_exactly_or_roughly)
{
    char out[64];
    cr_assert_str_eq(text_bytes(0, out, sizeof out), "0B");
    cr_assert_str_eq(text_bytes(512, out, sizeof out), "512B");
    cr_assert_str_eq(text_bytes(1000, out, sizeof out), "1KB");
    cr_assert_str_eq(text_bytes(1024, out, sizeof out), "1KiB");
    cr_assert_str_eq(text_bytes(64 << 20, out, sizeof out), "64MiB");
    cr_assert_str_eq(text_bytes(1610612736, out, sizeof out), "1.5GiB");
    cr_assert_str_eq(text_bytes(64000000, out, sizeof out), "64MB");
    cr_assert_str_eq(text_bytes(123456789, out, sizeof out), "123456789B");
    cr_assert_str_eq(text_bytes_rough(0, out, sizeof out), "0 B");
    cr_assert_str_eq(text_bytes_rough(999, out, sizeof out), "999 B");
    cr_assert_str_eq(text_bytes_rough(1000, out, sizeof out), "1.0 kB");
    cr_assert_str_eq(text_bytes_rough(2249999, out, sizeof out), "2.2 MB");
    cr_assert_str_eq(text_bytes_rough(2250000, out, sizeof out), "2.3 MB");
    cr_assert_str_eq(text_bytes_rough(117400000, out, sizeof out), "117 MB");
    cr_assert_str_eq(text_bytes_rough(999999, out, sizeof out), "1.0 MB");
    cr_assert_str_eq(text_bytes_rough(UINT64_MAX, out, sizeof out), "18 EB");
}

Test(text, counts_are_grouped)
{
    char out[40];
    cr_assert_str_eq(text_count(0, out, sizeof out), "0");
    cr_assert_str_eq(text_count(999, out, sizeof out), "999");
    cr_assert_str_eq(text_count(1000, out, sizeof out), "1 000");
    cr_assert_str_eq(text_count(23430, out, sizeof out), "23 430");
    cr_assert_str_eq(text_count(UINT64_MAX, out, sizeof out),
                     "18 446 744 073 709 551 615");
}

Test(text, whole_numbers_are_parsed_whole)
{
    uint64_t v = 7;
    cr_assert_eq(text_parse_u64("0", &v), 0);
    cr_assert_eq(v, 0);
    cr_assert_eq(text_parse_u64("18446744073709551615", &v), 0);
    cr_assert_eq(v, UINT64_MAX);
    v = 7;
    cr_assert_eq(text_parse_u64("18446744073709551616", &v), ERR_RANGE);
    static const char *const invalid[] = { "",   "-1",  "+1",  " 1", "1 ",
                                           "1a", "0x1", "1.0", "1e3" };
    for (size_t i = 0; i < COUNT(invalid); i++)
        cr_assert_eq(text_parse_u64(invalid[i], &v), ERR_INVALID, "%s",
                     invalid[i]);
    cr_assert_eq(v, 7);
}

Test(text, decimal_numbers_are_parsed_whole)
{
    double v = 7;
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        { "0", 0 },        { "-1.5", -1.5 }, { "+2", 2 },    { "1e3", 1000 },
        { "1E-3", 0.001 }, { ".5", 0.5 },    { "5.", 5 },    { "99.9", 99.9 },
        { "1e+2", 100 },   { "1e-400", 0 },  { "0.1", 0.1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        cr_assert_eq(text_parse_f64(cases[i].text, &v), 0, "%s", cases[i].text);
        cr_assert_eq(v, cases[i].value, "%s", cases[i].text);
    }
    static const char *const invalid[] = {
        "",    "-",   ".",    "e5",  "1e",    "1e+", "1 ",    " 1",
        "nan", "inf", "0x1p", "1,5", "1.5.2", "--1", "1e5.5", "infinity",
    };
    v = 7;
    for (size_t i = 0; i < COUNT(invalid); i++)
        cr_assert_eq(text_parse_f64(invalid[i], &v), ERR_INVALID, "%s",
                     invalid[i]);
    cr_assert_eq(text_parse_f64("1e400", &v), ERR_RANGE);
    cr_assert_eq(text_parse_f64("-1e400", &v), ERR_RANGE);
    cr_assert_eq(v, 7);
}

Test(text, cleaned_text_is_one_line_of_utf8)
{
    char text[] = "a\tb\n\x1b[2J\x7f \xff\xc3\xa9\xc3";
    text_clean(text);
    cr_assert_str_eq(text, "a?b??[2J? ?\xc3\xa9?");
    char empty[] = "";
    text_clean(empty);
    cr_assert_str_eq(empty, "");
}
