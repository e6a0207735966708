/*
 * A configuration file against a table: which fields are set, what is said.
 */
#include "tools/fyke/config_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct values {
    uint64_t max_rows;
    bool keep;
    struct option_list key;
    const char *once;
};

static const struct option table[] = {
    { "max-rows", 0, OPTION_U64,
      OPTION_FIELD_AS(struct values, max_rows, uint64_t), 1, 100 },
    { "keep", 0, OPTION_FLAG, OPTION_FIELD_AS(struct values, keep, bool) },
    { "key", 0, OPTION_LIST,
      OPTION_FIELD_AS(struct values, key, struct option_list) },
    { "once", 0, OPTION_TEXT,
      OPTION_FIELD_AS(struct values, once, const char *),
      .traits = OPTION_FLAG_ONLY },
};
enum { ROWS = sizeof table / sizeof table[0] };

struct rig {
    char path[64];
    struct config_file file;
    struct values target, scratch;
    uint32_t line[ROWS];
};

static void rig_open(struct rig *r, const char *text, const bool *wanted)
{
    struct fault fault = { 0 };
    memset(r, 0, sizeof *r);
    (void)snprintf(r->path, sizeof r->path, "/tmp/fyke-config-XXXXXX");
    int fd = mkstemp(r->path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    config_file_init(&r->file, r->path);
    cr_assert_eq(config_file_read(&r->file, &fault), 0, "%s", fault.text);
    config_file_apply(&r->file, table, ROWS, wanted, &r->target, &r->scratch,
                      r->line);
}

static void rig_close(struct rig *r)
{
    option_release(table, ROWS, &r->target);
    option_release(table, ROWS, &r->scratch);
    config_file_release(&r->file);
    (void)unlink(r->path);
}

Test(config_file, fields_are_set_by_either_spelling)
{
    struct rig r;
    rig_open(&r, "key: [a, b]\n\nmax-rows: 7\nkeep: yes\n", NULL);
    cr_expect_eq(r.file.list.problem_count, 0);
    cr_expect_eq(r.target.max_rows, 7);
    cr_expect(r.target.keep);
    cr_assert_eq(r.target.key.count, 2);
    cr_expect_str_eq(r.target.key.items[1], "b");
    cr_expect_eq(r.line[0], 3);
    cr_expect_eq(r.line[3], 0, "not in the file");
    cr_expect_eq(config_file_fault(&r.file, NULL), 0);
    rig_close(&r);
}

Test(config_file, what_is_not_wanted_is_checked_all_the_same)
{
    static const bool wanted[ROWS] = { false, true, true, true };
    struct rig r;
    rig_open(&r, "max_rows: 7\nkeep: yes\n", wanted);
    cr_expect_eq(r.target.max_rows, 0);
    cr_expect_eq(r.scratch.max_rows, 7);
    cr_expect(r.target.keep);
    rig_close(&r);
    rig_open(&r, "max_rows: 700\n", wanted);
    cr_expect_eq(r.file.list.problem_count, 1);
    rig_close(&r);
}

Test(config_file, every_problem_is_kept_and_the_first_is_told)
{
    struct rig r;
    struct fault fault = { 0 };
    struct buf out;
    char want[300];
    rig_open(&r,
             "max_rows: 0\nmax-rows: 5\nkeep: [yes]\nkep: no\nonce: x\nkey:\n",
             NULL);
    buf_init(&out, 10000);
    cr_assert_eq(config_file_print_problems(&r.file, &out), 0);
    static const char *const says[] = {
        ":1:11: max_rows: 0 is out of range: 1..100\n",
        ":2:1: max-rows: given twice, first in line 1\n",
        ":3:7: keep: a list, where one value is wanted: true or false\n",
        ":4:1: kep: there is no such setting; did you mean keep?\n",
        ":5:1: once: only as a flag, --once, for one run\n",
        ":6:5: key: no value; leave the line out to have the default\n",
    };
    cr_expect_eq(r.file.list.problem_count, 6);
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        cr_expect_not_null(strstr(buf_text(&out), says[i]), "%s in %s", says[i],
                           buf_text(&out));
    cr_expect_eq(config_file_fault(&r.file, &fault), ERR_CONFIG);
    (void)snprintf(want, sizeof want,
                   "%s:1:11: max_rows: 0 is out of range: 1..100\n(and 5 more: "
                   "fyke check config %s)",
                   r.path, r.path);
    cr_expect_str_eq(fault.text, want);
    buf_release(&out);
    rig_close(&r);
}

Test(config_file, files_that_are_none_are_refused)
{
    struct config_file f;
    struct fault fault = { 0 };
    config_file_init(&f, "/no/such/file");
    cr_expect_eq(config_file_read(&f, &fault), ERR_NOTFOUND);
    f.path = "/tmp";
    cr_expect_eq(config_file_read(&f, &fault), ERR_CONFIG);
    f.path = "/dev/zero";
    cr_expect_eq(config_file_read(&f, &fault), ERR_CONFIG);
    cr_expect_not_null(strstr(fault.text, "larger than 1 MiB"), "%s",
                       fault.text);
    config_file_release(&f);
}
