/* Which database a command means. */
#include "engine/shell/engine.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void enter_empty_folder(void)
{
    char path[] = "/tmp/fyke-test-db.XXXXXX";
    cr_assert_not_null(mkdtemp(path));
    cr_assert_eq(chdir(path), 0);
    (void)unsetenv("FYKE_DB");
}

static void touch(const char *name)
{
    int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    (void)close(fd);
}

static void expect(const char *db, const char *input, const char *want)
{
    char path[256] = "";
    struct fault fault = { 0 };
    cr_expect_eq(engine_find_db(db, input, path, sizeof path, &fault), 0, "%s",
                 fault.text);
    cr_expect_str_eq(path, want);
}

Test(db_path, it_is_named_after_the_input_where_one_stands)
{
    enter_empty_folder();
    expect(NULL, "/data/payments.csv", "payments.fyke.db");
    expect(NULL, "payments.2026.csv", "payments.2026.fyke.db");
    expect(NULL, "plain", "plain.fyke.db");
    expect(NULL, ".hidden", ".hidden.fyke.db");
    expect(NULL, "-", "fyke.db");
    expect(NULL, "host:processes", "fyke.db");
}

Test(db_path, a_flag_wins_over_the_environment_over_the_name)
{
    enter_empty_folder();
    (void)setenv("FYKE_DB", "env.db", 1);
    expect(NULL, "a.csv", "env.db");
    expect("flag.db", "a.csv", "flag.db");
}

Test(db_path, without_an_input_the_only_database_here_is_meant)
{
    char path[256];
    struct fault fault = { 0 };
    enter_empty_folder();
    cr_expect_eq(engine_find_db(NULL, NULL, path, sizeof path, &fault),
                 ERR_USAGE);
    touch("one.fyke.db");
    expect(NULL, NULL, "one.fyke.db");
    touch("fyke.db");
    cr_expect_eq(engine_find_db(NULL, NULL, path, sizeof path, &fault),
                 ERR_USAGE);
    cr_expect_not_null(strstr(fault.text, "--db"), "%s", fault.text);
}
