/*
 * YAML events as a flat list: what is taken, what is refused and where.
 */
#include "tools/fyke/config_yaml.h"

#include "tests/lib/seed.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct config_list *read_text(const char *text)
{
    struct config_list *l = malloc(sizeof *l);
    config_list_init(l);
    cr_assert_eq(config_yaml_read(l, (const uint8_t *)text, strlen(text)), 0);
    return l;
}

static void free_list(struct config_list *l)
{
    config_list_release(l);
    free(l);
}

static void expect_entry(const struct config_list *l, uint32_t i,
                         const char *name, const char *value, uint32_t line,
                         uint32_t column)
{
    cr_assert_lt(i, l->entry_count);
    cr_expect_str_eq(l->entry[i].name, name);
    if (value == NULL)
        cr_expect_null(l->entry[i].value);
    else
        cr_expect_str_eq(l->entry[i].value, value);
    cr_expect_eq(l->entry[i].value_at.line, line, "%s", name);
    cr_expect_eq(l->entry[i].value_at.column, column, "%s", name);
}

Test(config_yaml, settings_and_their_places_are_read)
{
    struct config_list *l = read_text("# first\n"
                                      "max_rows: 5   # behind\n"
                                      "\n"
                                      "key: [a, 'b c', \"d\"]\n"
                                      "also:\n"
                                      "  - x\n"
                                      "  - null\n"
                                      "db: \"null\"\n"
                                      "m\xc3\xbcll: ~\n"
                                      "time:\n"
                                      "quoted: \"a\\tb\"\n");
    cr_assert_eq(l->problem_count, 0);
    cr_assert_eq(l->entry_count, 7);
    expect_entry(l, 0, "max_rows", "5", 2, 11);
    expect_entry(l, 1, "key", "a,b c,d", 4, 6);
    expect_entry(l, 2, "also", "x,null", 6, 3);
    expect_entry(l, 3, "db", "null", 8, 5);
    expect_entry(l, 4, "m\xc3\xbcll", NULL, 9, 7);
    expect_entry(l, 5, "time", NULL, 10, 6);
    expect_entry(l, 6, "quoted", "a\tb", 11, 9);
    cr_expect(l->entry[1].is_list);
    cr_expect_not(l->entry[0].is_list);
    free_list(l);
}

Test(config_yaml, a_text_without_settings_has_none)
{
    static const char *const texts[] = { "",      "\n\n", "# nothing\n",
                                         "---\n", "{}\n", "\xef\xbb\xbf" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config_list *l = read_text(texts[i]);
        cr_expect_eq(l->problem_count, 0, "%s: %s", texts[i],
                     l->problem[0].text);
        cr_expect_eq(l->entry_count, 0, "%s", texts[i]);
        free_list(l);
    }
}

Test(config_yaml, a_byte_order_mark_is_no_part_of_the_first_name)
{
    struct config_list *l = read_text("\xef\xbb\xbfmode: batch\r\ndb: x\r\n");
    cr_assert_eq(l->problem_count, 0);
    expect_entry(l, 0, "mode", "batch", 1, 7);
    expect_entry(l, 1, "db", "x", 2, 5);
    free_list(l);
}

Test(config_yaml, what_cannot_be_is_said_with_its_place)
{
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *says;
    } cases[] = {
        { "a: 1\nmax_rows 5\n", 2, 1, "max_rows: there is no ':' behind" },
        { "max_rows 5\n", 1, 1, "write NAME: VALUE" },
        { "- a\n- b\n", 1, 1, "not a list of settings" },
        { "a: 1\nb: \"x\n", 2, 4, "\"x: this quote is never closed" },
        { "a: 1\n\tb: 2\n", 2, 1, "a tab stands here" },
        { "a: 1\nb: [1, 2\n", 3, 1, "not YAML: did not find expected ','" },
        { "a: @x\n", 1, 4, "at @x" },
        { "a: {b: 1}\n", 1, 4, "a: a mapping; settings are flat" },
        { "a:\n  b:\n    c: 1\n", 2, 3, "a: a mapping" },
        { "a: [1, [2]]\n", 1, 8, "a: a list holds single values" },
        { "a: [1, {b: c}]\n", 1, 8, "a: a list holds single values" },
        { "a: [x, '']\n", 1, 8, "a: an empty item" },
        { "a: &x 1\n", 1, 4, "&x: anchors" },
        { "a: *x\n", 1, 4, "*x: aliases" },
        { "a: !!int 1\n", 1, 4, "tags are not used" },
        { "? [a, b]\n: c\n", 1, 3, "the name of a setting is one word" },
        { "a: 1\n---\nb: 2\n", 2, 1, "---: a second document" },
        { "a: \"x\\0y\"\n", 1, 4, "a zero byte" },
        { "\"x\\0y\": 1\n", 1, 1, "a zero byte" },
        { "a: x\x01y\n", 1, 5, "not text" },
        { "a: 1\n}\n", 2, 1, "not YAML" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config_list *l = read_text(cases[i].text);
        cr_assert_geq(l->problem_count, 1, "%s", cases[i].text);
        cr_expect_eq(l->problem[0].at.line, cases[i].line, "%s: line %u",
                     cases[i].text, l->problem[0].at.line);
        cr_expect_eq(l->problem[0].at.column, cases[i].column, "%s: column %u",
                     cases[i].text, l->problem[0].at.column);
        cr_expect_not_null(strstr(l->problem[0].text, cases[i].says), "%s: %s",
                           cases[i].text, l->problem[0].text);
        free_list(l);
    }
}

