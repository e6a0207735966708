/*
 * Nearest words, equality without case, patterns, UTF-8.
 */
#include "proto/base/text.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *const words[] = { "interval", "max-rows", "max-bytes",
                                     "severity", "workers",  "seed",
                                     "db",       "trees" };

static const char *nearest(const char *word)
{
    const char *found = text_nearest(word, words, COUNT(words));
    return found != NULL ? found : "-";
}

Test(text_match, the_nearest_word_is_found)
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

Test(text_match, the_longest_words_are_compared)
{
    char word[66], other[66];
    const char *candidates[] = { other };
    memset(word, 'w', sizeof word);
    memset(other, 'w', sizeof other);
    word[64] = other[64] = 0;
    other[63] = 'x';
    cr_assert_eq(text_nearest(word, candidates, 1), other);
    other[64] = 'x';
    other[65] = 0;
    cr_assert_null(text_nearest(word, candidates, 1));
}

Test(text_match, a_word_that_is_far_from_all_is_not_guessed)
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

Test(text_match, equality_without_case)
{
    cr_assert(text_equal_nocase("", ""));
    cr_assert(text_equal_nocase("TX_Amount", "tx_aMOUNT"));
    cr_assert_not(text_equal_nocase("abc", "ab"));
    cr_assert_not(text_equal_nocase("ab", "abc"));
    cr_assert_not(text_equal_nocase("[", "{"));
    cr_assert_not(text_equal_nocase("@", "`"));
}

Test(text_match, patterns_with_stars)
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
Test(text_match, hostile_patterns_take_no_time)
{
    char text[5001];
    memset(text, 'a', 5000);
    text[5000] = 0;
    cr_assert_not(text_match_nocase("*a*a*a*a*a*a*a*a*a*a*a*ab", text));
}

Test(text_match, utf8_sequences_have_their_length)
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

Test(text_match, a_base_name_is_behind_the_last_slash)
{
    cr_assert_str_eq(text_base_name("in.csv"), "in.csv");
    cr_assert_str_eq(text_base_name("/a/b.d/in.csv"), "in.csv");
    cr_assert_str_eq(text_base_name("a/"), "");
    cr_assert_str_eq(text_base_name(""), "");
}
