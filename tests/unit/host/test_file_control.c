/*
 * The place of control sockets: found again from the database's path, and
 * nowhere that somebody else could have made.
 */
#include "proto/host/file_control.h"
#include "tests/lib/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[64]; /* $XDG_RUNTIME_DIR of each case */
static char db[128];

static void make_dir(void)
{
    strcpy(dir, "/tmp/fyke-control-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    setenv("XDG_RUNTIME_DIR", dir, 1);
    snprintf(db, sizeof db, "%s/a.db", dir);
    close(open(db, O_CREAT | O_WRONLY, 0600));
}

static void drop_dir(void)
{
    cr_assert_eq(folder_remove(dir), 0);
}

TestSuite(file_control, .init = make_dir, .fini = drop_dir);

/* Both in the same case: each answer stays until the next but one. */
static const char *in_dir(const char *name)
{
    static char path[2][300];
    static int next;
    char *out = path[next++ % 2];
    snprintf(out, sizeof path[0], "%s/%s", dir, name);
    return out;
}

static struct file_control_path made(const char *path)
{
    struct file_control_path p;
    struct fault fault = { 0 };
    int err = file_control_make(path, &p, &fault);
    cr_assert_eq(err, 0, "%s", fault.text);
    cr_assert_leq(strlen(p.text), FILE_CONTROL_PATH_MAX);
    return p;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

static uint32_t found(const char *path, struct file_control_path *ret_first)
{
    struct file_control_path p[FILE_CONTROL_PLACES_MAX];
    struct fault fault = { 0 };
    uint32_t count = 99;
    int err = file_control_find(path, p, &count, &fault);
    cr_assert_eq(err, 0, "%s", fault.text);
    if (count > 0)
        *ret_first = p[0];
    return count;
}

Test(file_control, what_the_coordinator_makes_the_client_finds)
{
    struct file_control_path p = made(db), got;
    cr_expect_eq(strncmp(p.text, in_dir("fyke/"), strlen(dir) + 6), 0, "%s",
                 p.text);
    cr_expect_eq(found(db, &got), 0u, "nobody made the socket yet");
    close(listen_at(p.text));
    cr_assert_eq(found(db, &got), 1u);
    cr_expect_str_eq(got.text, p.text);
    cr_expect_str_eq(made(db).text, p.text, "and again");
    struct stat st;
    cr_assert_eq(stat(in_dir("fyke"), &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0700);
}

Test(file_control, a_link_to_the_database_means_the_database)
{
    cr_assert_eq(symlink(db, in_dir("link.db")), 0);
    cr_expect_str_eq(made(in_dir("link.db")).text, made(db).text);
    cr_assert_eq(chdir(dir), 0);
    cr_expect_str_eq(made("./a.db").text, made(db).text);
    close(open(in_dir("b.db"), O_CREAT | O_WRONLY, 0600));
    cr_expect_str_neq(made("b.db").text, made(db).text);
}

Test(file_control, a_database_that_is_not_there_is_not_found)
{
    struct file_control_path p[FILE_CONTROL_PLACES_MAX];
    uint32_t count;
    struct fault fault = { 0 };
    cr_expect_eq(file_control_make(in_dir("no.db"), &p[0], &fault),
                 ERR_NOTFOUND);
    cr_expect(strstr(fault.text, "no.db") != NULL);
    cr_expect_eq(file_control_find(in_dir("no.db"), p, &count, &fault),
                 ERR_NOTFOUND);
}

/* What stands at `fyke` is passed over by both sides. */
static void assert_passed_over(const char *why)
{
    struct file_control_path p = made(db), got;
    cr_expect_neq(strncmp(p.text, dir, strlen(dir)), 0, "%s: %s", why, p.text);
    char inside[400];
    snprintf(inside, sizeof inside, "%s%s", in_dir("fyke"),
             strrchr(p.text, '/'));
    int fd = listen_at(inside);
    cr_expect_eq(found(db, &got), 0u, "%s", why);
    close(fd);
    unlink(inside);
}

Test(file_control, a_directory_that_others_may_enter_is_passed_over)
{
    umask(0);
    cr_assert_eq(mkdir(in_dir("fyke"), 0770), 0);
    assert_passed_over("open to the group");
}

Test(file_control, a_link_to_a_directory_is_passed_over)
{
    cr_assert_eq(mkdir(in_dir("elsewhere"), 0700), 0);
    cr_assert_eq(symlink("elsewhere", in_dir("fyke")), 0);
    assert_passed_over("a link");
}

Test(file_control, a_directory_of_another_user_is_passed_over)
{
    cr_assert_eq(mkdir(in_dir("fyke"), 0700), 0);
    if (chown(in_dir("fyke"), 65534, 65534) != 0)
        cr_skip_test("only root can give a directory away");
    assert_passed_over("another user's");
}

Test(file_control, a_runtime_directory_with_a_long_path_is_passed_over)
{
    char deep[300];
    snprintf(deep, sizeof deep, "%s/%080d", dir, 7);
    cr_assert_eq(mkdir(deep, 0700), 0);
    setenv("XDG_RUNTIME_DIR", deep, 1);
    struct file_control_path p = made(db);
    cr_expect_neq(strncmp(p.text, deep, strlen(deep)), 0, "%s", p.text);
    cr_assert_eq(rmdir(deep), 0);
}

Test(file_control, the_places_of_the_databases_owner_are_looked_at_too)
{
    char theirs[] = "/tmp/fyke-65533", moved[100];
    if (chown(db, 65533, 65533) != 0)
        cr_skip_test("only root can give a file away");
    if (mkdir(theirs, 0700) != 0)
        cr_skip_test("%s is there already", theirs);
    cr_assert_eq(chown(theirs, 65533, 65533), 0);
    struct file_control_path p = made(db), got;
    snprintf(moved, sizeof moved, "%s%s", theirs, strrchr(p.text, '/'));
    close(listen_at(moved));
    cr_expect_eq(found(db, &got), 1u);
    cr_expect_str_eq(got.text, moved);
    cr_assert_eq(folder_remove(theirs), 0);
}