Test(config_yaml, reading_goes_on_behind_a_problem)
{
    struct config_list *l = read_text("a: {x: [1, {y: 2}]}\n"
                                      "b: &p 2\n"
                                      "? {c: d}\n"
                                      ": [e]\n"
                                      "f: [1, {g: [h]}, 3]\n"
                                      "i: 4\n");
    cr_expect_eq(l->problem_count, 4);
    cr_assert_eq(l->entry_count, 3);
    expect_entry(l, 0, "b", "2", 2, 4);
    expect_entry(l, 1, "f", "1,3", 5, 4);
    expect_entry(l, 2, "i", "4", 6, 4);
    free_list(l);
}

Test(config_yaml, problems_stand_in_the_order_of_their_places)
{
    struct config_list l;
    config_list_init(&l);
    config_problem_add(&l, (struct config_place){ 3, 1 }, "third");
    config_problem_add(&l, (struct config_place){ 1, 9 }, "second");
    config_problem_add(&l, (struct config_place){ 1, 2 }, "first");
    config_problem_add(&l, (struct config_place){ 3, 1 }, "last");
    cr_assert_eq(l.problem_count, 4);
    cr_expect_str_eq(l.problem[0].text, "first");
    cr_expect_str_eq(l.problem[1].text, "second");
    cr_expect_str_eq(l.problem[2].text, "third");
    cr_expect_str_eq(l.problem[3].text, "last");
    config_list_release(&l);
}

/* Deep nesting, many settings and many problems end; no recursion. */
Test(config_yaml, what_grows_is_bounded)
{
    size_t n = CONFIG_BYTES_MAX - 1;
    char *text = malloc(n + 1);
    text[n] = 0;
    memset(text, '[', n);
    struct config_list *l = read_text(text);
    cr_expect_geq(l->problem_count, 1);
    free_list(l);
    for (size_t i = 0; i < n; i++)
        text[i] = "a:\n"[i % 3];
    l = read_text(text);
    cr_expect_eq(l->entry_count, CONFIG_ENTRIES_MAX);
    cr_expect_not_null(strstr(l->problem[0].text, "more than 1024 settings"));
    free_list(l);
    for (size_t i = 0; i < n; i++)
        text[i] = "a: *b\n"[i % 6];
    l = read_text(text);
    cr_expect_eq(l->problem_count, CONFIG_PROBLEMS_MAX);
    free_list(l);
    free(text);
}

/* Pieces of YAML in any order: every list obeys its promises. */
Test(config_yaml, any_text_is_read_or_refused)
{
    static const char *const pieces[] = {
        "a", "max_rows", ": ", ":", "\n", "\n ", "\n  - ", "- ", "[", "]",
        "{", "}",        ",",  "#", "'",  "\"",  "&x ",    "*x", "!", "!!str ",
        "?", "---\n",    "..", "~", "1",  "\t",  "|\n",    ">",  "%", "\xc3",
        "@", "null",     "\\", " ", "x ", "\r",  "\x01",   "<<", "=", "...\n",
    };
    struct rng r = seed_rng(seed_any());
    for (int round = 0; round < 3000; round++) {
        struct config_list l;
        char text[400] = "";
        size_t n = 0, count = rng_below(&r, 60);
        for (size_t i = 0; i < count; i++) {
            const char *p =
                pieces[rng_below(&r, sizeof pieces / sizeof *pieces)];
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", p);
        }
        config_list_init(&l);
        cr_assert_eq(config_yaml_read(&l, (const uint8_t *)text, n), 0);
        for (uint32_t i = 0; i < l.problem_count; i++) {
            cr_assert_geq(l.problem[i].at.line, 1);
            cr_assert_geq(l.problem[i].at.column, 1);
            cr_assert_leq(l.problem[i].at.line, 1 + n);
            cr_assert_gt(strlen(l.problem[i].text), 0);
        }
        for (uint32_t i = 0; i < l.entry_count; i++)
            cr_assert_not_null(l.entry[i].name);
        config_list_release(&l);
    }
}
