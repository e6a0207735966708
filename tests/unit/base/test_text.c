/*
 * Durations, sizes, numbers, nearest words, patterns, UTF-8.
 */
#include "proto/base/rng.h"
#include "proto/base/text.h"

#include <criterion/criterion.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct rng seeded(uint64_t seed)
{
    struct rng r;
    cr_log_info("seed %llu", (unsigned long long)seed);
    rng_init(&r, &seed, 1);
    return r;
}

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
    struct rng r = seeded(31);
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

static const struct {
    double x;
    const char *text;
} measurements[] = {
    { 762.15, "762.15" },
    { 44.71, "44.71" },
    { 0, "0" },
    { -0.0, "0" },
    { 0.99, "0.99" },
    { 41234567, "41M" },
    { 1234, "1234" },
    { 12345, "12k" },
    { 0.004, "0.004" },
    { 1e-7, "1e-07" },
    { 1.25e-300, "1.25e-300" },
    { 0.0001, "0.0001" },
    { 9999, "9999" },
    { 9999.94, "9999.9" },
    { 9999.96, "10k" },
    { 10000, "10k" },
    { 99499, "99k" },
    { 99501, "100k" },
    { 123456, "123k" },
    { 999499, "999k" },
    { 999501, "1M" },
    { 1234567, "1.2M" },
    { 1e9, "1G" },
    { 9.96e17, "996P" },
    { 1.5e18, "1.5E" },
    { 9.99e20, "999E" },
    { 1e21, "1e+21" },
    { 1.7976931348623157e308, "1.7977e+308" },
    { -762.15, "-762.15" },
    { -41234567, "-41M" },
    { 762.15f, "762.15" },
    { 0.1f, "0.1" },
    { 3.4028235e38f, "3.4028e+38" },
    { 100, "100" },
    { 17, "17" },
    { 0.123456, "0.12346" },
    { (double)INFINITY, "inf" },
    { -(double)INFINITY, "-inf" },
    { (double)NAN, "nan" },
};

Test(text, measurements_are_short)
{
    char out[32];
    for (size_t i = 0; i < COUNT(measurements); i++)
        cr_assert_str_eq(text_number(measurements[i].x, out, sizeof out),
                         measurements[i].text);
}

Test(text, the_locale_changes_nothing)
{
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8",
                                         "de_DE.utf8", "C.UTF-8" };
    unsigned seen = 0;
    for (size_t i = 0; i < COUNT(names); i++) {
        char out[32];
        double v;
        if (setlocale(LC_ALL, names[i]) == NULL)
            continue;
        seen++;
        cr_assert_str_eq(text_number(762.15, out, sizeof out), "762.15");
        cr_assert_str_eq(text_f64(-0.1, out, sizeof out), "-0.1");
        cr_assert_eq(text_parse_f64("1.5", &v), 0);
        cr_assert_eq(v, 1.5);
        cr_assert_eq(text_parse_f64("1,5", &v), ERR_INVALID);
    }
    cr_log_info("%u locales installed here", seen);
    setlocale(LC_ALL, "C");
}

Test(text, small_outputs_are_cut_and_terminated)
{
    char out[4];
    cr_assert_str_eq(text_number(762.15, out, sizeof out), "762");
    cr_assert_str_eq(text_count(1234567, out, sizeof out), "1 2");
    cr_assert_str_eq(text_duration(3600000001, out, sizeof out), "1h0");
    cr_assert_str_eq(text_f64(0.12345, out, sizeof out), "0.1");
}

Test(text, doubles_read_back_exactly)
{
    static const struct {
        double x;
        const char *text;
    } cases[] = {
        { 0.1, "0.1" },
        { 1e30, "1e+30" },
        { 100000, "100000" },
        { 99.9, "99.9" },
        { -0.0, "0" },
        { 1.0 / 3, "0.3333333333333333" },
        { 0.00001, "0.00001" },
        { 0.000001, "1e-06" },
        { 1e16, "10000000000000000" },
    };
    char out[32];
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_assert_str_eq(text_f64(cases[i].x, out, sizeof out), cases[i].text);
    struct rng r = seeded(32);
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = rng_next(&r);
        double x, back;
        memcpy(&x, &bits, sizeof x);
        if (i % 2)
            x = (double)(int64_t)bits / 1e9;
        if (!isfinite(x))
            continue;
        cr_assert_lt(strlen(text_f64(x, out, sizeof out)), sizeof out - 1);
        cr_assert_eq(text_parse_f64(out, &back), 0, "%s", out);
        cr_assert_eq(back, x, "%s", out);
    }
}

