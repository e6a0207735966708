/* `fyke set` without a coordinator, beside what its script can see. */
#include "tools/fyke/set_stored.h"

#include "storage/store.h"
#include "tests/lib/folder.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char dir[64], db[96];
static struct buf out;
static struct fault fault;

static void open_all(void)
{
    strcpy(dir, "/tmp/fyke-stored-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    snprintf(db, sizeof db, "%s/a.db", dir);
    buf_init(&out, 1u << 20);
}

static void close_all(void)
{
    buf_release(&out);
    cr_assert_eq(folder_remove(dir), 0);
}

TestSuite(set_stored, .init = open_all, .fini = close_all);

static struct store *open_store(void)
{
    struct store *s = NULL;
    int err = store_open(&(struct store_options){ .path = db, .mode = 0600 },
                         &s, &fault);
    cr_assert_eq(err, 0, "%s", fault.text);
    return s;
}

static void close_store(struct store *s)
{
    cr_assert_eq(store_close(s, true, &fault), 0);
}

static void store_value(struct store *s, const char *name, const char *value)
{
    const struct store_setting setting = { name, value };
    const struct store_change change = { .from_batch = 1,
                                         .setting = &setting,
                                         .setting_count = 1 };
    cr_assert_eq(store_change_put(s, &change, &fault), 0);
}

/* A database that was run once on a source of a kind. */
static void make_db(const char *kind)
{
    struct store *s = open_store();
    const struct store_source source = { .source = "in",
                                         .partition = "0",
                                         .kind = kind,
                                         .identity = "",
                                         .line = 1,
                                         .schema = "{}" };
    const struct store_column column = { "x", "number", "feature", NULL };
    cr_assert_eq(store_pin(s, &source, &column, 1, &fault), 0);
    store_value(s, "interval", "");
    store_value(s, "flag.interval", "");
    store_value(s, "max_rows", "500");
    store_value(s, "flag.max_rows", "500");
    close_store(s);
}

static int set(const char *name, const char *value, const char *request_id)
{
    struct wire_control control = {
        .verb = WIRE_VERB_SET,
        .who = { "me@here", 7 },
        .request_id = { request_id, (uint32_t)strlen(request_id) },
        .pair_count = 1,
        .pair = { { { name, (uint32_t)strlen(name) },
                    { value, (uint32_t)strlen(value) } } },
    };
    buf_reset(&out);
    memset(&fault, 0, sizeof fault);
    return set_stored(db, &control, &out, &fault);
}

static const char *last_line(void)
{
    char *text = (char *)out.data;
    if (out.length > 0 && text[out.length - 1] == '\n')
        text[--out.length] = '\0';
    char *line = strrchr(text, '\n');
    return line != NULL ? line + 1 : text;
}

static const char *value_of(const char *name)
{
    static char text[100];
    struct buf value;
    struct store *s = open_store();
    buf_init(&value, 1000);
    int err = store_setting_get(s, name, 99, &value);
    snprintf(text, sizeof text, "%s",
             err == 0 ? buf_text(&value) : err_name(err));
    buf_release(&value);
    close_store(s);
    return text;
}

Test(set_stored, the_same_request_again_is_answered_as_the_first_time)
{
    make_db("file");
    cr_assert_eq(set("max_rows", "200", "one"), 0, "%s", fault.text);
    cr_expect_str_eq(last_line(), "max_rows 500 -> 200, from batch 1 on");
    cr_assert_eq(set("max_rows", "300", "two"), 0, "%s", fault.text);
    cr_assert_eq(set("max_rows", "200", "one"), 0, "%s", fault.text);
    cr_expect_str_eq(last_line(), "max_rows 500 -> 200, from batch 1 on");
    cr_expect_str_eq(value_of("max_rows"), "300", "and not carried out again");
    cr_assert_eq(set("interval", "1s", "three"), 0, "%s", fault.text);
    cr_assert_eq(set("interval", "1s", "three"), 0, "%s", fault.text);
    cr_expect_str_eq(last_line(), "interval off -> 1s, from batch 1 on");
}

Test(set_stored, an_interval_that_was_never_set_is_what_the_source_makes_it)
{
    make_db("file");
    cr_assert_eq(set("interval", "2s", "a"), 0);
    cr_expect_str_eq(last_line(), "interval off -> 2s, from batch 1 on");
    cr_assert_eq(remove(db), 0);
    make_db("pipe");
    cr_assert_eq(set("interval", "2s", "b"), 0);
    cr_expect_str_eq(last_line(), "interval 1s -> 2s, from batch 1 on");
    cr_assert_eq(set("interval", "2s", "c"), 0);
    cr_expect_str_eq(last_line(), "interval is 2s already");
}

Test(set_stored, a_setting_that_the_file_does_not_know_yet_is_no_flag)
{
    make_db("file");
    cr_assert_eq(set("severity", "99", "a"), 0, "%s", fault.text);
    cr_assert_eq(set("severity", "99", "a"), 0, "%s", fault.text);
    cr_expect_str_eq((char *)out.data, "severity 99.9 -> 99, from batch 1 on\n",
                     "of the flag nothing is said");
    cr_expect_str_eq(value_of("severity"), "99");
    cr_expect_str_eq(value_of("flag.severity"), "",
                     "so that a start without it keeps 99");
    cr_expect_str_eq(value_of("flag.max_rows"), "500");
}

Test(set_stored, a_stored_value_that_cannot_be_read_may_be_replaced)
{
    make_db("file");
    struct store *s = open_store();
    store_value(s, "max_rows", "many");
    close_store(s);
    cr_assert_eq(set("max_rows", "50", "a"), 0, "%s", fault.text);
    cr_expect_str_eq(value_of("max_rows"), "50");
}

Test(set_stored, what_does_not_go_together_changes_nothing)
{
    make_db("file");
    cr_expect_eq(set("interval_min", "20s", "a"), ERR_USAGE);
    cr_expect(strstr(fault.text, "interval_max") != NULL, "%s", fault.text);
    cr_expect_str_eq(value_of("interval_min"), "NOTFOUND");
}

Test(set_stored, a_database_without_an_input_has_nothing_to_set)
{
    close_store(open_store());
    cr_expect_eq(set("interval", "1s", "a"), ERR_USAGE);
    cr_expect(strstr(fault.text, "never run") != NULL, "%s", fault.text);
}

Test(set_stored, a_file_that_is_not_there_is_not_made)
{
    cr_expect_eq(set("interval", "1s", "a"), ERR_NOTFOUND);
    cr_expect_neq(remove(db), 0);
}