static const char *const words[] = { "interval", "max-rows", "max-bytes",
                                     "severity", "workers",  "seed",
                                     "db",       "trees" };

static const char *nearest(const char *word)
{
    const char *found = text_nearest(word, words, COUNT(words));
    return found != NULL ? found : "-";
}

Test(text, the_nearest_word_is_found)
{
    cr_assert_str_eq(nearest("intervall"), "interval");
    cr_assert_str_eq(nearest("intreval"), "interval");
    cr_assert_str_eq(nearest("INTERVAL"), "interval");
    cr_assert_str_eq(nearest("max_rows"), "max-rows");
    cr_assert_str_eq(nearest("maxrows"), "max-rows");
    cr_assert_str_eq(nearest("sede"), "seed");
    cr_assert_str_eq(nearest("worker"), "workers");
    cr_assert_str_eq(nearest("sever"), "severity");
    cr_assert_str_eq(nearest("bd"), "db");
    cr_assert_str_eq(nearest("tree"), "trees");
}

Test(text, a_word_that_is_far_from_all_is_not_guessed)
{
    cr_assert_str_eq(nearest("zzz"), "-");
    cr_assert_str_eq(nearest(""), "-");
    cr_assert_str_eq(nearest("x"), "-");
    cr_assert_str_eq(nearest("quarantine"), "-");
    cr_assert_null(text_nearest("abc", NULL, 0));
    char long_word[300];
    memset(long_word, 'i', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = 0;
    cr_assert_str_eq(nearest(long_word), "-");
}

Test(text, equality_without_case)
{
    cr_assert(text_equal_nocase("", ""));
    cr_assert(text_equal_nocase("TX_Amount", "tx_aMOUNT"));
    cr_assert_not(text_equal_nocase("abc", "ab"));
    cr_assert_not(text_equal_nocase("ab", "abc"));
    cr_assert_not(text_equal_nocase("[", "{"));
    cr_assert_not(text_equal_nocase("@", "`"));
}

Test(text, patterns_with_stars)
{
    cr_assert(text_match_nocase("*_id", "CUSTOMER_ID"));
    cr_assert(text_match_nocase("*fraud*", "tx_fraud_scenario"));
    cr_assert(text_match_nocase("*fraud*", "Fraud"));
    cr_assert(text_match_nocase("id", "ID"));
    cr_assert(text_match_nocase("*", ""));
    cr_assert(text_match_nocase("**", "x"));
    cr_assert(text_match_nocase("a*b*c", "aXXbYYbZZc"));
    cr_assert(text_match_nocase("*aab", "aaaab"));
    cr_assert_not(text_match_nocase("*_id", "idle"));
    cr_assert_not(text_match_nocase("id", "idx"));
    cr_assert_not(text_match_nocase("", "x"));
    cr_assert_not(text_match_nocase("a*b", "acd"));
}

/* A pattern that makes a backtracking matcher take for ever. */
Test(text, hostile_patterns_take_no_time)
{
    char text[5001];
    memset(text, 'a', 5000);
    text[5000] = 0;
    cr_assert_not(text_match_nocase("*a*a*a*a*a*a*a*a*a*a*a*ab", text));
}

Test(text, utf8_sequences_have_their_length)
{
    static const struct {
        const char *bytes;
        size_t n;
        unsigned length;
    } cases[] = {
        { "a", 1, 1 },
        { "", 1, 1 },
        { "", 0, 0 },
        { "\xc3\xa4", 2, 2 },
        { "\xe2\x82\xac", 3, 3 },
        { "\xf0\x9f\x90\x9f", 4, 4 },
        { "\xf4\x8f\xbf\xbf", 4, 4 },
        { "\xed\x9f\xbf", 3, 3 },
        { "\xee\x80\x80", 3, 3 },
        { "\xc3", 1, 0 },
        { "\xc3(", 2, 0 },
        { "\x80", 1, 0 },
        { "\xbf", 1, 0 },
        { "\xc0\x80", 2, 0 },
        { "\xc1\xbf", 2, 0 },
        { "\xe0\x9f\xbf", 3, 0 },
        { "\xed\xa0\x80", 3, 0 },
        { "\xe2\x82", 2, 0 },
        { "\xe2\x82(", 3, 0 },
        { "\xf0\x8f\xbf\xbf", 4, 0 },
        { "\xf4\x90\x80\x80", 4, 0 },
        { "\xf5\x80\x80\x80", 4, 0 },
        { "\xff", 1, 0 },
        { "\xf0\x9f\x90", 3, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_assert_eq(
            text_utf8_length((const uint8_t *)cases[i].bytes, cases[i].n),
            cases[i].length, "case %zu", i);
}
